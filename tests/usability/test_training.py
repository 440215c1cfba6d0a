"""A network for another survey: from a folder of fields and flags to a model that answers."""

import csv
import json

import numpy as np
import pytest
from astropy.table import Table

import mangapa
from mangapa.cli import main
from mangapa.usability.labels import read_flags, read_labelled

# The table of the survey has two cells that are not flags.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*1 in stel_qual, 1 in halpha_qual:mangapa.MangapaWarning"
)


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    """Fifteen galaxies as MAPS files, fifteen as arrays; a third of the fields is noise."""
    folder = tmp_path_factory.mktemp("survey")
    rows = []
    for number in range(30):
        name = f"{8000 + number}-1901"
        rotates = number % 3 > 0
        galaxy = mangapa.simulate_galaxy(
            plateifu=name, n_fibres=19, v_max=200 if rotates else 0.01, snr=15, seed=number
        )
        if number % 2:
            mangapa.write_maps(galaxy, folder / f"manga-{name}-MAPS-VOR10.fits.gz")
        else:
            for tracer in ("stellar", "halpha"):
                field = galaxy.tracer(tracer)
                np.savez(
                    folder / f"{name}-{tracer}.npz",
                    velocity=field.velocity.value,
                    x=field.x.value,
                    y=field.y.value,
                    mask=field.mask,
                )
        flag = 1 + number % 2 if rotates else 0
        rows.append((name, f"1-{number // 2}", flag, "" if number == 1 else flag))
    rows.append(("9999-1901", "1-99", 3, "x"))
    rows.append(("../9999-1901", "1-99", 1, 1))
    with open(folder / "labels.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["plateifu", "mangaid", "stel_qual", "halpha_qual"])
        writer.writerows(rows)
    return folder


def test_labelled_fields(survey):
    labelled = read_labelled(survey)
    assert len(labelled.fields) == 59
    assert set(labelled.classes) == {0, 1, 2}
    assert len(set(labelled.groups)) == 15
    with pytest.warns(mangapa.MangapaWarning, match="1 in stel_qual, 1 in halpha_qual"):
        flags = read_flags(survey / "labels.csv")
    assert flags["8002-1901", "stellar"] == (1, "1-1")
    assert ("9999-1901", "stellar") not in flags
    for field, flag in zip(labelled.fields, labelled.classes, strict=True):
        assert flags[field.galaxy, field.tracer][0] == flag


def test_bad_tables(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no catalogue.csv or labels.csv in"):
        read_labelled(tmp_path)
    (tmp_path / "labels.csv").write_text("name,flag\na,1\n")
    with pytest.raises(ValueError, match=r"must have a column plateifu.*it has name, flag"):
        read_labelled(tmp_path)
    (tmp_path / "labels.csv").write_text("plateifu,stel_qual\n8485-1901,1\n")
    with pytest.raises(FileNotFoundError, match="holds no field of its table"):
        read_labelled(tmp_path)


@pytest.mark.needs_tensorflow
@pytest.mark.needs_matplotlib
@pytest.mark.parametrize("model", ["default", "fcn", "cnn"])
def test_train_and_evaluate(survey, tmp_path, model, capsys):
    out = tmp_path / "run"
    arguments = ["--data", str(survey), "--out", str(out), "--epochs", "8"]
    assert main(["train", "--model", model, *arguments]) == 0
    assert f"now 'mangapa evaluate {out}'" in capsys.readouterr().out

    card = json.loads((out / f"{model}.json").read_text())
    assert card["data"]["fields"] == 59
    assert card["settings"]["epochs"] == 8
    scores = Table.read(out / "scores.ecsv")
    # A galaxy and its repeat observations are never on both sides of the split.
    for group in set(scores["group"]):
        assert len(set(scores["part"][scores["group"] == group])) == 1
    history = Table.read(out / "history.ecsv")
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(history.colnames)

    labelled = read_labelled(survey)
    backend = "tensorflow" if model == "cnn" else "numpy"
    found = mangapa.usability(labelled.fields, model=out, backend=backend)
    assert {one.model for one in found} == {model}
    if model == "default":
        right = [one.usable == (k > 0) for one, k in zip(found, labelled.classes, strict=True)]
        assert np.mean(right) > 0.9

    assert main(["evaluate", str(out)]) == 0
    assert "right answers for class 2" in capsys.readouterr().out
    assert {"scores.png", "confusion.png", "learning.png"} <= {p.name for p in out.iterdir()}


@pytest.mark.needs_tensorflow
def test_the_same_seed_trains_the_same(survey, tmp_path):
    from mangapa.usability.training import train

    runs = [train(survey, tmp_path / name, model="fcn", epochs=2) for name in "ab"]
    cards = [json.loads(path.read_text()) for path in runs]
    assert cards[0]["numbers"] == cards[1]["numbers"]
    assert cards[0]["sha256"]["fcn.npz"] == cards[1]["sha256"]["fcn.npz"]


@pytest.mark.slow
@pytest.mark.needs_tensorflow
def test_search(survey, tmp_path):
    from mangapa.usability.training import train

    card = json.loads(
        train(survey, tmp_path, model="fcn", epochs=2, search=2, class_weights=True).read_text()
    )
    assert len(card["settings"]["architecture"]["units"]) == 3
    assert card["settings"]["class_weights"]


@pytest.mark.needs_tensorflow
def test_too_few_galaxies(survey, tmp_path, capsys):
    labels = tmp_path / "labels.csv"
    labels.write_text("plateifu,stel_qual\n8000-1901,1\n8002-1901,1\n")
    arguments = ["--data", str(survey), "--labels", str(labels), "--out", str(tmp_path / "out")]
    assert main(["train", *arguments]) == 2
    assert "has 2 labelled galaxies; 10 are the least" in capsys.readouterr().err


@pytest.mark.needs_matplotlib
def test_judge_other_fields(survey, tmp_path, capsys):
    out = tmp_path / "figures"
    assert main(["evaluate", "default", "--data", str(survey), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "Both tracers:" in printed
    assert "One field alone:" in printed
    assert (out / "scores.png").read_bytes().startswith(b"\x89PNG")


def test_no_run(tmp_path, capsys):
    assert main(["evaluate", str(tmp_path)]) == 1
    assert "name the folder of a training run" in capsys.readouterr().err
    arguments = ["train", "--data", ".", "--out", str(tmp_path), "--search", "3"]
    assert main(arguments) == 2
    assert "are for the models fcn and cnn" in capsys.readouterr().err
