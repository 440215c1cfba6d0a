"""Networks in numpy and in Keras are converted into each other."""

import sys

import numpy as np
import pytest

from mangapa.usability._keras import import_keras, load_keras_networks, to_keras, to_network
from mangapa.usability._network import Network


@pytest.mark.needs_tensorflow
def test_networks_in_keras_give_the_same_probabilities(networks, tmp_path):
    made, _ = networks
    to_keras(made).save(tmp_path / "networks.keras")
    loaded = load_keras_networks((tmp_path / "networks.keras").read_bytes())
    assert loaded.keys() == made.keys()
    rng = np.random.default_rng(1)
    for name, network in made.items():
        inputs = 5 * rng.normal(size=(20, network.centre.size))
        np.testing.assert_allclose(loaded[name](inputs), network(inputs), atol=1e-6)


@pytest.mark.needs_tensorflow
def test_dense_layers_are_exported_to_numpy():
    keras = import_keras()
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [layers.Input((6,)), layers.Dense(4, "relu"), layers.Dense(1, "sigmoid")]
    )
    network = to_network(model)
    assert isinstance(network, Network)
    assert network.activations == ["relu", "sigmoid"]
    inputs = np.random.default_rng(0).normal(size=(9, 6)).astype("f4")
    np.testing.assert_allclose(network(inputs), model.predict(inputs, verbose=0)[:, 0], atol=1e-6)


def test_without_keras_the_message_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(ImportError, match=r"needs keras, .*: pip install 'mangapa\[train\]'"):
        import_keras()
