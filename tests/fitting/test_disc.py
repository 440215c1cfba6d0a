import numpy as np
import pytest
from astropy import units as u

from mangapa import KinematicPA, PAFlags, VelocityField, fit_pa
from mangapa.fitting._fit import axes_disagree
from mangapa.fitting._thin_disc import N_PARAMETERS, rotation
from tests.fitting.fields import ROUND, X, Y, disc_velocity


def fitted(velocity, mask=~ROUND, **options):
    return fit_pa(VelocityField.from_arrays(velocity, X, Y, mask=mask), method="disc", **options)


def test_jacobian_is_the_derivative():
    rng = np.random.default_rng(1)
    parameters = rng.normal(size=N_PARAMETERS)
    parameters[6] = 0.8
    places = rng.normal(size=(2, 30))
    jacobian, other = np.empty((2, N_PARAMETERS, 30))
    rotation(parameters, places, jacobian)
    for i in range(N_PARAMETERS):
        step = np.zeros(N_PARAMETERS)
        step[i] = 1e-6
        change = rotation(parameters + step, places, other)
        change -= rotation(parameters - step, places, other)
        expected = jacobian[i] if i != 4 else 0  # the systemic velocity is not in the model
        np.testing.assert_allclose(change / 2e-6, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("axis_ratio", [0.3, 0.6, 0.85])
def test_recovers_the_disc(axis_ratio):
    velocity = disc_velocity(200, axis_ratio=axis_ratio, noise=3) + 25
    result = fitted(velocity)
    assert abs(result.pa - 200 * u.deg) < 4 * result.pa_err
    assert result.v_sys.value == pytest.approx(25, abs=0.5)
    disc = result.disc
    assert disc.axis_ratio == pytest.approx(axis_ratio, abs=0.05)
    # Of a disc with a thickness of 0.2.
    expected = (disc.axis_ratio**2 - 0.2**2) / (1 - 0.2**2)
    assert np.cos(disc.inclination).value ** 2 == pytest.approx(expected)
    assert 0 < disc.axis_ratio_err < 0.3
    assert 3 <= disc.inclination_err.value < 40
    assert np.hypot(disc.x, disc.y) < 0.1 * u.arcsec
    expected = 150 * (2 / np.pi) * np.arctan(disc.radius.value / 2)
    inner = disc.radius < 8 * u.arcsec
    np.testing.assert_allclose(disc.rotation_velocity.value[inner], expected[inner], atol=6)


def test_half_of_the_map_missing():
    angle = np.radians(30)
    seen = ROUND & (X * np.sin(angle) + Y * np.cos(angle) > -1)
    result = fitted(disc_velocity(30, noise=5), mask=~seen)
    assert abs(result.pa.value - 30) < 1
    assert abs(result.v_sys.value) < 10


def test_outliers_and_a_foreground_star():
    velocity = disc_velocity(30, noise=5)
    velocity[5::9, 3::9] = 700
    velocity[np.hypot(X - 3, Y - 4) < 1.5] = -400
    assert abs(fitted(velocity).pa.value - 30) < 1


def test_errors_are_used_as_weights():
    """If the errors differ, using them brings the angle closer to the truth."""
    noise = np.where(X > 0, 60.0, 3.0)
    off = []
    for seed in range(20):
        velocity = disc_velocity(30) + noise * np.random.default_rng(seed).normal(size=X.shape)
        field = VelocityField.from_arrays(velocity, X, Y, mask=~ROUND, ivar=noise**-2)
        weighted, flat = fit_pa(field), fit_pa(field, velocity_error=10)
        off.append([weighted.pa.value - 30, flat.pa.value - 30])
    weighted_off, flat_off = np.sqrt(np.mean(np.square(off), axis=0))
    assert weighted_off < 0.7 * flat_off
    assert weighted.chi2 / weighted.n_spaxels == pytest.approx(1, abs=0.3)


def test_pure_noise_is_unconstrained():
    errors = []
    for seed in range(10):
        result = fitted(disc_velocity(0, amplitude=0, noise=10, seed=seed))
        errors.append(result.pa_err.value)
    assert np.median(errors) > 45
    assert max(errors) <= 52
    assert result.flags & PAFlags.UNCONSTRAINED


@pytest.mark.parametrize(
    ("axis", "other", "error", "expected"),
    [
        (30, 31, 0.1, True),
        (30, 31, 1, False),
        (179, 2, 0.5, True),
        (179, 0, 0.5, False),
        (0, 90, 52, False),
        (30, np.nan, 1, False),
        (30, 60, np.nan, False),
    ],
)
def test_methods_disagree_beyond_their_errors(axis, other, error, expected):
    assert axes_disagree(axis, other, error) == expected


def test_is_the_default():
    result = fit_pa(VelocityField.from_arrays(disc_velocity(5, noise=5), X, Y))
    assert result.method == "disc"
    assert KinematicPA().disc is None
