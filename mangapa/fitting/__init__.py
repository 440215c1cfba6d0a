"""Fit the global kinematic position angle of a field: one file a method, one signature for all."""

from mangapa.fitting import _disc, _harmonic, _pafit, _symmetry  # noqa: F401  (register them)
from mangapa.fitting._fit import fit_pa
from mangapa.fitting._methods import available_methods, register_method
from mangapa.fitting._results import KinematicPA, PAFit

__all__ = ["KinematicPA", "PAFit", "available_methods", "fit_pa", "register_method"]
