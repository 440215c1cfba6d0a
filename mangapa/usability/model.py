"""Trained models on disk: the card, the files, and the hashes without which nothing is loaded."""

import hashlib
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from mangapa._utils.plugins import load_plugins
from mangapa._utils.types import PathLike
from mangapa.exceptions import ModelError
from mangapa.usability._descriptors import DESCRIPTORS, PAIR_DESCRIPTORS
from mangapa.usability._familiarity import load_familiarity
from mangapa.usability._image import SHAPE
from mangapa.usability._keras import load_keras_networks
from mangapa.usability._network import load_networks

__all__ = ["BACKENDS", "SHIPPED", "Model", "load_model", "register_model"]

#: Folder of the models that come with the package.
SHIPPED = Path(__file__).parent / "models"
BACKENDS = ("numpy", "tensorflow")
SUFFIXES = {"numpy": ".npz", "tensorflow": ".keras"}
#: File that holds the familiarity, whatever the backend.
FAMILIAR_SUFFIX = SUFFIXES["numpy"]
#: Numbers that each network takes.
INPUT_SIZES = {
    "alone": len(DESCRIPTORS),
    "together": 2 * len(DESCRIPTORS) + len(PAIR_DESCRIPTORS),
    "image": SHAPE[0] * SHAPE[1],
}

#: Cards of the models that are known by name.
_cards = {card.stem: card for card in SHIPPED.glob("*.json")}


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """
    A loaded model.

    Attributes
    ----------
    name : `str`
        Name on the card.
    inputs : {"descriptors", "image"}
        What the networks take.
    card : `dict`
        Training data, split, metrics, limits, versions and hashes.
    networks : `dict` of callable
        "alone" and perhaps "together", or "image": from an array to one probability per field.
    familiarity : callable or `None`
        From the descriptors of a field to its unfamiliarity; `None` for models of images.
    """

    name: str
    inputs: str
    card: dict
    networks: dict[str, Callable]
    familiarity: Callable | None = None


def load_model(model: PathLike = "default", *, backend: str = "numpy") -> Model:
    """
    Load a model after checking its files against the hashes on its card.

    Parameters
    ----------
    model : `str` or path-like, optional
        Name of a model that comes with the package or was given to `register_model`, or the path
        of a card (``.json``) or of the folder of a training run.
    backend : {"numpy", "tensorflow"}, optional
        Library that evaluates the networks; only convolutional ones need TensorFlow, which is slow.

    Returns
    -------
    `Model`

    Raises
    ------
    TypeError, ValueError
        If the model is neither a name nor a path, or the model or the backend is not known.
    mangapa.exceptions.ModelError
        If a file is missing or has changed, or the model was trained on other descriptors.

    Examples
    --------
    >>> from mangapa.usability import load_model
    >>> model = load_model("fcn")
    >>> model.inputs, list(model.networks)
    ('image', ['image'])
    """
    if backend not in BACKENDS:
        msg = f"backend={backend!r} is not known; choose one of {', '.join(map(repr, BACKENDS))}"
        raise ValueError(msg)
    if not isinstance(model, (str, os.PathLike)):
        msg = f"model={model!r} must be the name of a model or a path"
        raise TypeError(msg)
    name, path = str(model), Path(model)
    if name not in _cards:
        load_plugins()
    if name not in _cards and not path.suffix and not path.exists():
        known = ", ".join(map(repr, sorted(_cards)))
        msg = f"model={name!r} is not known; choose one of {known}, or give a path"
        raise ValueError(msg)
    card = _cards.get(name) or _find_card(path)
    return _load(card, card.stat().st_mtime_ns, backend)


def register_model(name: str, path: PathLike) -> None:
    """
    Register a model under a name that `mangapa.usability` accepts.

    Another package does so in a module that it names as an entry point.

    Parameters
    ----------
    name : `str`
        Name of the model.
    path : path-like
        Card of the model (``.json``), or the folder of a training run.

    Raises
    ------
    ValueError, mangapa.exceptions.ModelError
        If the name is taken by another model, or the path is not that of a model.

    Examples
    --------
    >>> from mangapa.usability import load_model, register_model
    >>> from mangapa.usability.model import SHIPPED
    >>> register_model("published", SHIPPED / "fcn.json")
    >>> load_model("published").name
    'fcn'
    """
    card = _find_card(Path(path).absolute())
    if _cards.setdefault(name, card) != card:
        msg = f"name={name!r} already names the model {_cards[name]}; choose another name"
        raise ValueError(msg)


def _find_card(path):
    """Card at a path: the card itself, one of the model's files, or the folder of a run."""
    if path.is_dir():
        cards = [card for card in path.glob("*.json") if b'"sha256"' in card.read_bytes()]
        if len(cards) != 1:
            msg = f"{path} contains {len(cards)} model cards; it must contain one"
            raise ValueError(msg)
        return cards[0]
    card = path.with_suffix(".json") if path.suffix in SUFFIXES.values() else path
    if not card.is_file():
        msg = f"there is no model card {card}; a model is loaded only with the card with its hashes"
        raise ModelError(msg)
    if card.suffix != ".json":
        msg = (
            f"{card} is neither a model card (.json) nor one of its files (.npz, .keras); other "
            "formats can contain programs and are never loaded"
        )
        raise ValueError(msg)
    return card


@lru_cache(maxsize=8)
def _load(path, _modified, backend):
    try:
        card = json.loads(path.read_text())
        # Cards that were written before descriptors had this name call them features.
        if "features" in card:
            card["descriptors"] = card.pop("features")
        if card["inputs"] == "features":
            card["inputs"] = "descriptors"
        name, inputs, descriptors = card["name"], card["inputs"], card["descriptors"]
        files = {Path(file).suffix: (file, digest) for file, digest in card["sha256"].items()}
        _low, _high = map(float, card["cannot_tell"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        msg = f"{path} is not a model card ({error!r}); give the folder of a training run"
        raise ModelError(msg) from error
    if inputs == "descriptors" and descriptors != [list(DESCRIPTORS), list(PAIR_DESCRIPTORS)]:
        msg = f"{path} was trained on other descriptors than those of this version; train it again"
        raise ModelError(msg)
    if SUFFIXES[backend] not in files:
        msg = f"{path} has no network for backend={backend!r}; a CNN needs backend='tensorflow'"
        raise ModelError(msg)
    folder = path.parent
    needed = {SUFFIXES[backend]} | ({FAMILIAR_SUFFIX} if inputs == "descriptors" else set())
    paths = {suffix: folder / Path(files[suffix][0]).name for suffix in needed & {*files}}
    contents = {suffix: _verified(one, files[suffix][1]) for suffix, one in paths.items()}
    content, path = contents[SUFFIXES[backend]], paths[SUFFIXES[backend]]
    familiarity = None
    try:
        if backend == "numpy":
            networks = load_networks(io.BytesIO(content))
            _check_inputs(networks)
        else:
            networks = load_keras_networks(content)
        _check_names(networks, inputs)
        if inputs == "descriptors" and FAMILIAR_SUFFIX in contents:
            familiarity = load_familiarity(io.BytesIO(contents[FAMILIAR_SUFFIX]))
        if familiarity is not None:
            familiarity(np.zeros(len(DESCRIPTORS)))  # raises a ValueError if the sizes differ
    except ImportError:  # Keras is missing
        raise
    except Exception as error:
        # Numpy, zipfile and Keras raise errors of many kinds for files of other content.
        msg = f"{path} does not contain the networks of its card ({error!r}); train it again"
        raise ModelError(msg) from error
    return Model(name=name, inputs=inputs, card=card, networks=networks, familiarity=familiarity)


def _check_names(networks, inputs):
    """Raise a ValueError unless the networks are those for the inputs."""
    needed, known = (
        ("alone", {"alone", "together"}) if inputs == "descriptors" else ("image", {"image"})
    )
    if not {needed} <= {*networks} <= known:
        msg = f"for inputs={inputs!r} there are networks {sorted(networks)}"
        raise ValueError(msg)


def _check_inputs(networks):
    """Raise a ValueError unless each network takes as many numbers as it is given."""
    for name, network in networks.items():
        size = network.kernels[0].shape[1]
        if size != INPUT_SIZES.get(name, size):
            msg = f"network {name!r} takes {size} numbers, not {INPUT_SIZES[name]}"
            raise ValueError(msg)


def _verified(path, digest):
    """Content of a file, if its SHA-256 is the one on the card."""
    problem = f"there is no file {path}"
    if path.is_file():
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() == digest:
            return content
        problem = f"{path} is not the file that its card describes (the SHA-256 differs)"
    msg = f"{problem}; reinstall the package, or copy the training run again"
    raise ModelError(msg)
