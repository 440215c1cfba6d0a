"""Train a model on labelled fields, and write a folder that documents it."""

import hashlib
import json
import platform
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from astropy.table import MaskedColumn, Table

from mangapa._utils.files import replacing
from mangapa._utils.imports import import_extra
from mangapa._utils.progress import progress_bar
from mangapa._utils.types import PathLike
from mangapa.usability import _architectures as architectures
from mangapa.usability._augmentation import varied
from mangapa.usability._descriptors import DESCRIPTORS, PAIR_DESCRIPTORS, compute_descriptors
from mangapa.usability._familiarity import Familiarity
from mangapa.usability._image import standardise
from mangapa.usability._keras import import_keras, predict_keras, to_keras, to_network
from mangapa.usability._network import calibrate, save_networks
from mangapa.usability._predict import mean_of_symmetric, pair_inputs, partners
from mangapa.usability.evaluation import labelled_table
from mangapa.usability.labels import CLASSES, read_labelled
from mangapa.usability.metrics import metrics, platt

__all__ = ["MODELS", "train"]

#: Default number of epochs of each architecture; the published ones usually stop earlier.
EPOCHS = {"default": architectures.EPOCHS, "fcn": 50, "cnn": 50}
MODELS = tuple(EPOCHS)
#: Fractions of the galaxies for training and validation; the rest is for the test (Duckworth et al.
#: 2020, section 2.4).
SPLIT = (0.6, 0.2)
N_FOLDS = 5
#: Other views of each field that the default model is trained on besides the field itself. A second
#: one changes nothing: accuracies of 0.935 for fields and 0.921 for views, not 0.934 and 0.921.
N_VIEWS = 1
#: Scores between which a field is flagged as doubtful. A tenth of the default model's scores lie
#: there, and two in three of them are on the right side.
CANNOT_TELL = (0.2, 0.8)
_EXPERTS = "The experts' own flags agree in 85 to 87 % of repeat observations."
LIMITS = {
    "descriptors": (
        "The flags are those of experts on fields of MaNGA after mangapa.clean; other spaxels, "
        "bins, outlines and gaps come from changes of these fields. A field unlike all of them is "
        f"flagged as unfamiliar. {_EXPERTS}"
    ),
    "image": (
        "Made for velocity fields of MaNGA (hexagonal fields of 12 to 32 arcsec, 0.5 arcsec "
        "spaxels, Voronoi bins) after mangapa.clean. Other surveys should train their own model. "
        f"{_EXPERTS}"
    ),
}


@dataclass(frozen=True, kw_only=True)
class _Trained:
    """Trained networks, with the scores and metrics of fields that they were not trained on."""

    networks: dict  # by setting, such as "alone"; empty for a convolutional network
    keras: object  # Keras model of these networks, or a convolutional network
    histories: dict  # by training
    scores: dict  # by setting
    part: np.ndarray  # part of the split that each field belongs to, (n,)
    card: dict  # entries of the model's card
    familiarity: Familiarity | None = None  # of the descriptors


def train(
    data: PathLike,
    out: PathLike,
    *,
    model: str = "default",
    labels: PathLike | None = None,
    seed: int = 0,
    epochs: int | None = None,
    class_weights: bool = False,
    search: int | None = None,
    progress: bool = True,
) -> Path:
    """
    Train a model.

    The default model, an ensemble of dense networks on descriptors, is trained five times without a
    fifth of the galaxies, for its metrics and calibration, and then on all. It is trained on the
    fields and on other views of them: without bins, with larger spaxels, with other outlines, with
    gaps, or with few spaxels. For the published
    models, "fcn" and "cnn", which take images, one fifth decides when to stop, and another gives
    the metrics. All observations of a galaxy stay together.

    Parameters
    ----------
    data : path-like
        Folder of the fields of any survey, as in `~mangapa.usability.labels.read_labelled`.
    out : path-like
        Folder for the model, its card, the history, and the scores of fields not trained on.
    model : {"default", "fcn", "cnn"}, optional
        Architecture.
    labels : path-like, optional
        Table of flags, as in `~mangapa.usability.labels.read_labelled`.
    seed : `int`, optional
        Seed of the split, the initial weights and the order of the fields.
    epochs : `int`, optional
        Maximum number of epochs; the default depends on the architecture.
    class_weights : `bool`, optional
        Give both classes the same weight, as published; only for "fcn" and "cnn".
    search : `int`, optional
        Epochs of a Hyperband search for units and dropout beforehand; only for "fcn" and "cnn".
    progress : `bool`, optional
        Show progress bars on a terminal.

    Returns
    -------
    `~pathlib.Path`
        Card of the model, which `mangapa.usability` accepts as ``model``.

    Raises
    ------
    ValueError, ImportError
        If the model is not known or does not take an option, there are too few galaxies, or
        TensorFlow or scikit-learn is not installed.
    """
    if model not in MODELS:
        msg = f"model={model!r} is not known; choose one of {', '.join(map(repr, MODELS))}"
        raise ValueError(msg)
    if model == "default" and (class_weights or search):
        msg = "class_weights and search need model='fcn' or model='cnn', not 'default'"
        raise ValueError(msg)
    if epochs is not None and epochs < 1:
        msg = f"epochs={epochs!r} must be at least 1"
        raise ValueError(msg)
    # Missing packages are better reported before hours of training than after.
    import_keras()
    import_extra("sklearn", "train", "evaluating a model")
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    labelled = read_labelled(data, labels=labels, progress=progress)
    groups = np.unique(labelled.groups)
    if groups.size < 2 * N_FOLDS:
        msg = f"{data} has {groups.size} labelled galaxies; at least {2 * N_FOLDS} are needed"
        raise ValueError(msg)
    # Each galaxy has a random place between 0 and 1, by which it belongs to a part of the split.
    rank = np.random.default_rng(seed).permutation(groups.size)
    place = rank[np.searchsorted(groups, labelled.groups)] / groups.size
    settings = {"model": model, "seed": seed, "epochs": epochs or EPOCHS[model]}
    if model == "default":
        settings["views"] = N_VIEWS
        trained = _train_default(labelled, place, settings, progress)
    else:
        settings |= {"class_weights": class_weights, "search": search}
        trained = _train_image(labelled, place, settings)
    _write_tables(out, labelled, trained)
    return _write_model(out, labelled, settings, trained)


def _ensemble_inputs(fields, progress):
    """Indices of the fields that the network of each setting can judge, and its inputs."""
    bar = progress_bar(fields, show=progress, desc="descriptors", unit="field")
    prepared = [compute_descriptors(field)[0] for field in bar]
    together = partners(fields, prepared)
    alone = [i for i, one in enumerate(prepared) if one is not None]
    inputs = {"alone": (np.array(alone), np.stack([prepared[i].values for i in alone]))}
    paired = [i for i in alone if together[i] is not None]
    if paired:
        pairs = [pair_inputs(prepared[i], prepared[together[i]]) for i in paired]
        inputs["together"] = np.array(paired), np.stack(pairs)
    return inputs


def _views(fields, view):
    """Other views of the fields; ``view`` is the number of the set."""
    rngs = (np.random.default_rng((view, number)) for number in range(len(fields)))
    return [varied(field, rng) for field, rng in zip(fields, rngs, strict=True)]


def _with_views(inputs, views, name, classes, chosen):
    """Inputs and classes of the fields for which ``chosen`` is true, and of their other views."""
    parts = [one[name] for one in (inputs, *views) if name in one]
    kept = [chosen[rows] for rows, _ in parts]
    given = np.concatenate([values[keep] for (_, values), keep in zip(parts, kept, strict=True)])
    rows = np.concatenate([rows[keep] for (rows, _), keep in zip(parts, kept, strict=True)])
    return given, classes[rows]


def _train_default(labelled, place, settings, progress):
    """Cross-validate, calibrate and train an ensemble on each kind of inputs."""
    seed, inputs = settings["seed"], _ensemble_inputs(labelled.fields, progress)
    views = [
        _ensemble_inputs(_views(labelled.fields, view), progress)
        for view in range(1, settings["views"] + 1)
    ]
    fit = partial(architectures.fit_ensemble, epochs=settings["epochs"])
    fold = np.minimum((place * N_FOLDS).astype(int), N_FOLDS - 1)
    every = np.ones(fold.size, bool)
    scores, histories, networks = {}, {}, {}
    total = len(inputs) * (N_FOLDS + 1)
    with progress_bar(show=progress, total=total, desc="training", unit="ensemble") as bar:
        for name, (rows, given) in inputs.items():
            training = partial(_with_views, inputs, views, name, labelled.classes)
            judged = [one[name] for one in (inputs, *views) if name in one]
            raw = np.full((len(judged), fold.size), np.nan)
            for k in np.unique(fold[rows]):
                held = fold == k
                validation = given[held[rows]], labelled.classes[rows][held[rows]]
                scaling = {"scaled_by": given[~held[rows]], "validation": validation}
                network, histories[f"{name} {k}"] = fit(
                    *training(~held), seed=seed + int(k), **scaling
                )
                for found, (places, values) in zip(raw, judged, strict=True):
                    found[places[held[places]]] = network(values[held[places]])
                bar.update()
            scores[name] = _calibrated(raw, labelled.classes > 0, fold)
            network, _ = fit(*training(every), seed=seed, scaled_by=given)
            slope, offset = platt(raw[0][rows], labelled.classes[rows] > 0)
            networks[name] = replace(network, slope=slope, offset=offset)
            bar.update()
    model, part = to_keras(networks), np.array([f"fold {k}" for k in fold])
    card = {
        "inputs": "descriptors",
        "descriptors": [list(DESCRIPTORS), list(PAIR_DESCRIPTORS)],
        "split": f"{N_FOLDS}-fold cross-validation by galaxy; the model is trained on all",
        "numbers": {name: _with_spread(one[0], labelled, fold) for name, one in scores.items()},
        "numbers_of_views": {
            name: _with_spread(one[1], labelled, fold)
            for name, one in scores.items()
            if len(one) > 1
        },
    }
    familiarity = Familiarity.of(_with_views(inputs, views, "alone", labelled.classes, every)[0])
    return _Trained(
        networks=networks,
        keras=model,
        histories=histories,
        scores={name: one[0] for name, one in scores.items()},
        part=part,
        card=card,
        familiarity=familiarity,
    )


def _calibrated(raw, usable, fold):
    """
    Calibrated scores of the fields and of their views, shape (1 + views, n).

    As all folds calibrate the scores of new galaxies, the others calibrate those of each fold.
    """
    scores, known = np.full(raw.shape, np.nan), np.isfinite(raw[0])
    for k in np.unique(fold):
        others = known & (fold != k)
        slope, offset = platt(raw[0, others], usable[others])
        scores[:, fold == k] = calibrate(raw[:, fold == k], slope, offset)
    return scores


def _with_spread(scores, labelled, fold):
    """Metrics of all fields, and their standard deviation over the folds."""
    known, usable = np.isfinite(scores), labelled.classes > 0
    numbers = metrics(scores[known], usable[known])
    folds = [known & (fold == k) for k in np.unique(fold[known])]
    each = Table([metrics(scores[part], usable[part]) for part in folds])
    spread = {name: float(np.std(each[name])) for name in numbers if name != "n"}
    return {**numbers, "spread_over_folds": spread}


def _train_image(labelled, place, settings):
    """Train a network on images; adds its architecture to the settings."""
    kind, seed = settings["model"], settings["seed"]
    images, usable = np.stack([*map(standardise, labelled.fields)]), labelled.classes > 0
    parts = np.array(["training", "validation", "test"])
    part = parts[np.searchsorted(np.cumsum(SPLIT), place, side="right")]
    training, validation = ((images[part == one], usable[part == one]) for one in parts[:2])
    import_keras().utils.set_random_seed(seed)
    architecture = architectures.IMAGE_SETTINGS[kind]
    if settings["search"]:
        architecture = architectures.search_settings(
            kind, training, validation, epochs=settings["search"], seed=seed
        )
    settings["architecture"] = architecture
    model = architectures.build_image(kind, **architecture)
    options = {name: settings[name] for name in ("seed", "epochs", "class_weights")}
    histories = {kind: architectures.fit_image(model, *training, validation, **options)}
    networks = {"image": to_network(model)} if kind == "fcn" else {}
    if networks:
        model = to_keras(networks)
    predict, test = networks.get("image") or partial(predict_keras, model), part == "test"
    scores = {"alone": mean_of_symmetric(images, predict)}
    card = {
        "inputs": "image",
        "descriptors": [],
        "split": "60 % training, 20 % validation, 20 % test (the numbers), by galaxy",
        "numbers": {"alone": metrics(scores["alone"][test], usable[test])},
    }
    return _Trained(
        networks=networks, keras=model, histories=histories, scores=scores, part=part, card=card
    )


def _write_tables(out, labelled, trained):
    """Write the score of each field, and the history of each training."""
    table = labelled_table(labelled)
    table["part"] = trained.part
    for name, scores in trained.scores.items():
        table[f"score_{name}"] = MaskedColumn(scores, mask=~np.isfinite(scores))
    history = [
        {"run": run, "epoch": epoch, **{name: values[epoch] for name, values in curves.items()}}
        for run, curves in trained.histories.items()
        for epoch in range(len(curves["loss"]))
    ]
    for name, rows in {"scores": table, "history": Table(history)}.items():
        with replacing(out / f"{name}.ecsv") as unfinished:
            rows.write(unfinished, format="ascii.ecsv")


def _write_model(out, labelled, settings, trained):
    """Write the networks, and the card with the hashes of their files; return the card's path."""
    name, hashes = settings["model"], {}
    writers = {".keras": trained.keras.save}
    if trained.networks:
        others = trained.familiarity.arrays() if trained.familiarity else {}
        writers[".npz"] = lambda path: save_networks(path, trained.networks, others)
    for suffix, write in writers.items():
        with replacing(out / f"{name}{suffix}") as unfinished:
            write(unfinished)
            hashes[f"{name}{suffix}"] = hashlib.sha256(unfinished.read_bytes()).hexdigest()
    packages = ("mangapa", "numpy", "keras", "tensorflow")
    card = {
        "name": name,
        "purpose": "probability that an expert calls a velocity field usable (classes 1 and 2)",
        "data": {
            "fields": len(labelled.fields),
            "galaxies": int(np.unique(labelled.groups).size),
            "classes": {str(k): int(np.sum(labelled.classes == k)) for k in CLASSES},
        },
        **trained.card,
        "cannot_tell": CANNOT_TELL,
        "limits": LIMITS[trained.card["inputs"]],
        "settings": settings,
        "versions": {"python": platform.python_version()} | {one: version(one) for one in packages},
        "created": datetime.now(timezone.utc).date().isoformat(),
        "sha256": hashes,
    }
    path = out / f"{name}.json"
    with replacing(path) as unfinished:
        unfinished.write_text(json.dumps(card, indent=1) + "\n")
    return path
