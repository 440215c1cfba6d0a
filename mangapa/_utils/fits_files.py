"""Read FITS files to their end, so that damage is found and named."""

import codecs
import contextlib
import io
import math
import re
import warnings
import zlib
from collections import Counter
from functools import cached_property
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
#: Keyword and the rest of each card of a header.
CARDS = re.compile(rb"(.{8})(.{72})", re.DOTALL)
#: Keywords that say what the bytes behind a header are, which must not be there twice.
STRUCTURE = b"NAXIS", b"BITPIX", b"XTENSION"
#: Cards that change the values of an image, or how they are stored.
CHANGING = "BSCALE", "BZERO", "BLANK", "ZIMAGE"
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

    def __init__(self, head):
        cards = CARDS.findall(head)
        # The first of several equal keywords counts.
        self._head, self._data, self._cards = head, None, dict(reversed(cards))
        if len(self._cards) < len(cards):
            counts = Counter(keyword for keyword, _ in cards if keyword.startswith(STRUCTURE))
            for keyword in counts - Counter(counts.keys()):
                name = keyword.decode("ascii", "replace").rstrip()
                raise FlawError(flaw=f"is corrupt (two cards {name})")

    def keep(self, data):
        """Keep the data, if they are sound."""
        self._check_sum(data)
        self._data = data

    @property
    def content(self):
        """The HDU as in a file; of the primary one with the cards of ``header``."""
        if self._data is None:
            return b""
        head = (self._sound_head if self.name == "PRIMARY" else self._head) + END
        return head + b" " * (-len(head) % FITS_BLOCK) + self._data

    @cached_property
    def header(self):
        """
        The header, parsed by astropy.

        Cards that cannot be parsed, or are not finite, are left out, or hold a text if they are of
        coordinates.
        """
        text = self._sound_head.decode("ascii", "replace")
        return fits.Header.fromstring(text.replace("\ufffd", "?"))

    @cached_property
    def data(self):
        """The image; `None` if there is none, or if it was not kept."""
        if self._data is None:
            return None
        # Astropy takes longer to parse the headers of a MAPS file than to unpack it.
        if self._is_plain_image:
            bits = self._integer("BITPIX", -64)
            kind = "f" if bits < 0 else "u" if bits == 8 else "i"
            dtype = f">{kind}{abs(bits) // 8}"
            return np.ndarray(self.shape, dtype, self._data) if self.shape else None
        primary = fits.PrimaryHDU().header.tostring().encode()
        with fits.open(io.BytesIO(primary + self.content)) as hdus:
            is_image = isinstance(hdus[1], (fits.ImageHDU, fits.CompImageHDU))
            return hdus[1].data if is_image else None

    def text(self, keyword):
        """The text of a card; empty if it is missing or something else."""
        match = _TEXT.match(self._card(keyword))
        return match[1].decode("ascii", "replace").replace("''", "'").strip() if match else ""

    def __contains__(self, keyword):
        return self._card(keyword) != b""

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

    @cached_property
    def name(self):
        """The name in capitals, as astropy compares them."""
        return "PRIMARY" if "SIMPLE" in self else self.text("EXTNAME").upper()

    @property
    def size(self):
        """Size of the data with their padding, bytes."""
        bits = self._integer("BITPIX", -64)
        if bits not in BITPIX:
            raise FlawError(flaw=f"is corrupt (BITPIX = {bits})")
        size = abs(bits) // 8 * self._n_values
        return -(-size // FITS_BLOCK) * FITS_BLOCK

    @property
    def unpacked_size(self):
        """Size of the data in memory, bytes."""
        bits = self._integer("ZBITPIX", -64) if self._is_tiled else 0
        return max(self.size, abs(bits) // 8 * math.prod(self.shape))

    @property
    def _is_plain_image(self):
        is_changed = any(card in self for card in CHANGING)
        is_image = self.text("XTENSION") == "IMAGE" and not is_changed
        return is_image and self._n_values == (math.prod(self.shape) if self.shape else 0)

    @property
    def _n_values(self):
        axes = [self._integer(f"NAXIS{i}") for i in range(1, self._n_axes("NAXIS") + 1)]
        values = self._integer("PCOUNT", default=0) + math.prod(axes) if axes else 0
        return values * self._integer("GCOUNT", default=1)

    @cached_property
    def _sound_head(self):
        heads = range(0, len(self._head), CARD)
        return b"".join(sound_or_marked(self._head[i : i + CARD]) for i in heads)

    @property
    def _is_tiled(self):
        return self._card("ZIMAGE").split(b"/")[0].strip(b"= ") == b"T"

    def _n_axes(self, keyword, default=None):
        n_axes = self._integer(keyword, default=default)
        if n_axes > MOST_AXES:
            raise FlawError(flaw=f"is corrupt ({keyword} = {n_axes})")
        return n_axes

    def _integer(self, keyword, smallest=0, default=None):
        card = self._card(keyword)
        if not card and default is not None:
            return default
        match = _INTEGER.match(card)
        if match is None or (number := int(match[1])) < smallest:
            raise FlawError(flaw=f"is corrupt (card {keyword} of extension {self.name})")
        return number

    def _card(self, keyword):
        """What stands behind the keyword; empty if there is no such card."""
        return self._cards.get(keyword.encode().ljust(8), b"")

    def _check_sum(self, data):
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


def read_fits(path, *, keep=None):
    """
    Read a file to its end, uncompressed, and look for damage; return a `FitsContent`.

    The checksum of a compressed stream is at its end, so a truncated or corrupt file cannot pass.
    Memory is needed only for the HDUs for which ``keep(hdu)`` is True; their data are checked.
    """
    hdus = []
    try:
        hdus.extend(scan_fits(path, keep=keep))
    except FlawError as error:
        return FitsContent(hdus, error.flaw, error.remedy_for(path))
    return FitsContent(hdus, None, "")


def scan_fits(path, *, keep=None):
    """
    Yield each `ScannedHDU` of a file, without parsing more than where the next one begins.

    ``keep`` is that of `read_fits`.
    """
    kept = 0
    with unpacked(path) as stream:
        block = stream.read(FITS_BLOCK)
        _check_beginning(block)
        # Zeros behind the last extension, as on tapes, are harmless.
        while block.strip(b"\0"):
            hdu = ScannedHDU(_read_header(stream, block))
            is_kept = bool(keep and keep(hdu))
            kept += hdu.unpacked_size if is_kept else 0
            if kept > MOST_KEPT:
                raise FlawError(
                    flaw=f"claims more than {MOST_KEPT >> 20} MiB of maps", remedy=TOO_LARGE
                )
            data = _read_data(stream, hdu.size, is_kept)
            if is_kept:
                hdu.keep(data)
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
    blocks = []
    while len(block) == FITS_BLOCK and len(blocks) * FITS_BLOCK < MOST_CARDS * CARD:
        end = block.find(END)
        while end % CARD and end > 0:
            end = block.find(END, end + 1)
        if end >= 0:
            return b"".join([*blocks, block[:end]])
        blocks.append(block)
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

    Anything that goes wrong with the file, also while its HDUs are used, raises ``error_class``,
    as in `parsing`.
    """
    source = path if content is None else io.BytesIO(content)
    with parsing(path, error_class=error_class), fits.open(source) as hdus:
        yield hdus


@contextlib.contextmanager
def parsing(path, *, error_class=OSError):
    """
    Raise ``error_class`` with path and remedy if a file cannot be parsed inside the block.

    An error of mangapa's own passes through. Astropy's warnings are silent: they tell of cards that
    are not read, or that count as missing.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", ".*truncated|Error validating", AstropyUserWarning)
            yield
    except MangapaError:
        raise
    except (AstropyUserWarning, *PARSING_ERRORS) as error:
        flaw = "truncated" if "truncated" in str(error) else f"damaged ({error})"
        remedy = FlawError(flaw).remedy_for(path)
        raise error_class(printable(f"{path} is {flaw}; {remedy}")) from error
