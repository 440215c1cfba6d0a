"""Look for the best units and dropout of a network, as was published: Hyperband."""

import tempfile

import numpy as np

from mangapa.usability._architectures import BATCH_IMAGES, IMAGE_SETTINGS, RATE, build_image
from mangapa.usability.model import import_keras

__all__ = ["search"]

#: What is tried (Duckworth et al. 2020, section 2.4).
UNITS = {"fcn": (16, 128), "cnn": (32, 128)}
FILTERS, MOST_DROPOUT = (16, 64), 0.6


def search(kind, training, validation, *, epochs, seed):
    """
    Find the architecture that does best on the validation part.

    Parameters
    ----------
    kind : {"fcn", "cnn"}
        Which network.
    training, validation : `tuple` of `~numpy.ndarray`
        Images, shape (n, 32, 32), and whether they are usable.
    epochs : `int`
        That the best candidates are given.
    seed : `int`
        Of the candidates.

    Returns
    -------
    `dict`
        Arguments of `~mangapa.usability._architectures.build_image`.

    Raises
    ------
    ImportError
        If keras-tuner is not installed.
    """
    keras = import_keras()
    try:
        import keras_tuner
    except ImportError as error:
        msg = "keras-tuner is not installed: pip install 'mangapa[train]'"
        raise ImportError(msg) from error
    published = IMAGE_SETTINGS[kind]

    def several(choose, name, *args, **options):
        return tuple(choose(f"{name}_{i}", *args, **options) for i in range(len(published[name])))

    def architecture(choice):
        found = {
            "units": several(choice.Int, "units", *UNITS[kind], step=16),
            "dropout": several(choice.Float, "dropout", 0, MOST_DROPOUT, step=0.1),
        }
        if "filters" in published:
            found["filters"] = several(choice.Int, "filters", *FILTERS, step=16)
        return found

    def build(choice):
        model = build_image(kind, **architecture(choice))
        model.compile(keras.optimizers.Adam(RATE), "binary_crossentropy", metrics=["accuracy"])
        return model

    def as_keras(images, usable):
        return images[..., None], usable.astype(np.float32)

    with tempfile.TemporaryDirectory() as folder:
        tuner = keras_tuner.Hyperband(
            build, objective="val_accuracy", max_epochs=epochs, seed=seed, directory=folder
        )
        tuner.search(
            *as_keras(*training),
            validation_data=as_keras(*validation),
            batch_size=BATCH_IMAGES,
            verbose=0,
        )
        return architecture(tuner.get_best_hyperparameters()[0])
