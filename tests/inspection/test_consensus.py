import numpy as np
import pytest

from mangapa.inspection.consensus import by_majority, by_weight, prevailing


def test_majority_decides():
    found = by_majority([[0, 0, 2], [1, 2, -1], [2, -1, -1], [-1, -1, -1]])
    assert found.quality.tolist() == [0, -1, 2, -1]
    assert found.probability[0].tolist() == pytest.approx([2 / 3, 0, 1 / 3])


def test_feature_needs_more_than_half():
    codes = np.array([[1, 1, 0], [1, 0, -1], [0, 3, 3], [2, 0, 0]])
    quality = np.array([[2, 2, 2], [1, 1, -1], [-1, 2, 2], [1, -1, -1]])
    assert prevailing(codes, quality).tolist() == [1, 0, 3, 2]


def test_experts_who_err_count_less():
    """The model finds that two of the five experts are careful and three are not."""
    rng = np.random.default_rng(4)
    truth = rng.choice(3, size=600, p=[0.3, 0.25, 0.45])
    right = np.array([0.92, 0.9, 0.5, 0.45, 0.5])
    said = np.where(rng.random((600, 5)) < right, truth[:, None], rng.integers(0, 3, (600, 5)))
    said[rng.random(said.shape) < 0.2] = -1
    weighed, majority = by_weight(said), by_majority(said)
    judged = (said >= 0).any(axis=1)
    assert (weighed.quality >= 0).tolist() == judged.tolist()
    accuracy = np.mean(weighed.quality == truth)
    assert accuracy > np.mean(majority.quality == truth) + 0.05
    assert accuracy > 0.9
    found = np.einsum("ecc->ec", weighed.reliability).mean(axis=1)
    np.testing.assert_allclose(found, right + (1 - right) / 3, atol=0.07)
    np.testing.assert_allclose(weighed.probability.sum(axis=1), 1)


def test_fields_without_judgements_have_no_consensus():
    assert by_weight(np.full((2, 1), -1)).quality.tolist() == [-1, -1]
    assert by_weight([[2], [0]]).quality.tolist() == [2, 0]
