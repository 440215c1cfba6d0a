import numpy as np
import pytest

from mangapa._directions import UNIFORM_AXIS, probability_apart, unwrapped


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


@pytest.mark.parametrize("error", [5, 20, 30, 40, 50, 60, 80])
def test_error_of_an_axis_from_its_standard_deviation(error):
    axis = (np.random.default_rng(1).normal(0, error, 400_000) + 90) % 180 - 90
    assert unwrapped(axis.std()) == pytest.approx(error, rel=0.05)


def test_random_axes_have_no_finite_error():
    np.testing.assert_array_equal(unwrapped([UNIFORM_AXIS, 60, np.nan]), [np.inf, np.inf, np.nan])
