"""Check that a file of the archive is sound, and of the galaxy that was asked for."""

import contextlib
from typing import NamedTuple

from mangapa._utils.fits_files import read_fits, scan_fits
from mangapa._utils.unpacking import REMEDY, FlawError
from mangapa.exceptions import MapsFileError

#: How the descriptions of flaws begin that a network can cause.
DAMAGE = ("is truncated", "is corrupt")


class Flaw(NamedTuple):
    """Why a file is refused; ``text`` completes a sentence that begins with its name."""

    text: str
    remedy: str
    is_final: bool  # another download would bring the same


def flaw_of(path, plateifu=None):
    """
    Read a file to its end, and return its `Flaw` or None.

    A MAPS file of another galaxy than ``plateifu`` is refused, if its header names the galaxy.
    """
    hdus, text, remedy = read_fits(path)
    if text:
        return Flaw(text, remedy, is_final=not text.startswith(DAMAGE))
    text = _other_galaxy(hdus[0], plateifu)
    return Flaw(text, REMEDY, is_final=True) if text else None


def refuse_other_galaxy(path, plateifu):
    """
    Raise a `MapsFileError` if the header of a stored file names another galaxy.

    Only the header is read, in a millisecond. Damage is left to the reader of the file.
    """
    text = None
    with contextlib.suppress(OSError, FlawError), contextlib.closing(scan_fits(path)) as hdus:
        text = _other_galaxy(next(hdus), plateifu)
    if text:
        msg = f"{path} {text}; {REMEDY}"
        raise MapsFileError(msg)


def _other_galaxy(hdu, plateifu):
    galaxy = hdu.text("PLATEIFU")
    if plateifu and galaxy and galaxy != plateifu:
        return f"is of the galaxy {galaxy}, not of {plateifu}"
    return None
