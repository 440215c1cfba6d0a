import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import Angle
from astropy.table import Column, MaskedColumn, QTable, Table
from astropy.utils.masked import Masked
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays, mutually_broadcastable_shapes

from mangapa import KinematicPA, PAFlags, misalignment
from mangapa.angles import receding_side, wrap

angles = st.floats(-1000, 1000)


@st.composite
def pairs_of_arrays(draw):
    shapes = draw(mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=4))
    return [draw(arrays(float, shape, elements=angles)) for shape in shapes.input_shapes]


@pytest.mark.promise(3)
@given(pairs_of_arrays())
def test_misalignment_is_symmetric_and_0_to_180(pair):
    a, b = pair
    one, other = misalignment(a, b).angle.value, misalignment(b, a).angle.value
    np.testing.assert_array_equal(one, other)
    assert np.all((one >= 0) & (one <= 180))


@pytest.mark.promise(3)
@given(pairs_of_arrays(), st.integers(-3, 3))
def test_misalignment_is_360_periodic(pair, turns):
    a, b = pair
    np.testing.assert_allclose(
        misalignment(a, b).angle.value, misalignment(a + 360 * turns, b).angle.value, atol=1e-9
    )


@given(pairs_of_arrays())
def test_misalignment_of_arrays_is_that_of_each_pair(pair):
    found = misalignment(*pair)
    a, b = np.broadcast_arrays(*pair)
    assert found.angle.shape == found.error.shape == a.shape
    for index in np.ndindex(a.shape):
        one = misalignment(a[index], b[index])
        assert found.angle[index] == one.angle
        assert np.isnan(found.error[index])
        if a.ndim:
            assert found.misaligned[index] == one.misaligned
            assert found.counter_rotating[index] == one.counter_rotating


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


def test_probabilities_of_one_galaxy():
    a = KinematicPA(pa=10 * u.deg, pa_err=3 * u.deg)
    b = KinematicPA(pa=45 * u.deg, pa_err=4 * u.deg)
    found = misalignment(a, b)
    # One standard deviation above the limit.
    assert found.probability_misaligned == pytest.approx(0.841, abs=1e-3)
    assert found.probability_counter_rotating == pytest.approx(0, abs=1e-9)
    assert type(found.probability_misaligned) is float


@pytest.mark.parametrize("pa", [0, 90, 180])
def test_probabilities_of_a_random_axis(pa):
    a = KinematicPA(pa=pa * u.deg, pa_err=180 / np.sqrt(12) * u.deg)
    found = misalignment(a, KinematicPA(pa=0 * u.deg, pa_err=1 * u.deg))
    assert found.probability_misaligned == pytest.approx(5 / 6, abs=1e-3)
    assert found.probability_counter_rotating == pytest.approx(1 / 6, abs=1e-3)


@pytest.mark.promise(1)
def test_probabilities_of_what_is_missing():
    without_error = KinematicPA(pa=10 * u.deg)
    known = KinematicPA(pa=10 * u.deg, pa_err=1 * u.deg)
    found = misalignment([without_error, KinematicPA(flags=PAFlags.NO_MAP), known], known)
    np.testing.assert_allclose(found.probability_misaligned, [np.nan, np.nan, 0], atol=1e-9)
    assert np.isnan(misalignment(10, 50).probability_misaligned)


@pytest.mark.parametrize("a", [10, 10 * u.deg, Angle(10, u.deg), np.radians(10) * u.rad])
def test_angles_of_all_kinds(a):
    assert u.isclose(misalignment(a, 350).angle, 20 * u.deg)


RADIANS = np.radians([10.0, 40.0]) * u.rad


@pytest.mark.parametrize(
    "a",
    [
        [10, 40],
        (10 * u.deg, RADIANS[1]),
        np.array([10, 40], np.uint8),
        np.array([10.0, 40.0], ">f4"),
        RADIANS,
        Angle(RADIANS),
        Column([10.0, 40.0]),
        Column(RADIANS.value, unit=u.rad),
        np.array([KinematicPA(pa=pa * u.deg) for pa in (10, 40)]),
        [KinematicPA(pa=10 * u.deg), 40],
    ],
)
def test_arrays_of_all_kinds(a):
    found = misalignment(a, [350, 195])
    assert found.angle.unit == u.deg
    np.testing.assert_allclose(found.angle.value, [20, 155], rtol=1e-6)
    assert found.misaligned.tolist() == found.counter_rotating.tolist() == [False, True]


@pytest.mark.parametrize(
    "a",
    [
        [np.nan, 40],
        [np.inf, 40],
        [np.ma.masked, 40],
        np.ma.masked_array([10, 40], [True, False]),
        MaskedColumn(RADIANS.value, mask=[True, False], unit=u.rad),
        Masked(RADIANS, mask=[True, False]),
        Masked(Angle(RADIANS), mask=[True, False]),
        list(Masked(RADIANS, mask=[True, False])),
        [np.ma.array(10.0, mask=True), 40],
        np.ma.array([10, 40], mask=[True, False], dtype=object),
        [KinematicPA(flags=PAFlags.NO_MAP), 40],
    ],
)
def test_missing_angles_in_arrays_are_neither_aligned_nor_misaligned(a):
    found = misalignment(a, 195)
    np.testing.assert_allclose(found.angle.value, [np.nan, 155], rtol=1e-6)
    for classified in (found.misaligned, found.counter_rotating):
        assert classified.tolist() == [None, True]
        assert classified.filled(False).tolist() == [False, True]
        assert np.array([1, 2])[classified].tolist() == [2]


@pytest.mark.promise(18)
@pytest.mark.parametrize(
    "a",
    [
        np.ma.masked,
        Masked(10 * u.deg, mask=True),
        np.nan,
        np.inf,
        np.ma.array(10.0, mask=True),
        Masked(RADIANS, mask=[True, False])[0],
        Table({"pa": MaskedColumn([10.0, 40.0], mask=[True, False])})["pa"][0],
        Table({"pa": MaskedColumn([10, 40], mask=[True, False])})[0]["pa"],
        QTable({"pa": Masked([10, 40] * u.deg, mask=[True, False])})["pa"][0],
        QTable({"pa": Masked([10, 40] * u.deg, mask=[True, False])})[0]["pa"],
    ],
)
def test_a_missing_scalar_is_neither_aligned_nor_misaligned(a):
    found = misalignment(a, 195)
    assert np.isnan(found.angle)
    assert found.misaligned is None


def test_sequences_of_results_keep_errors_and_flags():
    stars = [
        KinematicPA(pa=10 * u.deg, pa_err=3 * u.deg, flags=PAFlags.RECEDING_SIDE_UNCLEAR),
        KinematicPA(flags=PAFlags.NO_MAP),
    ]
    gas = KinematicPA(pa=165 * u.deg, pa_err=4 * u.deg, flags=PAFlags.METHODS_DISAGREE)
    found = misalignment(stars, gas)
    np.testing.assert_array_equal(found.angle, [155, np.nan] * u.deg)
    np.testing.assert_array_equal(found.error, [5, np.nan] * u.deg)
    assert found.flags.tolist() == [
        PAFlags.RECEDING_SIDE_UNCLEAR | PAFlags.METHODS_DISAGREE,
        PAFlags.NO_MAP | PAFlags.METHODS_DISAGREE,
    ]


def test_repr_is_short():
    assert repr(misalignment(350, 20)) == "<Misalignment 30.0 +- nan deg>"
    many = misalignment([0, 40, 170, np.nan] * 1000, 0)
    assert repr(many) == (
        "<Misalignment of 4000 galaxies: 2000 misaligned, 1000 counter-rotating, 1000 missing>"
    )
    none = misalignment([np.nan], 0)
    assert repr(none).endswith(": 0 misaligned, 0 counter-rotating, 1 missing>")


@pytest.mark.promise(1)
def test_missing_stays_missing():
    found = misalignment(KinematicPA(flags=PAFlags.NO_MAP), 20)
    assert np.isnan(found.angle)
    assert found.misaligned is None
    assert found.counter_rotating is None
    assert found.flags == PAFlags.NO_MAP


@pytest.mark.parametrize(
    ("a", "error", "match"),
    [
        (3 * u.km, ValueError, "a=<Quantity 3. km> is not an angle"),
        ([3, 4] * u.one, ValueError, r"a=<Quantity \[3\., 4\.\]> is not an angle"),
        ([1, 2, 3], ValueError, r"a has shape \(3,\) and b has shape \(2,\); they must broadcast"),
        ([1, [2, 3]], ValueError, "a must be a scalar or a regular array"),
        ("10d", TypeError, "a='10d' is not an angle"),
        (["10"], TypeError, r"a\[0\]='10' is not an angle"),
        (None, TypeError, "a=None is not an angle; give degrees, a Quantity or a KinematicPA"),
        ([1, None], TypeError, r"a\[1\]=None is not an angle"),
        (1j, TypeError, "a=1j is not an angle"),
        (True, TypeError, "a=True is not an angle"),
        ([1.0, True], TypeError, r"a\[1\]=True is not an angle"),
        (np.array([True]), TypeError, r"a=array\(\[ ?True\]\) is not an angle"),
        (np.zeros(2, complex), TypeError, r"a=array\(.* is not an angle"),
    ],
)
def test_arguments_that_are_not_angles(a, error, match):
    with pytest.raises(error, match=match):
        misalignment(a, [0, 0])
    with pytest.raises(error):
        misalignment([0, 0], a)


Y, X = (a.ravel() for a in np.mgrid[-5:5.5:0.5, 5:-5.5:-0.5])


@pytest.mark.promise(17)
@given(st.floats(0, 359.9))
def test_receding_side_has_the_larger_velocity(pa):
    velocity = X * np.sin(np.radians(pa)) + Y * np.cos(np.radians(pa))
    found, flags = receding_side(pa % 180, X, Y, velocity)
    assert misalignment(found, pa).angle.value == pytest.approx(0, abs=1e-9)
    assert not flags


def test_equal_halves_have_no_receding_side():
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
