import numpy as np
import pytest
from astropy import units as u
from astropy.utils.masked import Masked

from mangapa import Galaxy, VelocityField

Y, X = np.mgrid[-3:3.5:0.5, 3:-3.5:-0.5]
V = 20 * X


def test_units_are_taken_for_granted_or_converted():
    plain = VelocityField.from_arrays(V, X, Y)
    units = VelocityField.from_arrays(
        V * 1000 * u.m / u.s, (X * u.arcsec).to(u.deg), (Y * u.arcsec).to(u.arcmin)
    )
    for name in ("velocity", "x", "y"):
        one, other = getattr(plain, name), getattr(units, name)
        assert one.unit == other.unit
        assert u.allclose(one, other, atol=1e-9 * one.unit)
    assert plain.velocity.unit == u.km / u.s
    assert plain.n_spaxels == V.size


def test_what_cannot_be_used_is_masked():
    velocity = V.copy()
    velocity[0, :3] = np.nan, np.inf, -np.inf
    x = X.copy()
    x[1, 0] = np.nan
    ivar = np.ones_like(V)
    ivar[2, :4] = 0, -1, np.nan, np.inf
    mask = np.zeros(V.shape, int)
    mask[3, 0] = 1 << 30
    bin_id = np.arange(V.size).reshape(V.shape)
    bin_id[4, 0] = -1
    field = VelocityField.from_arrays(velocity, x, Y, mask=mask, ivar=ivar, bin_id=bin_id)
    assert field.mask.sum() == 3 + 1 + 4 + 1 + 1
    assert field.mask[0, :3].all()
    assert field.mask[1, 0]
    assert field.mask[2, :4].all()
    assert field.mask[3, 0]
    assert field.mask[4, 0]


@pytest.mark.parametrize(
    "masked",
    [
        np.ma.masked_greater(V, 50),
        np.ma.masked_greater(V, 50) * 1.0,
        Masked(V * u.km / u.s, mask=V > 50),
    ],
)
def test_masked_arrays_bring_their_mask(masked):
    field = VelocityField.from_arrays(masked, X, Y)
    np.testing.assert_array_equal(field.mask, V > 50)


def test_a_field_is_a_value():
    velocity = V.copy()
    field = VelocityField.from_arrays(velocity, X, Y)
    velocity[:] = 0
    assert field.velocity.max() > 0 * u.km / u.s
    with pytest.raises(ValueError, match="read-only"):
        field.mask[0, 0] = True
    with pytest.raises(AttributeError):
        field.velocity = velocity


def test_big_endian_input_becomes_native():
    field = VelocityField.from_arrays(V.astype(">f4"), X.astype(">f4"), Y.astype(">f4"))
    assert field.velocity.dtype == np.float64
    assert field.velocity.dtype.isnative


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        (((V[0], X[0], Y[0])), ValueError, "velocity must be a 2-D map, not 1-D"),
        ((V, X[:-1], Y), ValueError, r"x has shape \(12, 13\), but velocity has \(13, 13\)"),
        ((V * u.Jy, X, Y), ValueError, "velocity is in Jy, which is no unit of speed"),
        ((V, X * u.m, Y), ValueError, "x is in m, which is no unit of angle"),
        ((V.astype(str), X, Y), TypeError, "velocity must be an array of numbers"),
        ((V, X, None), TypeError, "y must be an array of numbers"),
    ],
)
def test_bad_arrays(arguments, error, match):
    with pytest.raises(error, match=match):
        VelocityField.from_arrays(*arguments)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"tracer": "gas"}, ValueError, "tracer='gas' is not known; choose one of stellar, halpha"),
        ({"mask": np.zeros(3)}, ValueError, "mask has shape"),
        ({"ivar": V * u.km}, ValueError, "ivar is in km"),
        ({"bin_id": V}, TypeError, "bin_id must hold integers"),
    ],
)
def test_bad_options(options, error, match):
    with pytest.raises(error, match=match):
        VelocityField.from_arrays(V, X, Y, **options)


def test_galaxy_properties(galaxy):
    assert galaxy.tracer("halpha") is galaxy.halpha
    assert galaxy.effective_radius.unit == u.arcsec
    assert galaxy.photometric_pa == 60 * u.deg
    assert 0 < galaxy.ellipticity < 1
    assert galaxy.input_velocity == 12000 * u.km / u.s
    assert galaxy.dap_quality == 0
    assert galaxy.drp_quality == 0
    assert "stellar and halpha" in repr(galaxy)
    with pytest.raises(ValueError, match="tracer='gas' is not known"):
        galaxy.tracer("gas")


def test_missing_cards_are_none():
    galaxy = Galaxy(header={"REFF": -999.0})
    assert galaxy.effective_radius is None
    assert galaxy.photometric_pa is None
    assert "no map" in repr(galaxy)
