"""Masks of all kinds of arrays, and values that no galaxy has, where a field is made."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import Longitude
from astropy.table import MaskedColumn
from astropy.utils.masked import Masked
from hypothesis import given, settings
from hypothesis import strategies as st

import mangapa
from mangapa import PAFlags, Rejection, UsabilityFlags, VelocityField

Y, X = np.mgrid[-8:8.5:0.5, 8:-8.5:-0.5]
PA = 35.0
ALONG = X * np.sin(np.radians(PA)) + Y * np.cos(np.radians(PA))
ACROSS = X * np.cos(np.radians(PA)) - Y * np.sin(np.radians(PA))
V = 120 * ALONG / np.hypot(np.hypot(ALONG, ACROSS / 0.6), 3)
V += np.random.default_rng(1).normal(scale=5, size=X.shape)
#: A star in front of the galaxy.
BAD = np.hypot(X - 3, Y - 4) < 3
WRONG = np.where(BAD, 900.0, V)
NUMBER = np.arange(X.size).reshape(X.shape)
IVAR = np.full(X.shape, 1 / 25)
KM_S = u.km / u.s


def holed(values):
    """Values as objects, `None` where the spaxel is bad."""
    return np.where(BAD, None, values)


@pytest.mark.promise(18)
@pytest.mark.parametrize(
    "arrays",
    [
        {"velocity": np.ma.array(WRONG, mask=BAD)},
        {"velocity": Masked(WRONG * 1000 * u.m / u.s, mask=BAD)},
        {"velocity": MaskedColumn(WRONG, mask=BAD, unit=KM_S)},
        {"velocity": [np.ma.array(row, mask=bad) for row, bad in zip(WRONG, BAD, strict=True)]},
        {"velocity": holed(WRONG)},
        {"velocity": holed(WRONG).tolist()},
        {"velocity": np.ma.array(WRONG.astype(">f4"), mask=BAD)},
        {"velocity": np.ma.array(WRONG.astype(object), mask=BAD)},
        {"x": np.ma.array(X, mask=BAD)},
        {"y": Masked(Y * u.arcsec, mask=BAD)},
        {"ivar": np.ma.array(IVAR, mask=BAD)},
        {"ivar": Masked(IVAR / KM_S**2, mask=BAD)},
        {"ivar": 1 / np.ma.masked_equal(np.where(BAD, 0, 5.0), 0) ** 2},
        {"ivar": holed(IVAR)},
        {"bin_id": np.ma.array(NUMBER, mask=BAD)},
        {"bin_id": np.where(BAD, np.nan, NUMBER)},
        {"bin_id": np.where(BAD, -1.0, NUMBER)},
        {"bin_id": np.where(BAD, np.inf, NUMBER)},
        {"bin_id": np.where(BAD, 1e20, NUMBER)},
        {"bin_id": np.where(BAD, np.uint64(2**64 - 1), NUMBER.astype(np.uint64))},
        {"mask": np.ma.array(np.zeros(X.shape, int), mask=BAD)},
        {"mask": Masked(np.zeros(X.shape, bool), mask=BAD)},
        {"mask": np.where(BAD, np.nan, 0.0)},
        {"mask": np.where(BAD, "T", "F")},
        {"mask": np.where(BAD, b" true ", b"false")},
        {"mask": BAD.astype(">i4") << 30},
        {"mask": BAD.tolist()},
    ],
)
def test_missing_spaxels_are_bad_wherever_they_are_missing(arrays):
    field = VelocityField.from_arrays(**{"velocity": WRONG, "x": X, "y": Y, **arrays})
    np.testing.assert_array_equal(field.mask, BAD)
    assert not field.rejection.any()
    found = mangapa.fit_pa(field)
    assert found.pa.value == pytest.approx(PA, abs=0.5)
    assert not found.flags


@pytest.mark.promise(18)
@pytest.mark.parametrize(
    "arrays",
    [
        {"velocity": np.ma.masked_equal(V, -999.0)},
        {"velocity": np.ma.array(V)},
        {"mask": np.ma.nomask},
        {"mask": np.ma.array(np.zeros(X.shape, bool))},
        {"ivar": np.ma.array(IVAR)},
    ],
)
def test_masks_of_nothing(arrays):
    field = VelocityField.from_arrays(**{"velocity": V, "x": X, "y": Y, **arrays})
    assert field.n_spaxels == V.size
    assert mangapa.fit_pa(field).pa.value == pytest.approx(PA, abs=0.5)


def test_whole_bins_of_any_type_are_the_same_bins():
    bins = NUMBER // 7
    whole = VelocityField.from_arrays(V, X, Y, bin_id=bins)
    for kind in (float, ">f4", "u8", object):
        other = VelocityField.from_arrays(V, X, Y, bin_id=bins.astype(kind))
        np.testing.assert_array_equal(other.bin_id, whole.bin_id)
        assert other.bin_id.dtype == np.int64


@pytest.mark.parametrize("name", ["x", "y"])
@pytest.mark.parametrize("wrap", [180, 360])
def test_offsets_may_be_wrapped_at_360_degrees(name, wrap):
    plain = {"velocity": V, "x": X, "y": Y}
    offsets = Longitude(plain[name] * u.arcsec, wrap_angle=wrap * u.deg)
    field = VelocityField.from_arrays(**{**plain, name: offsets})
    np.testing.assert_allclose(getattr(field, name).value, plain[name], atol=1e-9)


@pytest.mark.parametrize(
    ("arrays", "error", "match"),
    [
        ({"velocity": V + 0j}, TypeError, "velocity must be an array of numbers, not of complex"),
        ({"velocity": V > 0}, TypeError, "velocity must be an array of numbers, not of bool"),
        ({"velocity": (V > 0).astype(object)}, TypeError, "velocity must be .* not ndarray"),
        ({"x": np.where(BAD, "a", X.astype(object))}, TypeError, "x must be .* not ndarray"),
        ({"bin_id": NUMBER + 0.5}, ValueError, "bin_id must hold whole numbers, not 0.5; -1, NaN"),
        ({"mask": np.where(BAD, "bad", "F")}, ValueError, "mask holds 'BAD'; text in a mask must"),
        ({"mask": np.ma.array(BAD)[:3]}, ValueError, "mask has shape"),
        (
            {"velocity": np.broadcast_to(0.0, (4097, 4096))},
            ValueError,
            "velocity has 16781312 spaxels, and a field at most 16777216; cut the galaxy out",
        ),
    ],
)
def test_what_is_refused(arrays, error, match):
    with pytest.raises(error, match=match):
        VelocityField.from_arrays(**{"velocity": V, "x": X, "y": Y, **arrays})


def absurd_field(name, value):
    """Return a field of which one spaxel has this value, and its place."""
    arrays = {"velocity": V.copy(), "x": X.copy(), "y": Y.copy(), "ivar": IVAR.copy()}
    arrays[name][4, 5] = value
    return VelocityField.from_arrays(**arrays)


ABSURD = [
    *(("velocity", value) for value in (1e13, -1e18, 1e20, -1e38, 1e160, 1e308)),
    *(("ivar", value) for value in (1e7, 1e16, 1e25, 1e39, 1e300)),
    *(("x", value) for value in (1e3, -1e5, 1e160)),
    *(("y", value) for value in (400.0, 2e6)),
]


@pytest.mark.promise(1)
@pytest.mark.parametrize(("name", "value"), ABSURD)
def test_a_spaxel_that_no_galaxy_has_is_masked_and_flagged(name, value):
    field = absurd_field(name, value)
    assert field.rejection[4, 5] == Rejection.OUT_OF_RANGE
    np.testing.assert_array_equal(np.argwhere(field.mask), [[4, 5]])
    assert "1 out_of_range" in repr(field)
    cleaned = mangapa.clean(field)
    assert cleaned.mask[4, 5]
    assert cleaned.rejection[4, 5] & Rejection.OUT_OF_RANGE
    for method in ("disc", "harmonic", "symmetry"):
        found = mangapa.fit_pa(cleaned, method=method, error=None)
        assert found.pa.value == pytest.approx(PA, abs=1)
        assert found.flags == PAFlags.OUT_OF_RANGE
    assert mangapa.fit_pa(cleaned).pa_err.value > 0.02
    assert mangapa.usability(cleaned).flags & UsabilityFlags.OUT_OF_RANGE
    assert mangapa.pa_profile(cleaned).flags == PAFlags.OUT_OF_RANGE


@pytest.mark.parametrize(
    ("scales", "flag"),
    [
        ({"velocity": 1e18}, PAFlags.NO_GOOD_SPAXELS),
        ({"velocity": 1e300}, PAFlags.NO_GOOD_SPAXELS),
        ({"ivar": 1e39}, PAFlags.NO_GOOD_SPAXELS),
        ({"x": 1e160, "y": 1e160}, PAFlags.TOO_FEW_SPAXELS),
    ],
)
def test_whole_fields_that_no_galaxy_has(scales, flag):
    arrays = {"velocity": V, "x": X, "y": Y, "ivar": IVAR}
    arrays = {name: scales.get(name, 1) * part for name, part in arrays.items()}
    field = VelocityField.from_arrays(**arrays)
    for found in (mangapa.fit_pa(field), mangapa.fit_pa(field, method="symmetry")):
        assert np.isnan(found.pa)
        assert found.flags == flag | PAFlags.OUT_OF_RANGE


@pytest.mark.parametrize("scale", [1e-30, 1e-160, 1e-300, 1e-310])
def test_velocities_below_any_difference_are_constant(scale):
    found = mangapa.fit_pa(VelocityField.from_arrays(scale * V, X, Y))
    assert np.isnan(found.pa)
    assert found.flags == PAFlags.CONSTANT_VELOCITY


def test_fill_values_under_a_mask_are_not_out_of_range():
    field = VelocityField.from_arrays(
        np.where(BAD, 1e20, V), np.where(BAD, 1e30, X), Y, mask=BAD, ivar=np.where(BAD, 1e40, 1)
    )
    assert not field.rejection.any()
    assert not mangapa.fit_pa(field).flags


def test_velocities_of_high_redshift_are_in_range():
    """C z at z = 14."""
    field = VelocityField.from_arrays(V + 4.2e6, X, Y)
    assert not field.rejection.any()
    assert mangapa.fit_pa(field).pa.value == pytest.approx(PA, abs=0.5)


@pytest.mark.parametrize("method", ["disc", "harmonic", "symmetry"])
def test_no_spaxel_outweighs_the_others(method):
    """Its error is within the limits, but a thousandth of the others' errors."""
    ivar = np.full(X.shape, 0.01)
    ivar[4, 5] = 1e4
    found = mangapa.fit_pa(VelocityField.from_arrays(V, X, Y, ivar=ivar), method=method)
    assert found.pa.value == pytest.approx(PA, abs=2)
    assert found.pa_err.value > 0.02


@pytest.mark.promise(2)
@pytest.mark.parametrize("method", ["disc", "harmonic", "symmetry"])
@settings(max_examples=10, deadline=None)
@given(exponent=st.floats(-6, 9))
def test_the_size_of_the_velocities_does_not_matter(method, exponent):
    scale = 10**exponent
    one, other = (
        mangapa.fit_pa(VelocityField.from_arrays(s * V, X, Y), method=method, error=None)
        for s in (1, scale)
    )
    assert other.pa.value == pytest.approx(one.pa.value, abs=1e-6)
    assert other.v_sys.value == pytest.approx(scale * one.v_sys.value, rel=1e-3)


RA, DEC = 150.1 + X / 3600 / np.cos(np.radians(2.2)), 2.2 + Y / 3600


@pytest.mark.parametrize(
    ("x", "y"), [(RA, DEC), (RA * u.deg, DEC * u.deg), (RA.ravel(), DEC.ravel()), (RA + 180, DEC)]
)
def test_coordinates_on_the_sky_are_no_offsets(x, y):
    with pytest.raises(ValueError, match=r"must be offsets, not coordinates: x = \(RA - RA of"):
        VelocityField.from_arrays(V.reshape(np.shape(x)), x, y)


def test_a_patch_far_from_the_centre_has_offsets():
    """As far as a hundred times its own size, which no IFU is."""
    field = VelocityField.from_arrays(V, X + 500, Y)
    assert field.n_spaxels == X.size
