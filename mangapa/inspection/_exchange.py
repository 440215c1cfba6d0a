"""Judgements to and from the columns of the published catalogue."""

import csv
from pathlib import Path

import numpy as np

from mangapa._utils.files import replacing
from mangapa.catalogue.columns import QUALITY_NAMES
from mangapa.fields import TRACERS
from mangapa.inspection._scheme import CODES
from mangapa.inspection._store import JUDGED, Judgement
from mangapa.inspection.agreement import NONE, opinions
from mangapa.inspection.consensus import METHODS, prevailing

__all__ = ["export_flags", "import_flags"]

#: Columns of the published catalogue by what they hold.
COLUMNS = {
    "quality": QUALITY_NAMES,
    "feature": {"stellar": "stel_feature", "halpha": "halpha_feature"},
    "note": {"halpha": "halpha_notes"},
}
HEAD = ("plateifu", "mangaid", *(name for names in COLUMNS.values() for name in names.values()))


def import_flags(store, path, *, expert):
    """
    Take the flags of a catalogue for the judgements of an expert.

    Parameters
    ----------
    store : `~mangapa.inspection.JudgementStore`
        Where to.
    path : path-like
        A CSV file with ``plateifu``, ``stel_qual`` or ``halpha_qual``, and as far as they are there
        ``mangaid``, ``stel_feature``, ``halpha_feature``, ``halpha_notes``. Empty cells, and
        numbers that are no class, are no judgement; numbers that are no feature or note are none.
    expert : `str`
        Under which name.

    Returns
    -------
    `int`
        How many judgements are new; those that the expert holds already are not stored again.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a column is missing, or the expert has no name.
    """
    path = Path(path)
    if not path.is_file():
        msg = f"there is no file {path}; name a catalogue with flags, in CSV"
        raise FileNotFoundError(msg)
    if not expert:
        msg = "expert must be a name, under which the flags are kept"
        raise ValueError(msg)
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        names = rows.fieldnames or ()
        if "plateifu" not in names or not set(names) & set(QUALITY_NAMES.values()):
            msg = (
                f"{path} must have a column plateifu, and stel_qual or halpha_qual or both; it has "
                f"{', '.join(names)}"
            )
            raise ValueError(msg)
        rows = [row for row in rows if row["plateifu"]]
    held = {
        (one.galaxy, one.tracer): (one.quality, one.feature, one.note)
        for one in store.history(expert=expert)
        if one.action == JUDGED
    }
    new = []
    for row in rows:
        for tracer in TRACERS:
            said = {what: _code(row, what, tracer) for what in COLUMNS}
            if said["quality"] is None:
                continue
            said = {what: code or 0 for what, code in said.items()}
            if held.get((row["plateifu"], tracer)) != tuple(said.values()):
                new.append(Judgement(expert=expert, galaxy=row["plateifu"], tracer=tracer, **said))
    store.add_galaxies({row["plateifu"]: row.get("mangaid") or None for row in rows})
    store.add(*new)
    return len(new)


def _code(row, what, tracer):
    """The number in a cell, if it is one of those that there are."""
    cell = (row.get(COLUMNS[what].get(tracer)) or "").strip()
    return int(cell) if cell in map(str, CODES[what]) else None


def export_flags(store, path, *, consensus="majority", experts=None):
    """
    Write what the experts say together as the published catalogue has it.

    Parameters
    ----------
    store : `~mangapa.inspection.JudgementStore`
        From where.
    path : path-like
        The CSV file, which `~mangapa.usability.training.train` takes as ``labels``; replaced
        in one step. A field that nobody judged, or of which they are undecided, has an empty cell.
    consensus : {"majority", "dawid-skene"}, optional
        How they agree.
    experts : sequence of `str`, optional
        Whose judgements; all if not given.

    Returns
    -------
    n_galaxies, n_undecided : `int`
        How many galaxies were written, and of how many of their fields the experts are undecided.

    Raises
    ------
    ValueError
        If there is no such consensus or expert, or no judgement.
    """
    if consensus not in METHODS:
        msg = f"consensus={consensus!r} is not known; choose one of {', '.join(METHODS)}"
        raise ValueError(msg)
    found = opinions(store.history(), experts)
    if not found.fields:
        msg = f"{store.path} holds no judgement yet; nothing is written"
        raise ValueError(msg)
    quality = METHODS[consensus](found.quality).quality
    values = {
        "quality": quality,
        "feature": prevailing(found.feature, found.quality),
        "note": prevailing(found.note, found.quality),
    }
    mangaids, rows = store.mangaids(), {}
    for number, (galaxy, tracer) in enumerate(found.fields):
        row = rows.setdefault(galaxy, {"plateifu": galaxy, "mangaid": mangaids.get(galaxy) or ""})
        for what, columns in COLUMNS.items():
            if tracer in columns and quality[number] != NONE:
                row[columns[tracer]] = int(values[what][number])
    with replacing(path) as unfinished, unfinished.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, HEAD, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows.values())
    return len(rows), int(np.sum(quality == NONE))
