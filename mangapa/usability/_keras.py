"""The same networks in Keras: imported, loaded and converted."""

import os
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from mangapa._utils.imports import import_extra
from mangapa.usability._image import SHAPE
from mangapa.usability._network import SURE, Network


def import_keras():
    """Import Keras with TensorFlow, without TensorFlow's log messages."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    return import_extra("keras", "train", "the TensorFlow backend")


def predict_keras(model, inputs):
    """Probability that a field is usable, shape (n,), of inputs, shape (n, ...)."""
    inputs = np.ascontiguousarray(inputs, np.float32)
    return model.predict(inputs, verbose=0, batch_size=1024)[:, 0].astype(float)


def load_keras_networks(content):
    """Networks by name, from the bytes of a ``.keras`` file whose hash has been checked."""
    keras = import_keras()
    with tempfile.TemporaryDirectory() as folder:
        # Keras reads only files. Writing the checked bytes makes sure that it reads nothing else.
        path = Path(folder) / "model.keras"
        path.write_bytes(content)
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    return {
        given.name: partial(predict_keras, keras.Model(given, probability))
        for given, probability in zip(model.inputs, model.outputs, strict=True)
    }


def member_dense(keras, members, units, **options):
    """Build a dense layer with separate weights for each member of an ensemble."""
    return keras.layers.EinsumDense(
        "bmi,mio->bmo", output_shape=(members, units), bias_axes="mo", **options
    )


def to_network(model, **scaling):
    """Weights of a Keras model of dense layers; ``scaling`` is passed to `Network`."""
    kernels, biases, activations = [], [], []
    for layer in model.layers:
        if layer.get_weights():
            kernel, bias = layer.get_weights()
            kernels.append(kernel if kernel.ndim == 3 else kernel[None])
            biases.append(bias[:, None] if bias.ndim == 2 else bias[None, None])
            activations.append(layer.activation.__name__)
    return Network(kernels=kernels, biases=biases, activations=activations, **scaling)


def to_keras(networks):
    """One Keras model of a `dict` of `Network`: for each, an input of its name and an output."""
    keras = import_keras()
    layers, ops = keras.layers, keras.ops
    inputs, outputs, weights = [], [], []
    for name, network in networks.items():
        members, n_inputs, _ = network.kernels[0].shape
        is_image = name == "image"
        given = keras.Input((*SHAPE, 1) if is_image else (n_inputs,), name=name)
        z = layers.Flatten()(given) if is_image else given
        if np.isfinite(network.limit):
            z = layers.Rescaling(1 / network.spread, -network.centre / network.spread)(z)
            z = ops.clip(z, -network.limit, network.limit)
        z = layers.RepeatVector(members)(z)
        for kernel, bias, activation in network.layers:
            dense = member_dense(keras, members, kernel.shape[2], activation=activation)
            z = dense(z)
            weights.append((dense, [kernel, bias[:, 0]]))
        usable = 1 - z[..., 0] if network.activations[-1] == "softmax" else z[..., 0]
        mean = ops.clip(ops.mean(usable, axis=1, keepdims=True), SURE, 1 - SURE)
        logit = network.slope * ops.log(mean / (1 - mean)) + network.offset
        inputs.append(given)
        outputs.append(ops.sigmoid(logit))
    model = keras.Model(inputs, outputs)
    for dense, values in weights:
        dense.set_weights(values)
    return model
