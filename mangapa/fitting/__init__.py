"""Fit the global kinematic position angle of a field: one file a method, one signature for all."""

from mangapa.fitting import disc, harmonic, pafit, symmetry  # noqa: F401  (register their methods)
from mangapa.fitting.fit import fit_pa
from mangapa.fitting.methods import available_methods, register_method
from mangapa.fitting.results import KinematicPA, PAFit

__all__ = ["KinematicPA", "PAFit", "available_methods", "fit_pa", "register_method"]
