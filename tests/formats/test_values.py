"""Values of maps: what is missing, units, frames and bins."""

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mangapa.exceptions import GalaxyFileError
from mangapa.formats._values import (
    bins_of_equal_values,
    field_of,
    in_km_s,
    inverse_variance,
    refuse_empty,
    relative,
    without,
)


def test_an_error_that_is_not_positive_has_no_weight():
    weight = inverse_variance(np.array([2.0, 0.0, -1.0, np.nan, np.inf]))
    assert weight.tolist() == [0.25, 0, 0, 0, 0]


@pytest.mark.parametrize("dtype", ["f4", ">f4", ">f8", "i2"])
@pytest.mark.parametrize("fill", [0, -999.9])
def test_fills_are_missing_in_any_precision(dtype, fill):
    values = np.array([fill, 12, 3], dtype)
    assert np.isnan(without(values, fill)).tolist() == [True, False, False]
    assert without(values, fill).dtype == np.float64


def test_infinite_values_are_missing():
    assert np.isnan(without(np.array([np.inf, -np.inf, np.nan]))).all()


@pytest.mark.parametrize("card", ["BUNIT", "UNIT"])
@pytest.mark.parametrize(
    ("text", "factor"),
    [("km/s", 1), ("KM/S", 1), ("km s-1", 1), (" km ", None), ("m/s", 1e-3), ("M/S", 1e-3)],
)
def test_velocities_come_in_the_unit_of_either_card(card, text, factor):
    header = fits.Header({card: text})
    if factor is None:
        with pytest.raises(GalaxyFileError, match=r"map\.fits has values in 'km'"):
            in_km_s(np.ones(2), header, "map.fits")
    else:
        assert in_km_s(np.ones(2), header, "map.fits") == pytest.approx(factor)


def test_without_a_unit_velocities_are_in_km_s():
    assert in_km_s(5.0, fits.Header(), "map.fits") == 5


@pytest.mark.parametrize("text", ["nonsense", "erg / s", "10**(-16) erg /s /cm**2"])
def test_other_units_are_refused(text):
    with pytest.raises(GalaxyFileError, match="not velocities"):
        in_km_s(1.0, fits.Header({"BUNIT": text}), "map.fits")


def test_velocities_are_relative_to_the_stated_redshift():
    velocity, redshift = relative(np.array([2998.0, 3100.0]), 0.01)
    assert redshift == 0.01
    assert velocity == pytest.approx([0.07542, 102.07542])


def test_without_a_redshift_the_median_is_that_of_the_galaxy():
    velocity, redshift = relative(np.array([1000.0, 1100.0, np.nan, 1300.0]))
    assert redshift == pytest.approx(1100 / 299_792.458)
    assert velocity[:2] == pytest.approx([-100, 0], abs=1e-9)
    assert relative(np.array([np.nan]))[1] is None


@given(arrays(int, (7, 5), elements=st.integers(-1, 6)))
def test_bins_are_recovered_from_the_values_in_them(bins):
    values = np.random.default_rng(1).normal(size=8)[bins]
    values[bins < 0] = np.nan
    found = bins_of_equal_values(values)
    assert ((found == -1) == (bins == -1)).all()
    same = bins.ravel()[:, None] == bins.ravel()
    assert ((found.ravel()[:, None] == found.ravel()) == same).all()


def test_bins_that_share_one_value_differ_in_another():
    assert bins_of_equal_values([1.0, 1.0, 2.0], [4.0, 5.0, np.nan]).tolist() == [0, 1, -1]


def test_any_nan_is_missing_without_a_warning():
    signalling = np.array([0x7FA00000, 0x3F800000], "u4").view("f4")
    np.testing.assert_array_equal(without(signalling), [np.nan, 1])


def test_values_that_make_no_field_are_the_fault_of_the_file():
    x = np.linspace(-1, 1, 30)
    with pytest.raises(GalaxyFileError, match=r"stars.fits has values that cannot be used"):
        field_of("stars.fits", x, x + 3e5, x)


def test_errors_that_are_all_zero_are_not_used():
    x = np.linspace(-1, 1, 30)
    assert field_of("stars.fits", x, x, x, error=0 * x).ivar is None
    field = field_of("stars.fits", x, x, x, error=x, bin_id=np.where(x > 0, 1.0, np.nan))
    assert field.n_spaxels == np.count_nonzero(x > 0)


def test_a_file_is_refused_if_all_its_fields_are_empty():
    x = np.linspace(-1, 1, 30)
    empty, masked = field_of("a.fits", np.nan * x, x, x), field_of("a.fits", x, x, x, mask=x < 2)
    refuse_empty("a.fits", empty, masked)
    with pytest.raises(GalaxyFileError, match=r"a.fits has no velocities \(all are missing\)"):
        refuse_empty("a.fits", empty)
