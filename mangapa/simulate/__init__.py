"""Mock galaxies with known position angles, with the properties of MaNGA's MAPS files."""

from mangapa.simulate._galaxies import FIELD_OF_VIEW, simulate_galaxy

__all__ = ["FIELD_OF_VIEW", "simulate_galaxy"]
