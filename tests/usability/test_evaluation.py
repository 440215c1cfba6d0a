"""Metrics and figures of scores, from a run or from other fields."""

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table

from mangapa.cli import main
from mangapa.usability.evaluation import draw, evaluate, judged, reach, score_fields

PNG = b"\x89PNG"


@pytest.fixture
def table():
    """Six fields: the scores of single fields err twice, those of both tracers never."""
    return Table(
        {
            "galaxy": ["a", "a", "b", "b", "c", "c"],
            "tracer": ["stellar", "halpha"] * 3,
            "group": ["a", "a", "b", "b", "c", "c"],
            "class": [2, 1, 0, 0, 2, 2],
            "reach": [8.0, 8.0, 12.0, 12.0, 16.0, 16.0],
            "score_alone": [0.9, 0.4, 0.1, 0.6, 0.8, 0.7],
            "score_together": [0.99, 0.9, 0.01, 0.1, 0.99, 0.95],
        }
    )


@pytest.mark.needs_sklearn
def test_metrics_are_computed_by_tracer_and_size(table):
    numbers = evaluate(table, by="score_alone")
    assert numbers["part"].tolist() == [
        *("all", "stellar", "halpha", "19, 37 fibres", "61, 91 fibres", "127 fibres"),
    ]
    assert numbers["n"].tolist() == [6, 3, 3, 2, 2, 2]
    np.testing.assert_allclose(numbers["accuracy"], [4 / 6, 1, 1 / 3, 0.5, 0.5, 1])
    assert numbers.meta == {
        "right answers for class 0 (do not use)": 0.5,
        "right answers for class 1 (messy)": 0,
        "right answers for class 2 (clean)": 1,
    }


@pytest.mark.needs_sklearn
def test_scores_of_both_tracers_are_evaluated_by_default(table):
    assert evaluate(table)["accuracy"][0] == 1
    del table["score_together"]
    assert evaluate(table)["accuracy"][0] == pytest.approx(4 / 6)


@pytest.mark.needs_sklearn
def test_fields_without_a_score_are_left_out(table):
    mask = [False, True, False, True, False, False]
    table["score_together"] = MaskedColumn(table["score_together"], mask=mask)
    numbers = evaluate(table)
    assert numbers["n"].tolist() == [4, 3, 1, 1, 1, 2]
    assert "right answers for class 1 (messy)" not in numbers.meta


def test_only_scores_are_evaluated(table):
    with pytest.raises(ValueError, match=r"by='reach' is not a column of scores; .*'score_alone'"):
        evaluate(table, by="reach")


def test_reach_is_the_distance_of_the_farthest_good_spaxel(galaxy):
    field = galaxy.stellar
    distance = np.hypot(field.x.value, field.y.value)
    assert reach(field) == pytest.approx(distance[field.good].max(), abs=0.005)
    assert reach(field) < distance.max()


@pytest.mark.needs_matplotlib
@pytest.mark.needs_sklearn
def test_figures_are_written(table, tmp_path):
    history = Table({"run": ["a", "a"], "epoch": [0, 1], "loss": [2.0, 1.0], "accuracy": [0.5, 1]})
    paths = draw(table, tmp_path / "figures", history=history)
    assert [path.name for path in paths] == ["scores.png", "confusion.png", "learning.png"]
    assert [path.read_bytes()[:4] for path in paths] == [PNG] * 3


@pytest.mark.needs_matplotlib
@pytest.mark.needs_sklearn
def test_figures_of_fields_of_one_class(table, tmp_path):
    paths = draw(table[table["class"] > 0], tmp_path)
    assert [path.name for path in paths] == ["scores.png", "confusion.png"]


def test_only_the_test_fields_of_a_run_are_judged(table, tmp_path):
    table["part"] = ["training", "test", "validation", "test", "training", "training"]
    table.write(tmp_path / "scores.ecsv")
    assert judged(tmp_path)["galaxy"].tolist() == ["a", "b"]


def test_cross_validation_judges_all_fields(table, tmp_path):
    table["part"] = [f"fold {k}" for k in (0, 0, 1, 1, 2, 2)]
    table.write(tmp_path / "scores.ecsv")
    assert len(judged(tmp_path)) == 6


def test_a_folder_without_scores(tmp_path, capsys):
    with pytest.raises(FileNotFoundError, match="give the folder of a training run, or a model"):
        judged(tmp_path)
    assert main(["evaluate", str(tmp_path)]) == 1
    assert "give the folder of a training run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("model", "columns"), [("default", ["score_alone", "score_together"]), ("fcn", ["score_alone"])]
)
def test_models_score_other_fields(survey, model, columns):
    table = score_fields(model, survey, progress=False)
    assert table.colnames == ["galaxy", "tracer", "group", "class", "reach", *columns]
    assert len(table) == 59
    for column in columns:
        right = (table[column] > 0.5) == (table["class"] > 0)
        assert np.mean(right) > 0.9
    # One galaxy has a flag for its stars alone.
    assert np.sum(table["galaxy"] == "8001-1901") == 1


@pytest.mark.needs_matplotlib
@pytest.mark.needs_sklearn
def test_the_command_evaluates_a_model_on_other_fields(survey, tmp_path, capsys):
    out = tmp_path / "figures"
    assert main(["evaluate", "default", "--data", str(survey), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "Both tracers:" in printed
    assert "One field alone:" in printed
    assert "right answers for class 2 (clean): 1" in printed
    assert (out / "scores.png").read_bytes().startswith(PNG)
    assert not (out / "learning.png").exists()
