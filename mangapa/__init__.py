"""Global kinematic position angles of galaxies, and the misalignment of stars and gas."""

from importlib.metadata import version

import wrapt

from mangapa.angles import Misalignment, misalignment
from mangapa.catalogue import read_catalogue, write_catalogue
from mangapa.citation import BIBTEX
from mangapa.classification import Usability, usability
from mangapa.cleaning import clean
from mangapa.configuration import conf
from mangapa.fields import Galaxy, VelocityField
from mangapa.fitting import KinematicPA, fit_pa
from mangapa.measurement import Measurement, measure
from mangapa.profiles import Features, PAProfile, features, pa_profile
from mangapa.quality import (
    DownloadError,
    MangapaWarning,
    MapsFileError,
    ModelError,
    PAFlags,
    UsabilityFlags,
)
from mangapa.readers import read_maps
from mangapa.runs import RunSummary, survey
from mangapa.simulate import simulate_galaxy, write_maps
from mangapa.standardisation import standardise

__version__ = version("mangapa")
__citation__ = BIBTEX
__all__ = [
    "DownloadError",
    "Features",
    "Galaxy",
    "KinematicPA",
    "MangapaWarning",
    "MapsFileError",
    "Measurement",
    "Misalignment",
    "ModelError",
    "PAFlags",
    "PAProfile",
    "RunSummary",
    "Usability",
    "UsabilityFlags",
    "VelocityField",
    "clean",
    "conf",
    "features",
    "fit_pa",
    "measure",
    "misalignment",
    "pa_profile",
    "read_catalogue",
    "read_maps",
    "simulate_galaxy",
    "standardise",
    "survey",
    "usability",
    "write_catalogue",
    "write_maps",
]

# Whether Marvin is imported before us, after us or never.
wrapt.register_post_import_hook("mangapa.marvin:attach", "marvin.tools.maps")
