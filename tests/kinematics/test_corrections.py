"""Published corrections for the beam."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangapa.kinematics._corrections import Beam, graham2018, harborne2020


def beam(ratio=0.3, sersic_index=2.0, ellipticity=0.3, **options):
    return Beam(ratio=ratio, sersic_index=sersic_index, ellipticity=ellipticity, **options)


@pytest.mark.parametrize("correction", [graham2018, harborne2020])
@given(sersic_index=st.floats(0.5, 6.5), ellipticity=st.floats(0.05, 0.9))
def test_nothing_is_corrected_without_a_beam(correction, sersic_index, ellipticity):
    for by_ellipse in (False, True):
        one = beam(0.0, sersic_index, ellipticity, by_ellipse=by_ellipse)
        assert correction(one)[0].value == pytest.approx(1)


@pytest.mark.parametrize("correction", [graham2018, harborne2020])
def test_more_for_a_wider_beam(correction):
    factors = [correction(beam(ratio))[0].value for ratio in np.linspace(0, 0.8, 9)]
    assert np.all(np.diff(factors) > 0)


@pytest.mark.parametrize(
    ("ratio", "sersic_index", "expected"),
    [(0.47, 2.0, 1.7900501), (0.2, 4.0, 1.3067591), (1.0, 0.5, 2.2687894)],
)
def test_graham_at_some_places(ratio, sersic_index, expected):
    of_lambda, of_ratio = graham2018(beam(ratio, sersic_index))
    assert of_lambda.value == pytest.approx(expected, rel=1e-6)
    # Half the sum of their errors above and below.
    assert of_lambda.added_error == pytest.approx((0.03 + 0.08 * sersic_index) * ratio / 2)
    assert np.isnan(of_ratio.value)


@pytest.mark.parametrize(
    ("options", "lambda_r", "v_over_sigma"),
    [
        ({}, 1.4239912, 1.5397336),
        ({"by_ellipse": True}, 1.4394328, 1.5397336),
        ({"sersic_index": 4.0, "ratio": 0.15}, 1.1702422, 1.1780778),
        ({"ellipticity": 0.0, "by_ellipse": True}, 1.4539100, 1.4456403),
    ],
)
def test_harborne_at_some_places(options, lambda_r, v_over_sigma):
    of_lambda, of_ratio = harborne2020(beam(**options))
    assert of_lambda.value == pytest.approx(lambda_r, rel=1e-6)
    assert of_ratio.value == pytest.approx(v_over_sigma, rel=1e-6)
    assert of_lambda.relative_error == pytest.approx(0.02 * np.log(10))
    assert of_ratio.relative_error == pytest.approx(0.06 * np.log(10))


def test_they_agree_for_a_disc_of_moderate_size():
    for ratio in (0.1, 0.2, 0.3):
        one = beam(ratio, sersic_index=1.5)
        assert harborne2020(one)[0].value == pytest.approx(graham2018(one)[0].value, rel=0.08)


@pytest.mark.parametrize(
    ("sersic_index", "ratio", "inside"),
    [(0.5, 0.3, True), (0.45, 0.3, False), (6.5, 0.3, True), (6.6, 0.3, False), (2, 1.05, False)],
)
def test_the_range_of_graham(sersic_index, ratio, inside):
    assert np.isfinite(graham2018(beam(ratio, sersic_index))[0].value) == inside


def test_the_range_of_harborne():
    assert np.isnan(harborne2020(beam(1.05))[0].value)
    assert np.isfinite(harborne2020(beam(1.0, sersic_index=8.0))[0].value)


def test_errors_are_those_of_the_value_and_of_the_correction():
    of_lambda, _ = harborne2020(beam())
    value, error = of_lambda.apply(0.5, 0.04)
    assert value == pytest.approx(0.5 * of_lambda.value)
    assert error == pytest.approx(np.hypot(0.04 * of_lambda.value, value * 0.02 * np.log(10)))
    of_lambda, _ = graham2018(beam())
    value, error = of_lambda.apply(0.5, 0.04)
    assert error == pytest.approx(np.hypot(0.04 * of_lambda.value, of_lambda.added_error))
