"""A network for another survey: from a folder of fields and flags to a model that judges fields."""

import json

import numpy as np
import pytest
from astropy.table import Table

import mangapa
from mangapa.cli import main
from mangapa.usability import training
from mangapa.usability.labels import read_labelled
from mangapa.usability.training import train

EPOCHS = 8

# The table of the survey has two cells that are not flags.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*1 in stel_qual, 1 in halpha_qual:mangapa.MangapaWarning"
)


@pytest.fixture(scope="module", params=training.MODELS)
def run(request, survey, tmp_path_factory):
    """Name of a model, and the folder in which the command trained it."""
    out = tmp_path_factory.mktemp("run")
    arguments = ["--data", str(survey), "--out", str(out), "--epochs", str(EPOCHS)]
    with pytest.MonkeyPatch.context() as patch:
        # Three trainings take long enough.
        patch.setattr(training, "N_FOLDS", 2)
        assert main(["train", "--model", request.param, *arguments]) == 0
    return request.param, out


@pytest.mark.needs_tensorflow
@pytest.mark.needs_sklearn
class TestRun:
    def test_the_card_documents_the_training(self, run):
        model, out = run
        card = json.loads((out / f"{model}.json").read_text())
        assert card["name"] == model
        assert card["data"]["fields"] == 59
        assert card["data"]["galaxies"] == 15
        assert sum(card["data"]["classes"].values()) == 59
        assert card["settings"]["epochs"] == EPOCHS
        assert {file.suffix for file in out.glob(f"{model}.*")} == {
            ".json",
            *(f".{name.split('.')[1]}" for name in card["sha256"]),
        }

    def test_observations_of_a_galaxy_stay_together(self, run):
        scores = Table.read(run[1] / "scores.ecsv")
        parts = {group: set(scores["part"][scores["group"] == group]) for group in scores["group"]}
        assert len(parts) == 15
        assert {len(part) for part in parts.values()} == {1}
        assert set.union(*parts.values()) == (
            {"fold 0", "fold 1"} if run[0] == "default" else {"training", "validation", "test"}
        )

    def test_the_history_has_every_epoch(self, run):
        history = Table.read(run[1] / "history.ecsv")
        assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(history.colnames)
        assert history["epoch"].max() == EPOCHS - 1
        # Two folds of two settings.
        assert len(set(history["run"])) == (4 if run[0] == "default" else 1)

    def test_the_model_judges_fields(self, run, survey):
        model, out = run
        labelled = read_labelled(survey)
        backend = "tensorflow" if model == "cnn" else "numpy"
        found = mangapa.usability(labelled.fields, model=out, backend=backend)
        assert {one.model for one in found} == {model}
        right = [one.usable == (k > 0) for one, k in zip(found, labelled.classes, strict=True)]
        assert np.mean(right) > (0.9 if model == "default" else 0.6)

    @pytest.mark.needs_matplotlib
    def test_the_command_evaluates_the_run(self, run, capsys):
        assert main(["evaluate", str(run[1])]) == 0
        printed = capsys.readouterr().out
        assert "right answers for class 2" in printed
        assert ("Both tracers:" in printed) == (run[0] == "default")
        assert {file.name for file in run[1].glob("*.png")} == {
            *("scores.png", "confusion.png", "learning.png"),
        }


@pytest.mark.needs_tensorflow
@pytest.mark.needs_sklearn
def test_the_same_seed_trains_the_same_model(survey, tmp_path):
    options = {"model": "fcn", "epochs": 2, "progress": False}
    cards = [json.loads(train(survey, tmp_path / name, **options).read_text()) for name in "ab"]
    assert cards[0]["numbers"] == cards[1]["numbers"]
    assert cards[0]["sha256"]["fcn.npz"] == cards[1]["sha256"]["fcn.npz"]
    other = json.loads(train(survey, tmp_path / "c", seed=1, **options).read_text())
    assert other["sha256"]["fcn.npz"] != cards[0]["sha256"]["fcn.npz"]


@pytest.mark.slow
@pytest.mark.needs_tensorflow
@pytest.mark.needs_sklearn
def test_units_and_dropout_are_searched_first(survey, tmp_path):
    card = json.loads(
        train(survey, tmp_path, model="fcn", epochs=2, search=2, class_weights=True).read_text()
    )
    assert len(card["settings"]["architecture"]["units"]) == 3
    assert card["settings"]["search"] == 2
    assert card["settings"]["class_weights"] is True


@pytest.mark.needs_tensorflow
def test_too_few_galaxies(survey, tmp_path, capsys):
    labels = tmp_path / "labels.csv"
    labels.write_text("plateifu,stel_qual\n8000-1901,1\n8002-1901,1\n")
    arguments = ["--data", str(survey), "--labels", str(labels), "--out", str(tmp_path / "out")]
    assert main(["train", *arguments]) == 2
    assert "has 2 labelled galaxies; at least 10 are needed" in capsys.readouterr().err


def test_unknown_options_are_named(tmp_path):
    with pytest.raises(TypeError, match="unexpected keyword argument 'epoch'"):
        train(tmp_path, tmp_path, epoch=3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "rnn"}, "model='rnn' is not known; choose one of 'default', 'fcn', 'cnn'"),
        ({"epochs": 0}, "epochs=0 must be at least 1"),
        ({"search": 3}, "class_weights and search need model='fcn' or model='cnn'"),
        ({"class_weights": True}, "class_weights and search need model='fcn' or model='cnn'"),
    ],
)
def test_options_that_are_not_allowed(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        train(tmp_path, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_the_command_explains_options_that_are_not_allowed(tmp_path, capsys):
    arguments = ["train", "--data", ".", "--out", str(tmp_path), "--search", "3"]
    assert main(arguments) == 2
    assert "class_weights and search need model='fcn'" in capsys.readouterr().err
