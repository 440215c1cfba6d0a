"""Catalogues of position angles as they were published, with their angles to the receding side."""

import csv
import io
import itertools
import warnings
from codecs import BOM_UTF8

import numpy as np
from astropy import units as u
from astropy.table import Column, MaskedColumn, QTable, Table
from astropy.utils.exceptions import AstropyWarning

from mangapa._utils.files import as_path
from mangapa._utils.types import PathLike
from mangapa.angles import wrap
from mangapa.catalogue._cells import SENTINEL, texts
from mangapa.catalogue._flag_table import (
    COLUMNS,
    IDENTIFIERS,
    MEANINGS,
    csv_text,
    read_flag_table,
)
from mangapa.catalogue._formats import FORMATS, parse_votable, read_catalogue
from mangapa.catalogue._provenance import CITATION
from mangapa.catalogue._published_catalogues import CATALOGUES
from mangapa.flags import PAFlags

#: ASCII names, since FITS headers hold nothing else.
TITLES = {"stellar": "Stars", "halpha": "H-alpha"}
RECEDING = "North through East to the receding side"
ANGLES = {
    "stellar_pa": f"Kinematic position angle of the stars, {RECEDING}",
    "halpha_pa": f"Kinematic position angle of H-alpha, {RECEDING}",
    "pa_offset": "Misalignment of the stars and H-alpha",
}
#: Bytes that tell a format.
LONGEST_START = 100
#: How text cells say that there is no value.
NOTHING = {"", "--", "null", "none", "n/a"}


def read_published(path: PathLike) -> QTable:
    r"""
    Read a published catalogue of kinematic position angles; what it is, its columns tell.

    The angles of all catalogues point to the receding side, North through East, whatever side they
    were published to.

    ======================== =========================================== ==========================
    catalogue                columns by which it is known                angles
    ======================== =========================================== ==========================
    MaNGA, Duckworth+2020    plateifu, stellar_pa, halpha_pa, pa_offset  as published
    SAMI DR3                 CUBEIDPUB or CATID, PA_STELKIN or PA_GASKIN published to the
                             and the error                               approaching side: turned
    ATLAS3D, Krajnovic+2011  name, PAkin, erPAkin                        as published
    EDGE-CALIFA, Levy+2018   Name, rfPA                                  turned if its description
                                                                         says "approaching"
    GHASP, Epinat+2008       ugc, pa, e_pa                               as published
    ======================== =========================================== ==========================

    Angles that are empty, not finite, or -999 or less are NaN, and 360 deg is 0. In MaNGA's
    catalogue missing flags are masked, as are numbers that are not a code, such as the
    ``stel_qual`` of 3 that was published for one galaxy; a `~mangapa.MangapaWarning` counts the
    latter.

    Parameters
    ----------
    path : path-like
        A table in CSV, ECSV, FITS or VOTable; the content decides.

    Returns
    -------
    `~astropy.table.QTable`
        For MaNGA ``plateifu``, ``stellar_pa``, ``halpha_pa`` and ``pa_offset`` (deg), and where the
        file has them ``mangaid``, ``stel_qual``, ``stel_feature``, ``halpha_qual``,
        ``halpha_feature`` and ``halpha_notes``. For others ``name``; ``observation``, such as "B"
        for the second of one galaxy, where there are several; and for the stars, the gas or both
        ``stellar_pa``, ``stellar_pa_err`` (1 sigma, deg), and ``stellar_flags``, which are
        `~mangapa.PAFlags`: ``UNCONSTRAINED`` where the published error says so. Its metadata hold
        the ``citation`` and the ``convention`` of the angles.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file does not exist, or is not one of these catalogues.

    Examples
    --------
    >>> from pathlib import Path
    >>> from mangapa.catalogue import read_published
    >>> path = Path("gas.csv")
    >>> _ = path.write_text("CUBEIDPUB,PA_GASKIN,PA_GASKIN_ERR\n41144_A,330.0,0.1666667\n")
    >>> table = read_published(path)
    >>> print(table["name", "observation", "halpha_pa"][0])
     name observation halpha_pa
                         deg
    ----- ----------- ---------
    41144           A     150.0
    """
    path = as_path("path", path)
    table = _read(path)
    known = _known(table)
    if known:
        return published_table(table, path)
    names = {name.lower() for name in table.colnames}
    if names & {*IDENTIFIERS}:
        return _read_duckworth(path)
    titles = "; ".join(catalogue.title for catalogue in CATALOGUES)
    msg = (
        f"{path} is not a published catalogue that mangapa knows (MaNGA, Duckworth et al. 2020; "
        f"{titles}); it has the columns {', '.join(table.colnames) or 'none'}. Read other tables "
        "with astropy, and name their columns name, stellar_pa and halpha_pa"
    )
    raise ValueError(msg)


def read_any(path):
    """Read a catalogue that mangapa wrote, or else a published one; the columns tell."""
    path = as_path("path", path)
    is_ours = path.suffix in FORMATS
    if is_ours and path.suffix != ".parquet" and path.is_file():
        table = _read(path)
        # In CSV the catalogue of Duckworth et al. has the same columns, but no names.
        named = path.suffix != ".csv" or {"name", "source"} <= {*table.colnames}
        is_ours = named and not _known(table)
    return read_catalogue(path) if is_ours else read_published(path)


def published_table(table, where):
    """Angles of a table that is one of the `CATALOGUES`; ``where`` is its origin, for messages."""
    catalogue, tracers = _known(table)
    # Of names that differ in case alone, the first counts.
    first = {name.lower(): name for name in reversed(table.colnames)}
    table = table[[*first.values()]]
    table.rename_columns([*first.values()], [*first])
    names = next(name for name in catalogue.names if name in table.colnames)
    labels = [catalogue.identify(text) for text in texts(table, names)]
    about = {"citation": catalogue.citation, "convention": catalogue.convention}
    made = QTable(meta={"catalogue": catalogue.title, **about, "flags": PAFlags.descriptions()})
    made["name"] = Column([name for name, _ in labels], dtype=str, description="Name of the galaxy")
    observations = [observation for _, observation in labels]
    if any(observations):
        text = "Observation of the galaxy: B and so on are repeats"
        made["observation"] = Column(observations, dtype=str, description=text)
    for tracer in tracers:
        _add_tracer(made, table, catalogue, tracer, where)
    return made


def _known(table):
    """The catalogue that a table is, and its tracers; None if it is none."""
    names = {name.lower() for name in table.colnames}
    found = ((one, one.tracers(names)) for one in CATALOGUES)
    return next((pair for pair in found if pair[1]), None)


def _add_tracer(made, table, catalogue, tracer, where):
    """Add the columns of a tracer to the table that is made."""
    column, error_column = catalogue.angles[tracer]
    turn = catalogue.turn
    if callable(turn):
        try:
            turn = turn(table[column].info.description or "")
        except ValueError as error:
            msg = f"{where} {error}"
            raise ValueError(msg) from error
    name = f"{tracer}_pa"
    angles = wrap(_numbers(table, column, where) + turn)
    errors = np.full(angles.size, np.nan)
    if error_column is not None:
        errors = _numbers(table, error_column, where)
    text = ANGLES[name]
    if tracer in catalogue.sources:
        text = f"Position angle of the gas, {RECEDING}; {name}_source says what it comes from"
    columns = {name: (angles, text)}
    text = f"1-sigma error of {name}: {catalogue.errors}"
    columns[f"{name}_err"] = (errors / catalogue.sigmas, text)
    if catalogue.sigmas != 1:
        text = f"{catalogue.sigmas:g}-sigma error of {name}, as published"
        columns[f"{name}_err_{catalogue.sigmas:g}sigma"] = (errors, text)
    for label, (values, description) in columns.items():
        made[label] = values * u.deg
        made[label].info.description = description
    text = f"PAFlags of {name}: {int(PAFlags.UNCONSTRAINED)} if the error says unconstrained"
    is_free = errors / catalogue.sigmas >= catalogue.unconstrained
    flags = np.where(is_free, int(PAFlags.UNCONSTRAINED), 0)
    made[f"{tracer}_flags"] = MaskedColumn(flags, mask=np.isnan(angles), description=text)
    codes, meanings = catalogue.sources.get(tracer, (None, ()))
    if codes in table.colnames:
        words = {str(code): meaning for code, meaning in enumerate(meanings)}
        sources = [words.get(code, "unknown") for code in texts(table, codes)]
        made[f"{name}_source"] = Column(sources, description=f"What {name} comes from")


def _numbers(table, name, where):
    """A column of angles in deg; a unit that astropy does not know is taken for degrees."""
    values = np.array([_angle(where, name, cell) for cell in texts(table, name)], float)
    unit = table[name].info.unit or u.deg
    if isinstance(unit, u.UnrecognizedUnit):
        return values
    try:
        return u.Quantity(values, unit).to_value(u.deg)
    except u.UnitConversionError as error:
        msg = f"{where} has {name} in {unit}, which is not an angle; correct it"
        raise ValueError(msg) from error


def _read(path):
    """The columns of a table in any of the formats; those of CSV are text."""
    start = b""
    if path.is_file():
        with path.open("rb") as file:
            start = file.read(LONGEST_START).removeprefix(BOM_UTF8).lstrip()
    try:
        with warnings.catch_warnings():
            # Of units and headers that do not concern the columns that are read.
            warnings.simplefilter("ignore", AstropyWarning)
            if start.startswith(b"SIMPLE"):
                return Table.read(io.BytesIO(path.read_bytes()), format="fits", hdu=1)
            if start.startswith(b"# %ECSV"):
                return Table.read(path, format="ascii.ecsv")
            if start.startswith(b"<"):
                return parse_votable(path).to_table(use_names_over_ids=True)
    except Exception as error:  # The parsers raise what they like.
        msg = f"{path} cannot be read as a table ({error}); fetch it again"
        raise ValueError(msg) from error
    with csv_text(path) as file:
        return _read_csv(file)


def _read_csv(file):
    lines = (line for line in file if line.strip() and not line.startswith("#"))
    reader = csv.reader(lines, skipinitialspace=True)
    names = [name.strip() for name in next(reader, ())]
    rows = [
        [cell.strip() for cell, _ in itertools.zip_longest(row[: len(names)], names, fillvalue="")]
        for row in reader
    ]
    cells = [
        ["" if cell.lower() in NOTHING else cell for cell in column]
        for column in zip(*rows, strict=True)
    ] or [[]] * len(names)
    return Table({name: np.array(column, str) for name, column in zip(names, cells, strict=True)})


def _read_duckworth(path):
    """The catalogue of Duckworth et al. 2020, and tables with the same columns."""
    names, rows = read_flag_table(path, *((name,) for name in ANGLES))
    convention = f"{RECEDING}, as published"
    table = QTable(meta={"citation": CITATION, "convention": convention})
    table["plateifu"] = Column([row["plateifu"] for row in rows], description="MaNGA plate-IFU")
    if "mangaid" in names:
        ids = np.array([row["mangaid"] for row in rows], str)
        table["mangaid"] = MaskedColumn(ids, mask=ids == "", description="MaNGA-ID of the galaxy")
    for name, description in ANGLES.items():
        values = np.array([_angle(path, name, row[name]) for row in rows])
        table[name] = (values if name == "pa_offset" else wrap(values)) * u.deg
        table[name].info.description = description
    for kind, columns in COLUMNS.items():
        meanings = ", ".join(f"{code} {meaning}" for code, meaning in enumerate(MEANINGS[kind]))
        for tracer, name in columns.items():
            if name in names:
                codes, text = [row[name] for row in rows], f"{TITLES[tracer]}: {meanings}"
                mask = [code is None for code in codes]
                codes = [code or 0 for code in codes]
                table[name] = MaskedColumn(codes, mask=mask, dtype=int, description=text)
    return table


def _angle(path, name, cell):
    """An angle in deg, or NaN if the cell is blank, not finite or a sentinel such as -999."""
    try:
        number = float(cell or "nan")
    except ValueError:
        msg = f"{path} has {name}={cell!r}, which is not an angle; correct it, or leave it empty"
        raise ValueError(msg) from None
    return number if np.isfinite(number) and number > SENTINEL else np.nan
