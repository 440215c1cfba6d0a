"""
Dense networks in numpy: what a trained one needs to answer, and nothing else.

TensorFlow takes seconds to import; a chain of matrix products does not need it. A network is
exported from Keras when it is trained, and a test holds the two to the same answers.
"""

from dataclasses import dataclass, field

import numpy as np

__all__ = ["ACTIVATIONS", "Network", "load_networks", "save_networks"]


def _sigmoid(z):
    # In two halves, so that nothing overflows.
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, small) / (1 + small)


def _softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


#: By the names that Keras has for them.
ACTIVATIONS = {
    "linear": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "silu": lambda z: z * _sigmoid(z),
    "sigmoid": _sigmoid,
    "softmax": _softmax,
}
#: Probabilities are kept this far from 0 and 1 where their logarithm is taken; that of a field
#: whose score is rounded to three digits.
SURE = 1e-4


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """
    An ensemble of dense networks of the same shape, which answers with one probability.

    Attributes
    ----------
    kernels, biases : `list` of `~numpy.ndarray`
        Of each layer, shapes (members, inputs, outputs) and (members, 1, outputs).
    activations : `list` of `str`
        Of each layer, of `ACTIVATIONS`. The last one tells what comes out: the probability that a
        field can be used (sigmoid), or those of the experts' classes 0, 1 and 2 (softmax).
    centre, spread : `~numpy.ndarray`
        Subtracted from the inputs, and what they are divided by then; shape (inputs,).
    limit : `float`
        The inputs are cut there, in units of their spread: what is further off than anything in
        the training shall not count for more.
    slope, offset : `float`
        Calibration of the logit of the mean probability of the members.
    """

    kernels: list
    biases: list
    activations: list
    centre: np.ndarray = field(default_factory=lambda: np.zeros(1, np.float32))
    spread: np.ndarray = field(default_factory=lambda: np.ones(1, np.float32))
    limit: float = np.inf
    slope: float = 1.0
    offset: float = 0.0

    def __call__(self, inputs):
        """
        Probability that a field can be used.

        Parameters
        ----------
        inputs : `~numpy.ndarray`
            Shape (n, inputs), or images, shape (n, rows, columns, 1).

        Returns
        -------
        `~numpy.ndarray`
            0-1, shape (n,).
        """
        inputs = np.asarray(inputs, np.float32).reshape(len(inputs), -1)
        scaled = (inputs - self.centre) / self.spread
        z = np.clip(scaled, -self.limit, self.limit).astype(np.float32)[None]
        for kernel, bias, activation in zip(
            self.kernels, self.biases, self.activations, strict=True
        ):
            z = ACTIVATIONS[activation](z @ kernel + bias)
        usable = 1 - z[..., 0] if self.activations[-1] == "softmax" else z[..., 0]
        mean = np.clip(usable.mean(axis=0, dtype=float), SURE, 1 - SURE)
        return _sigmoid(self.slope * np.log(mean / (1 - mean)) + self.offset)


def save_networks(path, networks):
    """
    Write networks to one file.

    Parameters
    ----------
    path : path-like
        Ends in ``.npz``.
    networks : `dict` of `Network`
        By name.
    """
    arrays = {}
    for name, network in networks.items():
        arrays[f"{name}.centre"], arrays[f"{name}.spread"] = network.centre, network.spread
        arrays[f"{name}.calibration"] = np.array([network.slope, network.offset, network.limit])
        arrays[f"{name}.activations"] = np.array(network.activations)
        for i, (kernel, bias) in enumerate(zip(network.kernels, network.biases, strict=True)):
            arrays[f"{name}.kernel_{i}"], arrays[f"{name}.bias_{i}"] = kernel, bias
    np.savez(path, **arrays)


def load_networks(file):
    """
    Read what `save_networks` has written.

    Parameters
    ----------
    file : path-like or file object
        Plain arrays; pickled objects, which can hold programs, are refused.

    Returns
    -------
    `dict` of `Network`
    """
    with np.load(file, allow_pickle=False) as archive:
        arrays = dict(archive)
    networks = {}
    for name in {key.partition(".")[0] for key in arrays}:
        activations = arrays[f"{name}.activations"].tolist()
        slope, offset, limit = arrays[f"{name}.calibration"].tolist()
        networks[name] = Network(
            kernels=[arrays[f"{name}.kernel_{i}"] for i in range(len(activations))],
            biases=[arrays[f"{name}.bias_{i}"] for i in range(len(activations))],
            activations=activations,
            centre=arrays[f"{name}.centre"],
            spread=arrays[f"{name}.spread"],
            limit=limit,
            slope=slope,
            offset=offset,
        )
    return networks
