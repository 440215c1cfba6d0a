import numpy as np
import pytest
from scipy.stats import rice

from mangapa.fitting._prepared import prepare
from mangapa.profiles._averages import mean_amplitude, ring_light
from mangapa.profiles._rings import Ellipse, Rings
from tests.profiles.fields import ROUND, X, Y, disc, field

ERROR = np.array([0.01, 0.02, 0.02, 0.03, 0.05, 0.02, 0.01, 0.03])
WEIGHT = np.array([0.2, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])

INDEPENDENT = np.eye(ERROR.size)


def draws(amplitude, n=400):
    noise = np.random.default_rng(2).normal(size=(n, 2, ERROR.size)) * ERROR
    return np.hypot(amplitude + noise[:, 0], noise[:, 1])


@pytest.mark.parametrize("amplitude", [0.03, 0.06, 0.2])
def test_noise_does_not_bias_the_mean(amplitude):
    found = np.array([mean_amplitude(WEIGHT, one, ERROR, INDEPENDENT) for one in draws(amplitude)])
    assert found[:, 0].mean() == pytest.approx(amplitude, abs=0.002)
    assert found[:, 0].std() / np.median(found[:, 1]) == pytest.approx(1, abs=0.25)


def test_noise_alone_is_within_its_error():
    found = np.array([mean_amplitude(WEIGHT, one, ERROR, INDEPENDENT) for one in draws(0.0)])
    assert 0.55 < np.mean(found[:, 0] <= found[:, 1]) < 0.95
    # The mean of what is observed is far above.
    assert np.median(draws(0.0) @ WEIGHT) > 2 * np.median(found[:, 0])


def test_without_noise_it_is_the_weighted_mean():
    observed = np.linspace(0.01, 0.1, 8)
    found, error = mean_amplitude(WEIGHT, observed, np.full(8, 1e-6), INDEPENDENT)
    assert found == pytest.approx(WEIGHT @ observed, rel=1e-4)
    assert error < 1e-5


def test_equal_rings_are_those_of_a_rice_distribution():
    mean = rice.mean(1.5, scale=0.02)
    found, _ = mean_amplitude(np.ones(1), np.array([mean]), np.array([0.02]), np.ones((1, 1)))
    assert found == pytest.approx(0.03, rel=1e-3)


def test_shared_noise_adds_to_the_error():
    observed = np.full(ERROR.size, 0.1)
    _, alone = mean_amplitude(WEIGHT, observed, ERROR, INDEPENDENT)
    _, shared = mean_amplitude(WEIGHT, observed, ERROR, np.ones((8, 8)))
    assert shared == pytest.approx(WEIGHT @ ERROR, rel=0.1)
    assert alone == pytest.approx(np.linalg.norm(WEIGHT * ERROR), rel=0.1)


def rings_and_spaxels(mask=~ROUND):
    spaxels = prepare(field(disc(), mask=mask)).spaxels
    whole = Ellipse(pa_axis=60.0, axis_ratio=0.6)
    points = spaxels.points
    return Rings.of(points, whole, 1.25, np.ones(points.x.size), spaxels.grid), spaxels


def test_light_of_rings_does_not_depend_on_gaps():
    light = np.exp(-np.hypot(X, Y) / 4)
    found = []
    for mask in (~ROUND, ~ROUND | (X > 2)):
        rings, spaxels = rings_and_spaxels(mask)
        flux = light.ravel()[spaxels.index]
        share, origin = ring_light(rings, spaxels, flux, np.nan)
        assert origin == "flux"
        assert share.sum() == pytest.approx(1)
        found.append(share[:8] / share[3])
    np.testing.assert_allclose(found[0], found[1], rtol=0.15)


def test_an_exponential_disc_stands_for_light_that_is_unknown():
    rings, spaxels = rings_and_spaxels()
    radius = Ellipse(pa_axis=60.0, axis_ratio=0.6).polar(spaxels.x, spaxels.y)[0]
    light, _ = ring_light(rings, spaxels, np.exp(-1.678 * radius / 5), np.nan)
    share, origin = ring_light(rings, spaxels, None, 5.0)
    assert origin == "exponential disc"
    np.testing.assert_allclose(share, light, atol=0.01)
    area, origin = ring_light(rings, spaxels, None, np.nan)
    assert origin == "area"
    edges = rings.edges**2
    np.testing.assert_allclose(area, np.diff(edges) / edges[-1])


@pytest.mark.parametrize("flux", [np.nan, 0.0, -1.0])
def test_light_that_is_nowhere_positive_is_no_light(flux):
    rings, spaxels = rings_and_spaxels()
    flux = np.full(spaxels.x.size, flux)
    for radius in (np.nan, 5.0):
        light, origin = ring_light(rings, spaxels, flux, radius)
        without, other = ring_light(rings, spaxels, None, radius)
        assert origin == other
        np.testing.assert_array_equal(light, without)
