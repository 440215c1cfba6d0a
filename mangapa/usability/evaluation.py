"""Evaluate a model on fields that it was not trained on: metrics and figures."""

from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table

from mangapa._utils.files import replacing
from mangapa._utils.progress import progress_bar
from mangapa._utils.types import PathLike
from mangapa.fields import TRACERS, VelocityField
from mangapa.fitting._prepared import prepare
from mangapa.usability import _plots
from mangapa.usability._predict import model_inputs, partners, score
from mangapa.usability.labels import LabelledFields, read_labelled
from mangapa.usability.metrics import metrics
from mangapa.usability.model import load_model

__all__ = ["draw", "evaluate", "judged", "score_fields"]

#: Reach of a field from its centre, arcsec, by which the sizes of MaNGA's IFUs are distinguished.
SIZES = {"19, 37 fibres": (0, 9.2), "61, 91 fibres": (9.2, 14.2), "127 fibres": (14.2, np.inf)}
DPI = 120


def judged(run: PathLike) -> Table:
    """
    Read the scores of the fields that the model of a training run was not trained on.

    Parameters
    ----------
    run : path-like
        Folder written by `~mangapa.usability.training.train`.

    Returns
    -------
    `~astropy.table.Table`
        One row per field: galaxy, tracer, class, reach, and the score of the field alone and, for
        models that can judge both tracers together, with the other tracer.

    Raises
    ------
    FileNotFoundError
        If the folder has no scores.
    """
    path = Path(run) / "scores.ecsv"
    if not path.is_file():
        msg = f"there is no {path}; give the folder of a training run, or a model and data"
        raise FileNotFoundError(msg)
    table = Table.read(path)
    test = table["part"] == "test"
    return table[test] if test.any() else table


def score_fields(
    model: PathLike, data: PathLike, *, labels: PathLike | None = None, progress: bool = True
) -> Table:
    """
    Compute the scores of labelled fields, alone and with the other tracer.

    Parameters
    ----------
    model : `str` or path-like
        Name or path of a model, as in `~mangapa.usability.model.load_model`.
    data, labels : path-like
        Fields and flags, as in `~mangapa.usability.labels.read_labelled`.
    progress : `bool`, optional
        Show progress bars on a terminal.

    Returns
    -------
    `~astropy.table.Table`
        Table with the columns that `judged` returns.

    Raises
    ------
    FileNotFoundError, ValueError
        If the fields or the flags are missing, or the model is not known.
    """
    labelled = read_labelled(data, labels=labels, progress=progress)
    loaded = load_model(model)
    bar = progress_bar(labelled.fields, show=progress, unit="field")
    inputs, _ = model_inputs(map(prepare, bar), loaded)
    table = labelled_table(labelled)
    table["score_alone"] = score(inputs, loaded)
    if "together" in loaded.networks:
        table["score_together"] = score(inputs, loaded, partners(labelled.fields, inputs))
    return table


def labelled_table(labelled: LabelledFields) -> Table:
    """Labelled fields as a table without scores."""
    fields = labelled.fields
    columns: dict[str, Any] = {
        name: [getattr(one, name) for one in fields] for name in ("galaxy", "tracer")
    }
    columns |= {"group": labelled.groups, "class": labelled.classes}
    return Table({**columns, "reach": [reach(one) for one in fields]})


def reach(field: VelocityField) -> float:
    """Distance of the farthest good spaxel from the centre, arcsec."""
    distance = np.hypot(field.x.value, field.y.value)
    return round(float(distance[field.good].max(initial=0)), 2)


def evaluate(table: Table, *, by: str = "score_together") -> Table:
    """
    Compute the metrics of a model for all fields, for each tracer and for each size of IFU.

    Parameters
    ----------
    table : `~astropy.table.Table`
        Scores from `judged` or `score_fields`.
    by : {"score_together", "score_alone"}, optional
        Column of the scores; the second is used where the table lacks the first.

    Returns
    -------
    `~astropy.table.Table`
        Name of each part and its `~mangapa.usability.metrics.metrics`.

    Raises
    ------
    ValueError, ImportError
        If there is no such column, or scikit-learn is not installed.
    """
    if by not in _plots.SCORE_NAMES:
        names = ", ".join(map(repr, _plots.SCORE_NAMES))
        msg = f"by={by!r} is not a column of scores; choose one of {names}"
        raise ValueError(msg)
    by = by if by in table.colnames else "score_alone"
    table, scores, classes = _plots.known_scores(table, by)
    usable = classes > 0
    tracer, size = np.asarray(table["tracer"]), np.asarray(table["reach"])
    parts = {"all": np.ones(len(table), bool)}
    parts |= {name: tracer == name for name in TRACERS}
    parts |= {name: (size > low) & (size <= high) for name, (low, high) in SIZES.items()}
    parts = {name: chosen for name, chosen in parts.items() if chosen.any()}
    numbers = Table([{"part": k, **metrics(scores[one], usable[one])} for k, one in parts.items()])
    for name in numbers.colnames[2:]:
        numbers[name].info.format = ".3f"
    for quality, right in _plots.right_by_class(scores, classes).items():
        name = f"right answers for class {quality} ({_plots.CLASS_NAMES[quality]})"
        numbers.meta[name] = round(right, 4)
    return numbers


def draw(table: Table, out: PathLike, *, history: Table | None = None) -> list[Path]:
    """
    Draw the scores, confusion matrices and learning curves of a model.

    Parameters
    ----------
    table : `~astropy.table.Table`
        Scores from `judged` or `score_fields`.
    out : path-like
        Folder for the figures.
    history : `~astropy.table.Table`, optional
        Loss and accuracy after each epoch, without which no learning curves are drawn.

    Returns
    -------
    `list` of `~pathlib.Path`
        Files of the figures.

    Raises
    ------
    ImportError
        If matplotlib or scikit-learn is not installed.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    figures = {"scores": _plots.draw_scores(table, evaluate(table))}
    figures["confusion"] = _plots.draw_confusion(table)
    if history is not None:
        figures["learning"] = _plots.draw_learning(history)
    for name, figure in figures.items():
        with replacing(out / f"{name}.png") as unfinished:
            figure.savefig(unfinished, dpi=DPI)
    return [out / f"{name}.png" for name in figures]
