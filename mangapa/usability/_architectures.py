"""Build and train networks in Keras, and search for their settings."""

import tempfile

import numpy as np

from mangapa._utils.imports import import_extra
from mangapa.usability._image import SHAPE
from mangapa.usability._keras import import_keras, member_dense, to_network

#: Published networks (Duckworth et al. 2020, section 2.4): units of the dense layers, filters of
#: the convolutions, and the dropout after the convolutions and after each dense layer.
IMAGE_SETTINGS = {
    "fcn": {"units": (64, 128, 80), "dropout": (0.0, 0.6, 0.6)},
    "cnn": {"filters": (32, 64), "units": (128,), "dropout": (0.25, 0.5)},
}
#: Learning rate of Adam, its minimum, and the factor by which it falls on a plateau.
RATE, LOWEST_RATE, FACTOR = 1e-3, 1e-5, 0.2
#: Epochs without improvement that make a plateau, and that end the training.
PATIENCE, STOP_PATIENCE = 3, 10
BATCH_IMAGES = 64
#: Rotations of the training images, besides quarter turns and mirror images, degrees.
TURNS = (18, 36, 54, 72)
#: Ranges of the search for units, filters and dropout (Duckworth et al. 2020, section 2.4).
SEARCHED_UNITS = {"fcn": (16, 128), "cnn": (32, 128)}
SEARCHED_FILTERS, MOST_DROPOUT = (16, 64), 0.6

#: The ensemble: chosen by cross-validation on the descriptors of the public fields. More epochs,
#: more units or less noise on the inputs fit the experts' mistakes.
MEMBERS, UNITS, EPOCHS, BATCH = 6, (64, 32), 20, 128
ENSEMBLE_RATE, WARM_UP, WEIGHT_DECAY = 3e-3, 0.05, 0.01
NOISE, INPUT_DROPOUT, DROPOUT, SMOOTHING = 0.2, 0.2, 0.2, 0.03
#: Standardised inputs are clipped at this many standard deviations.
LIMIT = 4.0
N_CLASSES = 3


def fit_ensemble(inputs, classes, *, seed, epochs, scaled_by=None, validation=None):
    """
    Train an ensemble of dense networks to predict the experts' three classes.

    ``inputs`` are descriptors, shape (n, inputs), standardised by the mean and the spread of
    ``scaled_by``, themselves by default; ``validation``, inputs and classes, is only for the
    history. Returns a `Network` without calibration, and the loss and accuracy by epoch.
    """
    keras = import_keras()
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    scaled_by = inputs if scaled_by is None else scaled_by
    centre, spread = scaled_by.mean(axis=0), scaled_by.std(axis=0) + 1e-9

    def prepared(inputs, classes):
        scaled = np.clip((inputs - centre) / spread, -LIMIT, LIMIT).astype(np.float32)
        return scaled, np.repeat(np.eye(N_CLASSES, dtype=np.float32)[classes][:, None], MEMBERS, 1)

    def dense(units, activation, gain):
        def he_normal(shape, dtype=None):
            # Keras' own initialiser counts the members among the inputs.
            return np.sqrt(gain / shape[1]) * keras.random.normal(shape, dtype=dtype)

        options = {"activation": activation, "kernel_initializer": he_normal}
        return member_dense(keras, MEMBERS, units, **options)

    # All members are trained at once, each with its own weights, noise and dropout.
    chain = [layers.Input((inputs.shape[1],)), layers.RepeatVector(MEMBERS)]
    chain += [layers.GaussianNoise(NOISE), layers.Dropout(INPUT_DROPOUT)]
    for units in UNITS:
        chain += [dense(units, "silu", 2.0), layers.Dropout(DROPOUT)]
    model = keras.Sequential([*chain, dense(N_CLASSES, "softmax", 1.0)])
    steps = epochs * -(-len(inputs) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps, warmup_target=ENSEMBLE_RATE, warmup_steps=max(1, int(WARM_UP * steps))
    )
    optimiser = keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY)
    optimiser.exclude_from_weight_decay(var_names=["bias"])
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=SMOOTHING)

    def accuracy(expected, given):
        """Fields that the network puts on the expert's side, usable or not."""
        return keras.ops.cast((given[..., 0] < 0.5) == (expected[..., 0] < 0.5), "float32")

    model.compile(optimiser, loss, metrics=[accuracy])
    options = {"batch_size": BATCH, "epochs": epochs, "verbose": 0}
    if validation is not None:
        options |= {"validation_data": prepared(*validation), "validation_batch_size": 1024}
    history = model.fit(*prepared(inputs, classes), **options).history
    centre, spread = centre.astype(np.float32), spread.astype(np.float32)
    return to_network(model, centre=centre, spread=spread, limit=LIMIT), history


def build_image(kind, *, units, dropout, filters=()):
    """Build a network on images; ``kind`` and the settings are as in IMAGE_SETTINGS."""
    keras = import_keras()
    layers = keras.layers
    z = image = keras.Input((*SHAPE, 1), name="image")
    for n_filters in filters:
        z = layers.Conv2D(n_filters, 3, activation="relu")(z)
    if kind == "cnn":
        z = layers.Dropout(dropout[0])(layers.MaxPooling2D()(z))
    z = layers.Flatten()(z)
    for n_units, share in zip(units, dropout[-len(units) :], strict=True):
        z = layers.Dense(n_units, activation="relu")(z)
        z = layers.Dropout(share)(z) if share else z
    model = keras.Model(image, layers.Dense(1, activation="sigmoid")(z))
    model.compile(keras.optimizers.Adam(RATE), "binary_crossentropy", metrics=["accuracy"])
    return model


def keras_images(images, usable):
    """Images and flags in the shapes and types that Keras expects."""
    return images[..., None], usable.astype(np.float32)


def fit_image(model, images, usable, validation, *, seed, epochs, class_weights=False):
    """Train on images, (n, 32, 32), as published; those in ``validation`` decide on the end."""
    keras, share = import_keras(), usable.mean()
    slow = keras.callbacks.ReduceLROnPlateau(factor=FACTOR, patience=PATIENCE, min_lr=LOWEST_RATE)
    stop = keras.callbacks.EarlyStopping(patience=STOP_PATIENCE, restore_best_weights=True)
    options = {"epochs": epochs, "callbacks": [slow, stop], "verbose": 0}
    if class_weights:
        # As published; they cost two per cent of accuracy, and the calibration.
        options["class_weight"] = {0: 0.5 / (1 - share), 1: 0.5 / share}
    batches = _turned_batches(keras, images, usable, seed)
    return model.fit(batches, validation_data=keras_images(*validation), **options).history


def _turned_batches(keras, images, usable, seed):
    """Batches of images, each turned, mirrored and with its velocities reversed at random."""
    from scipy.ndimage import rotate

    turned = [rotate(images, angle, axes=(1, 2), reshape=False, order=1) for angle in TURNS]
    pool = np.stack([images, *np.clip(turned, -1, 1)])
    rng = np.random.default_rng(seed)

    class Batches(keras.utils.PyDataset):
        order = rng.permutation(len(usable))

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
            return keras_images(batch, usable[chosen])

    return Batches()


def search_settings(kind, training, validation, *, epochs, seed):
    """Settings of `build_image` with the best validation accuracy, by Hyperband."""
    keras_tuner = import_extra("keras_tuner", "train", "the search for an architecture")
    published = IMAGE_SETTINGS[kind]

    def settings(choice):
        searched = {
            "units": (choice.Int, *SEARCHED_UNITS[kind], 16),
            "dropout": (choice.Float, 0, MOST_DROPOUT, 0.1),
            "filters": (choice.Int, *SEARCHED_FILTERS, 16),
        }
        return {
            name: tuple(choose(f"{name}_{i}", low, high, step) for i in range(len(published[name])))
            for name, (choose, low, high, step) in searched.items()
            if name in published
        }

    def build(choice):
        return build_image(kind, **settings(choice))

    with tempfile.TemporaryDirectory() as folder:
        tuner = keras_tuner.Hyperband(
            build, objective="val_accuracy", max_epochs=epochs, seed=seed, directory=folder
        )
        options = {"validation_data": keras_images(*validation), "batch_size": BATCH_IMAGES}
        tuner.search(*keras_images(*training), **options, verbose=0)
        return settings(tuner.get_best_hyperparameters()[0])
