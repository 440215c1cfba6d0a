import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import Angle
from hypothesis import assume, given
from hypothesis import strategies as st

from mangapa import KinematicPA, PAFlags, misalignment
from mangapa.angles import receding_side, wrap

angles = st.floats(-1000, 1000)


@given(angles, angles)
def test_misalignment_is_symmetric_and_0_to_180(a, b):
    one, other = misalignment(a, b).angle.value, misalignment(b, a).angle.value
    assert one == other
    assert 0 <= one <= 180


@given(angles, angles, st.integers(-3, 3))
def test_misalignment_is_360_periodic(a, b, turns):
    assert misalignment(a, b).angle.value == pytest.approx(
        misalignment(a + 360 * turns, b).angle.value, abs=1e-9
    )


@given(st.floats(0, 180), angles)
def test_misalignment_is_the_turn(turn, a):
    assert misalignment(a, a + turn).angle.value == pytest.approx(turn, abs=1e-9)
    assert misalignment(a, a - turn).angle.value == pytest.approx(turn, abs=1e-9)


@given(angles)
def test_wrap(a):
    assert 0 <= wrap(a) < 360
    assert np.isclose(np.cos(np.radians(wrap(a))), np.cos(np.radians(a)), atol=1e-9)


def test_wrap_just_below_zero():
    assert wrap(-1e-20) == 0


def test_errors_flags_and_classes():
    a = KinematicPA(pa=10 * u.deg, pa_err=3 * u.deg, flags=PAFlags.RECEDING_SIDE_UNCLEAR)
    b = KinematicPA(pa=165 * u.deg, pa_err=4 * u.deg)
    found = misalignment(a, b)
    assert found.angle == 155 * u.deg
    assert found.error == 5 * u.deg
    assert found.flags == PAFlags.RECEDING_SIDE_UNCLEAR
    assert found.misaligned
    assert found.counter_rotating
    assert not misalignment(0, 30).misaligned
    assert not misalignment(0, 150).counter_rotating


@pytest.mark.parametrize("a", [10, 10 * u.deg, Angle(10, u.deg), np.radians(10) * u.rad])
def test_angles_of_all_kinds(a):
    assert u.isclose(misalignment(a, 350).angle, 20 * u.deg)


def test_missing_stays_missing():
    found = misalignment(KinematicPA(flags=PAFlags.NO_MAP), 20)
    assert np.isnan(found.angle)
    assert found.misaligned is None
    assert found.counter_rotating is None
    assert found.flags == PAFlags.NO_MAP


@pytest.mark.parametrize(
    ("a", "error", "match"),
    [
        (3 * u.km, ValueError, "a=.*3. km.* is no angle"),
        ("10d", ValueError, "a='10d' is no angle"),
        ([1, 2], ValueError, "a must be a single angle"),
        (None, TypeError, "a must be a KinematicPA or an angle, not None"),
    ],
)
def test_no_angle(a, error, match):
    with pytest.raises(error, match=match):
        misalignment(a, 0)


Y, X = (a.ravel() for a in np.mgrid[-5:5.5:0.5, 5:-5.5:-0.5])


@given(st.floats(0, 359.9))
def test_receding_side_has_the_larger_velocity(pa):
    velocity = X * np.sin(np.radians(pa)) + Y * np.cos(np.radians(pa))
    found, flags = receding_side(pa % 180, X, Y, velocity)
    assert misalignment(found, pa).angle.value == pytest.approx(0, abs=1e-9)
    assert not flags


def test_equal_halves_are_no_coin_toss():
    found, flags = receding_side(0, X, Y, np.abs(Y))
    assert np.isnan(found)
    assert flags == PAFlags.NO_ROTATION


def test_hardly_different_halves_are_flagged():
    velocity = np.random.default_rng(1).normal(size=X.size)
    found, flags = receding_side(0, X, Y, velocity - np.median(velocity[Y > 0]) * (Y > 0))
    assert np.isfinite(found)
    assert flags == PAFlags.RECEDING_SIDE_UNCLEAR


@given(st.floats(0, 359.9))
def test_one_side_alone(pa):
    along = X * np.sin(np.radians(pa)) + Y * np.cos(np.radians(pa))
    assume(np.abs(along).max() > 1)
    seen = along > 0.5
    found, flags = receding_side(pa % 180, X[seen], Y[seen], along[seen])
    assert misalignment(found, pa).angle.value == pytest.approx(0, abs=1e-9)
    assert flags == PAFlags.RECEDING_SIDE_UNCLEAR
