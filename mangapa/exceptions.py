"""Exceptions and warnings, each with a message that says what to do next."""

from astropy.utils.exceptions import AstropyUserWarning

__all__ = [
    "DownloadError",
    "FormatError",
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


class MapsFileError(MangapaError, OSError):
    """A file that is damaged, or not a DAP MAPS file; the message names the path and the remedy."""


class FormatError(MangapaError, OSError):
    """Several formats recognise a file."""


class ModelError(MangapaError, OSError):
    """A model whose files are missing, changed, or not for this version; it is not loaded."""


class RunStoreError(MangapaError, OSError):
    """A run store that cannot be resumed or read; the message says what to do."""


class JudgementStoreError(MangapaError, OSError):
    """A file that is not a store of judgements; the message says what to do."""


class RunError(MangapaError, RuntimeError):
    """A run that cannot continue; what it has measured so far is kept."""


class DownloadError(MangapaError, OSError):
    """A file that could not be downloaded; the message says what to do."""


class NetworkError(DownloadError):
    """
    A failed download that may succeed if it is tried again.

    Parameters
    ----------
    message : `str`
        What happened.
    wait : `float`, optional
        Seconds to wait first, if the server says so.
    """

    def __init__(self, message, wait=0):
        super().__init__(message)
        self.wait = wait


class MangapaWarning(AstropyUserWarning):
    """Something that the user should know, but that does not stop the work."""
