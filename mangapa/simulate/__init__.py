"""Mock galaxies whose truth is known, and the MAPS files that the DAP would have made of them."""

from mangapa.simulate._galaxies import FIELD_OF_VIEW, simulate_galaxy

__all__ = ["FIELD_OF_VIEW", "simulate_galaxy"]
