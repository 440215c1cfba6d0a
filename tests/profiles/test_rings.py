import numpy as np
import pytest

from mangapa.fitting._prepared import prepare
from mangapa.profiles._rings import MIN_DATA, SECTORS, Ellipse, Rings, ring_numbers
from tests.profiles.fields import ROUND, X, disc, field


def rings_of(one, *, ellipse=None, width=1.25):
    spaxels = prepare(one).spaxels
    points = spaxels.points
    relative = np.ones(points.velocity.size)
    ellipse = ellipse or Ellipse(pa_axis=60.0, axis_ratio=0.6)
    return Rings.of(points, ellipse, width, relative, spaxels.grid), spaxels, points


def test_positions_on_an_ellipse():
    ellipse = Ellipse(pa_axis=90.0, axis_ratio=0.5)
    radius, azimuth = ellipse.polar(np.array([2.0, 0.0, -2.0]), np.array([0.0, -1.0, 0.0]))
    np.testing.assert_allclose(radius, 2)
    # East is at the end of the axis. From there the azimuth increases towards South.
    np.testing.assert_allclose(np.abs(azimuth), [0, np.pi / 2, np.pi], atol=1e-12)
    assert azimuth[1] > 0


def test_rings_are_as_narrow_as_the_data_allow():
    radius = np.sqrt(np.linspace(0, 100, 500))
    number, _ = ring_numbers(radius, 1.25)
    counts = np.bincount(number[number >= 0])
    assert counts.min() >= MIN_DATA
    assert np.all(np.diff(number[number >= 0]) >= 0)
    wide = np.ptp(radius[number == 0])
    assert wide > 1.25 > np.ptp(radius[number == number.max()])


@pytest.mark.parametrize("width", [1e-9, 0.01, 1.25, 100.0])
def test_any_width_gives_rings(width):
    number, edges = ring_numbers(np.linspace(0, 10, 100), width)
    assert np.bincount(number[number >= 0]).min() >= MIN_DATA
    assert np.count_nonzero(number < 0) < MIN_DATA
    np.testing.assert_array_equal(np.bincount(number[number >= 0]).size, edges.size - 1)


def test_too_few_points_make_no_ring():
    number, edges = ring_numbers(np.arange(MIN_DATA - 1.0), 1.0)
    assert np.all(number == -1)
    assert edges.size == 1


def test_slices_hold_the_rings():
    rings, _, points = rings_of(field(disc()))
    slices = list(rings.slices())
    assert len(slices) == rings.count.size > 5
    for i, part in enumerate(slices):
        assert np.all(rings.ring[part] == i)
        np.testing.assert_array_equal(rings.value[part], points.velocity[rings.point[part]])
    assert np.unique(rings.point).size == rings.point.size == rings.count.sum()
    np.testing.assert_allclose(rings.sum(rings.weight > 0), rings.count)
    mean = [np.average(rings.radius[p], weights=rings.weight[p]) for p in slices]
    np.testing.assert_allclose(rings.mean(rings.radius), mean)


def test_coverage_is_a_share_of_the_azimuth():
    circles = Ellipse(pa_axis=0.0, axis_ratio=1.0)
    rings, spaxels, _ = rings_of(field(disc()), ellipse=circles)
    n_spaxels, coverage = rings.coverage(spaxels)
    np.testing.assert_array_equal(n_spaxels, rings.count)
    assert np.all(coverage[1:-1] == 1)
    rings, spaxels, _ = rings_of(field(disc(), mask=~ROUND | (X < 0.1)), ellipse=circles)
    n_spaxels, coverage = rings.coverage(spaxels)
    assert np.all(np.abs(coverage[2:-1] - 0.5) <= 1 / SECTORS)


def test_bins_count_once_but_cover_all_their_spaxels():
    bin_id = (np.arange(X.shape[0]) // 3)[:, None] * 100 + np.arange(X.shape[1]) // 3
    velocity = disc(noise=0)
    velocity = np.array([velocity[bin_id == b].mean() for b in bin_id.ravel()]).reshape(X.shape)
    rings, spaxels, _ = rings_of(field(velocity, bin_id=bin_id))
    n_spaxels, coverage = rings.coverage(spaxels)
    assert rings.count.sum() < n_spaxels.sum() / 5
    assert n_spaxels.sum() <= ROUND.sum()
    assert np.all(coverage[:8] > 0.7)
