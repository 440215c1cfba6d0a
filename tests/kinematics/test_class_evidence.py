import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangapa.kinematics import _class_evidence as evidence
from mangapa.kinematics._two_sigma import DispersionPeaks
from mangapa.profiles import FieldFeatures

PROBABILITY = st.floats(0, 1)


def peaks(**values):
    names = ("over_minor", "over_centre", "pattern")
    contrasts = {"contrast_minor": 1.0, "contrast_centre": 1.0, "pattern_contrast": 1.0}
    return DispersionPeaks(radius=3.0, **contrasts, **dict.fromkeys(names, 0.0) | values)


def core(turn=180.0, error=10.0, significance=10.0, kdc=0.9):
    from astropy import units as u

    return FieldFeatures(
        kdc=kdc,
        kdc_significance=significance,
        kdc_turn=turn * u.deg,
        kdc_turn_err=error * u.deg,
    )


@pytest.mark.parametrize(
    ("k51", "error", "probability"),
    [(0.04, 0.01, 0.5), (0.03, 0.01, 0.8413), (0.007, 0.003, 1.0), (0.3, 0.1, 0.0047)],
)
def test_regular_rotator(k51, error, probability):
    assert evidence.regular_rotator(k51, error) == pytest.approx(probability, abs=1e-4)
    assert np.isnan(evidence.regular_rotator(np.nan, error))
    assert np.isnan(evidence.regular_rotator(k51, np.nan))


def test_low_level_velocity():
    error = np.full(4, 0.5)
    assert evidence.low_level_velocity(np.array([1.0, 2.0, 2.0, 1.0]), error) > 0.99
    assert evidence.low_level_velocity(np.array([1.0, 9.0, 2.0, 1.0]), error) < 0.01
    # An error of 5 km/s makes a length of 7 km/s without any rotation.
    assert 0.5 < evidence.low_level_velocity(np.full(4, 7.0), np.full(4, 5.0)) < 0.9
    assert 0.3 < evidence.low_level_velocity(np.full(4, 14.0), np.full(4, 9.0)) < 0.6


def test_a_ring_that_tells_nothing_does_not_decide_about_low_level_velocities():
    error = np.array([0.5, 0.5, 0.5, 9.0])
    assert evidence.low_level_velocity(np.array([1.0, 2.0, 2.0, 12.0]), error) > 0.99
    assert evidence.low_level_velocity(np.array([1.0, 2.0, 2.0, 42.0]), error) < 0.01


def test_double_maximum():
    error = np.full(5, 2.0)
    rising, with_dip = np.array([20.0, 60, 80, 90, 95]), np.array([20.0, 90, 50, 90, 95])
    assert evidence.dip_significance(rising, error) == 0
    assert evidence.double_maximum(with_dip, error) > 0.9
    assert evidence.double_maximum(rising, error) < 0.2
    assert evidence.double_maximum(with_dip, 20 * error) < 0.3


@given(st.lists(st.floats(1, 300), min_size=3, max_size=12))
def test_a_minimum_is_the_same_from_either_end(k1):
    k1, error = np.array(k1), np.full(len(k1), 3.0)
    ours, theirs = (evidence.dip_significance(one, error) for one in (k1, k1[::-1]))
    assert ours == pytest.approx(theirs)


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(-50, 50), st.floats(0.1, 20))
def test_more_significant_peaks_are_likelier(minor, centre, pattern, more):
    weak = evidence.two_sigma(peaks(over_minor=minor, over_centre=centre, pattern=pattern))
    strong = peaks(over_minor=minor + more, over_centre=centre + more, pattern=pattern + more)
    assert 0 <= weak <= evidence.two_sigma(strong) <= 1


def test_counter_rotating_discs_by_peaks_or_by_a_core():
    strong = peaks(over_minor=6.0, over_centre=6.0, pattern=6.0)
    none = peaks(over_minor=-1.0, over_centre=-1.0, pattern=-1.0)
    assert evidence.counter_rotating_discs(none, 0.0) < 0.05
    assert evidence.counter_rotating_discs(strong, 0.0) > 0.9
    assert evidence.counter_rotating_discs(none, 0.9) > 0.9


def test_a_core_counter_rotates_above_150_degrees():
    assert evidence.counter_rotating(core(turn=90.0)) < 0.01
    assert evidence.counter_rotating(core(turn=150.0)) == pytest.approx(0.5, abs=0.01)
    assert evidence.counter_rotating(core(turn=175.0)) > 0.95
    assert evidence.decoupled_core(core()) > 0.9


@given(PROBABILITY, PROBABILITY, PROBABILITY, st.one_of(PROBABILITY, st.just(np.nan)))
def test_groups_add_up(two_sigma, low, decoupled, regular):
    groups = evidence.groups_of(
        {
            "two_sigma": two_sigma,
            "low_level_velocity": low,
            "decoupled_core": decoupled,
            "regular_rotator": regular,
        }
    )
    assert sum(groups.values()) == pytest.approx(1)
    assert min(groups.values()) >= 0
    assert groups["d"] == two_sigma


def test_groups_in_the_order_of_the_paper():
    certain = {
        "two_sigma": 0.0,
        "low_level_velocity": 0.0,
        "decoupled_core": 0.0,
        "regular_rotator": 0.0,
    }
    assert evidence.groups_of(certain)["b"] == 1
    assert evidence.groups_of(certain | {"regular_rotator": 1.0})["e"] == 1
    assert evidence.groups_of(certain | {"regular_rotator": np.nan})["f"] == 1
    assert evidence.groups_of(certain | {"decoupled_core": 1.0, "regular_rotator": 1.0})["c"] == 1
    assert evidence.groups_of(certain | {"low_level_velocity": 1.0})["a"] == 1
    assert evidence.groups_of(dict.fromkeys(certain, 1.0))["d"] == 1
    assert evidence.groups_of(certain | {"decoupled_core": np.nan})["f"] == 1
    unknown = evidence.groups_of(certain | {"two_sigma": np.nan})
    assert np.isnan(list(unknown.values())).all()
