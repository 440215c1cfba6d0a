"""Fit the global kinematic position angle of a field; each method is a module in ``_methods``."""

import mangapa.fitting._methods.disc
import mangapa.fitting._methods.harmonic
import mangapa.fitting._methods.pafit
import mangapa.fitting._methods.symmetry  # noqa: F401  (they register themselves)
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
