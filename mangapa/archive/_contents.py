"""Check that a file of the archive is sound, and of the galaxy that was asked for."""

import gzip
import zlib
from typing import NamedTuple

from astropy.io import fits

from mangapa._utils.fits_files import FITS_MAGIC, GZIP_MAGIC, read_fits
from mangapa.exceptions import MapsFileError

#: Bytes in which the card PLATEIFU is looked for; the primary headers of MAPS files have 12 kB.
HEADER_SIZE = 1 << 16
#: Length of a card of a FITS header, bytes.
CARD = 80


class Flaw(NamedTuple):
    """Why a file is refused; ``text`` completes a sentence that begins with its name."""

    text: str
    is_final: bool  # another download would bring the same


def flaw_of(path, plateifu=None):
    """
    Read a file to its end, and return its `Flaw` or None.

    A MAPS file of another galaxy than ``plateifu`` is refused, if its header names the galaxy.
    """
    content, is_compressed, text = read_fits(path, keep=False)
    if text:
        # The beginning of a file that was damaged on its way is still FITS, or cannot be unpacked.
        is_damaged = content.startswith(FITS_MAGIC) or (is_compressed and not content)
        return Flaw(text, is_final=not is_damaged)
    galaxy = _galaxy_in(content)
    if plateifu and galaxy and galaxy != plateifu:
        return Flaw(f"is of the galaxy {galaxy}, not of {plateifu}", is_final=True)
    return None


def refuse_other_galaxy(path, plateifu):
    """
    Raise a `MapsFileError` if the header of a stored file names another galaxy.

    Only the header is read, in a millisecond. Damage is left to the reader of the file.
    """
    try:
        with open(path, "rb") as file:
            is_compressed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
            file.seek(0)
            stream = gzip.GzipFile(fileobj=file) if is_compressed else file
            galaxy = _galaxy_in(stream.read(HEADER_SIZE))
    except (OSError, EOFError, zlib.error):
        return
    if galaxy and galaxy != plateifu:
        msg = f"{path} is of the galaxy {galaxy}, not of {plateifu}; delete it and fetch it again"
        raise MapsFileError(msg)


def _galaxy_in(content):
    """The value of PLATEIFU in the primary header, or None."""
    for start in range(0, min(len(content), HEADER_SIZE) - CARD, CARD):
        card = content[start : start + CARD]
        if card.startswith(b"END     "):
            break
        if card.startswith(b"PLATEIFU="):
            try:
                return str(fits.Card.fromstring(card).value).strip()
            except (fits.VerifyError, ValueError):
                return None
    return None
