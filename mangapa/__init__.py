"""Global kinematic position angles of galaxies, and the misalignment of stars and gas."""

import sys
from importlib import import_module
from importlib.metadata import version
from types import ModuleType
from typing import TYPE_CHECKING, Any

import wrapt

if TYPE_CHECKING:
    from mangapa.angles import Misalignment, misalignment
    from mangapa.archive._configuration import conf
    from mangapa.catalogue import read_catalogue, write_catalogue
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
    from mangapa.flags import (
        AngularMomentumFlags,
        PAFlags,
        PhotometryFlags,
        Rejection,
        SpinFlags,
        UsabilityFlags,
    )
    from mangapa.formats import read_maps, write_maps
    from mangapa.kinematics import (
        AngularMomentum,
        KinematicClasses,
        PhotometricMisalignment,
        Photometry,
        SpinVector,
        angular_momentum,
        kinematic_classes,
        photometric_misalignment,
        photometry,
        spin_vector,
    )
    from mangapa.measurement import Measurement, measure
    from mangapa.profiles import (
        Features,
        KinemetryProfile,
        PAProfile,
        features,
        kinemetry,
        pa_profile,
    )
    from mangapa.runs import RunSummary, survey
    from mangapa.settings import MeasurementSettings
    from mangapa.simulate import simulate_galaxy
    from mangapa.usability import Usability, usability
    from mangapa.usability._image import standardise

    __citation__: str

__version__ = version("mangapa")
__all__ = [
    "AngularMomentum",
    "AngularMomentumFlags",
    "DownloadError",
    "Features",
    "Galaxy",
    "KinematicClasses",
    "KinematicPA",
    "KinemetryProfile",
    "MangapaError",
    "MangapaWarning",
    "MapsFileError",
    "Measurement",
    "MeasurementSettings",
    "Misalignment",
    "ModelError",
    "PAFlags",
    "PAProfile",
    "PhotometricMisalignment",
    "Photometry",
    "PhotometryFlags",
    "Rejection",
    "RunSummary",
    "SpinFlags",
    "SpinVector",
    "Usability",
    "UsabilityFlags",
    "VelocityField",
    "angular_momentum",
    "clean",
    "conf",
    "features",
    "fit_pa",
    "kinematic_classes",
    "kinemetry",
    "measure",
    "misalignment",
    "pa_profile",
    "photometric_misalignment",
    "photometry",
    "read_catalogue",
    "read_maps",
    "simulate_galaxy",
    "spin_vector",
    "standardise",
    "survey",
    "usability",
    "write_catalogue",
    "write_maps",
]

#: The public names of each room, which is imported when one of them is used for the first time.
_NAMES = {
    "angles": ("Misalignment", "misalignment"),
    "archive._configuration": ("conf",),
    "catalogue": ("read_catalogue", "write_catalogue"),
    "cleaning": ("clean",),
    "exceptions": (
        *("DownloadError", "MangapaError", "MangapaWarning", "MapsFileError", "ModelError"),
    ),
    "fields": ("Galaxy", "VelocityField"),
    "fitting": ("KinematicPA", "fit_pa"),
    "flags": (
        *("AngularMomentumFlags", "PAFlags", "PhotometryFlags", "Rejection", "SpinFlags"),
        "UsabilityFlags",
    ),
    "formats": ("read_maps", "write_maps"),
    "kinematics": (
        *("AngularMomentum", "KinematicClasses", "PhotometricMisalignment", "Photometry"),
        *("SpinVector", "angular_momentum", "kinematic_classes", "photometric_misalignment"),
        *("photometry", "spin_vector"),
    ),
    "measurement": ("Measurement", "measure"),
    "profiles": (
        *("Features", "KinemetryProfile", "PAProfile", "features", "kinemetry", "pa_profile"),
    ),
    "runs": ("RunSummary", "survey"),
    "settings": ("MeasurementSettings",),
    "simulate": ("simulate_galaxy",),
    "usability": ("Usability", "usability"),
    "usability._image": ("standardise",),
}
_ROOM_OF = {name: room for room, names in _NAMES.items() for name in names}
#: Rooms that can be used without being imported first.
_ROOMS = {
    *(room.partition(".")[0] for room in _NAMES),
    *("export", "inspection", "marvin", "plotting", "report"),
} - {*_ROOM_OF}


def _imported(name: str) -> Any:
    """Import what is used for the first time: the package as a whole takes long to import."""
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    if name in _ROOM_OF:
        value = getattr(import_module(f"{__name__}.{_ROOM_OF[name]}"), name)
    elif name == "__citation__":
        value = import_module(f"{__name__}.catalogue._provenance").BIBTEX
    else:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg, name=name, obj=sys.modules[__name__])
    globals()[name] = value
    return value


if not TYPE_CHECKING:  # A type checker would take any name for one of ours.
    __getattr__ = _imported


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_ROOMS, "__citation__"})


class _Package(ModuleType):
    """A module in which the room ``usability`` does not hide the function of that name."""

    def __setattr__(self, name, value):
        if not (name in _ROOM_OF and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package

# Whether Marvin is imported before us, after us or never.
wrapt.register_post_import_hook("mangapa.marvin:attach", "marvin.tools.maps")
