import numpy as np
import pytest

from mangapa.usability._reliability import reliability


def test_reliability_of_good_and_bad_fields():
    """The values of the fit to repeats and photometry; a random axis is right by chance."""
    assert reliability(0.99, 1.0) == pytest.approx(0.990, abs=0.005)
    assert reliability(0.5, 5.0) == pytest.approx(0.45, abs=0.02)
    assert reliability(0.001, 52.0) == pytest.approx(1 / 9, abs=0.01)


def test_reliability_rises_with_the_score_and_falls_with_the_error():
    scores, errors = np.linspace(0.05, 0.95, 10), np.geomspace(0.5, 50, 10)
    assert np.all(np.diff(reliability(scores, 5.0)) > 0)
    assert np.all(np.diff(reliability(0.9, errors)) < 0)


@pytest.mark.parametrize(("score", "error"), [(np.nan, 1), (0.9, np.nan)])
def test_what_is_missing_has_no_reliability(score, error):
    assert np.isnan(reliability(score, error))


@pytest.mark.parametrize(("score", "error"), [(1, 0), (0, np.inf), (0, 0)])
def test_extremes_are_probabilities(score, error):
    assert 1 / 9 <= reliability(score, error) <= 1
