"""Networks are built, trained and searched in Keras."""

import numpy as np
import pytest

from mangapa.usability import _architectures as architectures
from mangapa.usability._keras import import_keras

pytestmark = pytest.mark.needs_tensorflow


@pytest.fixture(scope="module")
def images():
    """Discs, which are usable, and faint noise, which is not."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[-1:1:32j, -1:1:32j]
    usable = np.arange(64) % 2 == 0
    made = rng.normal(scale=0.05, size=(64, 32, 32))
    made[usable] = np.tanh(3 * x) * (np.hypot(x, y) < 1)
    return made.astype(np.float32), usable


@pytest.mark.parametrize(("kind", "n_parameters"), [("fcn", 84_321), ("cnn", 1_624_705)])
def test_published_architectures(kind, n_parameters):
    model = architectures.build_image(kind, **architectures.IMAGE_SETTINGS[kind])
    assert model.input_shape == (None, 32, 32, 1)
    assert model.output_shape == (None, 1)
    assert model.count_params() == n_parameters


def test_a_network_on_images_learns(images):
    import_keras().utils.set_random_seed(0)
    model = architectures.build_image("fcn", units=(32,), dropout=(0.0,))
    history = architectures.fit_image(model, *images, images, seed=0, epochs=30)
    assert history["val_loss"][-1] < history["val_loss"][0]
    assert history["val_accuracy"][-1] > 0.9


def test_an_ensemble_learns_three_classes():
    rng = np.random.default_rng(1)
    classes = np.arange(300) % 3
    inputs = rng.normal(loc=np.stack([classes, -classes], axis=1) * 100.0, scale=10.0)
    network, history = architectures.fit_ensemble(
        inputs, classes, seed=0, epochs=20, validation=(inputs[:30], classes[:30])
    )
    assert network.kernels[0].shape == (architectures.MEMBERS, 2, architectures.UNITS[0])
    assert np.mean((network(inputs) > 0.5) == (classes > 0)) > 0.95
    assert {len(values) for values in history.values()} == {20}
    assert history["loss"][-1] < history["loss"][0]
    assert history["val_accuracy"][-1] > 0.9


@pytest.mark.slow
def test_the_search_stays_within_its_ranges(images):
    settings = architectures.search_settings("cnn", images, images, epochs=2, seed=0)
    low, high = architectures.SEARCHED_UNITS["cnn"]
    assert len(settings["units"]) == 1
    assert low <= settings["units"][0] <= high
    assert len(settings["filters"]) == len(settings["dropout"]) == 2
    assert all(0 <= share <= architectures.MOST_DROPOUT for share in settings["dropout"])
