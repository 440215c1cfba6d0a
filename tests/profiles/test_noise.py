from dataclasses import replace

import numpy as np
import pytest

from mangapa import simulate_galaxy
from mangapa.profiles._noise import PairSums, RingNoise, neighbour_kernels
from mangapa.profiles._ring_fit import fit_rings
from tests.profiles.fields import disc, field
from tests.profiles.test_ring_fit import terms_of
from tests.profiles.test_rings import rings_of


def noise_of(one):
    rings, _, _ = rings_of(one)
    fit = fit_rings(rings, terms_of(rings))
    sums = PairSums.of(rings, neighbour_kernels(rings), fit)
    return RingNoise(rings, sums), fit, sums


def test_white_noise_is_white():
    noise, fit, _ = noise_of(field(disc(noise=7)))
    assert noise.shared < 0.1
    np.testing.assert_allclose(np.median(noise.scale / fit.slope), 7, rtol=0.15)


def test_shared_noise_is_recognised():
    shared = [
        noise_of(simulate_galaxy(n_fibres=61, bintype="SPX", correlated=True, seed=s).stellar)[0]
        for s in range(3)
    ]
    assert min(noise.shared for noise in shared) > 0.7


def test_covariance_equals_that_of_the_solutions():
    solutions, covariances = [], []
    for seed in range(60):
        noise, fit, sums = noise_of(field(disc(noise=7, seed=seed)))
        solutions.append(fit.solution)
        covariances.append(noise.covariance(sums))
    spread = np.var(solutions, axis=0)
    expected = np.mean(covariances, axis=0)
    ratio = np.einsum("rii->ri", expected) / spread
    assert np.sqrt(np.median(ratio)) == pytest.approx(1, abs=0.12)
    np.testing.assert_allclose(expected, np.swapaxes(expected, 1, 2), rtol=1e-5, atol=1e-6)


def as_list(one):
    """Return the good spaxels of a map as a list."""
    x, y, velocity = (values[one.good] for values in (one.x, one.y, one.velocity))
    return field(velocity, x=x, y=y, mask=None)


@pytest.mark.parametrize("correlated", [False, True])
def test_lists_share_noise_by_distance_as_maps_do(correlated):
    one = simulate_galaxy(n_fibres=61, bintype="SPX", correlated=correlated, seed=1).stellar
    of_map, of_list = noise_of(one)[0], noise_of(as_list(one))[0]
    # At the edge, the area of a spaxel in a list is that of its neighbours.
    assert of_list.shared == pytest.approx(of_map.shared, abs=0.02)
    assert (of_list.shared > 0.7) == correlated
    np.testing.assert_allclose(of_list.scale, of_map.scale, rtol=0.05)


def test_noise_without_a_correlation_length_is_not_shared():
    one = simulate_galaxy(n_fibres=61, bintype="SPX", correlated=True, seed=1).stellar
    rings = replace(rings_of(as_list(one))[0], correlation=0.0)
    fit = fit_rings(rings, terms_of(rings))
    sums = PairSums.of(rings, neighbour_kernels(rings), fit)
    noise = RingNoise(rings, sums)
    assert noise.shared == 0
    assert np.isfinite(noise.covariance(sums)).all()


def test_zero_noise():
    noise, _, sums = noise_of(field(disc(noise=0)))
    assert np.isfinite(noise.scale).all()
    assert np.all(np.einsum("rii->ri", noise.covariance(sums)) >= 0)
