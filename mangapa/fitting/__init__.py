"""Fit the global kinematic position angle of a field: one file a method, one signature for all."""

from mangapa.fitting import _disc, _harmonic, _pafit, _symmetry  # noqa: F401  (register them)
from mangapa.fitting._fit import fit_pa
from mangapa.fitting._methods import Spaxels, available_methods, register_method
from mangapa.fitting._results import KinematicPA, PAFit
from mangapa.fitting._thin_disc import Disc

__all__ = [
    "Disc",
    "KinematicPA",
    "PAFit",
    "Spaxels",
    "available_methods",
    "fit_pa",
    "register_method",
]
