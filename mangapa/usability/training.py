"""Train a model on labelled fields, and leave a folder that tells all about it."""

import json
import platform
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
from astropy.table import MaskedColumn, Table
from astropy.time import Time
from tqdm import tqdm

from mangapa._utils.files import replacing
from mangapa.usability import _architectures as architectures
from mangapa.usability._descriptors import DESCRIPTORS, PAIR_DESCRIPTORS, compute_descriptors
from mangapa.usability._image import standardise
from mangapa.usability._network import save_networks
from mangapa.usability._predict import mean_of_symmetric, pair_inputs, partners
from mangapa.usability._search import search
from mangapa.usability.evaluation import reach
from mangapa.usability.labels import read_labelled
from mangapa.usability.metrics import metrics, platt
from mangapa.usability.model import Probability, import_keras, sha256

__all__ = ["MODELS", "train"]

MODELS = ("default", "fcn", "cnn")
#: Shares of the galaxies for training, validation and test, as published.
SPLIT = (0.6, 0.2, 0.2)
N_FOLDS = 5
#: Scores between which a model says that it cannot tell: of the default one a tenth of the answers
#: are there, and two in three of them are right.
CANNOT_TELL = (0.2, 0.8)
EPOCHS = {"default": architectures.EPOCHS, "fcn": 50, "cnn": 50}
LIMITS = (
    "Made for velocity fields of MaNGA (hexagonal fields of 12 to 32 arcsec, 0.5 arcsec spaxels, "
    "Voronoi bins) after mangapa.clean. Other surveys should train their own. The flags of the "
    "experts themselves agree in 85 to 87 % of repeat observations."
)


def train(data, out, *, model="default", labels=None, seed=0, epochs=None, progress=True, **more):
    """
    Train a model.

    The default one, features of the field judged by an ensemble of dense networks, is first
    trained five times without a fifth of the galaxies, which gives its numbers and its
    calibration, and then on all of them. The published ones, "fcn" and "cnn", look at images; a
    fifth of the galaxies decides when to stop, and another fifth gives the numbers. Galaxies, and
    their repeat observations, are never split.

    Parameters
    ----------
    data : path-like
        As in `~mangapa.usability.labels.read_labelled`.
    out : path-like
        Folder for the model, its card, the history and the scores of fields not trained on.
    model : {"default", "fcn", "cnn"}, optional
        Which architecture.
    labels : path-like, optional
        As in `~mangapa.usability.labels.read_labelled`.
    seed : `int`, optional
        Of the split, the initial weights and the order.
    epochs : `int`, optional
        At most; the architecture's own if not given.
    progress : `bool`, optional
        Show progress bars, if there is a terminal.
    **more
        For "fcn" and "cnn": ``class_weights`` (`bool`), and ``search`` (`int`), the epochs of a
        Hyperband search for units and dropout before the training.

    Returns
    -------
    `~pathlib.Path`
        The card of the model, which `mangapa.usability` takes as ``model``.

    Raises
    ------
    ValueError
        If there is no such architecture, or too few galaxies.
    ImportError
        If TensorFlow is not installed.
    """
    if model not in MODELS:
        msg = f"model={model!r} is not known; choose one of {', '.join(map(repr, MODELS))}"
        raise ValueError(msg)
    import_keras()
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    labelled = read_labelled(data, labels=labels, progress=progress)
    groups = np.unique(labelled.groups)
    if groups.size < 2 * N_FOLDS:
        msg = f"{data} has {groups.size} labelled galaxies; {2 * N_FOLDS} are the least"
        raise ValueError(msg)
    settings = {"model": model, "seed": seed, "epochs": epochs or EPOCHS[model], **more}
    # Where each galaxy stands in a shuffled line, 0 to 1: parts of it are parts of the galaxies.
    rank = np.random.default_rng(seed).permutation(groups.size)
    place = rank[np.searchsorted(groups, labelled.groups)] / groups.size
    fit = _train_default if model == "default" else _train_image
    result = fit(labelled, place, settings, progress)
    return _write(out, labelled, settings, result)


def _described(labelled, progress):
    """The features of all fields, and the partner of each."""
    fields = tqdm(
        labelled.fields,
        desc="features",
        unit="field",
        leave=False,
        disable=None if progress else True,
    )
    prepared = [compute_descriptors(field)[0] for field in fields]
    return prepared, partners(labelled.fields, prepared)


def _train_default(labelled, place, settings, progress):
    prepared, together = _described(labelled, progress)
    describable = np.array([one is not None for one in prepared])
    usable, classes = labelled.classes > 0, labelled.classes
    fold = np.minimum((place * N_FOLDS).astype(int), N_FOLDS - 1)
    rows = {
        "alone": np.flatnonzero(describable),
        "together": np.flatnonzero([partner is not None for partner in together]),
    }
    inputs = {"alone": np.stack([prepared[i].values for i in rows["alone"]])}
    if rows["together"].size:
        inputs["together"] = np.stack(
            [pair_inputs(prepared[i], prepared[together[i]]) for i in rows["together"]]
        )
    bar = tqdm(
        total=len(inputs) * (N_FOLDS + 1),
        desc="training",
        unit="ensemble",
        leave=False,
        disable=None if progress else True,
    )
    raw, scores, history, networks = {}, {}, [], {}
    for name, given in inputs.items():
        of, wanted = fold[rows[name]], classes[rows[name]]
        found = np.full(len(given), np.nan)
        for k in range(N_FOLDS):
            rest, held = of != k, of == k
            network, followed = architectures.fit_ensemble(
                given[rest],
                wanted[rest],
                seed=settings["seed"] + k,
                validation=(given[held], wanted[held]),
                epochs=settings["epochs"],
            )
            found[held] = network(given[held])
            history.append((f"{name} {k}", followed))
            bar.update()
        raw[name] = found
        # Each fold's scores are calibrated by the others, as a new galaxy's are by all.
        scores[name] = np.full(len(labelled.fields), np.nan)
        for k in range(N_FOLDS):
            slope, offset = platt(found[of != k], wanted[of != k] > 0)
            scores[name][rows[name][of == k]] = _calibrated(found[of == k], slope, offset)
        network, _ = architectures.fit_ensemble(
            given, wanted, seed=settings["seed"], epochs=settings["epochs"]
        )
        slope, offset = platt(found, wanted > 0)
        networks[name] = _with_calibration(network, slope, offset)
        bar.update()
    bar.close()
    numbers = {name: _with_spread(value, usable, fold) for name, value in scores.items()}
    return {
        "inputs": "descriptors",
        "networks": networks,
        "keras": architectures.to_keras(networks),
        "history": history,
        "scores": scores,
        "part": np.array([f"fold {k}" for k in fold]),
        "numbers": numbers,
        "split": f"{N_FOLDS}-fold cross-validation by galaxy; the model itself is of all galaxies",
        "cannot_tell": CANNOT_TELL,
    }


def _calibrated(scores, slope, offset):
    return 1 / (1 + np.exp(-(slope * np.log(scores / (1 - scores)) + offset)))


def _with_calibration(network, slope, offset):
    return replace(network, slope=slope, offset=offset)


def _with_spread(scores, usable, fold):
    """The numbers of all fields together, and their standard deviation over the folds."""
    known = np.isfinite(scores)
    numbers = metrics(scores[known], usable[known])
    each = [
        metrics(scores[one], usable[one])
        for k in np.unique(fold)
        if (one := known & (fold == k)).any()
    ]
    numbers["spread_over_folds"] = {
        name: float(np.std([one[name] for one in each])) for name in numbers if name != "n"
    }
    return numbers


def _train_image(labelled, place, settings, progress):
    keras = import_keras()
    images = np.stack([standardise(field) for field in labelled.fields])
    usable = labelled.classes > 0
    part = np.select(
        [place < SPLIT[0], place < SPLIT[0] + SPLIT[1]], ["training", "validation"], "test"
    )
    chosen = {name: part == name for name in ("training", "validation", "test")}
    kind = settings["model"]
    keras.utils.set_random_seed(settings["seed"])
    architecture = dict(architectures.IMAGE_SETTINGS[kind])
    validation = images[chosen["validation"]], usable[chosen["validation"]]
    if settings.get("search"):
        architecture = search(
            kind,
            (images[chosen["training"]], usable[chosen["training"]]),
            validation,
            epochs=settings["search"],
            seed=settings["seed"],
        )
    model = architectures.build_image(kind, **architecture)
    history = architectures.fit_image(
        model,
        images[chosen["training"]],
        usable[chosen["training"]],
        validation,
        seed=settings["seed"],
        epochs=settings["epochs"],
        class_weights=settings.get("class_weights", False),
    )
    settings["architecture"] = architecture
    networks = {"image": architectures.to_network(model)} if kind == "fcn" else {}
    if networks:
        model = architectures.to_keras(networks)
    network = networks["image"] if networks else Probability(model)
    scores = mean_of_symmetric(images, network)
    test = chosen["test"]
    return {
        "inputs": "image",
        "networks": networks,
        "keras": model,
        "history": [(kind, history)],
        "scores": {"alone": scores},
        "part": part,
        "numbers": {"alone": metrics(scores[test], usable[test])},
        "split": "60 % training, 20 % validation, 20 % test, by galaxy; numbers are of the test",
        "cannot_tell": CANNOT_TELL,
    }


def _write(out, labelled, settings, result):
    """The model, its card, the history, and the score of each field."""
    name = settings["model"]
    files = {}
    with replacing(out / f"{name}.keras") as unfinished:
        result["keras"].save(unfinished)
        files[f"{name}.keras"] = sha256(unfinished.read_bytes())
    if result["networks"]:
        with replacing(out / f"{name}.npz") as unfinished:
            save_networks(unfinished, result["networks"])
            files[f"{name}.npz"] = sha256(unfinished.read_bytes())
    card = {
        "name": name,
        "inputs": result["inputs"],
        "purpose": "probability that an expert calls a velocity field usable (classes 1 and 2)",
        "data": {
            "fields": len(labelled.fields),
            "galaxies": int(np.unique(labelled.groups).size),
            "classes": {str(k): int(np.sum(labelled.classes == k)) for k in (0, 1, 2)},
        },
        "split": result["split"],
        "numbers": result["numbers"],
        "cannot_tell": result["cannot_tell"],
        "limits": LIMITS,
        "settings": settings,
        "descriptors": [list(DESCRIPTORS), list(PAIR_DESCRIPTORS)]
        if result["inputs"] == "descriptors"
        else [],
        "versions": {
            "python": platform.python_version(),
            **{
                package: version(package) for package in ("mangapa", "numpy", "keras", "tensorflow")
            },
        },
        "created": Time.now().isot[:10],
        "sha256": files,
    }
    _scores(labelled, result, out / "scores.ecsv")
    _history(result, out / "history.ecsv")
    path = out / f"{name}.json"
    with replacing(path) as unfinished:
        unfinished.write_text(json.dumps(card, indent=1) + "\n")
    return path


def _scores(labelled, result, path):
    table = Table(
        {
            "galaxy": [field.galaxy for field in labelled.fields],
            "tracer": [field.tracer for field in labelled.fields],
            "group": labelled.groups,
            "class": labelled.classes,
            "part": result["part"],
            "reach": [reach(field) for field in labelled.fields],
        }
    )
    for name, scores in result["scores"].items():
        table[f"score_{name}"] = MaskedColumn(scores, mask=~np.isfinite(scores))
    with replacing(path) as unfinished:
        table.write(unfinished, format="ascii.ecsv")


def _history(result, path):
    rows = [
        {"run": run, "epoch": epoch, **{name: values[epoch] for name, values in followed.items()}}
        for run, followed in result["history"]
        for epoch in range(len(followed["loss"]))
    ]
    with replacing(path) as unfinished:
        Table(rows).write(unfinished, format="ascii.ecsv")
