"""Search for the units and dropout of a network on images by Hyperband, as published."""

import tempfile

from mangapa._utils.imports import import_extra
from mangapa.usability._architectures import (
    BATCH_IMAGES,
    IMAGE_SETTINGS,
    build_image,
    compile_image,
    keras_images,
)

#: Ranges of the search (Duckworth et al. 2020, section 2.4).
UNITS = {"fcn": (16, 128), "cnn": (32, 128)}
FILTERS, MOST_DROPOUT = (16, 64), 0.6


def search_settings(kind, training, validation, *, epochs, seed):
    """
    Find the settings of `build_image` with the best accuracy on the validation set.

    Both sets are images, shape (n, 32, 32), and whether they are usable, shape (n,). The best
    candidates are trained for ``epochs``.
    """
    keras_tuner = import_extra("keras_tuner", "train", "the search for an architecture")
    published = IMAGE_SETTINGS[kind]

    def several(choose, name, *limits, step):
        return tuple(choose(f"{name}_{i}", *limits, step=step) for i in range(len(published[name])))

    def settings(choice):
        found = {
            "units": several(choice.Int, "units", *UNITS[kind], step=16),
            "dropout": several(choice.Float, "dropout", 0, MOST_DROPOUT, step=0.1),
        }
        if "filters" in published:
            found["filters"] = several(choice.Int, "filters", *FILTERS, step=16)
        return found

    def build(choice):
        model = build_image(kind, **settings(choice))
        compile_image(model)
        return model

    with tempfile.TemporaryDirectory() as folder:
        tuner = keras_tuner.Hyperband(
            build, objective="val_accuracy", max_epochs=epochs, seed=seed, directory=folder
        )
        tuner.search(
            *keras_images(*training),
            validation_data=keras_images(*validation),
            batch_size=BATCH_IMAGES,
            verbose=0,
        )
        return settings(tuner.get_best_hyperparameters()[0])
