"""Read FITS files to their end, so that damage is found and named."""

import contextlib
import gzip
import io
import warnings
import zlib
from typing import NamedTuple

from astropy.io import fits
from astropy.utils.exceptions import AstropyUserWarning

from mangapa.exceptions import MangapaError

GZIP_MAGIC = b"\x1f\x8b"
FITS_MAGIC = b"SIMPLE  ="
#: Size of the blocks that a FITS file consists of, bytes (FITS standard 4.0, section 3.1).
FITS_BLOCK = 2880
#: Bytes read at once from a file whose content is not kept.
READ_SIZE = 1 << 20
REMEDY = "delete it and fetch it again"
#: What astropy, numpy and zlib raise when they parse a damaged FITS file.
PARSING_ERRORS = (OSError, EOFError, TypeError, ValueError, IndexError, KeyError, zlib.error)


class FitsContent(NamedTuple):
    """A file read to its end; ``flaw`` completes a sentence that begins with its path."""

    content: bytes
    is_compressed: bool
    flaw: str | None


def read_fits(path, *, keep=True):
    """
    Read a file to its end, uncompressed, and look for damage; return a `FitsContent`.

    The checksum of a gzip stream is at its end, so a truncated or corrupt file cannot pass. Unless
    ``keep``, only the beginning of the content is returned, and memory stays small.
    """
    size, content = 0, b""
    with open(path, "rb") as file:
        is_compressed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        file.seek(0)
        stream = gzip.GzipFile(fileobj=file) if is_compressed else file
        try:
            content = stream.read(-1 if keep else READ_SIZE)
            size = len(content)
            while block := stream.read(READ_SIZE):
                size += len(block)
            flaw = _flaw(content, size)
        except EOFError:
            flaw = "is truncated"
        except (gzip.BadGzipFile, zlib.error) as error:
            flaw = f"is corrupt ({error})"
    return FitsContent(content, is_compressed, flaw)


def _flaw(content, size):
    if not size:
        return "is empty"
    if not content.startswith(FITS_MAGIC):
        is_page = content[:1000].lstrip().startswith(b"<")
        return "is a web page saved under the name of a file" if is_page else "is not a FITS file"
    return "is truncated" if size % FITS_BLOCK else None


@contextlib.contextmanager
def open_fits(path, content=None, *, error_class=OSError):
    """
    Open a FITS file, or the ``content`` that was read from it.

    Anything that goes wrong with the file, also while its HDUs are used, raises ``error_class``
    with the path and the remedy. An error of mangapa's own passes through.
    """
    source = path if content is None else io.BytesIO(content)
    try:
        with warnings.catch_warnings(), fits.open(source) as hdus:
            warnings.filterwarnings("error", ".*truncated|Error validating", AstropyUserWarning)
            yield hdus
    except MangapaError:
        raise
    except (AstropyUserWarning, *PARSING_ERRORS) as error:
        flaw = "truncated" if "truncated" in str(error) else f"damaged ({error})"
        msg = f"{path} is {flaw}; {REMEDY}"
        raise error_class(msg) from error
