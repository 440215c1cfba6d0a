"""The experts' flags of the published catalogue, and the reader of CSV files that hold them."""

import contextlib
import csv
import io
import warnings
from collections import Counter
from pathlib import Path

from mangapa._utils.csv_cells import from_cell
from mangapa.exceptions import MangapaWarning

#: Meaning of each code, from 0 on (Duckworth et al. 2020, MNRAS 492, 1869, section 2.4).
MEANINGS = {
    "quality": ("do not use", "messy", "clean"),
    "feature": ("none", "decoupled core", "warp", "merger"),
    "note": ("none", "depletion", "no clear rotation", "biased rotation"),
}
CODES = {kind: tuple(range(len(meanings))) for kind, meanings in MEANINGS.items()}
CLASSES = CODES["quality"]
#: Columns of the published catalogue; a note describes H-alpha alone.
COLUMNS = {
    "quality": {"stellar": "stel_qual", "halpha": "halpha_qual"},
    "feature": {"stellar": "stel_feature", "halpha": "halpha_feature"},
    "note": {"halpha": "halpha_notes"},
}
QUALITY_NAMES = COLUMNS["quality"]
KINDS = {column: kind for kind, columns in COLUMNS.items() for column in columns.values()}
#: Alternative names of the column of galaxies in tables of flags, of which any survey may have the
#: last; and the columns that label fields.
IDENTIFIERS = ("plateifu", "galaxy")
NAMES = (*IDENTIFIERS, "name")
LABELS = tuple(QUALITY_NAMES.values())


def read_flag_table(path, *required):
    """
    Read a CSV table of flags by eye; a number such as 2.0 is 2, and an empty cell holds no flag.

    Cells that hold anything but a code, and rows without a galaxy, are dropped with a
    `~mangapa.MangapaWarning`. For each tuple of columns in ``required``, the table must have at
    least one of them. Returns the names of the columns, and a `dict` for each row: ``plateifu``,
    flags as `int` or `None`, every other cell as text without surrounding blanks, and without the
    apostrophe that keeps spreadsheets from taking a name for a formula.
    """
    with csv_text(path) as file:
        return _read(Path(path), file, required)


@contextlib.contextmanager
def csv_text(path):
    """The text of a CSV file, as a file in memory; errors name the path and the way out."""
    path = Path(path)
    if path.is_dir():
        msg = f"{path} is a folder; name a table in it"
        raise IsADirectoryError(msg)
    if not path.is_file():
        msg = f"there is no file {path}; check the name"
        raise FileNotFoundError(msg)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except UnicodeDecodeError as error:
        way_out = "name a table, or save it in this encoding"
        msg = f"{path} is not a CSV table in UTF-8 ({error.reason}); {way_out}"
        raise ValueError(msg) from error
    try:
        yield io.StringIO(text, newline="")
    except csv.Error as error:
        msg = f"{path} is not a CSV table ({error}); save it as one"
        raise ValueError(msg) from error


def _read(path, file, required):
    reader = csv.DictReader(file, restval="")
    names = reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
    missing = [" or ".join(any_of) for any_of in (NAMES, *required) if not {*any_of} & {*names}]
    if missing:
        needed, present = ", and a column ".join(missing), ", ".join(names) or "none"
        msg = f"{path} must have a column {needed}; it has {present}"
        raise ValueError(msg)
    identifier = next(name for name in NAMES if name in names)
    rows, dropped = [], []
    for line in reader:
        cells = {name: from_cell(line[name].strip()) for name in names}
        row = {**cells, "plateifu": cells[identifier]}
        if not cells[identifier]:
            dropped.append((identifier, "", reader.line_num))
            continue
        for name in filter(KINDS.get, names):
            row[name] = _code(cells[name], KINDS[name])
            if row[name] is None and cells[name]:
                dropped.append((name, cells[name], reader.line_num))
        rows.append(row)
    if dropped:
        _warn(path, dropped)
    return names, rows


def _code(cell, kind):
    try:
        number = float(cell)
    except ValueError:
        return None
    return int(number) if number in CODES[kind] else None


def _warn(path, dropped):
    counts = ", ".join(f"{n} in {name}" for name, n in Counter(d[0] for d in dropped).items())
    name, value, line = dropped[0]
    allowed = f"one of {', '.join(map(str, CODES[KINDS[name]]))}" if name in KINDS else "a name"
    example = f"{name}={value!r} in line {line}, which must be {allowed}"
    text = f"{path}: cells that cannot be used are ignored ({counts}), for example {example}"
    warnings.warn(text, MangapaWarning, stacklevel=5)
