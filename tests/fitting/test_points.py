import numpy as np
import pytest

from mangapa.fitting._points import CORRELATION_AREA
from tests.fitting.fields import X, Y, spaxels


def blocks(side):
    """Return velocities and bin ids of square bins."""
    row, column = np.indices(X.shape) // side
    number = row * 100 + column
    velocity = np.random.default_rng(3).normal(size=number.max() + 1)[number]
    return velocity, number


@pytest.mark.parametrize("with_ids", [True, False])
def test_bins_are_points(with_ids):
    velocity, number = blocks(3)
    points = spaxels(velocity, bin_id=number if with_ids else None).points
    assert points.velocity.size == np.unique(number).size == 121
    np.testing.assert_allclose(np.sort(points.velocity), np.unique(velocity - np.median(velocity)))
    np.testing.assert_array_equal(points.n_spaxels, 9)
    np.testing.assert_allclose(points.weight, 9 / (9 + CORRELATION_AREA))
    inside = points.bins == points.bins[0]
    assert points.x[points.bins[0]] == pytest.approx(X.ravel()[inside].mean())
    assert points.y[points.bins[0]] == pytest.approx(Y.ravel()[inside].mean())


def test_separate_spaxels_of_equal_velocity_are_not_a_bin():
    velocity = np.where((np.indices(X.shape).sum(axis=0) % 2) == 0, 5.0, -5.0)
    assert spaxels(velocity).points.velocity.size == X.size


def test_bad_spaxels_divide_bins():
    velocity = np.where(X > 0, 7.0, X + Y / 100)
    wall = np.abs(Y) < 0.2
    points = spaxels(velocity, mask=wall & (X > 0)).points
    assert np.count_nonzero(points.n_spaxels > 60) == 2


def test_lines_of_equal_velocity_are_not_bins():
    assert spaxels(10 * X).points.velocity.size == X.size


def test_a_step_is_not_a_pair_of_bins():
    assert spaxels(np.sign(X + 0.1)).points.velocity.size == X.size


def test_scattered_points_are_independent():
    x, y = np.random.default_rng(4).normal(size=(2, 1, 60))
    points = spaxels(x, x, y).points
    np.testing.assert_array_equal(points.weight, 1)
