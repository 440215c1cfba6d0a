"""Global kinematic position angles of galaxies, and the misalignment of stars and gas."""

from importlib.metadata import version

import wrapt

from mangapa.angles import Misalignment, misalignment
from mangapa.archive._configuration import conf
from mangapa.catalogue import read_catalogue, write_catalogue
from mangapa.catalogue._provenance import BIBTEX
from mangapa.cleaning import clean
from mangapa.exceptions import (
    DownloadError,
    MangapaError,
    MangapaWarning,
    MapsFileError,
    ModelError,
)
from mangapa.fields import Galaxy, VelocityField
from mangapa.fitting import KinematicPA, fit_pa
from mangapa.flags import PAFlags, Rejection, UsabilityFlags
from mangapa.formats import read_maps, write_maps
from mangapa.measurement import Measurement, measure
from mangapa.profiles import Features, PAProfile, features, pa_profile
from mangapa.runs import RunSummary, survey
from mangapa.settings import MeasurementSettings
from mangapa.simulate import simulate_galaxy
from mangapa.usability import Usability, usability
from mangapa.usability._image import standardise

__version__ = version("mangapa")
__citation__ = BIBTEX
__all__ = [
    "DownloadError",
    "Features",
    "Galaxy",
    "KinematicPA",
    "MangapaError",
    "MangapaWarning",
    "MapsFileError",
    "Measurement",
    "MeasurementSettings",
    "Misalignment",
    "ModelError",
    "PAFlags",
    "PAProfile",
    "Rejection",
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
