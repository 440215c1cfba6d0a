"""Fit the global kinematic position angle of a field; each method is a module in ``_methods``."""

from mangapa.fitting._fit import fit_pa
from mangapa.fitting._methods import (  # noqa: F401  (register them)
    available_methods,
    disc,
    harmonic,
    pafit,
    register_method,
    symmetry,
)
from mangapa.fitting._prepared import Spaxels
from mangapa.fitting._results import Disc, KinematicPA, PAFit

__all__ = [
    "Disc",
    "KinematicPA",
    "PAFit",
    "Spaxels",
    "available_methods",
    "fit_pa",
    "register_method",
]
