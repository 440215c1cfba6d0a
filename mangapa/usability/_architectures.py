"""The networks in Keras: built, trained, and turned into those that answer."""

import numpy as np

from mangapa.usability._image import SHAPE
from mangapa.usability._network import SURE, Network
from mangapa.usability.model import import_keras

__all__ = ["IMAGE_SETTINGS", "build_image", "fit_ensemble", "fit_image", "to_keras", "to_network"]

#: Of the published networks (Duckworth et al. 2020, section 2.4): units of the dense layers, and
#: the dropout after each; for the convolutional one, filters and units.
IMAGE_SETTINGS = {
    "fcn": {"units": (64, 128, 80), "dropout": (0.0, 0.6, 0.6)},
    "cnn": {"filters": (32, 64), "units": (128,), "dropout": (0.25, 0.5)},
}
#: Adam's rate, its lowest, by which factor it falls and after how many epochs without gain.
RATE, LOWEST_RATE, FACTOR, PATIENCE = 1e-3, 1e-5, 0.2, 3
#: Training stops after so many epochs without gain.
STOP_PATIENCE = 10
BATCH_IMAGES = 64
#: Turns of the images for training, besides quarter turns and mirror images, degrees.
TURNS = (18, 36, 54, 72)

#: The ensemble: what cross-validation on the features of the public fields chose. More epochs, more
#: units or less noise on the inputs fit the experts' slips.
MEMBERS, UNITS, EPOCHS, BATCH = 6, (64, 32), 20, 128
ENSEMBLE_RATE, WARM_UP, WEIGHT_DECAY = 3e-3, 0.05, 0.01
NOISE, INPUT_DROPOUT, DROPOUT, SMOOTHING = 0.2, 0.2, 0.2, 0.03
#: Inputs are cut at so many standard deviations.
LIMIT = 4.0
N_CLASSES = 3


def fit_ensemble(inputs, classes, *, seed, validation=None, epochs=EPOCHS, members=MEMBERS):
    """
    Train an ensemble of dense networks on features, to tell the experts' three classes.

    Parameters
    ----------
    inputs : `~numpy.ndarray`
        Features, shape (n, inputs).
    classes : `~numpy.ndarray` of `int`
        0, 1 or 2, shape (n,).
    seed : `int`
        Of the initial weights, the noise and the order.
    validation : `tuple`, optional
        Inputs and classes on which the history is followed; they do not influence the training.
    epochs, members : `int`, optional
        How long, and how many networks.

    Returns
    -------
    network : `~mangapa.usability._network.Network`
        Without calibration.
    history : `dict` of `list`
        Loss and accuracy after each epoch.
    """
    keras = import_keras()
    keras.utils.set_random_seed(seed)
    centre, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-9
    layers = keras.layers

    def prepared(inputs, classes):
        scaled = np.clip((inputs - centre) / spread, -LIMIT, LIMIT).astype(np.float32)
        return scaled, np.repeat(np.eye(N_CLASSES, dtype=np.float32)[classes][:, None], members, 1)

    # All members at once, each with its own weights, noise and dropout.
    chain = [
        layers.Input((inputs.shape[1],)),
        layers.RepeatVector(members),
        layers.GaussianNoise(NOISE),
        layers.Dropout(INPUT_DROPOUT),
    ]
    for units in UNITS:
        chain += [_member_dense(layers, members, units, "silu"), layers.Dropout(DROPOUT)]
    chain.append(_member_dense(layers, members, N_CLASSES, "softmax"))
    model = keras.Sequential(chain)
    steps = epochs * -(-len(inputs) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps, warmup_target=ENSEMBLE_RATE, warmup_steps=max(1, int(WARM_UP * steps))
    )
    optimiser = keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY)
    optimiser.exclude_from_weight_decay(var_names=["bias"])
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=SMOOTHING)
    model.compile(optimiser, loss, metrics=[_usable_accuracy(keras)])
    given, wanted = prepared(inputs, classes)
    history = model.fit(
        given,
        wanted,
        batch_size=BATCH,
        epochs=epochs,
        verbose=0,
        validation_data=None if validation is None else prepared(*validation),
        validation_batch_size=1024,
    )
    network = to_network(model, centre=centre, spread=spread, limit=LIMIT)
    return network, {name: list(map(float, values)) for name, values in history.history.items()}


def _member_dense(layers, members, units, activation):
    """A dense layer with other weights for each member of an ensemble."""
    return layers.EinsumDense(
        "bmi,mio->bmo",
        output_shape=(members, units),
        bias_axes="mo",
        activation=activation,
        kernel_initializer=_member_initializer(),
    )


def _member_initializer():
    """He's initial weights, for each member as if it were alone."""
    keras = import_keras()

    def initial(shape, dtype=None):
        n_inputs = shape[1]
        scale = np.sqrt((1.0 if shape[2] == N_CLASSES else 2.0) / n_inputs)
        return scale * keras.random.normal(shape, dtype=dtype)

    return initial


def _usable_accuracy(keras):
    """The share of fields whose most likely side, usable or not, is the expert's."""

    def accuracy(wanted, given):
        usable = keras.ops.cast(wanted[..., 0] < 0.5, "float32")
        return keras.ops.cast((given[..., 0] < 0.5) == (usable > 0.5), "float32")

    return accuracy


def build_image(kind, *, units, dropout, filters=()):
    """
    A network that looks at a standardised image, not yet trained.

    Parameters
    ----------
    kind : {"fcn", "cnn"}
        Dense alone, or convolutions before.
    units, dropout, filters : `tuple`
        As in `IMAGE_SETTINGS`.

    Returns
    -------
    ``keras.Model``
    """
    keras = import_keras()
    layers = keras.layers
    z = image = keras.Input((*SHAPE, 1), name="image")
    if kind == "cnn":
        for n_filters in filters:
            z = layers.Conv2D(n_filters, 3, activation="relu")(z)
        z = layers.MaxPooling2D()(z)
        z = layers.Dropout(dropout[0])(z)
        dropout = dropout[1:]
    z = layers.Flatten()(z)
    for n_units, share in zip(units, dropout, strict=True):
        z = layers.Dense(n_units, activation="relu")(z)
        if share:
            z = layers.Dropout(share)(z)
    return keras.Model(image, layers.Dense(1, activation="sigmoid")(z))


def fit_image(model, images, usable, validation, *, seed, epochs, class_weights=False):
    """
    Train a network on images, as published: Adam, its rate reduced on a plateau, turns and flips.

    Parameters
    ----------
    model : ``keras.Model``
        As `build_image` gives it.
    images : `~numpy.ndarray`
        Shape (n, 32, 32).
    usable : `~numpy.ndarray` of `bool`
        Shape (n,).
    validation : `tuple`
        Images and flags that decide on the rate and on the end.
    seed : `int`
        Of the initial weights and the turns.
    epochs : `int`
        At most.
    class_weights : `bool`, optional
        Weigh both classes alike, as was published: it costs two per cent of accuracy, and the
        calibration.

    Returns
    -------
    history : `dict` of `list`
        Loss and accuracy after each epoch.
    """
    keras = import_keras()
    model.compile(keras.optimizers.Adam(RATE), "binary_crossentropy", metrics=["accuracy"])
    share = usable.mean()
    callbacks = [
        keras.callbacks.ReduceLROnPlateau(factor=FACTOR, patience=PATIENCE, min_lr=LOWEST_RATE),
        keras.callbacks.EarlyStopping(patience=STOP_PATIENCE, restore_best_weights=True),
    ]
    history = model.fit(
        _turned_batches(keras, images, usable, seed),
        epochs=epochs,
        validation_data=(validation[0][..., None], validation[1].astype(np.float32)),
        callbacks=callbacks,
        class_weight={0: 0.5 / (1 - share), 1: 0.5 / share} if class_weights else None,
        verbose=0,
    )
    return {name: list(map(float, values)) for name, values in history.history.items()}


def _turned_batches(keras, images, usable, seed):
    """Batches of images, each turned and mirrored at random, its velocities reversed or not."""
    from scipy.ndimage import rotate

    turned = [images] + [
        np.clip(rotate(images, angle, axes=(1, 2), reshape=False, order=1), -1, 1)
        for angle in TURNS
    ]
    pool, usable = np.stack(turned), usable.astype(np.float32)
    rng = np.random.default_rng(seed)

    class Batches(keras.utils.PyDataset):
        def __init__(self):
            super().__init__()
            self.on_epoch_end()

        def __len__(self):
            return -(-len(usable) // BATCH_IMAGES)

        def on_epoch_end(self):
            self.order = rng.permutation(len(usable))

        def __getitem__(self, number):
            chosen = self.order[number * BATCH_IMAGES : (number + 1) * BATCH_IMAGES]
            batch = pool[rng.integers(len(pool), size=chosen.size), chosen]
            quarter = rng.integers(4, size=chosen.size)
            batch = np.stack([np.rot90(one, k) for one, k in zip(batch, quarter, strict=True)])
            mirrored = rng.random(chosen.size) < 0.5
            batch[mirrored] = batch[mirrored, :, ::-1]
            batch[rng.random(chosen.size) < 0.5] *= -1
            return batch[..., None], usable[chosen]

    return Batches()


def to_network(model, **scaling):
    """
    The weights of a Keras model of dense layers alone.

    Parameters
    ----------
    model : ``keras.Model``
        Of dense layers, for one network or for an ensemble.
    **scaling
        Of the inputs, as `~mangapa.usability._network.Network` takes it.

    Returns
    -------
    `~mangapa.usability._network.Network`
    """
    kernels, biases, activations = [], [], []
    for layer in model.layers:
        if layer.get_weights():
            kernel, bias = layer.get_weights()
            kernels.append(kernel if kernel.ndim == 3 else kernel[None])
            biases.append(bias[:, None] if bias.ndim == 2 else bias[None, None])
            activations.append(layer.activation.__name__)
    scaling = {
        name: value.astype(np.float32) if isinstance(value, np.ndarray) else value
        for name, value in scaling.items()
    }
    return Network(kernels=kernels, biases=biases, activations=activations, **scaling)


def to_keras(networks):
    """
    Networks as one Keras model, with an input and an output for each.

    Parameters
    ----------
    networks : `dict` of `~mangapa.usability._network.Network`
        By name, which will be that of the input.

    Returns
    -------
    ``keras.Model``
    """
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
        for kernel, bias, activation in zip(
            network.kernels, network.biases, network.activations, strict=True
        ):
            dense = layers.EinsumDense(
                "bmi,mio->bmo",
                output_shape=(members, kernel.shape[2]),
                bias_axes="mo",
                activation=activation,
            )
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
