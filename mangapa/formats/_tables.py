"""Tables of kinematics with one row for each spaxel, bin or fibre."""

import io
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u

from mangapa._border import OFFSET, VELOCITY
from mangapa._utils.files import printable
from mangapa._utils.unpacking import FlawError, unpacked
from mangapa.exceptions import GalaxyFileError
from mangapa.formats._values import without

if TYPE_CHECKING:
    from astropy.io.fits import FITS_rec, HDUList

__all__ = ["column", "optional_column", "table_with", "text_table"]

#: Most bytes of a table in a text file: about a million rows.
LARGEST_TEXT = 1 << 27


def table_with(hdus: "HDUList", columns: Sequence[str], path: Path, files: str) -> "FITS_rec":
    """
    Data of the table that has some columns.

    Parameters
    ----------
    hdus : `~astropy.io.fits.HDUList`
        The file.
    columns : sequence of `str`
        Names of columns, in capitals; those of the table may be in any case.
    path : `~pathlib.Path`
        Its name, for messages.
    files : `str`
        The name of a typical file that has them, for messages.

    Returns
    -------
    `~astropy.io.fits.FITS_rec`

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If no table has all columns; names those that are missing.
    """
    tables = [hdu for hdu in hdus if getattr(hdu, "columns", None)]
    missing = [set(columns) - {name.upper() for name in hdu.columns.names} for hdu in tables]
    fewest = min(missing, key=len, default=set(columns))
    if fewest:
        msg = (
            f"{printable(path)} has no table with the columns {', '.join(columns)}: "
            f"{', '.join(sorted(fewest))} missing; name a file such as {files}"
        )
        raise GalaxyFileError(msg)
    return tables[missing.index(fewest)].data


def column(table: "FITS_rec", name: str, *fills: float) -> np.ndarray:
    """
    Values of a column, in the units of a field.

    Parameters
    ----------
    table : `~astropy.io.fits.FITS_rec`
        The table.
    name : `str`
        Name of the column.
    *fills : `float`
        What marks a missing value.

    Returns
    -------
    `~numpy.ndarray`
        Of double precision, NaN where missing; velocities in km/s and offsets in arcsec, also if
        the table has them in other units. Values without a unit are in these.

    Raises
    ------
    ValueError
        If the column holds text.
    """
    if table[name].dtype.kind not in "biuf":
        msg = f"the column {name} holds text instead of numbers"
        raise ValueError(msg)
    return without(table[name], *fills) * _factor(table.columns[name].unit or "")


@lru_cache
def _factor(text):
    """What values in a unit are multiplied by to be in that of a field; 1 for other units."""
    # Texts that are not a unit take the longest to parse.
    unit = u.Unit(text, parse_strict="silent")
    known = [ours for ours in (VELOCITY, OFFSET) if unit.is_equivalent(ours)]
    return unit.to(known[0]) if known else 1.0


def optional_column(table: "FITS_rec", name: str, fill: float | None = None) -> np.ndarray | None:
    """
    Values of a column as of `column`, if the table has it.

    Parameters
    ----------
    table : `~astropy.io.fits.FITS_rec`
        The table.
    name : `str`
        Name of the column, in any case.
    fill : `float`, optional
        What marks a missing value.

    Returns
    -------
    `~numpy.ndarray` or `None`

    Raises
    ------
    ValueError
        If the column holds text.
    """
    there = name.upper() in (one.upper() for one in table.names)
    fills = () if fill is None else (fill,)
    return column(table, name, *fills) if there else None


def text_table(path: Path) -> dict[str, np.ndarray]:
    """
    Columns of a text file whose first line names them.

    Parameters
    ----------
    path : `~pathlib.Path`
        The file, compressed or not.

    Returns
    -------
    `dict`
        Numbers of each column by its name in capitals.

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If the file is damaged, or has rows of another length or without numbers.
    """
    try:
        with unpacked(path) as stream:
            text = stream.read(LARGEST_TEXT).decode("utf-8-sig")
        first, _, rest = text.lstrip().partition("\n")
        rows = np.loadtxt(io.StringIO(rest), ndmin=2)
    except FlawError as error:
        msg = f"{printable(path)} {error.flaw}; {error.remedy_for(path)}"
        raise GalaxyFileError(msg) from error
    except ValueError as error:
        msg = f"{printable(path)} is damaged ({printable(error)}); fetch it again"
        raise GalaxyFileError(msg) from error
    names = first.upper().replace("#", "# ", 1).split()
    # The sign of a comment is itself the name of a column if there is one for it.
    names = names[len(names) == rows.shape[1] + 1 and names[0] == "#" :]
    if len(names) != rows.shape[1]:
        msg = (
            f"{printable(path)} names {len(names)} columns, but has {rows.shape[1]}; "
            "correct its first line"
        )
        raise GalaxyFileError(msg)
    return dict(zip(names, rows.T, strict=True))
