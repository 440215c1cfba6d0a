"""Models are loaded by name or path, and only with a card that matches their files."""

import hashlib
import json

import numpy as np
import pytest

import mangapa
from mangapa import UsabilityFlags
from mangapa.exceptions import ModelError
from mangapa.usability import load_model, model, register_model
from mangapa.usability._descriptors import DESCRIPTORS
from mangapa.usability._network import save_networks


def test_shipped_models():
    default, published = load_model(), load_model("fcn")
    assert (default.name, default.inputs) == ("default", "descriptors")
    assert sorted(default.networks) == ["alone", "together"]
    assert (published.name, published.inputs) == ("fcn", "image")
    assert list(published.networks) == ["image"]


@pytest.mark.parametrize("name", ["default", "fcn"])
def test_cards_document_the_model_and_name_no_path(name):
    card = load_model(name).card
    assert {"data", "split", "numbers", "limits", "settings", "versions"} <= set(card)
    assert "/" not in json.dumps(card["settings"])


@pytest.mark.parametrize("file", ["", "fcn.json", "fcn.npz", "fcn.keras"])
def test_a_model_is_loaded_from_its_folder_card_or_files(fcn, file):
    assert load_model(fcn / file).name == "fcn"
    assert load_model(str(fcn / file)).name == "fcn"


@pytest.mark.promise(13)
@pytest.mark.parametrize("place", [0, 1000, -1])
def test_a_changed_byte_is_refused(fcn, place):
    content = bytearray((fcn / "fcn.npz").read_bytes())
    content[place] ^= 1
    (fcn / "fcn.npz").write_bytes(content)
    with pytest.raises(ModelError, match=r"fcn\.npz is not the file that its card .*SHA-256"):
        load_model(fcn)


def test_missing_files_are_named(fcn):
    (fcn / "fcn.npz").unlink()
    with pytest.raises(ModelError, match=r"there is no file .*fcn\.npz; reinstall"):
        load_model(fcn)
    (fcn / "fcn.json").unlink()
    with pytest.raises(ValueError, match="contains 0 model cards; it must contain one"):
        load_model(fcn)
    with pytest.raises(ModelError, match=r"no model card .*fcn\.json.*only with the card"):
        load_model(fcn / "fcn.npz")


def test_a_folder_with_two_cards_is_ambiguous(fcn):
    (fcn / "other.json").write_text((fcn / "fcn.json").read_text())
    with pytest.raises(ValueError, match="contains 2 model cards"):
        load_model(fcn)


@pytest.mark.promise(13)
@pytest.mark.parametrize("name", ["model.h5", "model.pkl", "model.pickle", "model.pt", "model"])
def test_other_formats_are_never_loaded(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"cos\nsystem\n")
    with pytest.raises(ValueError, match="are never loaded"):
        load_model(path)


@pytest.mark.parametrize("name", ["magic", "../fcn"])
def test_unknown_names_list_the_known_ones(name):
    with pytest.raises(ValueError, match=rf"model='{name}' is not known; .* 'default', 'fcn'"):
        load_model(name)


def test_a_card_that_does_not_exist():
    with pytest.raises(ModelError, match=r"there is no model card default\.json"):
        load_model("default.json")


@pytest.mark.promise(13)
@pytest.mark.parametrize("wrong", [None, 3, ["default"]])
def test_a_model_is_a_name_or_a_path(wrong):
    with pytest.raises(TypeError, match="must be the name of a model or a path"):
        load_model(wrong)


def test_unknown_backends_list_the_known_ones():
    with pytest.raises(ValueError, match=r"backend='torch' is not known; choose one of 'numpy'"):
        load_model(backend="torch")


def test_a_model_without_a_network_for_the_backend(default, edit_card):
    edit_card(default, lambda card: card["sha256"].pop("default.keras"))
    with pytest.raises(ModelError, match="has no network for backend='tensorflow'"):
        load_model(default, backend="tensorflow")


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "1", "{}", '{"sha256": 1}'),
        '{"name": "a", "inputs": "image", "descriptors": [], "sha256": 1}',
    ],
)
def test_files_that_are_not_cards(tmp_path, content):
    path = tmp_path / "card.json"
    path.write_text(content)
    with pytest.raises(ModelError, match="is not a model card"):
        load_model(path)


def test_other_descriptors_are_refused(default, edit_card):
    edit_card(default, lambda card: card["descriptors"][0].reverse())
    with pytest.raises(ModelError, match="trained on other descriptors"):
        load_model(default)


def test_cards_with_the_former_words_are_read(default, edit_card):
    def restore(card):
        card["features"] = card.pop("descriptors")
        card["inputs"] = "features"

    edit_card(default, restore)
    loaded = load_model(default)
    assert loaded.inputs == "descriptors"
    assert loaded.card["inputs"] == "descriptors"
    assert loaded.card["descriptors"][0] == list(DESCRIPTORS)
    assert "features" not in loaded.card


def test_image_models_with_the_former_words_are_read(fcn, edit_card):
    edit_card(fcn, lambda card: card.update(features=card.pop("descriptors")))
    assert load_model(fcn).card["descriptors"] == []


def test_a_registered_model_is_known_by_name(fcn, galaxy, edit_card):
    edit_card(fcn, lambda card: card.update(name="mine"))
    register_model("registered", fcn)
    assert load_model("registered").name == "mine"
    assert mangapa.usability(galaxy.stellar, model="registered").model == "mine"
    with pytest.raises(ValueError, match=r"choose one of .*'registered'"):
        load_model("unregistered")


def test_registering_the_same_model_again_changes_nothing(fcn):
    register_model("twice", fcn)
    register_model("twice", fcn / "fcn.npz")
    assert load_model("twice").name == "fcn"


def test_a_name_means_one_model(fcn):
    with pytest.raises(ValueError, match=r"name='default' already names the model .*default\.json"):
        register_model("default", fcn)
    assert load_model().name == "default"


def test_only_models_are_registered(tmp_path):
    with pytest.raises(ModelError, match=r"there is no model card .*nowhere"):
        register_model("nothing", tmp_path / "nowhere")
    with pytest.raises(ValueError, match="model='nothing' is not known"):
        load_model("nothing")


def test_a_registered_path_does_not_depend_on_the_working_directory(fcn, monkeypatch):
    monkeypatch.chdir(fcn)
    register_model("relative", "fcn.json")
    monkeypatch.chdir("/")
    assert load_model("relative").name == "fcn"


def test_models_of_other_packages_are_found_when_they_are_named(fcn, monkeypatch):
    def load_plugins():
        register_model("plugin", fcn)

    monkeypatch.setattr(model, "load_plugins", load_plugins)
    assert load_model("plugin").name == "fcn"


def test_a_retrained_model_is_loaded_anew(fcn, edit_card):
    assert load_model(fcn).name == "fcn"
    edit_card(fcn, lambda card: card.update(name="retrained"))
    assert load_model(fcn).name == "retrained"


def test_a_model_for_single_fields_judges_two_tracers_one_by_one(default, edit_card, galaxy):
    save_networks(default / "default.npz", {"alone": load_model().networks["alone"]})
    digest = hashlib.sha256((default / "default.npz").read_bytes()).hexdigest()
    edit_card(default, lambda card: card["sha256"].update({"default.npz": digest}))
    both = mangapa.usability([galaxy.stellar, galaxy.halpha], model=default)
    assert both == [mangapa.usability(one) for one in (galaxy.stellar, galaxy.halpha)]
    assert both[0].flags == UsabilityFlags.ONE_TRACER


@pytest.mark.needs_tensorflow
@pytest.mark.parametrize("name", ["default", "fcn"])
def test_numpy_and_tensorflow_give_the_same_scores(name):
    small, large = load_model(name), load_model(name, backend="tensorflow")
    rng = np.random.default_rng(3)
    assert small.networks.keys() == large.networks.keys()
    for part, network in small.networks.items():
        if name == "fcn":
            inputs = rng.uniform(-1, 1, (50, 32, 32, 1)).astype("f4")
        else:
            n_inputs = network.kernels[0].shape[1]
            inputs = network.centre + 2 * network.spread * rng.normal(size=(50, n_inputs))
        scores = network(inputs)
        np.testing.assert_allclose(large.networks[part](inputs), scores, atol=1e-5)
        assert scores.std() > 0.1


def replace_networks(folder, name, edit):
    """Change the arrays of a model's file, and give its card the new hash."""
    path = folder / f"{name}.npz"
    with np.load(path) as archive:
        arrays = dict(archive)
    content = edit(arrays)
    if content is None:
        np.savez(path, **arrays)
    else:
        path.write_bytes(content)
    card = folder / f"{name}.json"
    text = json.loads(card.read_text())
    text["sha256"][path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    card.write_text(json.dumps(text))


BROKEN = {
    "empty": lambda arrays: b"",
    "text": lambda arrays: b"<html>not a model</html>",
    "cut": lambda arrays: b"PK\x03\x04" + bytes(100),
    "no arrays": lambda arrays: arrays.clear(),
    "no kernel": lambda arrays: arrays.pop("image.kernel_1"),
    "no calibration": lambda arrays: arrays.pop("image.calibration"),
    "short calibration": lambda arrays: arrays.update({"image.calibration": [1.0]}),
    "unknown activation": lambda arrays: arrays["image.activations"].__setitem__(0, "spam"),
    "NaN weight": lambda arrays: arrays["image.kernel_0"].flat.__setitem__(3, np.nan),
    "infinite bias": lambda arrays: arrays["image.bias_1"].flat.__setitem__(0, np.inf),
    "NaN calibration": lambda arrays: arrays["image.calibration"].__setitem__(0, np.nan),
    "no spread": lambda arrays: arrays.update({"image.spread": np.zeros(1, np.float32)}),
    "other shape": lambda arrays: arrays.update({"image.kernel_1": np.zeros((1, 3, 4))}),
    "other size": lambda arrays: arrays.update({"image.kernel_0": np.zeros((1, 9, 64))}),
    "other name": lambda arrays: arrays.update(
        {key.replace("image", "alone"): arrays.pop(key) for key in list(arrays)}
    ),
}


def checked(edit):
    """Return an edit that gives the new content, or none where it changed the arrays."""

    def wrapped(arrays):
        content = edit(arrays)
        return content if isinstance(content, bytes) else None

    return wrapped


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_broken_content_with_the_right_hash_is_refused(fcn, name):
    replace_networks(fcn, "fcn", checked(BROKEN[name]))
    with pytest.raises(ModelError, match=r"fcn\.npz does not contain the networks of its card"):
        load_model(fcn)


@pytest.mark.parametrize("limits", [None, [0.1], ["a", "b"], 3])
def test_a_card_without_the_limits_of_doubt_is_refused(fcn, edit_card, limits):
    edit_card(fcn, lambda card: card.update(cannot_tell=limits))
    with pytest.raises(ModelError, match="is not a model card"):
        load_model(fcn)


def test_a_card_of_many_brackets_is_refused(fcn):
    (fcn / "fcn.json").write_text("[" * 100_000)
    with pytest.raises(ModelError, match="is not a model card"):
        load_model(fcn / "fcn.json")
