from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.utils.masked import Masked

from mangapa import Galaxy, VelocityField, clean, fit_pa, pa_profile, simulate_galaxy

Y, X = np.mgrid[-3:3.5:0.5, 3:-3.5:-0.5]
V = 20 * X


def test_units_are_converted_and_have_defaults():
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


@pytest.mark.promise(18)
def test_unusable_spaxels_are_masked():
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


@pytest.mark.promise(18)
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


class Frame(np.ndarray):
    """An array on which ``mask`` is a method, as it is in pandas."""

    def mask(self, condition):
        raise AssertionError


def test_a_mask_that_is_a_method_is_ignored():
    assert VelocityField.from_arrays(V.view(Frame), X, Y).n_spaxels == V.size


def test_a_field_is_immutable():
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
        (((V[None], X[None], Y[None])), ValueError, "velocity must be a 2-D map or 1-D, not 3-D"),
        ((V, X[:-1], Y), ValueError, r"x has shape \(12, 13\), but must have shape \(13, 13\)"),
        ((V * u.Jy, X, Y), ValueError, "velocity is in Jy, which is not a unit of speed"),
        ((V, X * u.m, Y), ValueError, "x is in m, which is not a unit of angle"),
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
        ({"bin_id": V + 0.5}, ValueError, "bin_id must hold whole numbers, not 60.5"),
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


@pytest.mark.parametrize("missing", [{}, {"REFF": -999.0, "DAPQUAL": -999}, {"REFF": None}])
def test_missing_numbers_are_nan_and_missing_flags_are_none(missing):
    galaxy = Galaxy(header=missing)
    for name, unit in (
        ("input_velocity", u.km / u.s),
        ("effective_radius", u.arcsec),
        ("photometric_pa", u.deg),
    ):
        assert getattr(galaxy, name).unit == unit
        assert np.isnan(getattr(galaxy, name))
    assert np.isnan(galaxy.ellipticity)
    assert galaxy.dap_quality is None
    assert galaxy.drp_quality is None
    assert repr(galaxy) == "<Galaxy: no map>"


def test_name_is_the_plateifu_or_given_or_that_of_the_fields(galaxy):
    assert (galaxy.name, galaxy.survey) == ("9999-1901", "MaNGA")
    field = VelocityField.from_arrays(V, X, Y, tracer="halpha", galaxy="NGC 1")
    alone = Galaxy(halpha=field)
    assert (alone.name, alone.survey) == ("NGC 1", None)
    named = Galaxy(halpha=field, name="NGC 2", survey="SAMI")
    assert (named.name, named.survey) == ("NGC 2", "SAMI")
    assert repr(named) == "<Galaxy NGC 2: halpha>"
    assert replace(galaxy, plateifu="8485-1901").name == "8485-1901"
    assert Galaxy().name is None


def test_observation_is_part_of_the_full_name(galaxy):
    assert (galaxy.observation, galaxy.full_name) == (None, "9999-1901")
    repeat = Galaxy(name="41144", observation="B", survey="SAMI", daptype="adaptive")
    assert (repeat.name, repeat.full_name) == ("41144", "41144 B")
    assert repr(repeat) == "<Galaxy 41144 B adaptive: no map>"
    assert "41144 B" in repeat._repr_html_()
    assert Galaxy().full_name is None


@pytest.mark.needs_matplotlib
def test_notebooks_show_a_table_and_the_fields():
    galaxy = simulate_galaxy(n_fibres=19, outliers=0.05, seed=1)
    shown = clean(galaxy.stellar)._repr_html_()
    assert "<th" in shown
    for text in (">Stars<", ">9999-1901<", "× ", " good, ", " outlying velocity"):
        assert text in shown
    assert shown.count("<img") == 1
    shown = galaxy._repr_html_()
    for text in (">MaNGA DR17<", ">VOR10-MILESHC-MASTARSSP<", " arcsec<"):
        assert text in shown
    assert shown.count("<img") == 1


def test_notebooks_show_missing_values_as_dashes_and_escape_names():
    shown = Galaxy(name="<script>")._repr_html_()
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown
    assert shown.count(">—<") == 3
    assert "nan" not in shown
    assert "<img" not in shown


def test_bin_centres_become_one_row():
    rng = np.random.default_rng(3)
    x, y = rng.uniform(-8, 8, (2, 200))
    velocity = np.ma.masked_array(20 * x, mask=np.arange(200) % 7 == 0)
    field = VelocityField.from_arrays(velocity, x, y, ivar=np.full(200, 0.01), bin_id=range(200))
    assert field.velocity.shape == field.ivar.shape == field.bin_id.shape == (1, 200)
    assert field.n_spaxels == 171
    # Neighbours in a list are not neighbours on the sky.
    assert not np.any(clean(field, sigma=None).rejection)
    result = fit_pa(field)
    assert abs(result.pa.value - 90) < 1
    assert len(pa_profile(field)) > 3
    with pytest.raises(ValueError, match=r"x has shape \(199,\), but must have shape \(200,\)"):
        VelocityField.from_arrays(velocity, x[1:], y)


def with_light(**options):
    dispersion = 100 + 0 * V
    given = {"dispersion": dispersion, "dispersion_ivar": 0.04 + 0 * V, "flux": 1 + V**2}
    return VelocityField.from_arrays(V, X, Y, **given | options)


def test_dispersion_and_flux_have_units_and_are_immutable():
    field = with_light(dispersion=100_000 * np.ones(V.shape) * u.m / u.s, flux=V * u.Jy)
    assert field.dispersion.unit == u.km / u.s
    assert (field.dispersion.value == 100).all()
    assert field.flux.unit == u.one
    np.testing.assert_array_equal(field.flux.value, V)
    with pytest.raises(ValueError, match="read-only"):
        field.dispersion[0, 0] = 0 * u.km / u.s


def test_a_field_without_light_has_none():
    field = VelocityField.from_arrays(V, X, Y)
    assert field.dispersion is field.flux is field.intrinsic_dispersion is None


@pytest.mark.promise(18)
def test_unknown_dispersions_are_nan_and_keep_their_velocities():
    dispersion = np.ma.array(100 + 0 * V, mask=X > 2.8)
    dispersion[0, :4] = np.nan, -1, np.inf, 1e20
    ivar = np.full(V.shape, 0.04)
    ivar[1, :3] = 0, -1, np.nan
    field = with_light(dispersion=dispersion, dispersion_ivar=ivar)
    unknown = (X > 2.8).copy()
    unknown[0, :4] = unknown[1, :3] = True
    np.testing.assert_array_equal(np.isnan(field.dispersion.value), unknown)
    assert field.n_spaxels == V.size


def test_intrinsic_dispersion_is_without_the_instrument():
    field = with_light(instrumental_dispersion=60)
    assert np.allclose(field.intrinsic_dispersion.value, 80)
    square, error = field._dispersion_squared()
    assert np.allclose(square, 6400)
    # The error of sigma^2 is 2 sigma times that of sigma, 5 km/s.
    assert np.allclose(error, 1000)
    below = with_light(instrumental_dispersion=120)
    assert (below.intrinsic_dispersion.value == 0).all()
    assert np.allclose(below._dispersion_squared()[0], -4400)


def test_an_instrument_that_is_not_known_leaves_the_intrinsic_dispersion_unknown():
    field = with_light(instrumental_dispersion=0 * V)
    assert np.isnan(field.intrinsic_dispersion.value).all()
    assert (field.dispersion.value == 100).all()


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"dispersion": None}, "need dispersion"),
        ({"dispersion": np.ones(3)}, "dispersion has shape"),
        ({"flux": np.ones((2, 2))}, "flux has shape"),
        ({"dispersion": V * u.arcsec}, "not a unit of speed"),
        ({"instrumental_dispersion": "wide"}, "instrumental_dispersion='wide'"),
    ],
)
def test_bad_light_raises(options, match):
    with pytest.raises(ValueError, match=match):
        with_light(**options)


def test_cleaning_keeps_the_light():
    velocity = V.copy()
    velocity[6, 6] = 3000
    field = VelocityField.from_arrays(velocity, X, Y, dispersion=100 + 0 * V, flux=1 + 0 * V)
    cleaned = clean(field)
    assert cleaned.mask[6, 6]
    assert cleaned.dispersion is field.dispersion
    assert cleaned.flux is field.flux
