"""A field is judged alike however it is sampled."""

import numpy as np
import pytest

import mangapa
from mangapa import VelocityField
from mangapa.usability._descriptors import DESCRIPTORS, compute_descriptors


@pytest.fixture(scope="module")
def binned():
    """A field with Voronoi bins, as arrays: velocity, NaN where bad, and offsets."""
    field = mangapa.simulate_galaxy(n_fibres=61, snr=12, seed=3).stellar
    velocity = np.where(field.good, field.velocity.value, np.nan)
    return velocity, field.x.value, field.y.value


def score(velocity, x, y):
    return mangapa.usability(VelocityField.from_arrays(velocity, x, y)).score


def nodes_of(velocity):
    """The velocity of each bin at the spaxel next to its centre, NaN elsewhere."""
    nodes = np.full(velocity.shape, np.nan)
    for value in np.unique(velocity[np.isfinite(velocity)]):
        places = np.argwhere(velocity == value)
        middle = np.sum((places - places.mean(axis=0)) ** 2, axis=1).argmin()
        nodes[tuple(places[middle])] = value
    return nodes


@pytest.mark.parametrize("scale", [0.1, 2, 60])
def test_the_angular_size_of_a_spaxel_does_not_count(binned, scale):
    velocity, x, y = binned
    assert score(velocity, scale * x, scale * y) == pytest.approx(score(*binned), abs=0.005)


@pytest.mark.parametrize("times", [3, 6])
def test_a_map_with_many_small_spaxels(binned, times):
    velocity, x, y = binned
    fine = np.kron(velocity, np.ones((times, times)))
    steps = (np.arange(times) - (times - 1) / 2) * 0.5 / times
    fine_x = np.repeat(np.repeat(x, times, axis=0), times, axis=1) - np.tile(steps, x.shape[1])
    fine_y = np.repeat(np.repeat(y, times, axis=0), times, axis=1)
    fine_y = fine_y + np.tile(steps, y.shape[0])[:, None]
    assert score(fine, fine_x, fine_y) == pytest.approx(score(*binned), abs=0.02)


def test_a_stray_spaxel_does_not_make_a_field_large(binned):
    velocity, x, y = (np.pad(part, ((0, 400), (0, 400)), "edge") for part in binned)
    ny, nx = velocity.shape
    column, row = np.meshgrid(np.arange(nx), np.arange(ny))
    velocity[-1, -1] = np.nanmedian(velocity)
    x, y = x[0, 0] - 0.5 * column, y[0, 0] + 0.5 * row
    assert score(velocity, x, y) > 0.9


def test_bins_of_which_only_the_nodes_have_values(binned):
    velocity, x, y = binned
    nodes = nodes_of(velocity)
    assert np.isfinite(nodes).sum() < 0.5 * np.isfinite(velocity).sum()
    whole, found = (
        compute_descriptors(VelocityField.from_arrays(part, x, y))[0].values
        for part in (velocity, nodes)
    )
    cover = DESCRIPTORS.index("mirror_point_cover")
    assert found[cover] > 0.9 * whole[cover]
    assert score(nodes, x, y) > 0.9
    thinned = np.where(np.random.default_rng(1).random(x.shape) < 0.3, velocity, np.nan)
    assert score(thinned, x, y) > 0.9


def test_the_nodes_of_noise_are_not_usable(binned):
    velocity, x, y = binned
    noise = np.where(np.isfinite(velocity), np.random.default_rng(2).normal(size=x.shape), np.nan)
    kept = np.isfinite(nodes_of(velocity))
    assert score(np.where(kept, 30 * noise, np.nan), x, y) < 0.3


def test_the_number_of_digits_does_not_count(binned):
    velocity, x, y = binned
    low, step = np.nanmin(velocity), np.ptp(velocity[np.isfinite(velocity)]) / 255
    coarse = low + step * np.rint((velocity - low) / step)
    values = DESCRIPTORS.index("log_values")
    fine, found = (
        compute_descriptors(VelocityField.from_arrays(part, x, y))[0].values[values]
        for part in (velocity, coarse)
    )
    assert found == pytest.approx(fine, abs=1e-9)
