"""Nothing is loaded but what a card vouches for."""

import json
import shutil

import numpy as np
import pytest

from mangapa.exceptions import ModelError
from mangapa.usability._descriptors import FEATURES
from mangapa.usability._network import Network, load_networks, save_networks
from mangapa.usability.model import SHIPPED, load_model


@pytest.fixture
def run(tmp_path):
    """A copy of a model, as a user has one."""
    for suffix in (".json", ".npz", ".keras"):
        shutil.copy(SHIPPED / f"fcn{suffix}", tmp_path)
    return tmp_path


def test_what_comes_with_the_package():
    default, published = load_model(), load_model("fcn")
    assert (default.name, default.inputs) == ("default", "features")
    assert sorted(default.networks) == ["alone", "together"]
    assert (published.name, published.inputs) == ("fcn", "image")
    for model in (default, published):
        assert {"data", "split", "numbers", "limits", "settings", "versions"} <= set(model.card)
        assert "/" not in json.dumps(model.card["settings"])


def test_by_path(run):
    for path in (run, run / "fcn.json", run / "fcn.npz", str(run)):
        assert load_model(path).name == "fcn"


@pytest.mark.parametrize("place", [0, 1000, -1])
def test_a_tampered_byte_is_refused(run, place):
    content = bytearray((run / "fcn.npz").read_bytes())
    content[place] ^= 1
    (run / "fcn.npz").write_bytes(content)
    with pytest.raises(ModelError, match=r"fcn\.npz is not the file that its card .*SHA-256"):
        load_model(run)


def test_missing_pieces(run):
    (run / "fcn.npz").unlink()
    with pytest.raises(ModelError, match=r"there is no file .*fcn\.npz"):
        load_model(run)
    (run / "fcn.json").unlink()
    with pytest.raises(ValueError, match="must hold one card of a model, not 0"):
        load_model(run)
    with pytest.raises(ModelError, match=r"no card .*fcn\.json.*only with the card"):
        load_model(run / "fcn.npz")


@pytest.mark.parametrize("name", ["model.h5", "model.pkl", "model.pickle", "model.pt", "model"])
def test_other_formats_are_never_loaded(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"cos\nsystem\n")
    with pytest.raises(ValueError, match="are never loaded"):
        load_model(path)


def test_pickled_arrays_are_refused(tmp_path):
    path = tmp_path / "networks.npz"
    np.savez(path, **{"image.activations": np.array([{"any": "object"}], dtype=object)})
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_networks(path)


@pytest.mark.parametrize("name", ["magic", "../fcn", "", "default.json"])
def test_unknown_names(name):
    with pytest.raises((ValueError, ModelError), match=r"not known|no card|hold one card"):
        load_model(name)


def test_unknown_backend():
    with pytest.raises(ValueError, match=r"backend='torch' is not known; choose one of 'numpy'"):
        load_model(backend="torch")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"sha256": 1}'])
def test_no_card(tmp_path, content):
    path = tmp_path / "card.json"
    path.write_text(content)
    with pytest.raises(ModelError, match="is no card of a model"):
        load_model(path)


def test_other_features(tmp_path):
    for suffix in (".json", ".npz"):
        shutil.copy(SHIPPED / f"default{suffix}", tmp_path)
    card = json.loads((tmp_path / "default.json").read_text())
    assert card["features"][0] == list(FEATURES)
    card["features"][0].reverse()
    (tmp_path / "default.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="trained for other features"):
        load_model(tmp_path)


def test_networks_are_kept(tmp_path):
    rng = np.random.default_rng(0)

    def layer(a, b):
        return rng.normal(size=(2, a, b)).astype("f4"), rng.normal(size=(2, 1, b)).astype("f4")

    kernels, biases = zip(layer(5, 4), layer(4, 3), strict=True)
    network = Network(
        kernels=list(kernels),
        biases=list(biases),
        activations=["silu", "softmax"],
        centre=rng.normal(size=5).astype("f4"),
        spread=np.full(5, 2, "f4"),
        limit=4.0,
        slope=1.2,
        offset=-0.1,
    )
    save_networks(tmp_path / "a.npz", {"alone": network})
    inputs = rng.normal(size=(7, 5))
    answers = network(inputs)
    np.testing.assert_array_equal(load_networks(tmp_path / "a.npz")["alone"](inputs), answers)
    assert np.all((answers > 0) & (answers < 1))


@pytest.mark.needs_tensorflow
@pytest.mark.parametrize("name", ["default", "fcn"])
def test_numpy_and_tensorflow_answer_alike(name):
    small, large = load_model(name), load_model(name, backend="tensorflow")
    rng = np.random.default_rng(3)
    assert small.networks.keys() == large.networks.keys()
    for part, network in small.networks.items():
        if name == "fcn":
            inputs = rng.uniform(-1, 1, (50, 32, 32, 1)).astype("f4")
        else:
            n_inputs = network.kernels[0].shape[1]
            inputs = network.centre + 2 * network.spread * rng.normal(size=(50, n_inputs))
        answers = network(inputs)
        np.testing.assert_allclose(large.networks[part](inputs), answers, atol=1e-5)
        assert answers.std() > 0.1
