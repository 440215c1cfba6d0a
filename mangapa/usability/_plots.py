"""Figures of a model's scores, confusion matrices and learning curves."""

import numpy as np

from mangapa._utils.imports import import_extra
from mangapa.catalogue._flag_table import CLASSES, MEANINGS
from mangapa.usability._predict import THRESHOLD
from mangapa.usability.metrics import RIGHT, confidence, metrics, reliability

#: The experts' classes, with colours that colour-blind readers can distinguish (Okabe & Ito 2008).
CLASS_COLOURS = ("#D55E00", "#E69F00", "#0072B2")
CLASS_NAMES = MEANINGS["quality"]
CLASS_LABELS = [f"{quality} {name}" for quality, name in enumerate(CLASS_NAMES)]
SCORE_COLOURS = {"score_alone": "#999999", "score_together": "#0072B2"}
SCORE_NAMES = {"score_alone": "one field alone", "score_together": "both tracers"}
METRIC_COLOURS = {"accuracy": "#0072B2", "balanced_accuracy": "#E69F00", "roc_auc": "#009E73"}
#: Confidence levels of the confusion matrices, as in Duckworth et al. 2020.
CONFIDENCES = (0.5, 0.8, 0.95, 0.99)


def score_columns(table):
    """Columns of scores that a table has, the best last."""
    return [name for name in SCORE_NAMES if name in table.colnames]


def known_scores(table, column):
    """The rows that have a score in a column, their scores, and their classes."""
    scores = np.ma.filled(np.ma.asarray(table[column], float), np.nan)
    known = np.isfinite(scores)
    return table[known], scores[known], np.asarray(table["class"])[known]


def right_by_class(scores, classes):
    """Fraction of right answers for each of the experts' classes that occurs."""
    right = (scores > THRESHOLD) == (classes > 0)
    return {k: float(right[classes == k].mean()) for k in CLASSES if np.any(classes == k)}


def _new_figure(*size):
    figures = import_extra("matplotlib.figure", "plot", "drawing a model's scores")
    return figures.Figure(figsize=size, layout="constrained")


def draw_scores(table, numbers):
    """Six panels on how good the scores of a table are; ``numbers`` are its metrics by part."""
    figure = _new_figure(13, 8)
    histogram, roc, reliable, kept, parts, by_class = figure.subplots(2, 3).ravel()
    for column in score_columns(table):
        _, values, classes = known_scores(table, column)
        usable, colour = classes > 0, SCORE_COLOURS[column]
        found = metrics(values, usable)
        label = f"{SCORE_NAMES[column]}, area {found['roc_auc']:.3f}"
        _draw_roc(roc, values, usable, color=colour, label=label)
        label = f"error {found['calibration_error']:.3f}"
        _draw_reliability(reliable, values, usable, color=colour, label=label)
        label = f"{found['kept']:.0%} kept at {RIGHT:.0%}"
        _draw_kept(kept, values, usable, color=colour, label=label)
    for axis in (roc, reliable):
        axis.plot([0, 1], [0, 1], color="0.8", linewidth=1, zorder=0)
    kept.axhline(RIGHT, color="0.8", linewidth=1, zorder=0)
    for axis, place in ((roc, "lower right"), (reliable, "best"), (kept, "lower left")):
        axis.legend(frameon=False, loc=place)
    _draw_parts(parts, numbers)
    _draw_histogram(histogram, values, classes)
    _draw_classes(by_class, values, classes)
    return figure


def _draw_histogram(axis, values, classes):
    style = {"color": CLASS_COLOURS, "label": CLASS_LABELS, "histtype": "step", "linewidth": 2}
    axis.hist([values[classes == k] for k in CLASSES], np.linspace(0, 1, 26), **style)
    axis.set(yscale="log", xlabel="score", ylabel="fields", title="Scores by the expert's class")
    axis.legend(frameon=False)


def _draw_classes(axis, values, classes):
    for quality, right in right_by_class(values, classes).items():
        axis.barh(quality, right, color=CLASS_COLOURS[quality])
        axis.text(right - 0.01, quality, f"{right:.1%}", ha="right", va="center", color="white")
    axis.set_yticks(CLASSES, CLASS_LABELS)
    axis.set(xlim=(0, 1), xlabel="fraction of right answers", title="By the expert's class")


def _draw_roc(axis, values, usable, **style):
    sklearn_metrics = import_extra("sklearn.metrics", "train", "drawing a model's scores")
    both = 0 < np.count_nonzero(usable) < usable.size
    false, true = sklearn_metrics.roc_curve(usable, values)[:2] if both else ([], [])
    axis.plot(false, true, **style)
    axis.set_xlabel("fraction of unusable fields called usable")
    axis.set_ylabel("fraction of usable fields called usable")
    axis.set_title("Receiver operating characteristic")


def _draw_reliability(axis, values, usable, **style):
    mean, share, number = reliability(values, usable)
    error = np.sqrt(np.clip(share * (1 - share), 1e-3, None) / number)
    axis.errorbar(mean, share, error, fmt="o-", **style)
    axis.set(xlabel="score", ylabel="fraction that is usable", title="Reliability")


def _draw_kept(axis, values, usable, **style):
    order = np.argsort(-confidence(values), kind="stable")
    right = ((values > THRESHOLD) == usable)[order]
    number = np.arange(1, right.size + 1)
    # The accuracy of the first few fields is mostly chance.
    shown = slice(max(right.size // 50, 1), None)
    axis.plot((number / right.size)[shown], (np.cumsum(right) / number)[shown], **style)
    axis.set_xlabel("fraction of fields kept, most confident first")
    axis.set_ylabel("accuracy of the fields kept")
    axis.set_title("Accuracy against the fraction kept")


def _draw_parts(axis, numbers):
    place = np.arange(len(numbers))[::-1]
    for (name, colour), marker in zip(METRIC_COLOURS.items(), "os^", strict=True):
        axis.plot(numbers[name], place, marker, color=colour, label=name.replace("_", " "))
    axis.set_yticks(place, [f"{row['part']} ({row['n']})" for row in numbers])
    axis.set(title="By tracer and by size of the IFU", ylim=(-1.2, len(numbers) - 0.5))
    axis.grid(axis="x", color="0.9")
    axis.legend(frameon=False, loc="lower center", ncols=3, fontsize="small", columnspacing=0.8)


def draw_confusion(table):
    """Confusion matrices of the fields above each confidence, for the best scores of a table."""
    figure = _new_figure(13, 3.6)
    sklearn_metrics = import_extra("sklearn.metrics", "train", "drawing a model's scores")
    column = score_columns(table)[-1]
    _, values, classes = known_scores(table, column)
    usable = classes > 0
    for axis, level in zip(figure.subplots(1, len(CONFIDENCES)), CONFIDENCES, strict=True):
        sure = confidence(values) >= level
        said = values[sure] > THRESHOLD
        counts = np.bincount(2 * usable[sure] + said, minlength=4).reshape(2, 2)
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        shown = sklearn_metrics.ConfusionMatrixDisplay(share, display_labels=("do not use", "use"))
        shown.plot(ax=axis, cmap="Blues", colorbar=False, im_kw={"vmin": 0, "vmax": 1})
        for place, text in np.ndenumerate(shown.text_):
            text.set_text(f"{counts[place]}\n{share[place]:.1%}")
        axis.set_yticks((0, 1), ("do not use", "use"), rotation=90, va="center")
        axis.set(xlabel="network", ylabel="expert")
        accuracy = np.mean(said == usable[sure]) if sure.any() else np.nan
        axis.set_title(f"$\\geq$ {level:.0%}: {sure.mean():.0%} kept, {accuracy:.1%} right")
    figure.suptitle(f"Confusion matrices by confidence, {SCORE_NAMES[column]}")
    return figure


def draw_learning(history):
    """Loss and accuracy after each epoch, of the training and of the fields left out."""
    figure = _new_figure(10, 4)
    axes = figure.subplots(1, 2)
    training = "", "#999999", "training, with noise and dropout"
    left_out = "val_", "#0072B2", "galaxies left out"
    for axis, quantity in zip(axes, ("loss", "accuracy"), strict=True):
        for prefix, colour, label in (training, left_out):
            for run in dict.fromkeys(history["run"]):
                rows = history[history["run"] == run]
                if prefix + quantity in rows.colnames:
                    axis.plot(rows["epoch"] + 1, rows[prefix + quantity], color=colour, linewidth=1)
            axis.plot([], color=colour, label=label)
        axis.set(xlabel="epoch", ylabel=quantity)
        axis.xaxis.get_major_locator().set_params(integer=True)
    axes[0].legend(frameon=False)
    return figure
