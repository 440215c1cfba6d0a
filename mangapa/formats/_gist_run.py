"""The tables of one run of the GIST or nGIST pipeline: which they are, and their spaxels."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mangapa._utils.files import printable
from mangapa._utils.types import PathLike
from mangapa.exceptions import GalaxyFileError
from mangapa.formats._choices import paths_of
from mangapa.formats._files import open_hdus
from mangapa.formats._sky import celestial_wcs
from mangapa.formats._tables import column, optional_column, table_with

__all__ = ["NAMES", "Run", "open_run"]

#: The tables of a run, by the end of their names.
NAMES = re.compile(
    r"(?P<observation>.+)_(?P<part>table|kin|mask|gas_bin|gas_spaxel)\.fits(?:\.\w+)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Run:
    """
    The tables and the spaxels of a run.

    Attributes
    ----------
    name : `str`
        What the names of the tables begin with.
    tables : `dict`
        Path of each table by the end of its name, in small letters.
    header : `~astropy.io.fits.Header`
        Primary header of the table of the spaxels.
    x, y : `~numpy.ndarray`
        Offsets of the spaxels to the East and North, arcsec, shape (n,).
    row : `~numpy.ndarray` of `int`
        Row of the bin of each spaxel in the tables of the bins, shape (n,).
    inside : `~numpy.ndarray` of `bool`
        Whether a spaxel belongs to its bin, shape (n,).
    flux : `~numpy.ndarray` or `None`
        Light of the continuum of each spaxel, shape (n,).
    """

    name: str
    tables: dict[str, Path]
    header: dict
    x: np.ndarray
    y: np.ndarray
    row: np.ndarray
    inside: np.ndarray
    flux: np.ndarray | None

    def check_rows(self, part: str, n_rows: int, expected: int) -> None:
        """
        Refuse a table of another run.

        Parameters
        ----------
        part : `str`
            The end of its name.
        n_rows, expected : `int`
            How many rows it has, and should have.

        Raises
        ------
        mangapa.exceptions.GalaxyFileError
            If they differ.
        """
        if n_rows != expected:
            msg = (
                f"{printable(self.tables[part])} has {n_rows} rows, but {self.tables['table'].name}"
                f" needs {expected}; it belongs to another run: copy that of this run there"
            )
            raise GalaxyFileError(msg)


def open_run(path: PathLike | Sequence[PathLike]) -> Run:
    """
    Find the tables of a run, and read its spaxels.

    Parameters
    ----------
    path : path-like, or sequence of path-like
        A table of the run, or several.

    Returns
    -------
    `Run`

    Raises
    ------
    FileNotFoundError
        If a table that is named does not exist.
    mangapa.exceptions.GalaxyFileError
        If a table has another name, is damaged, or is missing.
    """
    named = paths_of(path)
    name, tables = _tables(named)
    if "table" not in tables:
        msg = f"{printable(named[0])} needs {name}_table.fits in the same folder; copy it there"
        raise GalaxyFileError(msg)
    with open_hdus(tables["table"]) as hdus:
        spaxels = table_with(hdus, ("BIN_ID", "X", "Y"), tables["table"], f"{name}_table.fits")
        bin_id = np.asarray(spaxels["BIN_ID"], int)
        run = Run(
            name=name,
            tables=tables,
            header=hdus[0].header.copy(),
            row=np.unique(np.abs(bin_id), return_inverse=True)[1].ravel(),
            # Spaxels outside have the number of the nearest bin, but negative.
            inside=bin_id >= 0,
            flux=optional_column(spaxels, "FLUX"),
            **_offsets(hdus, spaxels, tables["table"]),
        )
    if "mask" in tables:
        with open_hdus(tables["mask"]) as hdus:
            table = table_with(hdus, ("MASK",), tables["mask"], f"{name}_mask.fits")
        mask = table["MASK"] != 0
        run.check_rows("mask", mask.size, bin_id.size)
        # Those near bin 0 are known only by the mask.
        run.inside[mask] = False
    return run


def _tables(named):
    """The name of the run, and its tables: those named, and those beside the first of them."""
    found = [NAMES.fullmatch(path.name) for path in named]
    names = {match and match["observation"] for match in found}
    if len(names) > 1 or None in names:
        msg = (
            f"{printable(named[0])} is a table of GIST, which has several for a run; name those of "
            "one run: <run>_table.fits, <run>_mask.fits, <run>_kin.fits and <run>_gas_BIN.fits"
        )
        raise GalaxyFileError(msg)
    tables = {}
    # Those that are named first, and a table rather than its compressed copy.
    for path in [*named, *sorted(named[0].parent.iterdir())]:
        match = NAMES.fullmatch(path.name)
        if match and match["observation"] in names:
            tables.setdefault(match["part"].lower(), path)
    return names.pop(), tables


def _offsets(hdus, spaxels, path):
    """Offsets to the East and North; X and Y are those of the columns and rows of the cube."""
    x, y = (column(spaxels, name) for name in ("X", "Y"))
    header = next((hdu.header for hdu in hdus if "CTYPE1" in hdu.header), None)
    if header is None:  # North is up and East is left.
        return {"x": -x, "y": y}
    matrix = celestial_wcs(header, path).pixel_scale_matrix
    east, north = matrix / np.sqrt(abs(np.linalg.det(matrix))) @ [x, y]
    return {"x": east, "y": north}
