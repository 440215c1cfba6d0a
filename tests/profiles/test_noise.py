import numpy as np
import pytest

from mangapa import simulate_galaxy
from mangapa.profiles._noise import RingNoise, neighbour_kernels
from mangapa.profiles._ring_fit import fit_rings
from tests.profiles.fields import disc, field
from tests.profiles.test_ring_fit import terms_of
from tests.profiles.test_rings import rings_of


def noise_of(one):
    rings, _, _ = rings_of(one)
    fit = fit_rings(rings, terms_of(rings))
    return RingNoise(rings, neighbour_kernels(rings), fit), fit


def test_white_noise_is_white():
    noise, fit = noise_of(field(disc(noise=7)))
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
        noise, fit = noise_of(field(disc(noise=7, seed=seed)))
        solutions.append(fit.solution)
        covariances.append(noise.covariance(fit))
    spread = np.var(solutions, axis=0)
    expected = np.mean(covariances, axis=0)
    ratio = np.einsum("rii->ri", expected) / spread
    assert np.sqrt(np.median(ratio)) == pytest.approx(1, abs=0.12)
    np.testing.assert_allclose(expected, np.swapaxes(expected, 1, 2), rtol=1e-5, atol=1e-6)


def test_scattered_points_share_no_noise():
    x, y = np.random.default_rng(1).uniform(-10, 10, (2, 1, 900))
    noise, fit = noise_of(field(disc(noise=7, x=x, y=y), x=x, y=y, mask=None))
    assert noise.shared == 0
    assert np.isfinite(noise.covariance(fit)).all()


def test_zero_noise():
    noise, fit = noise_of(field(disc(noise=0)))
    assert np.isfinite(noise.scale).all()
    assert np.all(np.einsum("rii->ri", noise.covariance(fit)) >= 0)
