import numpy as np
import pytest
from scipy.special import erf

from mangapa import fit_pa, simulate_galaxy
from mangapa.simulate import FIELD_OF_VIEW
from mangapa.simulate._instrument import bundle, cube_weights, look, surroundings
from mangapa.simulate._losvd import Layer, Moments
from mangapa.simulate._sky import spaxels

FWHM = np.sqrt(8 * np.log(2))


def seen_through(source, x, y, psf, n_fibres, *, dithered=False):
    """See a function of offsets that gives light and velocity."""
    wide = surroundings(x, y, psf, dithered)
    layer = Layer(*source(*wide), radius=np.hypot(*wide))
    return look([layer], Moments(), x, y, psf, n_fibres, dithered)


def step(x, y):
    """Light that is even, with a velocity of 100 km/s on the eastern half."""
    return np.ones(x.shape), np.where(x > 0, 100.0, np.where(x == 0, 50.0, 0.0))


@pytest.mark.parametrize("psf", [1.5, 2.5, 4])
def test_a_beam_smears_a_step_to_an_error_function(psf):
    x, y, hexagon = spaxels(61)
    seen = seen_through(step, x, y, psf, 61)
    expected = 50 * (1 + erf(x / (np.sqrt(2) * psf / FWHM)))
    np.testing.assert_allclose(seen.velocity[hexagon], expected[hexagon], atol=1.5)


def test_velocities_are_weighted_with_the_light():
    x, y, hexagon = spaxels(61)
    fast = 1.5

    def source(x, y):
        light = np.exp(-(x**2 + y**2) / (2 * fast**2))
        return light + 1e-3, 100 * light / (light + 1e-3)

    seen = seen_through(source, x, y, 2.5, 61)
    width2 = fast**2 + (2.5 / FWHM) ** 2
    light = fast**2 / width2 * np.exp(-(x**2 + y**2) / (2 * width2))
    expected = 100 * light / (light + 1e-3)
    np.testing.assert_allclose(seen.velocity[hexagon], expected[hexagon], atol=0.1)


@pytest.mark.parametrize(("psf", "width"), [(0, 1.88), (1, 1.88), (2.5, 2.5), (3.5, 3.5)])
def test_a_cube_has_the_beam_that_was_asked_for(psf, width):
    """The second moment of a point source, in the mean over its places between the fibres."""
    rng = np.random.default_rng(1)
    x, y, _ = spaxels(37)
    widths = []
    for x0, y0 in rng.uniform(-1.5, 1.5, (24, 2)):

        def source(x, y, x0=x0, y0=y0):
            light = np.exp(-((x - x0) ** 2 + (y - y0) ** 2) / (2 * 0.5**2))
            return light, np.zeros(x.shape)

        light = seen_through(source, x, y, psf, 37, dithered=True).flux
        light = light / light.sum()
        mean_x, mean_y = (light * x).sum(), (light * y).sum()
        widths.append((light * ((x - mean_x) ** 2 + (y - mean_y) ** 2)).sum() / 2 - 0.5**2)
    assert FWHM * np.sqrt(np.mean(widths)) == pytest.approx(width, rel=0.05)


@pytest.mark.parametrize("n_fibres", FIELD_OF_VIEW)
def test_bundle_fills_the_hexagon(n_fibres):
    at_x, at_y = bundle(n_fibres)
    assert at_x.size == 3 * n_fibres
    nearest = np.hypot(np.subtract.outer(at_x, at_x), np.subtract.outer(at_y, at_y))
    np.fill_diagonal(nearest, np.inf)
    # The dithered centres are a finer hexagonal lattice.
    np.testing.assert_allclose(nearest.min(axis=0), 2.5 / np.sqrt(3))
    x, y, hexagon = spaxels(n_fibres)
    total = cube_weights(x, y, at_x, at_y).sum(axis=1).reshape(x.shape)
    np.testing.assert_allclose(total[hexagon], 1)
    assert total[0, 0] == 0


@pytest.mark.parametrize("settings", [{"psf": 2.5}, {"psf": 2.5, "dithered": True}])
@pytest.mark.parametrize("pa", [0, 77, 215])
def test_a_beam_does_not_turn_a_symmetric_disc(pa, settings):
    quiet = {"bintype": "SPX", "snr": 1e7, "n_fibres": 61, "pa_stellar": pa}
    sharp, smeared = (fit_pa(simulate_galaxy(**quiet, **one).stellar) for one in ({}, settings))
    difference = (smeared.pa - sharp.pa).value
    assert (difference + 180) % 360 - 180 == pytest.approx(0, abs=0.2)


def test_a_beam_flattens_the_gradient():
    quiet = {"bintype": "SPX", "snr": 1e7, "turnover": 0.1, "pa_stellar": 90}
    sharp, seen, cube = (
        simulate_galaxy(**quiet, **one).stellar
        for one in ({}, {"psf": 2.5}, {"psf": 2.5, "dithered": True})
    )
    beside = (37, 35)
    assert sharp.x[beside].value == 1
    speeds = [one.velocity[beside].value for one in (sharp, seen, cube)]
    assert 1.5 * speeds[1] < speeds[0]
    assert speeds[2] == pytest.approx(speeds[1], rel=0.15)


def test_noise_of_spaxels_is_correlated_over_the_length_of_manga():
    """Westfall et al. (2019): 1.92 spaxels."""
    products = np.zeros((2, 4))
    for seed in range(12):
        field = simulate_galaxy(
            n_fibres=61, v_max=0, bintype="SPX", dithered=True, psf=2.5, seed=seed
        ).stellar
        noise = np.where(field.good, field.velocity.value * np.sqrt(field.ivar.value), np.nan)
        for lag in range(4):
            for one in (noise, noise.T):
                pairs = one[lag:] * one[: len(one) - lag]
                products[:, lag] += np.nansum(pairs), np.isfinite(pairs).sum()
    covariance = products[0] / products[1]
    assert covariance[0] == pytest.approx(1, abs=0.05)
    lengths = np.arange(1, 4) / np.sqrt(-2 * np.log(covariance[1:] / covariance[0]))
    assert lengths[1:] == pytest.approx(1.92, rel=0.06)


@pytest.mark.parametrize("bintype", ["SPX", "VOR10"])
def test_errors_of_spaxels_and_bins_hold(bintype):
    pulls = []
    for seed in range(30):
        field = simulate_galaxy(
            n_fibres=61, v_max=0, snr=15, bintype=bintype, dithered=True, psf=2.5, seed=seed
        ).stellar
        _, first = np.unique(field.bin_id[field.good], return_index=True)
        pull = (field.velocity.value * np.sqrt(field.ivar.value))[field.good]
        pulls.append(pull[first])
    assert np.std(np.concatenate(pulls)) == pytest.approx(1, abs=0.07)


def test_bins_allow_for_the_noise_that_spaxels_share():
    settings = {"n_fibres": 61, "snr": 20, "seed": 2}
    white, shared = (simulate_galaxy(**settings, **one).stellar for one in ({}, {"dithered": True}))
    sizes = [
        np.mean(np.unique(one.bin_id[one.good], return_counts=True)[1]) for one in (white, shared)
    ]
    assert sizes[1] > sizes[0]
    snr = 120 * np.sqrt(shared.ivar.value[shared.good])
    assert 8 < np.percentile(snr, 10) < 20
