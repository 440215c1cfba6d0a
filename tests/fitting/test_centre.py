"""A centre that is wrong is noticed, and can be fitted from far."""

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u

import mangapa
from mangapa import Galaxy, PAFlags, VelocityField, fit_pa
from mangapa.fitting import available_methods
from tests.fitting.fields import ROUND, X, Y, disc_velocity

PA = 70.0


def shifted(east, north, noise=8.0, seed=0):
    """A disc whose kinematic centre is at (east, north)."""
    velocity = disc_velocity(PA, noise=noise, seed=seed)
    return VelocityField.from_arrays(velocity, X + east, Y + north, mask=~ROUND)


@pytest.mark.parametrize(("east", "north"), [(0, 0), (1, 2), (-3, 1), (4, -6), (0, 12)])
def test_the_fitted_centre_is_the_true_one(east, north):
    result = fit_pa(shifted(east, north), centre="fit")
    assert abs(result.pa.value - PA) < 3 * result.pa_err.value
    assert result.x.to_value(u.arcsec) == pytest.approx(east, abs=0.3)
    assert result.y.to_value(u.arcsec) == pytest.approx(north, abs=0.3)
    for fitted, true, error in (
        (result.disc.x, east, result.disc.x_err),
        (result.disc.y, north, result.disc.y_err),
    ):
        assert abs(fitted.value - true) < 4 * error.value
    assert not result.flags & PAFlags.OFF_CENTRE


@pytest.mark.parametrize(("east", "is_flagged"), [(1.5, False), (3.0, True)])
def test_a_centre_is_off_beyond_two_spaxels(east, is_flagged):
    velocity = disc_velocity(PA, noise=3)
    field = VelocityField.from_arrays(velocity, 2 * X + east, 2 * Y, mask=~ROUND)
    assert bool(fit_pa(field).flags & PAFlags.OFF_CENTRE) == is_flagged


@pytest.mark.parametrize("east", [-60, -40, 60])
def test_a_given_centre_outside_the_field_does_not_lead_astray(east, shared_data):
    path = shared_data / "surveys" / "ghasp" / "ugc4325_rv_bin.fits.gz"
    field = mangapa.Galaxy.read(path).halpha
    expected = fit_pa(field, centre="fit", error=None)
    result = fit_pa(replace(field, x=field.x + east * u.arcsec), centre="fit", error=None)
    assert result.pa.value == pytest.approx(56.4, abs=5)  # of Epinat et al. (2008)
    assert result.pa.value == pytest.approx(expected.pa.value, abs=0.2)
    assert result.x.value - east == pytest.approx(expected.x.value, abs=0.5)
    assert result.y.value == pytest.approx(expected.y.value, abs=0.5)


def test_a_wrong_centre_is_noticed():
    result = fit_pa(shifted(2, -1.5))
    assert result.flags & PAFlags.OFF_CENTRE
    assert result.disc.offset.to_value(u.arcsec) == pytest.approx(2.5, abs=0.5)
    assert result.disc.offset_significance > 3.4
    assert (result.x, result.y) == (0 * u.arcsec, 0 * u.arcsec)


def test_a_right_centre_is_left_alone():
    flags = [fit_pa(shifted(0, 0, noise=20, seed=seed)).flags for seed in range(60)]
    assert sum(bool(flag & PAFlags.OFF_CENTRE) for flag in flags) <= 1


@pytest.mark.parametrize("method", available_methods())
def test_every_method_measures_about_the_fitted_centre(method):
    if method == "pafit":
        pytest.importorskip("pafit")
    field = shifted(3, 4, noise=1)
    result = fit_pa(field, method=method, centre="fit", error=None, n_steps=181)
    assert abs(result.pa.value - PA) < 1.5
    assert np.hypot(result.x.value - 3, result.y.value - 4) < 0.3


def test_the_option_reaches_measure():
    measured = mangapa.measure(Galaxy(stellar=shifted(3, 4)), centre="fit")
    assert measured.settings.centre == "fit"
    assert measured.stellar.x.to_value(u.arcsec) == pytest.approx(3, abs=0.3)


@pytest.mark.parametrize("centre", ["object", None, (1, 2)])
def test_what_is_refused(centre):
    with pytest.raises(ValueError, match=r"centre=.* must be one of 'given', 'fit'"):
        fit_pa(shifted(0, 0), centre=centre)


def test_errors_of_the_centre_are_calibrated():
    ratios = []
    for seed in range(40):
        disc = fit_pa(shifted(0, 0, seed=seed), centre="fit").disc
        ratios += [disc.x / disc.x_err, disc.y / disc.y_err]
    assert np.sqrt(np.mean(np.square(ratios))) == pytest.approx(1, abs=0.25)
