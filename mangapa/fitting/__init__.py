"""Fit the global kinematic position angle of a field; each method is one module."""

from mangapa.fitting import _disc, _harmonic, _pafit, _symmetry  # noqa: F401  (register them)
from mangapa.fitting._fit import fit_pa
from mangapa.fitting._methods import available_methods, register_method
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
