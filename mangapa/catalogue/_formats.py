"""A catalogue on disk and back, in the formats that the field uses."""

import json
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.table import Column as TableColumn
from astropy.table import MaskedColumn, QTable
from astropy.utils.exceptions import AstropyUserWarning
from astropy.utils.masked import Masked

from mangapa._utils.files import replacing
from mangapa.catalogue._tables import FLAG_KINDS
from mangapa.catalogue.columns import catalogue_columns
from mangapa.exceptions import MangapaWarning

__all__ = ["FORMATS", "read_catalogue", "write_catalogue"]

#: The card or element that holds what is nested.
META = "MANGAPA"


def write_catalogue(table, path):
    """
    Write a catalogue, in the format that the name ends in.

    ECSV, FITS, VOTable and Parquet keep units, descriptions and provenance; CSV keeps the values
    alone, which is said.

    Parameters
    ----------
    table : `~astropy.table.QTable`
        Such as `~mangapa.catalogue.tabulate` gives.
    path : path-like
        Where to: ``.ecsv``, ``.fits``, ``.vot`` (with UCDs), ``.parquet`` (needs pyarrow) or
        ``.csv``. An existing file is replaced in one step.

    Returns
    -------
    `~pathlib.Path`
        The path that was written.

    Raises
    ------
    ValueError
        If the name ends in anything else.
    ImportError
        If pyarrow is needed and not installed.

    Examples
    --------
    >>> import mangapa
    >>> from astropy.table import QTable
    >>> path = mangapa.write_catalogue(QTable({"plateifu": ["8485-1901"]}), "mine.fits")
    >>> print(mangapa.read_catalogue(path)["plateifu"][0])
    8485-1901
    """
    path = Path(path)
    write = _format(path)[0]
    with replacing(path) as unfinished:
        write(table, unfinished)
    return path


def read_catalogue(path):
    """
    Read a catalogue that `write_catalogue` wrote.

    Parameters
    ----------
    path : path-like
        A file in any of its formats.

    Returns
    -------
    `~astropy.table.QTable`

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the name does not tell the format.
    OSError
        If the file is not in that format.

    Examples
    --------
    >>> import mangapa
    >>> from astropy.table import QTable
    >>> path = mangapa.write_catalogue(QTable({"plateifu": ["8485-1901"]}), "mine.ecsv")
    >>> mangapa.read_catalogue(path).colnames
    ['plateifu']
    """
    path = Path(path)
    read = _format(path)[1]
    if not path.is_file():
        msg = f"there is no catalogue {path}; check the name"
        raise FileNotFoundError(msg)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", ".*truncated", AstropyUserWarning)
            return _restored(read(path))
    except (AstropyUserWarning, ValueError, TypeError, KeyError, IndexError, OSError) as error:
        msg = f"{path} is no {path.suffix[1:]} catalogue ({error}); write it anew"
        raise OSError(msg) from error


def _format(path):
    """Functions that write and read a format."""
    if path.suffix not in FORMATS:
        msg = f"path={str(path)!r} must end in {', '.join(FORMATS)}"
        raise ValueError(msg)
    return FORMATS[path.suffix]


def _write_ecsv(table, path):
    table.write(path, format="ascii.ecsv")


def _read_ecsv(path):
    return QTable.read(path, format="ascii.ecsv")


def _write_fits(table, path):
    # A header has no room for what is nested, but a card may be long.
    flat = table.copy(copy_data=False)
    flat.meta = {META: json.dumps(table.meta)}
    flat.write(path, format="fits")


def _read_fits(path):
    table = QTable.read(path, format="fits", memmap=False)
    table.meta = json.loads(table.meta[META])
    return table


def _write_votable(table, path):
    from astropy.io.votable import from_table
    from astropy.io.votable.tree import Info

    flat = table.copy(copy_data=False)
    flat.meta = {}
    votable = from_table(flat)
    first = votable.get_first_table()
    first.infos.append(Info(name=META, value=json.dumps(table.meta), ID=META))
    ucds = {column.name: column.ucd for column in catalogue_columns() if column.ucd}
    for field in first.fields:
        field.ucd = ucds.get(field.name)
    votable.to_xml(str(path))


def _read_votable(path):
    from astropy.io.votable import parse

    first = parse(str(path)).get_first_table()
    table = QTable(first.to_table(use_names_over_ids=True))
    (info,) = (info for info in first.infos if info.name == META)
    table.meta = json.loads(info.value)
    return table


def _write_parquet(table, path):
    _need_pyarrow()
    table.write(path, format="parquet")


def _read_parquet(path):
    _need_pyarrow()
    return QTable.read(path, format="parquet")


def _need_pyarrow():
    if find_spec("pyarrow") is None:
        msg = "Parquet needs pyarrow: pip install 'mangapa[parquet]'"
        raise ImportError(msg)


def _write_csv(table, path):
    exact = table.copy()
    for name in exact.colnames:
        # Or the values would be rounded to the decimals that are printed.
        exact[name].info.format = None
    exact.write(path, format="ascii.csv")
    warnings.warn(
        f"{path.name}: CSV keeps no units, no descriptions and no provenance; ECSV does",
        MangapaWarning,
        stacklevel=4,
    )


def _read_csv(path):
    return QTable.read(path, format="ascii.csv")


def _restored(table):
    """What formats do to columns, undone: bytes, byte order, needless masks, lost units."""
    known = {column.name: column for column in catalogue_columns()}
    for name in table.colnames:
        column, values = known.get(name), table[name]
        info = values.info
        kept = {"description": info.description, "format": info.format}
        if column is not None:
            kept = {"description": column.description, "format": None}
            if column.decimals is not None:
                kept["format"] = f".{column.decimals}f"
        if isinstance(values, Masked):
            values = values.filled(np.nan)
        if isinstance(values, u.Quantity):
            values = values.astype(float)
        else:
            values = _plain_column(values, column)
        table[name] = values
        for attribute, value in kept.items():
            setattr(table[name].info, attribute, value)
    for kind in FLAG_KINDS:
        if kind in table.meta:
            table.meta[kind] = {int(bit): text for bit, text in table.meta[kind].items()}
    return table


def _plain_column(values, column):
    if (column is not None and column.kind is str) or values.dtype.kind in "SO":
        # Most formats have no other way to say that a name is missing than to leave it empty.
        mask = np.ma.getmaskarray(values)
        text = np.where(mask, "", np.asarray(values).astype(str))
        mask = mask | (text == "")
        return MaskedColumn(text, mask=mask) if mask.any() else TableColumn(text)
    if values.dtype.kind in "iuf":
        values = values.astype(values.dtype.newbyteorder("="))
    if isinstance(values, MaskedColumn):
        if values.dtype.kind == "f":
            values = TableColumn(values.filled(np.nan))
        elif not values.mask.any():
            values = TableColumn(values.filled())
    if column is not None and column.kind is float:
        numbers = np.asarray(values, float)
        return TableColumn(numbers) if column.unit is None else numbers * column.unit
    return values


#: By the end of the name: how to write and how to read.
FORMATS = {
    ".ecsv": (_write_ecsv, _read_ecsv),
    ".fits": (_write_fits, _read_fits),
    ".vot": (_write_votable, _read_votable),
    ".parquet": (_write_parquet, _read_parquet),
    ".csv": (_write_csv, _read_csv),
}
