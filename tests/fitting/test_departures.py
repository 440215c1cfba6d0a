import numpy as np
import pytest
from astropy import units as u
from scipy.ndimage import gaussian_filter

from mangapa import KinematicPA, PAFlags, VelocityField, clean, fit_pa, misalignment
from mangapa.fitting import available_methods
from mangapa.fitting._departures import Departures
from tests.fitting.fields import ROUND, X, Y, disc_velocity

RADIUS = np.hypot(X, Y)


def fitted(velocity, mask=~ROUND, **options):
    return fit_pa(VelocityField.from_arrays(velocity, X, Y, mask=mask), **options)


def warped(turn, pa=40.0, noise=1.0, seed=0):
    """A round disc whose position angle turns by ``turn`` deg, in step with the area."""
    angle = pa + turn * RADIUS**2 / RADIUS[ROUND].max() ** 2
    return disc_velocity(angle, axis_ratio=1.0, noise=noise, seed=seed)


def test_a_plain_disc_has_no_error_beyond_the_noise():
    result = fitted(disc_velocity(200, noise=0))
    assert result.pa_err_sys.value < 0.2
    assert not result.flags


@pytest.mark.parametrize("turn", [-40, 15, 30])
def test_the_error_of_a_warp_is_near_the_spread_of_its_angles(turn):
    result = fitted(warped(turn))
    # Uniform over the area: the standard deviation is turn / sqrt(12); half the variance counts.
    assert result.pa_err_sys.value == pytest.approx(np.sqrt(0.5 / 12) * abs(turn), rel=0.25)
    mean = 40 + turn / 2
    assert abs(result.pa.value - mean) < 2 * result.pa_err_total.value
    assert result.flags & PAFlags.NOT_A_DISC


def test_a_turn_is_not_hidden_by_the_noise_that_it_looks_like():
    # What a disc leaves of a turned core is spread over many spaxels, as correlated noise is.
    velocity = disc_velocity(40 + 60 * (RADIUS > 4), axis_ratio=1.0)
    flags = []
    for seed in range(20):
        noise = gaussian_filter(np.random.default_rng(seed).normal(0, 30, X.shape), 1.36)
        flags.append(fitted(velocity + noise).flags)
    assert np.mean([bool(flag & PAFlags.NOT_A_DISC) for flag in flags]) >= 0.9


def test_few_bins_are_not_flagged_by_chance():
    number = (np.indices(X.shape) // 8 * [[[1]], [[100]]]).sum(axis=0)
    rng = np.random.default_rng(5)
    flags = []
    for _ in range(150):
        noise = rng.normal(0, 30, number.max() + 1)[number]
        field = VelocityField.from_arrays(disc_velocity(70) + noise, X, Y, bin_id=number)
        flags.append(fit_pa(field).flags)
    assert sum(bool(flag & PAFlags.NOT_A_DISC) for flag in flags) <= 4


@pytest.mark.promise(2)
@pytest.mark.parametrize("turn", [30, 130])
def test_turning_the_field_leaves_the_error(turn):
    one, other = fitted(warped(25)), fitted(warped(25, pa=40 + turn))
    assert (other.pa - one.pa).value % 180 == pytest.approx(turn, abs=0.5)
    assert other.pa_err_sys.value == pytest.approx(one.pa_err_sys.value, rel=0.05)


def test_reversing_the_velocities_leaves_the_error():
    velocity = warped(25)
    one, other = fitted(velocity), fitted(-velocity)
    assert other.pa_err_sys.value == pytest.approx(one.pa_err_sys.value, rel=1e-3)


def test_few_plain_discs_are_flagged():
    flags = [fitted(disc_velocity(70, noise=15, seed=seed)).flags for seed in range(60)]
    assert sum(bool(flag & PAFlags.NOT_A_DISC) for flag in flags) <= 4
    assert sum(bool(flag & PAFlags.METHODS_DISAGREE) for flag in flags) <= 4


def test_the_error_is_the_share_of_the_variances():
    found = Departures(turn=6.0, third=1.0, turn_chance=0.009)
    assert found.error == pytest.approx(2.0)
    assert found.not_a_disc
    assert not Departures(turn=6.0, third=1.0, turn_chance=0.011).not_a_disc


def test_errors_add_in_quadrature():
    result = KinematicPA(pa=10 * u.deg, pa_err=3 * u.deg, pa_err_sys=4 * u.deg)
    assert result.pa_err_total == 5 * u.deg
    assert "+- 3.0 (noise) +- 4.0 (shape) deg" in repr(result)
    other = KinematicPA(pa=20 * u.deg, pa_err=12 * u.deg)
    assert other.pa_err_total == 12 * u.deg
    assert misalignment(result, other).error == 13 * u.deg


@pytest.mark.parametrize("method", available_methods())
def test_all_methods_share_the_departures_of_the_field(method):
    if method == "pafit":
        pytest.importorskip("pafit")
    velocity = warped(25)[8:-8, 8:-8]
    field = VelocityField.from_arrays(velocity, X[8:-8, 8:-8], Y[8:-8, 8:-8])
    assert fit_pa(field, method=method).pa_err_sys == fit_pa(field).pa_err_sys
    without = fit_pa(field, method=method, error=None)
    assert np.isnan(without.pa_err_sys)
    assert np.isnan(without.pa_err_total)
    assert not without.flags & PAFlags.NOT_A_DISC


def test_both_errors_are_at_most_that_of_a_random_axis():
    for seed in range(5):
        result = fitted(disc_velocity(0, amplitude=0, noise=10, seed=seed))
        assert result.pa_err_total.value <= 52


@pytest.fixture
def simulated(shared_data):
    if not (shared_data / "simulated").is_dir():
        pytest.skip("there are no simulated fields in the shared data")
    from simulated_fields import simulated_fields

    def results(*names):
        return [(one, fit_pa(clean(one.field))) for one in simulated_fields(*names)]

    return results


def test_warps_of_another_simulator_are_flagged(simulated):
    found = simulated("warp-hs", "warp-hs-pa")
    flagged = [bool(result.flags & PAFlags.NOT_A_DISC) for _, result in found]
    assert np.mean(flagged) >= 0.9


def test_errors_of_plain_discs_of_another_simulator_hold(simulated):
    found = simulated("plain", "lowsn")
    off = np.array([(r.pa.value - one.pa + 90) % 180 - 90 for one, r in found])
    error = np.array([result.pa_err_total.value for _, result in found])
    assert 0.75 < 1.48 * np.median(np.abs(off) / error) < 1.25
    assert np.mean([bool(r.flags & PAFlags.NOT_A_DISC) for _, r in found]) <= 0.04
    assert np.mean([bool(r.flags & PAFlags.METHODS_DISAGREE) for _, r in found]) <= 0.04


def test_errors_of_bars_of_another_simulator_are_not_of_the_noise_alone(simulated):
    found = simulated("bar-hs")
    off = np.array([(r.pa.value - one.pa + 90) % 180 - 90 for one, r in found])
    error = np.array([result.pa_err_total.value for _, result in found])
    assert 1.48 * np.median(np.abs(off) / error) < 2.5
