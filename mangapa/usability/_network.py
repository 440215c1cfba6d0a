"""Dense networks in numpy, exported from Keras, since TensorFlow takes seconds to import."""

from dataclasses import dataclass, field

import numpy as np


def sigmoid(z):
    """Logistic function, for any z without overflow."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, small) / (1 + small)


def calibrate(probability, slope, offset):
    """Probabilities with their logit multiplied by ``slope`` and shifted by ``offset``."""
    return sigmoid(slope * np.log(probability / (1 - probability)) + offset)


def _softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


#: Activations by their names in Keras.
ACTIVATIONS = {
    "linear": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "silu": lambda z: z * sigmoid(z),
    "sigmoid": sigmoid,
    "softmax": _softmax,
}
#: Order of the numbers in a file.
CALIBRATION = ("slope", "offset", "limit")
#: Probabilities are kept this far from 0 and 1, so that their logit is finite. Scores are published
#: with three digits: nothing visible is lost.
SURE = 1e-4


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """
    An ensemble of dense networks of the same shape that gives one calibrated probability.

    A final sigmoid gives the probability that a field is usable, a final softmax those of the
    experts' classes 0, 1 and 2.
    """

    kernels: list  # of each layer, (members, inputs, outputs)
    biases: list  # of each layer, (members, 1, outputs)
    activations: list  # a key of `ACTIVATIONS` for each layer
    #: The inputs are standardised by these, shape (inputs,).
    centre: np.ndarray = field(default_factory=lambda: np.zeros(1, np.float32))
    spread: np.ndarray = field(default_factory=lambda: np.ones(1, np.float32))
    #: Standardised inputs are clipped here: values beyond the training data must not dominate.
    limit: float = np.inf
    #: Calibration of the logit of the members' mean probability.
    slope: float = 1.0
    offset: float = 0.0

    @property
    def layers(self):
        """Kernel, bias and activation of each layer."""
        return list(zip(self.kernels, self.biases, self.activations, strict=True))

    def __call__(self, inputs):
        """Probability that a field is usable, shape (n,), of inputs or images, shape (n, ...)."""
        inputs = np.asarray(inputs, np.float32).reshape(len(inputs), -1)
        scaled = (inputs - self.centre) / self.spread
        clipped = np.clip(scaled, -self.limit, self.limit).astype(np.float32)
        # One by one: in a batch, the last digits depend on how many fields there are.
        usable = np.array([self._mean(one[None]) for one in clipped], float)
        return calibrate(np.clip(usable, SURE, 1 - SURE), self.slope, self.offset)

    def _mean(self, z):
        """Mean probability of the members for one input, shape (1, inputs)."""
        for kernel, bias, activation in self.layers:
            z = ACTIVATIONS[activation](z @ kernel + bias)
        usable = 1 - z[..., 0] if self.activations[-1] == "softmax" else z[..., 0]
        return usable.mean(dtype=float)


def save_networks(path, networks, others=None):
    """Write a `dict` of `Network`, and a `dict` of other arrays, to one ``.npz`` file."""
    arrays = dict(others or {})
    for name, network in networks.items():
        arrays[f"{name}.centre"], arrays[f"{name}.spread"] = network.centre, network.spread
        arrays[f"{name}.calibration"] = [getattr(network, key) for key in CALIBRATION]
        arrays[f"{name}.activations"] = network.activations
        for i, (kernel, bias, _) in enumerate(network.layers):
            arrays[f"{name}.kernel_{i}"], arrays[f"{name}.bias_{i}"] = kernel, bias
    np.savez(path, **arrays)


def load_networks(file):
    """
    Read what `save_networks` wrote; pickled objects, which can contain programs, are refused.

    A file with other content raises a ValueError, or what numpy and zipfile raise.
    """
    with np.load(file, allow_pickle=False) as archive:
        arrays = dict(archive)
    networks = {}
    for name in {key.partition(".")[0] for key in arrays if key.endswith(".activations")}:
        activations = arrays[f"{name}.activations"].tolist()
        kernels, biases = (
            [arrays[f"{name}.{kind}_{i}"] for i in range(len(activations))]
            for kind in ("kernel", "bias")
        )
        scaling = {key: arrays[f"{name}.{key}"] for key in ("centre", "spread")}
        scaling |= zip(CALIBRATION, arrays[f"{name}.calibration"].tolist(), strict=True)
        networks[name] = Network(kernels=kernels, biases=biases, activations=activations, **scaling)
        _check(name, networks[name])
    return networks


def _check(name, network):
    """Raise a ValueError if layers do not fit or numbers are not finite."""
    wrong = {*network.activations} - {*ACTIVATIONS}
    if wrong or not network.layers:
        msg = f"network {name!r} has the activations {network.activations}"
        raise ValueError(msg)
    numbers = (network.centre, 1 / network.spread, network.slope, network.offset)
    if not all(np.isfinite(part).all() for part in (*numbers, *network.kernels, *network.biases)):
        msg = f"network {name!r} contains numbers that are not finite"
        raise ValueError(msg)
    # Layers that do not fit each other or the scaling raise a ValueError.
    network(np.zeros((1, network.kernels[0].shape[1])))
