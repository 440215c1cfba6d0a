"""Read FITS files to their end, so that damage is found and named."""

import codecs
import contextlib
import io
import math
import re
import warnings
import zlib
from typing import NamedTuple

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyUserWarning

from mangapa._utils.cards import sound_or_marked
from mangapa._utils.files import printable
from mangapa._utils.unpacking import BZIP2, GZIP, REMEDY, TOO_LARGE, XZ, ZIP, FlawError, unpacked
from mangapa.exceptions import MangapaError

FITS_MAGIC = b"SIMPLE  ="
EXTENSION_MAGIC = b"XTENSION"
#: Sizes of the blocks and of the cards of a FITS file, bytes (FITS standard 4.0, section 3).
FITS_BLOCK, CARD = 2880, 80
END = b"END     "
#: Values of BITPIX, and the largest of NAXIS (FITS standard 4.0, section 4.4.1).
BITPIX, MOST_AXES = (8, 16, 32, 64, -32, -64), 999
#: Most cards of a header; a MAPS file of MaNGA has up to 200.
MOST_CARDS = 36_000
#: Bytes read at once, and most bytes that are kept: the maps of a million spaxels take 0.6 GB.
READ_SIZE, MOST_KEPT = 1 << 20, 1 << 30
#: What astropy, numpy and zlib raise when they parse a damaged FITS file. Astropy represents an HDU
#: that it cannot parse by an object without data.
PARSING_ERRORS = (
    *(OSError, EOFError, TypeError, ValueError, IndexError, KeyError, OverflowError),
    *(AssertionError, AttributeError, fits.VerifyError, zlib.error),
)
#: What to do about files that are no FITS files and not of the archive.
AS_LIST = "if it lists galaxies, one in each line, measure them with 'mangapa measure --list FILE'"
NOT_FITS = "name a MAPS file"
_INTEGER = re.compile(rb"= *([+-]?[0-9]+) *(?:/|$)")
_TEXT = re.compile(rb"= *'((?:[^']|'')*)'")


class ScannedHDU:
    """An HDU of which only the structure is parsed; ``content`` is empty if it was not kept."""

    def __init__(self, cards):
        self.content = b""
        self._cards = {}
        for card in cards:
            keyword = card[:8].rstrip()
            if keyword in self._cards and keyword.startswith((b"NAXIS", b"BITPIX", b"XTENSION")):
                raise FlawError(flaw=f"is corrupt (two cards {keyword.decode('ascii', 'replace')})")
            self._cards.setdefault(keyword, card)

    def text(self, keyword):
        """The text of a card; empty if it is missing or something else."""
        match = _TEXT.match(self._cards.get(keyword.encode(), b""), 8)
        return match[1].decode("ascii", "replace").replace("''", "'").strip() if match else ""

    def __contains__(self, keyword):
        return keyword.encode() in self._cards

    @property
    def shape(self):
        """Shape of the data as numpy has it: the last axis is NAXIS1; empty if there are none."""
        # An image in compressed tiles is stored as a table (FITS standard 4.0, section 10.1).
        axes = "ZNAXIS" if self._is_tiled else "NAXIS"
        return tuple(
            self._integer(f"{axes}{i}") for i in range(self._n_axes(axes, default=0), 0, -1)
        )

    @property
    def columns(self):
        """Names of the columns of a table, in their order; empty for an image."""
        n_columns = 0 if self._is_tiled else self._integer("TFIELDS", default=0)
        return tuple(self.text(f"TTYPE{i}") for i in range(1, n_columns + 1))

    @property
    def name(self):
        """The name in capitals, as astropy compares them."""
        return "PRIMARY" if b"SIMPLE" in self._cards else self.text("EXTNAME").upper()

    @property
    def size(self):
        """Size of the data with their padding, bytes."""
        bits = self._integer("BITPIX", -64)
        if bits not in BITPIX:
            raise FlawError(flaw=f"is corrupt (BITPIX = {bits})")
        axes = [self._integer(f"NAXIS{i}") for i in range(1, self._n_axes("NAXIS") + 1)]
        pixels = self._integer("PCOUNT", default=0) + math.prod(axes) if axes else 0
        size = abs(bits) // 8 * pixels * self._integer("GCOUNT", default=1)
        return -(-size // FITS_BLOCK) * FITS_BLOCK

    @property
    def unpacked_size(self):
        """Size of the data in memory, bytes."""
        bits = self._integer("ZBITPIX", -64) if self._is_tiled else 0
        return max(self.size, abs(bits) // 8 * math.prod(self.shape))

    @property
    def _is_tiled(self):
        return self._cards.get(b"ZIMAGE", b"")[8:].split(b"/")[0].strip(b"= ") == b"T"

    def _n_axes(self, keyword, default=None):
        n_axes = self._integer(keyword, default=default)
        if n_axes > MOST_AXES:
            raise FlawError(flaw=f"is corrupt ({keyword} = {n_axes})")
        return n_axes

    def _integer(self, keyword, smallest=0, default=None):
        card = self._cards.get(keyword.encode())
        if card is None and default is not None:
            return default
        match = _INTEGER.match(card or b"", 8)
        if match is None or (number := int(match[1])) < smallest:
            raise FlawError(flaw=f"is corrupt (card {keyword} of extension {self.name})")
        return number

    def check_sum(self, data):
        """Compare the data with the card DATASUM, if there is one (FITS standard, appendix J)."""
        expected = self.text("DATASUM")
        # Sums of 32-bit words with the carry added are remainders of a division by 2^32 - 1.
        found = int(np.frombuffer(data, ">u4").sum(dtype=np.uint64)) % 0xFFFFFFFF
        # A header may be copied, with this card, from an HDU with data to one without.
        if data and expected.isdecimal() and int(expected) % 0xFFFFFFFF != found:
            remedy = f"{REMEDY}, or, if you changed its data, write it with checksum=True"
            raise FlawError(flaw=f"is corrupt (checksum of extension {self.name})", remedy=remedy)


class FitsContent(NamedTuple):
    """The HDUs of a file; ``flaw`` completes a sentence that begins with its path."""

    hdus: list[ScannedHDU]
    flaw: str | None
    remedy: str

    @property
    def content(self):
        """The HDUs that were kept, as a FITS file."""
        return b"".join(hdu.content for hdu in self.hdus)


def read_fits(path, *, keep=None, cards=None):
    """
    Read a file to its end, uncompressed, and look for damage; return a `FitsContent`.

    The checksum of a compressed stream is at its end, so a truncated or corrupt file cannot pass.
    Memory is needed only for the HDUs for which ``keep(hdu)`` is True; their data are checked. Of
    the first, cards that cannot be parsed, or are not finite, are left out, or hold a text if they
    are of coordinates; of the others, only the cards that the pattern ``cards`` matches are kept.
    """
    hdus = []
    try:
        hdus.extend(scan_fits(path, keep=keep, cards=cards))
    except FlawError as error:
        return FitsContent(hdus, error.flaw, error.remedy_for(path))
    return FitsContent(hdus, None, "")


def scan_fits(path, *, keep=None, cards=None):
    """
    Yield each `ScannedHDU` of a file, without parsing more than where the next one begins.

    ``keep`` and ``cards`` are those of `read_fits`.
    """
    kept = 0
    with unpacked(path) as stream:
        block = stream.read(FITS_BLOCK)
        _check_beginning(block)
        # Zeros behind the last extension, as on tapes, are harmless.
        while block.strip(b"\0"):
            header = _read_header(stream, block)
            hdu = ScannedHDU(header)
            is_kept = bool(keep and keep(hdu))
            kept += hdu.unpacked_size if is_kept else 0
            if kept > MOST_KEPT:
                raise FlawError(
                    flaw=f"claims more than {MOST_KEPT >> 20} MiB of maps", remedy=TOO_LARGE
                )
            data = _read_data(stream, hdu.size, is_kept)
            if is_kept:
                hdu.check_sum(data)
                if hdu.name == "PRIMARY":
                    header = [sound for card in header if (sound := sound_or_marked(card))]
                elif cards is not None:
                    header = [card for card in header if cards.match(card)]
                header = b"".join([*header, END])
                hdu.content = header + b" " * (-len(header) % FITS_BLOCK) + data
            yield hdu
            block = stream.read(FITS_BLOCK)
            if block.strip(b"\0") and not block.startswith(EXTENSION_MAGIC):
                raise FlawError(flaw=f"is corrupt (after extension {hdu.name})")
        while block := stream.read(READ_SIZE):
            if block.strip(b"\0"):
                raise FlawError(flaw=f"is corrupt (after extension {hdu.name})")


def _check_beginning(block):
    if not block:
        raise FlawError(flaw="is empty")
    if block.startswith((GZIP, BZIP2, XZ, ZIP)):
        raise FlawError(flaw="is compressed twice", remedy="unpack it once")
    if not block.startswith(FITS_MAGIC):
        is_page = block[:1000].lstrip().startswith(b"<")
        flaw = "is a web page saved under the name of a file" if is_page else "is not a FITS file"
        raise FlawError(flaw, elsewhere=AS_LIST if _is_text(block) else NOT_FITS)


def decoded(block):
    """The text of a block in UTF-8, of which the last character may be cut; else `None`."""
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(block)
    except UnicodeDecodeError:
        return None


def _is_text(block):
    text = decoded(block)
    return text is not None and all(c.isprintable() or c in "\r\n\t" for c in text)


def _read_header(stream, block):
    """The cards before END; what follows it in its block is of no use."""
    cards = []
    while len(block) == FITS_BLOCK and len(cards) < MOST_CARDS:
        for i in range(0, FITS_BLOCK, CARD):
            card = block[i : i + CARD]
            if card.startswith(END):
                return cards
            cards.append(card)
        block = stream.read(FITS_BLOCK)
    raise FlawError(flaw="is truncated" if len(block) < FITS_BLOCK else "is corrupt (no card END)")


def _read_data(stream, size, is_kept):
    stream.check(size)
    blocks = []
    while size:
        block = stream.read(min(size, READ_SIZE))
        if not block:
            raise FlawError(flaw="is truncated")
        size -= len(block)
        if is_kept:
            blocks.append(block)
    return b"".join(blocks)


@contextlib.contextmanager
def open_fits(path, content=None, *, error_class=OSError):
    """
    Open a FITS file, or the ``content`` that was read from it.

    Anything that goes wrong with the file, also while its HDUs are used, raises ``error_class``
    with the path and the remedy. An error of mangapa's own passes through. Astropy's warnings are
    silent: they tell of cards that are not read, or that count as missing.
    """
    source = path if content is None else io.BytesIO(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", ".*truncated|Error validating", AstropyUserWarning)
            with fits.open(source) as hdus:
                yield hdus
    except MangapaError:
        raise
    except (AstropyUserWarning, *PARSING_ERRORS) as error:
        flaw = "truncated" if "truncated" in str(error) else f"damaged ({error})"
        remedy = FlawError(flaw).remedy_for(path)
        raise error_class(printable(f"{path} is {flaw}; {remedy}")) from error
