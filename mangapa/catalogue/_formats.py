"""Catalogues on disk, in the formats that astronomers use."""

import io
import json
import warnings
from codecs import BOM_UTF8
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.table import Column as TableColumn
from astropy.table import MaskedColumn, QTable, Table
from astropy.utils.exceptions import AstropyDeprecationWarning, AstropyWarning
from astropy.utils.masked import Masked

from mangapa._utils.files import as_path, replacing
from mangapa._utils.imports import import_extra
from mangapa._utils.types import PathLike
from mangapa.catalogue._cells import as_table
from mangapa.catalogue._provenance import FLAG_KINDS
from mangapa.catalogue._tables import tabulate
from mangapa.catalogue._text import restored, with_text
from mangapa.catalogue.columns import catalogue_columns
from mangapa.exceptions import MangapaWarning

#: Card or element that holds the metadata as JSON where the format cannot nest them.
META = "MANGAPA"
#: How files of gzip, bzip2, xz and compress begin.
COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x1f\x9d")
#: Names of the formats in astropy, by suffix.
FORMATS = {
    ".ecsv": "ascii.ecsv",
    ".fits": "fits",
    ".vot": "votable",
    ".parquet": "parquet",
    ".csv": "ascii.csv",
}


def write_catalogue(table_or_measurements: Table | Iterable, path: PathLike) -> Path:
    r"""
    Write a catalogue, in the format that the suffix of its name selects.

    CSV keeps the values alone, with a `~mangapa.MangapaWarning`; the other formats also keep units,
    descriptions and provenance.

    Characters that cannot be printed are escaped, such as ``\x1b``; in FITS, which is ASCII, so
    are accents. In CSV, text that a spreadsheet would take for a formula has an apostrophe before
    it. `read_catalogue` restores both.

    Parameters
    ----------
    table_or_measurements : table, `~mangapa.Measurement` or iterable of them
        An astropy or pandas table, or the measurements for one.
    path : path-like
        A name that ends in ``.ecsv``, ``.fits``, ``.vot`` (with UCDs), ``.parquet`` (needs pyarrow)
        or ``.csv``. An existing file is replaced in one step.

    Returns
    -------
    `~pathlib.Path`
        The file.

    Raises
    ------
    ValueError, TypeError
        If the name ends in anything else, or the first argument is something else.
    ImportError
        If pyarrow is needed and not installed.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(plateifu="8485-1901", n_fibres=19)
    >>> path = mangapa.write_catalogue(mangapa.measure(galaxy), "mine.fits")
    >>> print(mangapa.read_catalogue(path)["plateifu"][0])
    8485-1901
    """
    path, form = path_and_format(path)
    table = table_or_measurements
    table = as_table("table", table) if hasattr(table, "columns") else tabulate(table)
    table = with_text(table, form)
    with replacing(path) as unfinished:
        if form == "votable":
            _write_votable(table, unfinished)
        else:
            _writable(table, form).write(unfinished, format=form)
    if form == "ascii.csv":
        lost = "CSV keeps no units, no descriptions and no provenance; ECSV does"
        warnings.warn(f"{path.name}: {lost}", MangapaWarning, stacklevel=2)
    return path


def read_catalogue(path: PathLike) -> QTable:
    """
    Read a catalogue that `write_catalogue` wrote.

    Parameters
    ----------
    path : path-like
        A file in one of its formats.

    Returns
    -------
    `~astropy.table.QTable`
        The catalogue.

    Raises
    ------
    ValueError
        If the name does not end in the suffix of a format.
    FileNotFoundError, OSError
        If the file does not exist, is not in that format, or is a VOTable whose data are elsewhere.

    Examples
    --------
    >>> import mangapa
    >>> from astropy.table import QTable
    >>> path = mangapa.write_catalogue(QTable({"plateifu": ["8485-1901"]}), "mine.ecsv")
    >>> mangapa.read_catalogue(path).colnames
    ['plateifu']
    """
    path, form = path_and_format(path)
    if not path.is_file():
        msg = f"there is no catalogue {path}; check the name"
        raise FileNotFoundError(msg)
    try:
        with warnings.catch_warnings():
            # In a file that we wrote, whatever astropy warns of is damage.
            warnings.simplefilter("error", AstropyWarning)
            warnings.simplefilter("ignore", AstropyDeprecationWarning)
            return _restored(_read(path.absolute(), form), form)
    except Exception as error:  # The parsers raise what they like, VerifyError among others.
        msg = f"{path} is not a {path.suffix[1:]} catalogue ({error}); write it again"
        raise OSError(msg) from error


def path_and_format(path):
    """The path of a catalogue, and the name of its format in astropy."""
    path = as_path("path", path)
    if path.suffix not in FORMATS:
        msg = f"path={str(path)!r} must end in {', '.join(FORMATS)}"
        raise ValueError(msg)
    if path.suffix == ".parquet":
        import_extra("pyarrow", "parquet", "Parquet")
    return path, FORMATS[path.suffix]


def _writable(table, form):
    if form == "fits":
        # A header cannot nest metadata, but one card may be long.
        table = table.copy(copy_data=False)
        table.meta = {META: json.dumps(table.meta)}
    elif form == "ascii.csv":
        # With their formats, values would be rounded to the decimals that are printed.
        table = table.copy()
        for name in table.colnames:
            table[name].info.format = None
    return table


def _write_votable(table, path):
    from astropy.io.votable import from_table
    from astropy.io.votable.tree import Info

    flat = table.copy(copy_data=False)
    flat.meta = {}
    votable = from_table(flat)
    first = votable.get_first_table()
    first.infos.append(Info(name=META, value=json.dumps(table.meta), ID=META))
    ucds = {column.name: column.ucd for column in catalogue_columns(None) if column.ucd}
    for field in first.fields:
        field.ucd = ucds.get(field.name)
    votable.to_xml(str(path))


def _read(path, form):
    with path.open("rb") as file:
        start = file.read(1000)
    if start.startswith(COMPRESSED):
        # Astropy would unpack it, however large it becomes.
        msg = "it is compressed"
        raise ValueError(msg)
    if form != "votable" and start.removeprefix(BOM_UTF8).lstrip().startswith(b"<"):
        msg = "it is a web page"
        raise ValueError(msg)
    if form == "votable":
        first = parse_votable(path)
        table = QTable(first.to_table(use_names_over_ids=True))
        table.meta = {info.name: info.value for info in first.infos}
    elif form == "fits":
        # Astropy leaves a damaged file open.
        table = QTable.read(io.BytesIO(path.read_bytes()), format=form)
    elif form == "parquet":
        table = QTable.read(path, format=form)
    else:
        # Text must stay text, even if it looks like a number.
        text = {column.name: str for column in catalogue_columns(None) if column.kind is str}
        options = {"converters": text} if form == "ascii.csv" else {}
        table = QTable.read(path, format=form, **options)
    if form in ("fits", "votable"):
        table.meta = json.loads(table.meta[META])
    return table


def parse_votable(path):
    """The first table of a VOTable, whose data must be in the file."""
    from astropy.io.votable import parse

    _refuse_links(path)
    return parse(str(path)).get_first_table()


def _refuse_links(path):
    """Raise a ValueError if the data of a VOTable are elsewhere: astropy would open any address."""
    from xml.parsers.expat import ParserCreate

    def start(name, attributes):
        if name.rpartition(":")[2] == "STREAM" and "href" in attributes:
            msg = f"its data are elsewhere, in {attributes['href']}; only data in the file are read"
            raise ValueError(msg)

    parser = ParserCreate()
    parser.StartElementHandler = start
    with path.open("rb") as file:
        parser.ParseFile(file)


def _restored(table, form):
    """Undo what formats do to columns: bytes, byte order, needless masks, escapes, lost units."""
    known = {column.name: column for column in catalogue_columns(None)}
    for name in table.colnames:
        column, values = known.get(name), table[name]
        info = values.info if column is None else column
        description, numbers = info.description, info.format
        values = values.filled(np.nan) if isinstance(values, Masked) else values
        is_quantity = isinstance(values, u.Quantity)
        table[name] = values.astype(float) if is_quantity else _plain_column(values, column, form)
        table[name].info.description, table[name].info.format = description, numbers
    for key in FLAG_KINDS.keys() & table.meta.keys():
        table.meta[key] = {int(bit): text for bit, text in table.meta[key].items()}
    return table


def _plain_column(values, column, form):
    kind = None if column is None else column.kind
    if kind is str or values.dtype.kind in "SUO":
        # In most formats a missing name can only be empty.
        text = np.where(np.ma.getmaskarray(values), "", np.asarray(values).astype(str))
        text = restored(text, form)
        return MaskedColumn(text, mask=text == "") if "" in text else TableColumn(text)
    if values.dtype.kind in "iuf":
        values = values.astype(values.dtype.newbyteorder("="))
    is_float = values.dtype.kind == "f"
    if isinstance(values, MaskedColumn) and (is_float or not values.mask.any()):
        values = TableColumn(values.filled(np.nan if is_float else None))
    if kind is float:
        numbers = np.asarray(values, float)
        return TableColumn(numbers) if column.unit is None else numbers * column.unit
    return values
