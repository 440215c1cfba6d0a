"""The contract of every method: symmetries, reference angles, and NaN with a flag for bad input."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from hypothesis import given, settings
from hypothesis import strategies as st

import mangapa
from mangapa import PAFlags, VelocityField, fit_pa, misalignment
from mangapa.fitting import PAFit, available_methods, register_method
from mangapa.fitting._methods import DEFAULT_METHOD, method_named

N_STEPS = 91  # two degrees: enough for these tests, and four times faster
STEP = 180 / (N_STEPS - 1)

each_method = pytest.mark.parametrize(
    "method",
    [
        pytest.param(name, marks=[pytest.mark.needs_pafit] if name == "pafit" else [])
        for name in available_methods()
    ],
)
Y, X = np.mgrid[-5:5.5:0.5, 5:-5.5:-0.5]
ROUND = np.hypot(X, Y) < 5.2


def disc(pa, noise=0.0, seed=0, x=X, y=Y):
    """Return the velocities of a rotating disc."""
    angle = np.radians(pa)
    along = x * np.sin(angle) + y * np.cos(angle)
    velocity = 150 * along / np.hypot(np.hypot(x, y), 1)
    velocity += np.random.default_rng(seed).normal(scale=noise or 1e-12, size=x.shape)
    return velocity


def field(velocity, x=X, y=Y, mask=~ROUND, **options):
    return VelocityField.from_arrays(velocity, x, y, mask=mask, **options)


def replace_method(monkeypatch, function):
    """Replace the fit of pafit by a function."""
    method = replace(method_named("pafit"), fit=function)
    monkeypatch.setattr("mangapa.fitting._fit.method_named", lambda name: method)


def apart(result, pa):
    return misalignment(result, pa).angle.value


@pytest.mark.promise(17)
@each_method
@pytest.mark.parametrize("pa", [0, 45, 100, 180, 271, 359.5])
def test_finds_the_receding_side(method, pa):
    result = fit_pa(field(disc(pa, noise=5)), method=method, n_steps=N_STEPS)
    assert apart(result, pa) <= STEP
    assert 0 <= result.pa.value < 360
    assert result.pa.unit == u.deg
    assert result.method == method
    assert not result.flags
    assert result.n_spaxels == ROUND.sum()
    assert 0 < result.pa_err.value < 10
    assert abs(result.v_sys.value) < 5


@pytest.mark.promise(2)
@each_method
@settings(max_examples=10, deadline=None)
@given(pa=st.floats(0, 360), turn=st.floats(0, 360))
def test_turning_the_field_turns_the_angle(method, pa, turn):
    velocity = disc(pa, noise=5)
    angle = np.radians(turn)
    x = X * np.cos(angle) + Y * np.sin(angle)
    y = Y * np.cos(angle) - X * np.sin(angle)
    before = fit_pa(field(velocity), method=method, n_steps=N_STEPS)
    after = fit_pa(field(velocity, x, y), method=method, n_steps=N_STEPS)
    assert apart(after, before.pa.value + turn) <= 1.5 * STEP


@pytest.mark.promise(2)
@each_method
@settings(max_examples=10, deadline=None)
@given(pa=st.floats(0, 360))
def test_mirror_and_reversal(method, pa):
    velocity = disc(pa, noise=5)
    before = fit_pa(field(velocity), method=method, n_steps=N_STEPS)
    mirrored = fit_pa(field(velocity, -X, Y), method=method, n_steps=N_STEPS)
    reversed_ = fit_pa(field(-velocity), method=method, n_steps=N_STEPS)
    assert apart(mirrored, -before.pa.value) <= 1.01 * STEP
    assert apart(reversed_, before.pa.value + 180) <= 0.05


@pytest.mark.promise(2)
@each_method
@settings(max_examples=10, deadline=None)
@given(offset=st.floats(-3000, 3000))
def test_a_constant_velocity_changes_only_v_sys(method, offset):
    velocity = disc(130, noise=5)
    before = fit_pa(field(velocity), method=method, n_steps=N_STEPS)
    after = fit_pa(field(velocity + offset), method=method, n_steps=N_STEPS)
    assert apart(after, before.pa.value) <= 1.01 * STEP
    assert after.v_sys.value == pytest.approx(before.v_sys.value + offset, abs=0.5)


NOTHING = np.full(X.shape, np.nan)
BAD_INPUT = {
    "all NaN": (field(NOTHING), PAFlags.NO_GOOD_SPAXELS),
    "all infinite": (field(np.full(X.shape, np.inf)), PAFlags.NO_GOOD_SPAXELS),
    "all masked": (field(disc(30), mask=np.ones(X.shape)), PAFlags.NO_GOOD_SPAXELS),
    "no inverse variance": (field(disc(30), ivar=0 * X), PAFlags.NO_GOOD_SPAXELS),
    "infinite inverse variance": (field(disc(30), ivar=np.inf + X), PAFlags.NO_GOOD_SPAXELS),
    "no bins": (field(disc(30), bin_id=np.full(X.shape, -1)), PAFlags.NO_GOOD_SPAXELS),
    "no position": (field(disc(30), x=NOTHING), PAFlags.NO_GOOD_SPAXELS),
    "one spaxel": (field(disc(30), mask=(X != 1) | (Y != 1)), PAFlags.TOO_FEW_SPAXELS),
    "ten spaxels": (field(disc(30), mask=(X != 1) | (Y < 0.5)), PAFlags.TOO_FEW_SPAXELS),
    "one row": (field(disc(30), mask=Y != 1), PAFlags.NO_EXTENT),
    "one point": (field(disc(30), x=0 * X, y=0 * Y), PAFlags.NO_EXTENT),
    "constant": (field(np.full(X.shape, 300.0)), PAFlags.CONSTANT_VELOCITY),
    "zero": (field(np.zeros(X.shape)), PAFlags.CONSTANT_VELOCITY),
    "constant except for rounding": (field(300 + 1e-12 * X), PAFlags.CONSTANT_VELOCITY),
}


@pytest.mark.promise(1)
@pytest.mark.quick
@each_method
@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_gives_nan_and_a_flag(method, name):
    bad, flag = BAD_INPUT[name]
    result = fit_pa(bad, method=method, n_steps=N_STEPS)
    for value in (
        result.pa,
        result.pa_err,
        result.pa_err_sys,
        result.pa_err_3sigma,
        result.v_sys,
        result.chi2,
    ):
        assert np.isnan(value)
    assert result.flags & flag
    assert result.method == method


@pytest.mark.promise(1)
@pytest.mark.parametrize("name", BAD_INPUT)
def test_no_method_is_called_on_bad_input(name, monkeypatch):
    replace_method(monkeypatch, lambda spaxels, n_steps: pytest.fail("the method was called"))
    assert np.isnan(fit_pa(BAD_INPUT[name][0], method="pafit").pa)


@each_method
@pytest.mark.parametrize("wild", [np.nan, np.inf, -np.inf])
def test_spaxel_that_is_not_finite_is_ignored(method, wild):
    velocity = disc(75, noise=5)
    without = field(velocity, mask=~ROUND | ((X == 1) & (Y == 1)))
    velocity[(X == 1) & (Y == 1)] = wild
    a, b = fit_pa([without, field(velocity)], method=method, n_steps=N_STEPS)
    assert a.pa == b.pa
    assert a.n_spaxels == b.n_spaxels == ROUND.sum() - 1


@each_method
def test_options(method):
    one = field(disc(75, noise=5), ivar=np.full(X.shape, 1 / 25))
    given_errors = fit_pa(one, method=method, n_steps=N_STEPS)
    same = fit_pa(one, method=method, n_steps=N_STEPS, velocity_error=5 * u.km / u.s)
    large = fit_pa(one, method=method, n_steps=N_STEPS, velocity_error=20, error=None)
    assert given_errors.pa == same.pa
    assert given_errors.pa_err_3sigma == same.pa_err_3sigma
    assert given_errors.chi2 == pytest.approx(same.chi2, nan_ok=True)
    assert np.isnan(large.pa_err)
    assert apart(large, 75) <= STEP
    shifted = fit_pa(one, method=method, n_steps=N_STEPS, v_sys=3)
    assert apart(shifted, 75) <= STEP
    assert abs(shifted.v_sys.value) < 3


@each_method
def test_scattered_points(method):
    rng = np.random.default_rng(5)
    radius, azimuth = 6 * np.sqrt(rng.random(300)), rng.uniform(0, 2 * np.pi, 300)
    x, y = np.atleast_2d(radius * np.sin(azimuth), radius * np.cos(azimuth))
    scattered = field(disc(200, noise=5, x=x, y=y), x, y, mask=None)
    assert apart(fit_pa(scattered, method=method, n_steps=N_STEPS), 200) <= 2 * STEP


@each_method
@pytest.mark.parametrize("scale", [0.1, 4])
def test_spaxels_of_any_size(method, scale):
    """Other surveys and adaptive optics have other spaxels."""
    velocity = disc(130, noise=5)
    scaled = field(velocity, scale * X, scale * Y)
    assert apart(fit_pa(scaled, method=method, n_steps=N_STEPS), 130) <= STEP


@each_method
@pytest.mark.parametrize("scale", [1e-3, 1, 1e6])
def test_a_plain_gradient(method, scale):
    """The velocities have no noise and are equal along each column."""
    result = fit_pa(field(scale * X), method=method, n_steps=N_STEPS)
    assert apart(result, 90) < 0.01
    assert not result.flags


@each_method
def test_two_bins(method):
    """Two velocities show which half recedes, but do not constrain a disc."""
    bin_id = np.where(X > 0, 0, 1)
    result = fit_pa(field(100.0 * bin_id, bin_id=bin_id), method=method, n_steps=N_STEPS)
    if method == "disc":
        assert np.isnan(result.pa)
        assert result.flags == PAFlags.FIT_FAILED
    else:
        assert apart(result, 270) <= STEP
        assert result.flags == PAFlags.NONE


@each_method
def test_a_single_spike_is_not_rotation(method):
    spike = np.where((X == 0) & (Y == 0), 1000.0, 0.0)
    result = fit_pa(field(spike), method=method, n_steps=N_STEPS)
    assert np.isnan(result.pa)
    assert result.flags == PAFlags.NO_ROTATION


def test_lists():
    assert fit_pa([]) == []
    results = fit_pa([BAD_INPUT["zero"][0], BAD_INPUT["all NaN"][0]])
    assert [r.flags for r in results] == [PAFlags.CONSTANT_VELOCITY, PAFlags.NO_GOOD_SPAXELS]
    assert results[0].method == DEFAULT_METHOD


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"method": "magic"}, "method='magic' is not known; choose one of default, "),
        ({"error": "guess"}, "error='guess' must be one of 'default', "),
        ({"n_steps": 2}, "n_steps=2 must be an integer"),
        ({"n_steps": 361.0}, "n_steps=361.0 must be an integer"),
        ({"velocity_error": 0}, "velocity_error=0 must be positive"),
        ({"velocity_error": np.nan}, "velocity_error=nan must be one finite number"),
        ({"velocity_error": 3 * u.Jy}, "velocity_error=.* must be a number in km / s"),
        ({"v_sys": "mean"}, "v_sys='mean' must be a number in km / s"),
    ],
)
def test_bad_options(options, match):
    with pytest.raises(ValueError, match=match):
        fit_pa(field(disc(0)), **options)


@pytest.mark.parametrize("no_field", [None, X, [field(disc(0)), None]])
def test_something_other_than_a_field(no_field):
    with pytest.raises(TypeError, match=r"field.* must be a VelocityField, not .*from_arrays"):
        fit_pa(no_field)


def test_a_method_is_registered_only_once():
    with pytest.raises(ValueError, match="'pafit' is already registered"):
        register_method("pafit")(lambda spaxels: None)


def test_missing_package_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pafit.fit_kinematic_pa", None)
    with pytest.raises(ImportError, match=r"pip install 'mangapa\[pafit\]'"):
        fit_pa(field(disc(0)), method="pafit")


def test_a_failed_fit_is_flagged(monkeypatch):
    replace_method(monkeypatch, lambda spaxels, n_steps: PAFit(pa_axis=np.nan))
    result = fit_pa(field(disc(0)), method="pafit")
    assert np.isnan(result.pa)
    assert result.flags == PAFlags.FIT_FAILED
    assert "gave no finite angle" in repr(result)


@pytest.mark.needs_pafit
@pytest.mark.parametrize(
    ("tracer", "v_sys", "pa"),
    [
        ("stellar", 0, 3.5),
        ("halpha", 0, 7.5),
        ("stellar", "median", 3.0),
        ("halpha", "median", 7.0),
    ],
)
def test_published_settings_on_a_real_file(real_maps, tracer, v_sys, pa):
    true_field = mangapa.read_maps(real_maps).tracer(tracer)
    result = fit_pa(true_field, method="pafit", velocity_error=10, v_sys=v_sys)
    assert result.pa == pa * u.deg
