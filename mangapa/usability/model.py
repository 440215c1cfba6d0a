"""A trained model on disk: its card, its files, and the hashes without which nothing is loaded."""

import hashlib
import io
import json
import os
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from mangapa.exceptions import ModelError
from mangapa.usability._descriptors import DESCRIPTORS, PAIR_DESCRIPTORS
from mangapa.usability._network import load_networks

__all__ = ["BACKENDS", "SHIPPED", "Model", "Probability", "import_keras", "load_model", "sha256"]

#: Where the models lie that come with the package.
SHIPPED = Path(__file__).parent / "models"
BACKENDS = ("numpy", "tensorflow")
SUFFIX = {"numpy": ".npz", "tensorflow": ".keras"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """
    A model that was loaded.

    Attributes
    ----------
    name : `str`
        As its card says.
    inputs : {"features", "image"}
        What it looks at.
    card : `dict`
        Data, split, numbers, limits, versions and hashes.
    networks : `dict`
        From "alone" and "together", or "image", to what gives a probability for an array.
    """

    name: str
    inputs: str
    card: dict
    networks: dict


def load_model(model="default", *, backend="numpy"):
    """
    Load a model, if its files are those that its card names.

    Parameters
    ----------
    model : `str` or path-like, optional
        The name of a model that comes with the package, or the path of a card (``.json``) or of the
        folder of a training run that holds one.
    backend : {"numpy", "tensorflow"}, optional
        What it runs on: numpy at once, or TensorFlow, which takes seconds to import. A
        convolutional network runs on TensorFlow alone.

    Returns
    -------
    `Model`

    Raises
    ------
    ValueError
        If there is no such model or backend.
    mangapa.exceptions.ModelError
        If a file is missing, was changed, or was trained for other features.
    """
    if backend not in BACKENDS:
        msg = f"backend={backend!r} is not known; choose one of {', '.join(map(repr, BACKENDS))}"
        raise ValueError(msg)
    path = _card_path(model)
    return _load(path, path.stat().st_mtime_ns, backend)


@lru_cache(maxsize=8)
def _load(path, _date, backend):
    try:
        card = json.loads(path.read_text())
        name, inputs, files = card["name"], card["inputs"], card["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{path} is no card of a model ({error!r}); name the folder of a training run"
        raise ModelError(msg) from error
    if inputs == "descriptors" and card["descriptors"] != [
        list(DESCRIPTORS),
        list(PAIR_DESCRIPTORS),
    ]:
        msg = f"{path} was trained for other features than this version has; train it again"
        raise ModelError(msg)
    wanted = [file for file in files if Path(file).suffix == SUFFIX[backend]]
    if not wanted:
        msg = (
            f"{path} has no network for backend={backend!r}; a convolutional one needs "
            "backend='tensorflow'"
        )
        raise ModelError(msg)
    content = _verified(path.with_name(Path(wanted[0]).name), files[wanted[0]])
    networks = _numpy(content) if backend == "numpy" else _tensorflow(content)
    return Model(name=name, inputs=inputs, card=card, networks=networks)


def sha256(content):
    """
    The hash by which a model is known.

    Parameters
    ----------
    content : `bytes`
        Of a file.

    Returns
    -------
    `str`
        Hexadecimal digits.
    """
    return hashlib.sha256(content).hexdigest()


def _card_path(model):
    shipped = {card.stem: card for card in SHIPPED.glob("*.json")}
    if model in shipped:
        return shipped[model]
    path = Path(model)
    if path.is_dir():
        cards = [card for card in path.glob("*.json") if '"sha256"' in card.read_text()]
        if len(cards) != 1:
            msg = f"model={str(path)!r} must hold one card of a model, not {len(cards)}"
            raise ValueError(msg)
        return cards[0]
    if not path.suffix and not path.exists():
        msg = f"model={model!r} is not known; choose one of {sorted(shipped)}, or give a path"
        raise ValueError(msg)
    if path.suffix in SUFFIX.values():
        path = path.with_suffix(".json")
    if path.suffix != ".json":
        msg = (
            f"model={str(model)!r} is neither a card (.json) nor one of its files (.npz, .keras); "
            "other formats can hold programs and are never loaded"
        )
        raise ValueError(msg)
    if not path.is_file():
        msg = f"there is no card {path}; a model is loaded only with the card that has its hash"
        raise ModelError(msg)
    return path


def _verified(path, expected):
    """The content of a file, if it is the one that the card was written for."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        msg = f"there is no file {path}; install the package, or copy the training run, again"
        raise ModelError(msg) from None
    if sha256(content) != expected:
        msg = (
            f"{path} is not the file that its card was written for (SHA-256 differs) and is not "
            "loaded; install the package, or copy the training run, again"
        )
        raise ModelError(msg)
    return content


def _numpy(content):
    return load_networks(io.BytesIO(content))


def _tensorflow(content):
    """The same networks in Keras, as functions of arrays."""
    keras = import_keras()
    with tempfile.TemporaryDirectory() as folder:
        # Keras reads from files only; what it reads are the bytes that were verified.
        path = Path(folder) / "model.keras"
        path.write_bytes(content)
        whole = keras.saving.load_model(path, compile=False, safe_mode=True)

    return {
        given.name: Probability(keras.Model(given, answer))
        for given, answer in zip(whole.inputs, whole.outputs, strict=True)
    }


class Probability:
    """A Keras model as a function from an array to one probability a row."""

    def __init__(self, keras_model):
        self._model = keras_model

    def __call__(self, inputs):
        """Probability that a field can be used, shape (n,), of inputs, shape (n, ...)."""
        inputs = np.ascontiguousarray(inputs, np.float32)
        return self._model.predict(inputs, verbose=0, batch_size=1024)[:, 0].astype(float)


def import_keras():
    """
    Keras on TensorFlow, without TensorFlow's chatter.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If it is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import keras
    except ImportError as error:
        msg = "TensorFlow is not installed: pip install 'mangapa[train]'"
        raise ImportError(msg) from error
    return keras
