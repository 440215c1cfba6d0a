"""Mock galaxies whose truth is known, and the MAPS files that the DAP would have made of them."""

from mangapa.simulate.galaxies import FIELD_OF_VIEW, simulate_galaxy
from mangapa.simulate.maps_file import write_maps

__all__ = ["FIELD_OF_VIEW", "simulate_galaxy", "write_maps"]
