"""How good a model is: numbers and figures, from fields that it was not trained on."""

from pathlib import Path

import numpy as np
from astropy.table import Table

from mangapa._utils.files import replacing
from mangapa.fitting._prepared import prepare
from mangapa.usability._predict import model_inputs, partners, score
from mangapa.usability.labels import read_labelled
from mangapa.usability.metrics import (
    CONFIDENCES,
    confidence,
    metrics,
    reliability,
    roc,
)
from mangapa.usability.model import load_model

__all__ = ["draw", "evaluate", "judged", "reach", "score_fields"]

#: Colours that the colour-blind tell apart (Okabe & Ito), for the experts' classes and the scores.
CLASS_COLOURS = {0: "#D55E00", 1: "#E69F00", 2: "#0072B2"}
CLASS_NAMES = {0: "do not use", 1: "messy", 2: "clean"}
SCORE_COLOURS = {"score_alone": "#999999", "score_together": "#0072B2"}
SCORE_NAMES = {"score_alone": "one field alone", "score_together": "both tracers"}
#: Reach of a field from its centre, arcsec, by which sizes of the IFU are told apart.
SIZES = {"19, 37 fibres": (0, 9.2), "61, 91 fibres": (9.2, 14.2), "127 fibres": (14.2, np.inf)}
DPI = 120


def judged(run):
    """
    The scores of the fields that the model of a training run did not see.

    Parameters
    ----------
    run : path-like
        Folder that `~mangapa.usability.training.train` has written.

    Returns
    -------
    `~astropy.table.Table`
        One row a field: galaxy, tracer, class, reach, and a score in each setting.

    Raises
    ------
    FileNotFoundError
        If it is no such folder.
    """
    path = Path(run) / "scores.ecsv"
    if not path.is_file():
        msg = f"there is no {path}; name the folder of a training run, or a model and its data"
        raise FileNotFoundError(msg)
    table = Table.read(path)
    parts = set(table["part"])
    return table[table["part"] == "test"] if "test" in parts else table


def score_fields(model, data, *, labels=None, progress=True):
    """
    The scores that a model gives to labelled fields, alone and with the other tracer.

    Parameters
    ----------
    model : `str` or path-like
        As `mangapa.usability` takes it.
    data, labels : path-like
        As in `~mangapa.usability.labels.read_labelled`.
    progress : `bool`, optional
        Show a progress bar, if there is a terminal.

    Returns
    -------
    `~astropy.table.Table`
        As `judged` gives it.
    """
    from tqdm import tqdm

    labelled = read_labelled(data, labels=labels, progress=progress)
    model = load_model(model)
    hidden = None if progress else True
    prepared, _ = model_inputs(
        map(prepare, tqdm(labelled.fields, unit="field", leave=False, disable=hidden)), model
    )
    table = Table(
        {
            "galaxy": [field.galaxy for field in labelled.fields],
            "tracer": [field.tracer for field in labelled.fields],
            "class": labelled.classes,
            "reach": [reach(field) for field in labelled.fields],
            "score_alone": score(prepared, model),
        }
    )
    if model.inputs == "descriptors":
        table["score_together"] = score(prepared, model, partners(labelled.fields, prepared))
    return table


def reach(field):
    """
    How far a field reaches.

    Parameters
    ----------
    field : `~mangapa.VelocityField`
        Cleaned.

    Returns
    -------
    `float`
        Distance of the farthest good spaxel from the centre, arcsec.
    """
    x, y = field.x.value, field.y.value
    return round(float(np.hypot(x, y)[field.good].max(initial=0)), 2)


def evaluate(table, *, by="score_together"):
    """
    The numbers of a model, for all fields and for parts of them.

    Parameters
    ----------
    table : `~astropy.table.Table`
        As `judged` or `score_fields` gives it.
    by : `str`, optional
        Which score; "score_alone" where that one is missing.

    Returns
    -------
    `~astropy.table.Table`
        One row a part: its name and the numbers of `~mangapa.usability.metrics.metrics`.
    """
    by = by if by in table.colnames else "score_alone"
    known = np.isfinite(_scores(table, by))
    table = table[known]
    scores, usable = np.asarray(table[by], float), np.asarray(table["class"]) > 0
    parts = {"all": np.ones(len(table), bool)}
    parts |= {tracer: np.asarray(table["tracer"]) == tracer for tracer in ("stellar", "halpha")}
    size = np.asarray(table["reach"])
    parts |= {name: (size > low) & (size <= high) for name, (low, high) in SIZES.items()}
    rows = [
        {"part": name, **metrics(scores[chosen], usable[chosen])}
        for name, chosen in parts.items()
        if chosen.any()
    ]
    numbers = Table(rows)
    for name in numbers.colnames[2:]:
        numbers[name].info.format = ".3f"
    for k, meaning in CLASS_NAMES.items():
        chosen = np.asarray(table["class"]) == k
        if chosen.any():
            right = float(np.mean((scores[chosen] > 0.5) == (k > 0)))
            numbers.meta[f"right answers for class {k} ({meaning})"] = round(right, 4)
    return numbers


def draw(table, out, *, history=None):
    """
    Draw what tells how good a model is.

    Parameters
    ----------
    table : `~astropy.table.Table`
        As `judged` or `score_fields` gives it.
    out : path-like
        Folder for the figures.
    history : `~astropy.table.Table`, optional
        Loss and accuracy by epoch, for the learning curves.

    Returns
    -------
    `list` of `~pathlib.Path`
        Scores, confusion matrices and, with a history, learning curves.
    """
    from matplotlib.figure import Figure

    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    usable = np.asarray(table["class"]) > 0
    scores = {}
    for column in SCORE_NAMES:
        if column in table.colnames:
            values = _scores(table, column)
            known = np.isfinite(values)
            scores[column] = values[known], usable[known]
    best = list(scores)[-1]
    drawn = {}

    figure = drawn["scores"] = Figure(figsize=(13, 8), layout="constrained")
    axes = figure.subplots(2, 3).ravel()
    _histogram(axes[0], table, best)
    _roc(axes[1], scores)
    _reliability(axes[2], scores)
    _accuracy_kept(axes[3], scores)
    _parts(axes[4], table)
    _classes(axes[5], table, best)

    figure = drawn["confusion"] = Figure(figsize=(13, 3.6), layout="constrained")
    for axis, level in zip(figure.subplots(1, len(CONFIDENCES)), CONFIDENCES, strict=True):
        _confusion(axis, *scores[best], level)
    figure.suptitle(f"Confusion matrices, {SCORE_NAMES[best]}: fields answered with confidence")

    if history is not None:
        figure = drawn["learning"] = Figure(figsize=(10, 4), layout="constrained")
        _learning(figure.subplots(1, 2), history)
    paths = []
    for name, figure in drawn.items():
        paths.append(out / f"{name}.png")
        with replacing(paths[-1]) as unfinished:
            figure.savefig(unfinished, dpi=DPI)
    return paths


def _scores(table, column):
    """A column of scores, NaN where there is none."""
    return np.ma.filled(np.ma.asarray(table[column], float), np.nan)


def _histogram(axis, table, column):
    edges = np.linspace(0, 1, 26)
    values = _scores(table, column)
    for k in (2, 1, 0):
        chosen = np.asarray(table["class"]) == k
        axis.hist(
            values[chosen],
            edges,
            histtype="step",
            linewidth=2,
            color=CLASS_COLOURS[k],
            label=f"{k} {CLASS_NAMES[k]}",
        )
    axis.set(yscale="log", xlabel="score", ylabel="fields", title="Scores by the expert's class")
    axis.legend(frameon=False)


def _roc(axis, scores):
    for column, (values, usable) in scores.items():
        area = metrics(values, usable)["roc_auc"]
        axis.plot(
            *roc(values, usable),
            color=SCORE_COLOURS[column],
            label=f"{SCORE_NAMES[column]}, area {area:.3f}",
        )
    axis.plot([0, 1], [0, 1], color="0.8", linewidth=1, zorder=0)
    axis.set(
        xlabel="unusable fields called usable",
        ylabel="usable fields called usable",
        title="Receiver operating characteristic",
    )
    axis.legend(frameon=False, loc="lower right")


def _reliability(axis, scores):
    axis.plot([0, 1], [0, 1], color="0.8", linewidth=1, zorder=0)
    for column, (values, usable) in scores.items():
        mean, share, number = reliability(values, usable)
        error = np.sqrt(np.clip(share * (1 - share), 1e-3, None) / number)
        axis.errorbar(
            mean,
            share,
            error,
            fmt="o-",
            color=SCORE_COLOURS[column],
            label=f"error {metrics(values, usable)['calibration_error']:.3f}",
        )
    axis.set(xlabel="score", ylabel="share that is usable", title="Reliability")
    axis.legend(frameon=False)


def _accuracy_kept(axis, scores):
    for column, (values, usable) in scores.items():
        right = ((values > 0.5) == usable)[np.argsort(-confidence(values), kind="stable")]
        number = np.arange(1, right.size + 1)
        start = max(right.size // 50, 1)
        axis.plot(
            (number / right.size)[start:],
            (np.cumsum(right) / number)[start:],
            color=SCORE_COLOURS[column],
            label=f"{metrics(values, usable)['kept']:.0%} kept at 99 %",
        )
    axis.axhline(0.99, color="0.8", linewidth=1, zorder=0)
    axis.set(
        xlabel="share of the fields kept, the surest first",
        ylabel="accuracy of those kept",
        title="Accuracy against the share kept",
    )
    axis.legend(frameon=False, loc="lower left")


def _parts(axis, table):
    numbers = evaluate(table)
    place = np.arange(len(numbers))[::-1]
    for name, marker, colour in (
        ("accuracy", "o", "#0072B2"),
        ("balanced_accuracy", "s", "#E69F00"),
        ("roc_auc", "^", "#009E73"),
    ):
        axis.plot(numbers[name], place, marker, color=colour, label=name.replace("_", " "))
    axis.set_yticks(place, [f"{row['part']} ({row['n']})" for row in numbers])
    axis.set(title="By tracer and by size of the IFU")
    axis.grid(axis="x", color="0.9")
    axis.set_ylim(-1.2, len(numbers) - 0.5)
    axis.legend(frameon=False, loc="lower center", ncols=3, fontsize="small", columnspacing=0.8)


def _classes(axis, table, column):
    values = _scores(table, column)
    for k in CLASS_NAMES:
        chosen = (np.asarray(table["class"]) == k) & np.isfinite(values)
        if chosen.any():
            right = np.mean((values[chosen] > 0.5) == (k > 0))
            axis.barh(k, right, color=CLASS_COLOURS[k])
            axis.text(right - 0.01, k, f"{right:.1%}", ha="right", va="center", color="white")
    axis.set_yticks(list(CLASS_NAMES), [f"{k} {name}" for k, name in CLASS_NAMES.items()])
    axis.set(xlim=(0, 1), xlabel="right answers", title="By the expert's class")


def _confusion(axis, values, usable, level):
    sure = confidence(values) >= level
    said = values[sure] > 0.5
    counts = np.array(
        [[np.sum((said == s) & (usable[sure] == u)) for s in (False, True)] for u in (False, True)]
    )
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for row in (0, 1):
        for column in (0, 1):
            axis.text(
                column,
                row,
                f"{counts[row, column]}\n{share[row, column]:.1%}",
                ha="center",
                va="center",
                color="white" if share[row, column] > 0.5 else "black",
            )
    accuracy = np.mean(said == usable[sure]) if sure.any() else np.nan
    axis.set_xticks((0, 1), ("do not use", "use"))
    axis.set_yticks((0, 1), ("do not use", "use"), rotation=90, va="center")
    axis.set(xlabel="network", ylabel="expert")
    axis.set_title(f"$\\geq$ {level:.0%}: {sure.mean():.0%} kept, {accuracy:.1%} right")


def _learning(axes, history):
    for axis, quantity in zip(axes, ("loss", "accuracy"), strict=True):
        for run in dict.fromkeys(history["run"]):
            rows = history[history["run"] == run]
            axis.plot(rows["epoch"] + 1, rows[quantity], color="#999999", linewidth=1)
            if f"val_{quantity}" in rows.colnames:
                axis.plot(rows["epoch"] + 1, rows[f"val_{quantity}"], color="#0072B2", linewidth=1)
        axis.plot([], color="#999999", label="training, with noise and dropout")
        axis.plot([], color="#0072B2", label="galaxies left out")
        axis.set(xlabel="epoch", ylabel=quantity)
        axis.xaxis.get_major_locator().set_params(integer=True)
    axes[0].legend(frameon=False)
