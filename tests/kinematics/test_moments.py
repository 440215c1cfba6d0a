"""Sizes and squares of noisy velocities without the bias of their noise."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mangapa.kinematics._moments import Annuli, Moments, folded_mean, folded_slope, noise_bias

N = 4000


def annuli(n=N, seed=0):
    rng = np.random.default_rng(seed)
    azimuth = rng.uniform(0, 2 * np.pi, n)
    return Annuli(np.sqrt(rng.uniform(0, 1, n)), azimuth, np.ones(n)), azimuth


def moments(speed, dispersion, error, seed=0):
    rng = np.random.default_rng(seed)
    places, azimuth = annuli()
    velocity = speed * np.cos(azimuth) + rng.normal(scale=error, size=N)
    measured = dispersion + rng.normal(scale=error, size=N)
    errors = np.full(N, float(error))
    return Moments.of(velocity, errors, measured**2, measured, errors, places), azimuth


@pytest.mark.parametrize(("speed", "error"), [(0.0, 1.0), (0.5, 1.0), (2.0, 1.0), (50.0, 3.0)])
def test_the_folded_normal_distribution(speed, error):
    drawn = np.abs(np.random.default_rng(1).normal(speed, error, 400_000))
    mean = folded_mean(np.array([speed]), np.array([error]))[0]
    assert mean == pytest.approx(drawn.mean(), rel=5e-3)
    bias = noise_bias(np.array([speed]), np.array([error]))[0]
    assert bias == pytest.approx(drawn.mean() - speed, abs=5e-3 * error)
    step = 1e-4
    ahead = folded_mean(np.array([speed + step]), np.array([error]))[0]
    slope = folded_slope(np.array([speed + step / 2]), np.array([error]))[0]
    assert (ahead - mean) / step == pytest.approx(slope, abs=1e-3)


def test_without_noise_nothing_is_changed():
    found, azimuth = moments(100, 120, 0.0)
    assert_allclose(found.speed, np.abs(100 * np.cos(azimuth)), atol=1e-6)
    assert_allclose(found.motion, np.hypot(100 * np.cos(azimuth), 120), rtol=1e-6)
    assert_allclose(found.bias, 0, atol=1e-6)


@pytest.mark.parametrize("speed", [0, 20, 100])
def test_sums_have_no_bias(speed):
    found, azimuth = moments(speed, 120, 20)
    true = np.abs(speed * np.cos(azimuth))
    raw = np.abs(found.velocity).mean() - true.mean()
    assert abs(found.speed.mean() - true.mean()) < max(0.25 * raw, 1.0)
    assert found.motion.mean() == pytest.approx(np.hypot(true, 120).mean(), rel=5e-3)
    assert found.squared_speed.mean() == pytest.approx((true**2).mean(), abs=30)
    assert found.squared_dispersion.mean() == pytest.approx(120**2, rel=0.02)


def test_the_noise_of_the_bias_is_known():
    """Pure noise: the bias is right within its errors, annulus by annulus."""
    found, _ = moments(0, 120, 20)
    true = 20 * np.sqrt(2 / np.pi)
    sums = [np.bincount(found.annulus, part) for part in (true - found.bias, found.bias_err)]
    pulls = sums[0] / sums[1]
    assert np.all(pulls >= -1e-9)
    assert np.mean(pulls < 2) > 0.8


def test_annuli_have_enough_points_and_independent_data():
    rng = np.random.default_rng(3)
    radius, azimuth = rng.uniform(0, 1, 1000), rng.uniform(0, 6, 1000)
    independent = Annuli(radius, azimuth, np.ones(1000))
    assert independent.number.max() + 1 == 25
    assert np.bincount(independent.number).min() >= 39
    shared = Annuli(radius, azimuth, np.full(1000, 0.06))
    assert shared.number.max() + 1 == 4
    assert_allclose(shared.independent, 15, atol=0.1)
    order = np.argsort(radius)
    assert np.all(np.diff(independent.number[order]) >= 0)
    assert Annuli(radius[:7], azimuth[:7], np.ones(7)).number.max() == 0


def test_smooth_follows_the_azimuth():
    places, azimuth = annuli()
    assert_allclose(places.smooth(3 + 2 * np.cos(2 * azimuth)), 3 + 2 * np.cos(2 * azimuth))
    assert_allclose(places.smooth(np.sin(2 * azimuth)), 0, atol=0.8)


def test_shrunk_keeps_what_noise_does_not_explain():
    places, _ = annuli()
    values = np.random.default_rng(2).normal(size=N)
    kept, own = places.shrunk(values, np.full(N, 1e-4))
    assert_allclose(kept, values, atol=2e-3)
    assert own.min() > 0.99
    moved, own = places.shrunk(values, np.ones(N))
    assert own.mean() < 0.3
    assert moved.std() < 0.5


def test_the_motion_is_at_least_a_part_of_the_mean():
    """The tangent of the root touches at no less than a twentieth of the mean square."""
    rng = np.random.default_rng(5)
    places, _ = annuli()
    velocity = rng.normal(scale=20, size=N)
    errors = np.full(N, 20.0)
    # Half of the places move, and half do not; the noise is the same.
    velocity[places.number > places.number.max() // 2] += 60
    found = Moments.of(velocity, errors, np.zeros(N), np.zeros(N), np.zeros(N), places)
    assert_allclose(found.scale.min(), 2.800846, rtol=1e-4)
