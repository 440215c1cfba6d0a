"""Exceptions and warnings, each with a message that says what to do next."""

from astropy.utils.exceptions import AstropyUserWarning

__all__ = [
    "DownloadError",
    "FormatError",
    "GalaxyFileError",
    "JudgementStoreError",
    "MangapaError",
    "MangapaWarning",
    "MapsFileError",
    "ModelError",
    "NetworkError",
    "RunError",
    "RunStoreError",
]


class MangapaError(Exception):
    """Base class of all errors that are specific to mangapa."""


class GalaxyFileError(MangapaError, OSError):
    """A file is damaged, or does not hold the velocity fields of a galaxy."""


class MapsFileError(GalaxyFileError):
    """A file is damaged, or is not a DAP MAPS file."""


class FormatError(GalaxyFileError):
    """Several formats recognise a file."""


class ModelError(MangapaError, OSError):
    """Files of a model are missing, changed, or made for another version; it is not loaded."""


class RunStoreError(MangapaError, OSError):
    """A run store cannot be resumed or read."""


class JudgementStoreError(MangapaError, OSError):
    """A file is not a store of judgements."""


class RunError(MangapaError, RuntimeError):
    """A run cannot continue; everything measured so far is kept."""


class DownloadError(MangapaError, OSError):
    """A file could not be downloaded."""


class NetworkError(DownloadError):
    """
    A download failed, but may succeed if it is tried again.

    Parameters
    ----------
    message : `str`
        Description of the failure.
    wait : `float`, optional
        Seconds to wait before the next try, if the server asks for it.
    """

    def __init__(self, message: str, wait: float = 0):
        super().__init__(message)
        self.wait = wait


class MangapaWarning(AstropyUserWarning):
    """A condition that does not stop the work, but that the user should know."""
