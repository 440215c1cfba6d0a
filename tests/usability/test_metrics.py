import numpy as np
import pytest

from mangapa.usability.metrics import kept, metrics, platt, reliability, roc


def test_by_hand():
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.4, 0.1])
    usable = np.array([True, True, False, True, True, False])
    found = metrics(scores, usable)
    assert found["n"] == 6
    assert found["accuracy"] == pytest.approx(4 / 6)
    assert found["balanced_accuracy"] == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert found["roc_auc"] == pytest.approx(6 / 8)
    # The surest three are right; the fourth is not.
    assert found["kept"] == pytest.approx(3 / 6)
    assert kept(scores, usable, right=0.6) == 1.0


def test_perfect_and_worthless():
    usable = np.arange(1000) % 2 == 0
    assert metrics(np.where(usable, 0.99, 0.01), usable)["kept"] == 1.0
    worthless = metrics(np.full(1000, 0.4), usable)
    assert worthless["roc_auc"] == pytest.approx(0.5)
    assert worthless["kept"] == 0.0
    assert worthless["calibration_error"] == pytest.approx(0.1)


def test_roc_ends_in_the_corners():
    rng = np.random.default_rng(0)
    false, true = roc(rng.random(200), rng.random(200) < 0.3)
    assert (false[0], true[0]) == (0, 0)
    assert (false[-1], true[-1]) == (1, 1)
    assert np.all(np.diff(false) >= 0)
    assert np.all(np.diff(true) >= 0)


def test_platt_undoes_a_distortion():
    rng = np.random.default_rng(1)
    logit = rng.normal(scale=2, size=20_000)
    usable = rng.random(logit.size) < 1 / (1 + np.exp(-(0.5 * logit + 0.3)))
    slope, offset = platt(1 / (1 + np.exp(-logit)), usable)
    assert slope == pytest.approx(0.5, abs=0.02)
    assert offset == pytest.approx(0.3, abs=0.05)


def test_reliability_counts_all():
    scores = np.linspace(0, 1, 101)
    mean, share, number = reliability(scores, scores > 0.5)
    assert number.sum() == 101
    assert np.all(np.diff(mean) > 0)
    assert (share[0], share[-1]) == (0, 1)
