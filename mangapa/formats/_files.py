"""Files of galaxies: what is in them, and their HDUs, checked to the end of the file."""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from astropy.io import fits

from mangapa._utils.files import printable
from mangapa._utils.fits_files import (
    FitsContent,
    ScannedHDU,
    decoded,
    open_fits,
    read_fits,
    scan_fits,
)
from mangapa._utils.unpacking import FlawError, unpacked
from mangapa.exceptions import GalaxyFileError

__all__ = ["Outline", "checked_content", "first_lines", "open_hdus", "outline"]


#: Bytes of a text file that tell its format.
TEXT_SIZE = 1 << 14


@dataclass(frozen=True, kw_only=True)
class Outline:
    """
    The structure of a FITS file: the cards of its HDUs, without their data.

    Attributes
    ----------
    path : `~pathlib.Path`
        The file.
    hdus : `tuple`
        One object for each HDU, with ``name``, ``shape``, ``columns`` of a table, ``text(card)``,
        and ``card in hdu``.
    """

    path: Path
    hdus: tuple[ScannedHDU, ...]

    @property
    def primary(self) -> ScannedHDU:
        """The first HDU."""
        return self.hdus[0]

    @property
    def names(self) -> set[str]:
        """Names of the HDUs, in capitals."""
        return {hdu.name for hdu in self.hdus}

    @property
    def columns(self) -> set[str]:
        """Names of the columns of all tables."""
        return {name for hdu in self.hdus for name in hdu.columns}


def outline(path: Path) -> Outline | None:
    """
    Look at the structure of a file without keeping its data.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    `Outline` or `None`
        `None` if the file cannot be read, is damaged, or is not a FITS file.
    """
    try:
        state = os.stat(path)
    except OSError:
        return None
    return _outline(os.fspath(path), state.st_size, state.st_mtime_ns)


def first_lines(path: Path) -> str:
    """
    Read the beginning of a text file.

    Parameters
    ----------
    path : path-like
        The file, compressed or not.

    Returns
    -------
    `str`
        The first lines; empty if the file cannot be read, or is not text.
    """
    try:
        with unpacked(path) as stream:
            text = decoded(stream.read(TEXT_SIZE)) or ""
    except (OSError, FlawError):
        return ""
    return text if all(c.isprintable() or c.isspace() for c in text) else ""


# All formats look at a file one after the other, damaged or not.
@lru_cache(maxsize=1)
def _outline(path, size, modified):
    try:
        return Outline(path=Path(path), hdus=tuple(scan_fits(path)))
    except (OSError, FlawError):
        return None


@contextlib.contextmanager
def open_hdus(
    path: Path, wanted: Callable[[ScannedHDU], bool] = lambda hdu: True
) -> Iterator[fits.HDUList]:
    """
    Open the HDUs of a file that are wanted, after the whole file was read and checked.

    What goes wrong with the HDUs inside the block raises a ``GalaxyFileError``, too.

    Parameters
    ----------
    path : `~pathlib.Path`
        The file, compressed or not.
    wanted : callable
        Whether an HDU, as in `Outline`, is needed; the primary one always is.

    Yields
    ------
    `~astropy.io.fits.HDUList`
        The HDUs, with names in capitals; cards of the first that cannot be parsed are left out.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        If the file does not exist, is a folder, or may not be read.
    mangapa.exceptions.GalaxyFileError
        If the file is damaged, or is not a FITS file.

    Examples
    --------
    >>> import mangapa
    >>> from mangapa.formats import open_hdus
    >>> path = mangapa.write_maps(mangapa.simulate_galaxy(n_fibres=19), "mock.fits.gz")
    >>> with open_hdus(path, lambda hdu: hdu.name == "BINID") as hdus:
    ...     [hdu.name for hdu in hdus]
    ['PRIMARY', 'BINID']
    """
    content = checked_content(path, wanted).content
    with open_fits(path, content, error_class=GalaxyFileError) as hdus:
        for hdu in hdus:
            # Names are the same in any case (FITS standard 4.0, section 4.4.2.6).
            if hdu.name != hdu.name.upper():
                hdu.name = hdu.name.upper()
        yield hdus


def checked_content(
    path: Path,
    wanted: Callable[[ScannedHDU], bool],
    *,
    error_class: type[OSError] = GalaxyFileError,
    what: str = "the file of a galaxy",
) -> FitsContent:
    """
    Read a file to its end, and keep the HDUs that are wanted; see `open_hdus`.

    Parameters
    ----------
    path : `~pathlib.Path`
        The file, compressed or not.
    wanted : callable
        Whether an HDU is kept; the primary one always is.
    error_class : `type`, optional
        The error to raise if the file is damaged.
    what : `str`, optional
        What to name instead of a folder, for its message.

    Returns
    -------
    `~mangapa._utils.fits_files.FitsContent`
        All HDUs, with the content of those that are kept.
    """
    try:
        read = read_fits(path, keep=lambda hdu: hdu.name == "PRIMARY" or wanted(hdu))
    except (FileNotFoundError, NotADirectoryError):
        msg = f"there is no file {printable(path)}; check the name, or download the file first"
        raise FileNotFoundError(msg) from None
    except PermissionError as error:
        msg = f"{printable(path)} may not be read; ask its owner for the permission, or copy it"
        raise PermissionError(msg) from error
    except OSError as error:
        reason = printable(error.strerror or error)
        msg = f"{printable(path)} cannot be read ({reason}); check the name and the disk"
        raise error_class(msg) from error
    if os.path.isdir(path):
        msg = f"{printable(path)} is a folder; name {what} in it"
        raise IsADirectoryError(msg)
    if read.flaw:
        raise error_class(printable(f"{path} {read.flaw}; {read.remedy}"))
    return read
