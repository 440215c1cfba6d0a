import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mangapa._directions import (
    UNIFORM_AXIS,
    axes_apart,
    cut,
    probability_apart,
    unwrapped,
    wrapped,
)


@pytest.mark.parametrize("limit", [30, 150])
@pytest.mark.parametrize(("angle", "error"), [(0, 20), (25, 5), (90, 60), (175, 10), (150, 40)])
def test_probability_is_that_of_simulated_directions(angle, error, limit):
    turn = np.random.default_rng(1).normal(angle, error, 400_000)
    apart = np.abs((turn + 180) % 360 - 180)
    assert probability_apart(angle, error, limit) == pytest.approx(np.mean(apart > limit), abs=3e-3)


@pytest.mark.parametrize(
    ("angle", "error", "expected"),
    [(180, 1, 1), (150, 3, 0.5), (100, 5, 0), (0, 0, 0), (170, 0, 1)],
)
def test_probability_of_counter_rotation(angle, error, expected):
    assert probability_apart(angle, error, 150) == pytest.approx(expected, abs=1e-3)


def test_probability_of_arrays_and_of_what_is_missing():
    found = probability_apart([20, np.nan, 40, 31], [0, 5, np.nan, 0], 30)
    np.testing.assert_array_equal(found, [0, np.nan, np.nan, 1])


@pytest.mark.parametrize("error", [1e3, 1e9, np.inf])
def test_a_direction_of_any_error_is_random(error):
    for angle in (0, 90, 180):
        assert probability_apart(angle, error, 30) == pytest.approx(5 / 6, abs=1e-3)


@pytest.mark.parametrize("error", [0, 0.1, 5, 30, 50, 100])
def test_wrapped_is_the_inverse_of_unwrapped(error):
    assert unwrapped(wrapped(error)) == pytest.approx(error, rel=1e-3)


def test_a_wrapped_error_is_at_most_that_of_a_random_axis():
    np.testing.assert_allclose(wrapped([1e3, np.inf, np.nan]), [UNIFORM_AXIS, UNIFORM_AXIS, np.nan])


@pytest.mark.parametrize("error", [5, 20, 30, 40, 50, 60, 80])
def test_error_of_an_axis_from_its_standard_deviation(error):
    axis = (np.random.default_rng(1).normal(0, error, 400_000) + 90) % 180 - 90
    assert unwrapped(axis.std()) == pytest.approx(error, rel=0.05)


def test_random_axes_have_no_finite_error():
    np.testing.assert_array_equal(unwrapped([UNIFORM_AXIS, 60, np.nan]), [np.inf, np.inf, np.nan])


def test_cut_of_a_counter_rotating_core():
    """The rings of 250 and 244 degrees stay together, whatever the whole field has."""
    start = cut([250.0, 244.0, 64.0], [2.0, 2.0, 2.0], 64.0)
    placed = [start + (angle - start) % 360 for angle in (250.0, 244.0, 64.0)]
    assert placed[0] - placed[1] == 6
    assert max(placed) - min(placed) == 180


def test_rings_of_any_direction_do_not_move_the_cut():
    assert cut([10.0, 20.0, 180.0], [1.0, 1.0, 60.0]) == cut([10.0, 20.0], [1.0, 1.0]) == 195.0
    assert cut([np.nan], [np.nan], 30.0) == 210.0
    assert cut([np.nan, 10.0], [1.0, np.nan]) == 0.0


@given(arrays(float, st.integers(1, 12), elements=st.floats(0, 359)), st.integers(0, 359))
def test_cut_turns_with_the_directions(direction, turn):
    """The range that is drawn is the smallest that holds all, and does not depend on North."""

    def drawn(direction):
        start = cut(direction, np.ones_like(direction))
        return np.ptp((direction - start) % 360)

    assert drawn(direction) == pytest.approx(drawn((direction + turn) % 360), abs=1e-6)
    gaps = np.diff(np.sort(direction), append=direction.min() + 360)
    assert drawn(direction) == pytest.approx(360 - gaps.max(), abs=1e-6)


@given(axis=st.floats(-720, 720), other=st.floats(-720, 720))
def test_angle_between_axes(axis, other):
    apart = axes_apart(axis, other)
    assert 0 <= apart <= 90
    cosine = abs(np.cos(np.radians(axis - other)))
    assert np.cos(np.radians(apart)) == pytest.approx(cosine, abs=1e-9)
    assert axes_apart(other, axis) == apart
    assert axes_apart(axis + 180, other) == pytest.approx(apart, abs=1e-9)
