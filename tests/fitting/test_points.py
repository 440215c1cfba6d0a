from dataclasses import replace

import numpy as np
import pytest

from mangapa.fitting._points import CORRELATION, CORRELATION_AREA
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


def scattered(side, **options):
    """Spaxels of a list whose positions are irregular by a tenth of their distance, ``side``."""
    rng = np.random.default_rng(4)
    column, row = np.meshgrid(np.arange(20), np.arange(20))
    x, y = ((part + rng.uniform(-0.1, 0.1, part.shape)).reshape(1, -1) for part in (column, row))
    return spaxels(10 * x, side * x, side * y, **options)


def test_the_area_of_scattered_points_is_that_of_their_spacing():
    points = scattered(side=1.5).points
    assert np.median(points.n_spaxels) == pytest.approx(9, rel=0.1)
    np.testing.assert_allclose(
        points.weight, points.n_spaxels / (points.n_spaxels + CORRELATION_AREA)
    )


def test_bins_of_scattered_spaxels_add_their_areas():
    alone = scattered(side=0.5).points
    paired = scattered(side=0.5, bin_id=np.arange(400).reshape(1, -1) // 2).points
    np.testing.assert_allclose(paired.n_spaxels, alone.n_spaxels.reshape(-1, 2).sum(axis=1))


def test_points_at_one_place_share_its_area():
    x, y = np.random.default_rng(4).normal(size=(2, 1, 30))
    once = spaxels(10 * x, x, y).points
    six_times = spaxels(*(np.tile(part, 6) for part in (10 * x, x, y))).points
    np.testing.assert_allclose(6 * six_times.n_spaxels, np.tile(once.n_spaxels, 6))


@pytest.mark.parametrize("on_a_map", [True, False])
def test_independent_noise_makes_all_points_equal(on_a_map):
    one = spaxels(blocks(3)[0]) if on_a_map else scattered(side=1.5)
    points = replace(one, noise_correlation=0.0).points
    np.testing.assert_array_equal(points.weight, 1)
    assert points.correlation == 0


def test_the_correlation_is_in_spaxels():
    one = spaxels(X + Y / 100, 4 * X, 4 * Y)
    side = one.grid.spaxel
    assert one.points.correlation == CORRELATION
    same, twice = (replace(one, noise_correlation=n * CORRELATION * side).points for n in (1, 2))
    np.testing.assert_allclose(same.weight, one.points.weight)
    np.testing.assert_allclose(twice.weight, 1 / (1 + 4 * CORRELATION_AREA))
