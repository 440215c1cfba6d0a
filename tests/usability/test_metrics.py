import numpy as np
import pytest

from mangapa.usability.metrics import confidence, kept, metrics, platt, reliability


@pytest.mark.needs_sklearn
def test_metrics_computed_by_hand():
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.4, 0.1])
    usable = np.array([True, True, False, True, True, False])
    found = metrics(scores, usable)
    assert found["n"] == 6
    assert found["accuracy"] == pytest.approx(4 / 6)
    assert found["balanced_accuracy"] == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert found["roc_auc"] == pytest.approx(6 / 8)
    # The three most confident answers are right; the fourth is not.
    assert found["kept"] == pytest.approx(3 / 6)
    # Each score has a bin of its own.
    errors = [0.1, 0.2, 0.7, 0.4, 0.6, 0.1]
    assert found["calibration_error"] == pytest.approx(np.mean(errors))


@pytest.mark.needs_sklearn
def test_perfect_scores():
    usable = np.arange(1000) % 2 == 0
    found = metrics(np.where(usable, 0.99, 0.01), usable)
    assert found["accuracy"] == found["balanced_accuracy"] == found["roc_auc"] == 1
    assert found["kept"] == 1
    assert found["calibration_error"] == pytest.approx(0.01)


@pytest.mark.needs_sklearn
def test_worthless_scores():
    found = metrics(np.full(1000, 0.4), np.arange(1000) % 2 == 0)
    assert found["roc_auc"] == pytest.approx(0.5)
    assert found["kept"] == 0
    assert found["calibration_error"] == pytest.approx(0.1)


@pytest.mark.needs_sklearn
@pytest.mark.parametrize("usable", [True, False])
def test_fields_of_one_class_have_no_roc(usable):
    found = metrics(np.array([0.9, 0.8, 0.2]), np.full(3, usable))
    assert np.isnan(found["roc_auc"])
    assert (
        found["balanced_accuracy"] == found["accuracy"] == pytest.approx(2 / 3 if usable else 1 / 3)
    )


def test_confidence_is_symmetric():
    np.testing.assert_allclose(confidence(np.array([0.0, 0.3, 0.5, 0.7])), [1, 0.7, 0.5, 0.7])


def test_more_fields_are_kept_if_fewer_answers_must_be_right():
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.4, 0.1])
    usable = np.array([True, True, False, True, True, False])
    assert kept(scores, usable, right=0.7) == pytest.approx(5 / 6)
    assert kept(scores, usable, right=0.6) == 1


def test_platt_undoes_a_distortion():
    rng = np.random.default_rng(1)
    logit = rng.normal(scale=2, size=20_000)
    usable = rng.random(logit.size) < 1 / (1 + np.exp(-(0.5 * logit + 0.3)))
    slope, offset = platt(1 / (1 + np.exp(-logit)), usable)
    assert slope == pytest.approx(0.5, abs=0.02)
    assert offset == pytest.approx(0.3, abs=0.05)


@pytest.mark.needs_sklearn
def test_platt_is_logistic_regression_without_a_penalty():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(2)
    scores = rng.uniform(0.01, 0.99, 500)
    usable = rng.random(500) < scores**2
    logit = np.log(scores / (1 - scores))[:, None]
    expected = LogisticRegression(C=1e12, tol=1e-10).fit(logit, usable)
    slope, offset = platt(scores, usable)
    assert slope == pytest.approx(expected.coef_[0, 0], rel=1e-5)
    assert offset == pytest.approx(expected.intercept_[0], rel=1e-5)


def test_platt_is_finite_where_scores_separate_the_classes():
    scores = np.array([0.1, 0.2, 0.8, 0.9])
    slope, offset = platt(scores, scores > 0.5)
    assert slope > 1
    assert np.isfinite(offset)


def test_reliability_counts_every_field():
    scores = np.linspace(0, 1, 101)
    mean, share, number = reliability(scores, scores > 0.5)
    assert number.tolist() == [10] * 9 + [11]
    np.testing.assert_allclose(mean[:2], [0.045, 0.145])
    assert share.tolist() == [0] * 5 + [0.9] + [1] * 4


def test_reliability_skips_empty_bins():
    mean, share, number = reliability(np.array([0.05, 0.95, 0.97]), np.array([True, True, False]))
    np.testing.assert_allclose(mean, [0.05, 0.96])
    assert share.tolist() == [1, 0.5]
    assert number.tolist() == [1, 2]
