"""What can be wrong with a field, an angle or a file, and how it is said."""

import enum

from astropy.utils.exceptions import AstropyUserWarning

__all__ = [
    "FLAG_MEANINGS",
    "DownloadError",
    "JudgementStoreError",
    "MangapaWarning",
    "MapsFileError",
    "ModelError",
    "NetworkError",
    "PAFlags",
    "Rejection",
    "RunError",
    "RunStoreError",
    "UsabilityFlags",
    "describe",
]


class PAFlags(enum.IntFlag):
    """Why a position angle is missing, or to be doubted."""

    NONE = 0
    NO_MAP = 1
    NO_GOOD_SPAXELS = 2
    TOO_FEW_SPAXELS = 4
    NO_EXTENT = 8
    CONSTANT_VELOCITY = 16
    FIT_FAILED = 32
    NO_ROTATION = 64
    RECEDING_SIDE_UNCLEAR = 128
    UNCONSTRAINED = 256
    METHODS_DISAGREE = 512
    NOT_MEASURED = 1024


class UsabilityFlags(enum.IntFlag):
    """What is to be known of a usability score, or why there is none."""

    NONE = 0
    NO_MAP = 1
    NO_GOOD_SPAXELS = 2
    TOO_FEW_SPAXELS = 4
    NO_EXTENT = 8
    CONSTANT_VELOCITY = 16
    CANNOT_TELL = 32
    ONE_TRACER = 64
    NOT_MEASURED = 128


class Rejection(enum.IntFlag):
    """Why `~mangapa.clean` dropped a spaxel."""

    SMALL_REGION = 1
    OUTLYING_VELOCITY = 2


#: What each flag says, in words for tables, figures and the documentation. One dictionary a kind:
#: flags of different kinds are equal if their bits are.
FLAG_MEANINGS = {
    PAFlags: {
        PAFlags.NO_MAP: "the galaxy has no map of this tracer",
        PAFlags.NO_GOOD_SPAXELS: "every spaxel is masked or not finite",
        PAFlags.TOO_FEW_SPAXELS: "fewer good spaxels than one resolution element holds",
        PAFlags.NO_EXTENT: "the good spaxels lie on one line",
        PAFlags.CONSTANT_VELOCITY: "all good spaxels have the same velocity",
        PAFlags.FIT_FAILED: "the fitter gave no finite angle",
        PAFlags.NO_ROTATION: "the two halves of the field have the same velocity",
        PAFlags.RECEDING_SIDE_UNCLEAR: "the two halves differ by less than their errors: "
        "the angle may be reversed by 180 deg",
        PAFlags.UNCONSTRAINED: "the field hardly constrains the angle",
        PAFlags.METHODS_DISAGREE: "two methods differ by more than their errors",
        PAFlags.NOT_MEASURED: "the galaxy could not be measured; its error tells why",
    },
    UsabilityFlags: {
        UsabilityFlags.NO_MAP: "the galaxy has no map of this tracer",
        UsabilityFlags.NO_GOOD_SPAXELS: "every spaxel is masked or not finite",
        UsabilityFlags.TOO_FEW_SPAXELS: "fewer good spaxels than one resolution element holds",
        UsabilityFlags.NO_EXTENT: "the good spaxels lie on one line",
        UsabilityFlags.CONSTANT_VELOCITY: "all good spaxels have the same velocity",
        UsabilityFlags.CANNOT_TELL: "the network is not sure: look at the field",
        UsabilityFlags.ONE_TRACER: "judged without the galaxy's other tracer",
        UsabilityFlags.NOT_MEASURED: "the galaxy could not be measured; its error tells why",
    },
    Rejection: {
        Rejection.SMALL_REGION: "in a region cut off from the main body of the field",
        Rejection.OUTLYING_VELOCITY: "spuriously high velocity",
    },
}


def describe(flags):
    """
    Say in words what a combination of flags means.

    Parameters
    ----------
    flags : `PAFlags`, `UsabilityFlags` or `Rejection`
        Any combination.

    Returns
    -------
    `str`
        The meanings, joined by semicolons; empty where nothing is flagged.

    Examples
    --------
    >>> from mangapa.quality import PAFlags, describe
    >>> describe(PAFlags.CONSTANT_VELOCITY)
    'all good spaxels have the same velocity'
    """
    meanings = FLAG_MEANINGS[type(flags)]
    return "; ".join(meaning for flag, meaning in meanings.items() if flag & flags)


class MapsFileError(OSError):
    """A file that is no usable MAPS file; the message names the path and the way out."""


class ModelError(OSError):
    """A model that is not what it should be, and is not loaded."""


class RunStoreError(OSError):
    """A store of a run that cannot be gone on with; the message names the way out."""


class JudgementStoreError(OSError):
    """A file that is no store of judgements; the message names the way out."""


class RunError(RuntimeError):
    """A run that cannot go on; what it has measured is kept."""


class DownloadError(OSError):
    """A file that could not be downloaded; the message tells what to do."""


class NetworkError(DownloadError):
    """A download that another try may save, after ``wait`` seconds if the server says so."""

    def __init__(self, message, wait=0):
        super().__init__(message)
        self.wait = wait


class MangapaWarning(AstropyUserWarning):
    """Something that the user should know, and that does not stop the work."""
