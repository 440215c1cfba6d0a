"""Mock galaxies with known position angles, with the properties of MaNGA's MAPS files."""

from mangapa.simulate._components import (
    Bar,
    CounterDisc,
    Dispersion,
    Lopsidedness,
    Neighbour,
    Warp,
)
from mangapa.simulate._galaxies import simulate_galaxy
from mangapa.simulate._sky import FIELD_OF_VIEW

__all__ = [
    "FIELD_OF_VIEW",
    "Bar",
    "CounterDisc",
    "Dispersion",
    "Lopsidedness",
    "Neighbour",
    "Warp",
    "simulate_galaxy",
]
