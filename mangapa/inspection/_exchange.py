"""Judgements to and from the columns of the published catalogue."""

import csv
from collections.abc import Sequence

import numpy as np

from mangapa._utils.csv_cells import to_cell
from mangapa._utils.files import as_path, replacing
from mangapa._utils.types import PathLike
from mangapa.archive.releases import PLATEIFU
from mangapa.catalogue._flag_table import (
    COLUMNS,
    IDENTIFIERS,
    LABELS,
    QUALITY_NAMES,
    read_flag_table,
)
from mangapa.fields import TRACERS
from mangapa.inspection._store import Judgement, JudgementStore
from mangapa.inspection._store_file import JUDGED
from mangapa.inspection.agreement import NONE, opinions
from mangapa.inspection.consensus import METHODS, prevailing

FLAGS = tuple(name for names in COLUMNS.values() for name in names.values())


def import_flags(store: JudgementStore, path: PathLike, *, expert: str) -> int:
    """
    Import the flags of a catalogue as the judgements of an expert.

    Parameters
    ----------
    store : `~mangapa.inspection.JudgementStore`
        The store that receives them.
    path : path-like
        A CSV file with ``plateifu`` or ``galaxy``, at least one of ``stel_qual`` and
        ``halpha_qual``, and optionally ``mangaid``, ``stel_feature``, ``halpha_feature`` and
        ``halpha_notes``. A field without a class has no judgement. A `~mangapa.MangapaWarning`
        counts cells without a code.
    expert : `str`
        Name of the expert.

    Returns
    -------
    `int`
        Number of new judgements; a judgement that equals the expert's last one is not repeated.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        If a column is missing, or ``expert`` is empty.
    """
    if not expert:
        msg = "expert='' must be a name; the judgements are stored under it"
        raise ValueError(msg)
    _, rows = read_flag_table(path, LABELS)
    last = {
        (one.galaxy, one.tracer): (one.quality, one.feature, one.note)
        for one in store.history(expert=expert)
        if one.action == JUDGED
    }
    new = []
    for row in rows:
        galaxy = row["plateifu"]
        for tracer in TRACERS:
            codes: dict = {kind: row.get(names.get(tracer)) or 0 for kind, names in COLUMNS.items()}
            is_new = last.get((galaxy, tracer)) != tuple(codes.values())
            if row.get(QUALITY_NAMES[tracer]) is not None and is_new:
                new.append(Judgement(expert=expert, galaxy=galaxy, tracer=tracer, **codes))
    store.add_galaxies({row["plateifu"]: row.get("mangaid") or None for row in rows})
    store.add(*new)
    return len(new)


def export_flags(
    store: JudgementStore,
    path: PathLike,
    *,
    consensus: str = "majority",
    experts: Sequence[str] | None = None,
) -> tuple[int, int]:
    """
    Write the consensus of the experts in the columns of the published catalogue.

    Parameters
    ----------
    store : `~mangapa.inspection.JudgementStore`
        The store that holds the judgements.
    path : path-like
        The CSV file, which `~mangapa.usability.training.train` accepts as ``labels``, replaced in
        one step if it exists. Its first column is ``plateifu``, or ``galaxy`` if some are not of
        MaNGA. Cells of fields without a consensus or a judgement are empty. A name
        that a spreadsheet would take for a formula has an apostrophe before it.
    consensus : {"majority", "dawid-skene"}, optional
        Method that combines the judgements.
    experts : sequence of `str`, optional
        Experts whose judgements count; all by default.

    Returns
    -------
    n_galaxies, n_undecided : `int`
        Number of galaxies written, and number of judged fields without a consensus.

    Raises
    ------
    ValueError
        If the method or an expert is not known, or the store is empty.
    """
    if consensus not in METHODS:
        msg = f"consensus={consensus!r} is not known; choose one of {', '.join(METHODS)}"
        raise ValueError(msg)
    found = opinions(store.history(), experts)
    if not found.fields:
        msg = f"{store.path} holds no judgements to export"
        raise ValueError(msg)
    quality = METHODS[consensus](found.quality).quality
    codes = {kind: prevailing(getattr(found, kind), found.quality) for kind in ("feature", "note")}
    codes["quality"] = quality
    is_manga = all(PLATEIFU.match(galaxy) for galaxy, _ in found.fields)
    identifier = IDENTIFIERS[0 if is_manga else 1]
    mangaids, rows = store.mangaids(), {}
    for number, (galaxy, tracer) in enumerate(found.fields):
        names = {identifier: galaxy, "mangaid": mangaids.get(galaxy) or ""}
        row = rows.setdefault(galaxy, {name: to_cell(text) for name, text in names.items()})
        for kind, columns in COLUMNS.items():
            if tracer in columns and quality[number] != NONE:
                row[columns[tracer]] = int(codes[kind][number])
    path = as_path("path", path)
    with replacing(path) as unfinished, unfinished.open("w", newline="", encoding="utf-8") as file:
        head = (identifier, "mangaid", *FLAGS)
        table = csv.DictWriter(file, head, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows.values())
    return len(rows), int(np.sum(quality == NONE))
