"""lambda_R and V/sigma: definitions, laws, noise, apertures, corrections."""

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import ellipe

import mangapa
from mangapa import AngularMomentum, AngularMomentumFlags, angular_momentum
from tests.kinematics.galaxies import RADIUS, X, Y, flat_rotation, galaxy_field

#: Of the errors of the aperture there are none.
EXACT = {"effective_radius_err": 0, "pa_err": 0, "ellipticity_err": 0}
#: What the reference values are of.
NAMES = (
    *("lambda_r", "lambda_r_err", "lambda_r_err_sys", "noise_bias"),
    *("v_over_sigma", "v_over_sigma_err", "v_over_sigma_err_sys"),
    *("probability_fast_emsellem2011", "probability_fast_cappellari2016"),
)
#: Of a faint field that hardly rotates, and of a bright one.
REFERENCE = [
    [
        *(0.06655063092033309, 0.00659623591007373, 0.009836727095967328, 0.04643278501207216),
        *(0.07157879971626975, 0.010458206031641375, 0.0026984198219795405),
        *(5.9425415776654255e-06, 0.0006679578048523959),
    ],
    [
        *(0.5581715153536823, 0.002668394423249496, 0.008516026140969368, 0.0028141922329989657),
        *(0.6998702423199209, 0.005052887061537947, 0.01037575006211029),
        *(1.0, 1.0),
    ],
]


def lambda_of_flat_rotation(speed, dispersion):
    """lambda_R of V = speed cos(azimuth) in a circle: no light or radius is in it."""
    square = (dispersion / speed) ** 2
    return 1 / (np.sqrt(1 + square) * ellipe(1 / (1 + square)))


@pytest.mark.parametrize(("speed", "dispersion"), [(100, 100), (200, 60), (30, 150)])
@pytest.mark.parametrize("distance", ["circular", "elliptical"])
def test_flat_rotation_has_a_closed_form(speed, dispersion, distance):
    field = galaxy_field(flat_rotation(speed=speed), dispersion=dispersion)
    found = angular_momentum(field, effective_radius=8, distance=distance)
    assert found.lambda_r == pytest.approx(lambda_of_flat_rotation(speed, dispersion), abs=2e-3)
    assert found.v_over_sigma == pytest.approx(speed / dispersion / np.sqrt(2), rel=5e-3)


def test_the_definition_on_a_field_without_noise():
    """The sums of Emsellem et al. (2007), eq. 6, over the half-light ellipse."""
    velocity = flat_rotation(60, 150) * np.tanh(RADIUS / 3)
    dispersion = 120 * np.exp(-RADIUS / 20)
    field = galaxy_field(velocity, dispersion=dispersion, error=0.01)
    found = angular_momentum(field, effective_radius=5, pa=60, ellipticity=0.4)
    along, across = (
        X * np.sin(np.pi / 3) + Y * np.cos(np.pi / 3),
        X * np.cos(np.pi / 3) - Y * np.sin(np.pi / 3),
    )
    # An area of pi 5^2.
    inside = along**2 * 0.6 + across**2 / 0.6 <= 25
    f, r, v, s = (part[inside] for part in (field.flux.value, RADIUS, velocity, dispersion))
    assert found.n_spaxels == inside.sum()
    expected = (f * r * np.abs(v)).sum() / (f * r * np.hypot(v, s)).sum()
    assert found.lambda_r == pytest.approx(expected, abs=5e-4)
    expected = np.sqrt((f * v**2).sum() / (f * s**2).sum())
    assert found.v_over_sigma == pytest.approx(expected, abs=5e-4)
    assert found.semi_major_axis.to_value(u.arcsec) == pytest.approx(5 / np.sqrt(0.6))
    along_axis = angular_momentum(
        field, effective_radius=5, pa=60, ellipticity=0.4, radius="major_axis"
    )
    assert along_axis.semi_major_axis.to_value(u.arcsec) == 5
    by_ellipse = angular_momentum(
        field, effective_radius=5, pa=60, ellipticity=0.4, distance="elliptical"
    )
    r = np.hypot(along, across / 0.6)[inside]
    expected = (f * r * np.abs(v)).sum() / (f * r * np.hypot(v, s)).sum()
    assert by_ellipse.lambda_r == pytest.approx(expected, abs=5e-4)


@given(turn=st.floats(0, 360), stretch=st.floats(0.5, 3), light=st.floats(0.01, 100))
@settings(max_examples=25, deadline=None)
def test_lambda_depends_neither_on_the_scales_nor_on_the_axis(turn, stretch, light):
    velocity = flat_rotation(40, 120) * np.tanh(RADIUS / 2)
    options = {"effective_radius": 5, "pa": 40, "ellipticity": 0.3, "pa_err": 5}
    first = angular_momentum(galaxy_field(velocity, noise=4, error=4, seed=3), **options)
    angle = np.radians(turn)
    x, y = X * np.cos(angle) + Y * np.sin(angle), Y * np.cos(angle) - X * np.sin(angle)
    other = galaxy_field(velocity, noise=4, error=4, seed=3)
    other = mangapa.VelocityField.from_arrays(
        other.velocity * stretch + 30 * u.km / u.s,
        x,
        y,
        ivar=other.ivar / stretch**2,
        dispersion=other.dispersion * stretch,
        dispersion_ivar=other.dispersion_ivar / stretch**2,
        flux=other.flux.value * light,
    )
    second = angular_momentum(other, **(options | {"pa": 40 + turn}))
    for name in ("lambda_r", "v_over_sigma", "lambda_r_err", "v_over_sigma_err", "noise_bias"):
        assert getattr(second, name) == pytest.approx(getattr(first, name), rel=0.02, abs=2e-4)


@pytest.mark.parametrize("power", [-300, 300])
def test_the_unit_of_the_light_may_be_any(power):
    options = {"effective_radius": 5, "pa": 40, "ellipticity": 0.3}
    flux = np.exp(-RADIUS / 5)
    first = angular_momentum(galaxy_field(noise=4, error=4, flux=flux), **options)
    scaled = galaxy_field(noise=4, error=4, flux=flux * 10.0**power)
    second = angular_momentum(scaled, **options)
    assert second.lambda_r == pytest.approx(first.lambda_r, rel=1e-9)
    assert second.lambda_r_err == pytest.approx(first.lambda_r_err, rel=1e-9)


def test_a_mirrored_field_is_the_same():
    velocity = flat_rotation(40, 120) * np.tanh(RADIUS / 2)
    field = galaxy_field(velocity, noise=4, error=4)
    mirrored = replace(field, x=-field.x)
    options = {"effective_radius": 5, "ellipticity": 0.3}
    first = angular_momentum(field, pa=40, **options)
    second = angular_momentum(mirrored, pa=-40, **options)
    assert second.lambda_r == pytest.approx(first.lambda_r, abs=1e-6)
    assert second.pa.to_value(u.deg) == pytest.approx(140)


def test_the_systemic_velocity_is_that_of_the_disc():
    field = galaxy_field(flat_rotation() * np.tanh(RADIUS) + 500)
    found = angular_momentum(field, effective_radius=5)
    assert found.v_sys.to_value(u.km / u.s) == pytest.approx(500, abs=0.5)
    assert found.lambda_r == pytest.approx(
        angular_momentum(
            galaxy_field(flat_rotation() * np.tanh(RADIUS)), effective_radius=5
        ).lambda_r,
        abs=1e-3,
    )


def test_bins_are_one_measurement_of_many_spaxels():
    bins = np.arange(X.size).reshape(X.shape) // 4
    velocity = flat_rotation(90, 120) * np.tanh(RADIUS / 3)
    mean = np.bincount(bins.ravel(), velocity.ravel()) / np.bincount(bins.ravel())
    binned = galaxy_field(mean[bins], bin_id=bins)
    alone = galaxy_field(mean[bins], bin_id=np.arange(X.size).reshape(X.shape))
    options = {"effective_radius": 6, "ellipticity": 0.2, "pa": 90}
    first, second = (angular_momentum(one, **options) for one in (binned, alone))
    assert first.n_spaxels == second.n_spaxels
    assert first.lambda_r == pytest.approx(second.lambda_r, abs=2e-3)
    assert first.v_over_sigma == pytest.approx(second.v_over_sigma, abs=2e-3)


def test_noise_alone_is_no_rotation():
    field = galaxy_field(np.zeros(X.shape), dispersion=150, noise=25, error=25)
    naive = np.abs(field.velocity.value)
    inside = RADIUS < 6
    weight = field.flux.value * RADIUS * inside
    naive = (weight * naive).sum() / (weight * np.hypot(naive, 150)).sum()
    found = angular_momentum(field, effective_radius=6)
    assert naive > 0.12
    assert found.noise_bias == pytest.approx(naive, rel=0.3)
    assert found.lambda_r < naive / 3
    assert found.lambda_r < 3 * found.lambda_r_err_total
    assert found.v_over_sigma < 3 * found.v_over_sigma_err_total


@pytest.mark.parametrize(("speed", "dispersion"), [(15, 200), (120, 120)])
def test_values_are_unbiased_and_errors_are_their_scatter(speed, dispersion):
    velocity = flat_rotation(20, speed) * np.tanh(RADIUS / 2)
    options = {"effective_radius": 6} | EXACT
    true = angular_momentum(galaxy_field(velocity, dispersion=dispersion, error=1e-2), **options)
    found = [
        angular_momentum(
            galaxy_field(velocity, dispersion=dispersion, noise=12, error=12, seed=seed),
            **options,
        )
        for seed in range(60)
    ]
    lambda_r, error, bias = (
        np.array([getattr(one, name) for one in found])
        for name in ("lambda_r", "lambda_r_err", "noise_bias")
    )
    # A quarter of the bias may be left.
    offset = abs(lambda_r.mean() - true.lambda_r)
    assert offset < 0.25 * bias.mean() + 2 * lambda_r.std() / np.sqrt(60)
    assert 0.75 < lambda_r.std() / error.mean() < 1.3
    ratio = np.array([one.v_over_sigma for one in found])
    ratio_err = np.mean([one.v_over_sigma_err for one in found])
    assert abs(ratio.mean() - true.v_over_sigma) < 3 * ratio.std() / np.sqrt(60) + 1e-3
    assert 0.7 < ratio.std() / ratio_err < 1.35


def test_noise_that_neighbours_share_has_larger_errors():
    from scipy.ndimage import gaussian_filter

    velocity = flat_rotation(20, 100) * np.tanh(RADIUS / 2)
    rng = np.random.default_rng(4)
    shared = gaussian_filter(rng.normal(size=X.shape), 1.92 / np.sqrt(2), mode="wrap")
    shared *= 10 / shared.std()
    options = {"effective_radius": 6} | EXACT
    correlated = angular_momentum(galaxy_field(velocity + shared, error=10), **options)
    white = angular_momentum(galaxy_field(velocity, noise=10, error=10), **options)
    assert correlated.lambda_r_err > 2 * white.lambda_r_err


def test_reference_values():
    velocity = flat_rotation(70, 90) * np.tanh(RADIUS / 2)
    faint = galaxy_field(velocity / 6, dispersion=120, noise=14, error=14, instrument=60, seed=5)
    bright = galaxy_field(velocity, dispersion=80, noise=6, error=6, seed=6)
    options = {"effective_radius": 5.5, "pa": 75, "ellipticity": 0.25}
    found = [
        [getattr(one, name) for name in NAMES]
        for one in (angular_momentum(field, **options) for field in (faint, bright))
    ]
    assert_allclose(found, REFERENCE, rtol=1e-5)


def test_dispersions_below_the_instrument_stay_signed():
    """Clipped at zero, noise about the instrument's dispersion would look like a dispersion."""
    rng = np.random.default_rng(1)
    measured = 70 + rng.normal(scale=10, size=X.shape)
    field = galaxy_field(
        flat_rotation(speed=100),
        error=10,
        dispersion=0.0,
        instrument=70,
    )
    field = replace(field, dispersion=measured * u.km / u.s)
    found = angular_momentum(field, effective_radius=6)
    assert found.flags & AngularMomentumFlags.UNRESOLVED
    assert np.isnan(found.v_over_sigma)
    assert found.lambda_r == pytest.approx(1, abs=found.lambda_r_err_total)
    resolved = galaxy_field(
        flat_rotation(speed=100), dispersion=40, error=10, noise=10, instrument=70
    )
    found = angular_momentum(resolved, effective_radius=6)
    assert found.v_over_sigma == pytest.approx(
        100 / 40 / np.sqrt(2), abs=3 * found.v_over_sigma_err
    )


@pytest.mark.parametrize(("significance", "enough"), [(1.9, False), (2.2, True)])
def test_a_dispersion_must_be_twice_its_error(significance, enough):
    error = 10.0
    options = {"dispersion": 0.0, "error": error, "noise": error, "instrument": 70}
    flat = {"flux": np.ones(X.shape)}
    inside = RADIUS <= 6
    # Of the mean square of independent dispersions that are close to the instrument's.
    mean_err = 2 * 70 * error / np.sqrt(inside.sum())
    square = 70**2 + error**2 + significance * mean_err
    field = galaxy_field(flat_rotation(speed=100) * np.tanh(RADIUS), **(options | flat))
    field = replace(field, dispersion=np.full(X.shape, np.sqrt(square)) * u.km / u.s)
    found = angular_momentum(field, effective_radius=6)
    assert bool(found.flags & AngularMomentumFlags.UNRESOLVED) is not enough
    assert np.isfinite(found.v_over_sigma) == enough


@pytest.mark.parametrize(("n", "enough"), [(4, False), (5, True)])
def test_a_few_bins_are_enough(n, enough):
    bins = np.clip((X + 10) * n / 20.01, 0, n - 1).astype(int)
    velocity = 100 * (bins / (n - 1) - 0.5)
    found = angular_momentum(galaxy_field(velocity, bin_id=bins), effective_radius=5)
    assert np.isfinite(found.lambda_r) == enough
    assert bool(found.flags & AngularMomentumFlags.NO_SPAXELS) is not enough


def test_errors_of_the_aperture():
    velocity = flat_rotation(20, 120) * np.tanh(RADIUS / 3)
    field = galaxy_field(velocity, error=0.5)
    options = {"effective_radius": 5, "pa": 20, "ellipticity": 0.4}
    none = angular_momentum(field, **options, **EXACT)
    for name, error in (("effective_radius_err", 1.0), ("pa_err", 10), ("ellipticity_err", 0.1)):
        found = angular_momentum(field, **options, **(EXACT | {name: error}))
        assert found.lambda_r_err_sys > none.lambda_r_err_sys
        assert found.lambda_r == none.lambda_r
    wide = angular_momentum(field, **(options | {"effective_radius": 6}), **EXACT)
    found = angular_momentum(field, **options, **(EXACT | {"effective_radius_err": 1.0}))
    narrow = angular_momentum(field, **(options | {"effective_radius": 4}), **EXACT)
    changes = np.array([wide.lambda_r, narrow.lambda_r]) - none.lambda_r
    expected = np.hypot(np.sqrt(np.mean(changes**2)), none.lambda_r_err_sys)
    assert found.lambda_r_err_sys == pytest.approx(expected)
    assert found.lambda_r_err_total == pytest.approx(
        np.hypot(found.lambda_r_err, found.lambda_r_err_sys)
    )
    by_default = angular_momentum(field, **options)
    assumed = {"effective_radius_err": 0.5, "pa_err": 5, "ellipticity_err": 0.05}
    assert angular_momentum(field, **options, **assumed).lambda_r_err_sys == pytest.approx(
        by_default.lambda_r_err_sys
    )
    missing = {name: np.nan for name in assumed}
    assert angular_momentum(field, **options, **missing).lambda_r_err_sys == pytest.approx(
        by_default.lambda_r_err_sys
    )


def test_the_curve_ends_where_the_field_does():
    velocity = flat_rotation(20, 120) * np.tanh(RADIUS / 3)
    field = galaxy_field(velocity, mask=RADIUS > 7)
    found = angular_momentum(field, effective_radius=5)
    radius, within = found.radius.to_value(u.arcsec), found.lambda_r_within
    assert radius[-1] == pytest.approx(7.5)
    assert_allclose(np.diff(radius), 0.5)
    assert within[np.argmin(np.abs(radius - 5))] == pytest.approx(found.lambda_r, abs=1e-6)
    assert np.all(np.diff(within[2:-1]) > 0)
    small = angular_momentum(galaxy_field(velocity), effective_radius=1.5)
    assert small.radius[-1].to_value(u.arcsec) == pytest.approx(4.5)


@pytest.mark.parametrize(("reach", "enough"), [(5.45, False), (5.6, True)])
def test_85_per_cent_of_an_aperture_must_be_covered(reach, enough):
    """Of a circle of 6 arcsec, 0.825 and 0.871 are covered, but for whole spaxels."""
    found = angular_momentum(galaxy_field(mask=reach < RADIUS), effective_radius=6)
    assert found.coverage == pytest.approx((reach / 6) ** 2, abs=0.02)
    assert bool(found.flags & AngularMomentumFlags.LITTLE_COVERED) is not enough
    assert np.isfinite(found.lambda_r) == enough
    assert np.isfinite(found.v_over_sigma) == enough


@pytest.mark.parametrize(("radius", "enough"), [(0.1, False), (0.6, False), (1.2, True)])
def test_an_aperture_of_a_few_spaxels_gives_nothing(radius, enough):
    found = angular_momentum(galaxy_field(), effective_radius=radius)
    assert bool(found.flags & FLAGS.NO_SPAXELS) is not enough
    assert np.isfinite(found.lambda_r) == enough


def test_spaxels_without_a_dispersion_do_not_cover():
    dispersion = np.where(X > 0, 100.0, np.nan)
    found = angular_momentum(galaxy_field(dispersion=dispersion), effective_radius=5)
    assert found.coverage == pytest.approx(0.5, abs=0.03)
    assert np.isnan(found.lambda_r)
    faint = angular_momentum(galaxy_field(flux=np.where(X > 0, 1.0, -0.1)), effective_radius=5)
    assert faint.coverage == pytest.approx(0.5, abs=0.03)


FLAGS = AngularMomentumFlags


@pytest.mark.parametrize(
    ("options", "flag"),
    [
        ({"dispersion": None, "dispersion_ivar": None}, FLAGS.NO_DISPERSION),
        ({"flux": None}, FLAGS.NO_FLUX),
        ({"mask": np.ones(X.shape, bool)}, FLAGS.NO_SPAXELS),
        ({"flux": np.zeros(X.shape)}, FLAGS.NO_SPAXELS),
        ({"instrumental_dispersion": np.zeros(X.shape)}, FLAGS.NO_INSTRUMENT),
        (
            {"instrumental_dispersion": np.ones(X.shape), "mask": np.ones(X.shape, bool)},
            FLAGS.NO_SPAXELS,
        ),
    ],
)
def test_what_is_missing(options, flag):
    given = {
        "ivar": np.ones(X.shape),
        "dispersion": np.full(X.shape, 100.0),
        "flux": np.ones(X.shape),
    }
    field = mangapa.VelocityField.from_arrays(flat_rotation(), X, Y, **(given | options))
    found = angular_momentum(field, effective_radius=5, pa=10, ellipticity=0.1)
    assert found.flags == flag
    assert np.isnan([found.lambda_r, found.v_over_sigma, found.lambda_r_err_total]).all()
    assert np.isnan(found.probability_fast_emsellem2011)
    assert found.lambda_r_within.size == found.radius.size == 0
    assert flag.description in repr(found)


def galaxy_of(field, **header):
    cards = {"REFF": 5.0, "ECOOPA": 20.0, "ECOOELL": 0.3, "RFWHM": 2.5} | header
    cards = {name: value for name, value in cards.items() if value is not None}
    return mangapa.Galaxy(**{field.tracer: field}, header=cards)


def test_a_galaxy_gives_radius_shape_and_beam():
    field = galaxy_field(flat_rotation(20, 120) * np.tanh(RADIUS / 3), noise=4, error=4)
    galaxy = galaxy_of(field)
    light = mangapa.photometry(galaxy)
    assert light.source == "header"
    shape = {
        "pa": light.pa,
        "pa_err": light.pa_err,
        "ellipticity": light.ellipticity,
        "ellipticity_err": light.ellipticity_err,
    }
    options = {"effective_radius": 5, "radius": "major_axis"} | shape
    of_galaxy, of_field = angular_momentum(galaxy), angular_momentum(field, **options)
    for name in NAMES:
        assert getattr(of_galaxy, name) == getattr(of_field, name), name
    assert of_galaxy.semi_major_axis == 5 * u.arcsec
    correction = {"sersic_index": 2, "beam_correction": "graham2018"}
    of_galaxy = angular_momentum(galaxy, **correction)
    of_field = angular_momentum(field, beam=2.5, **correction, **options)
    assert of_galaxy.lambda_r_corrected == of_field.lambda_r_corrected > of_field.lambda_r
    narrow = angular_momentum(galaxy, beam=1.0, **correction)
    assert narrow.lambda_r_corrected < of_galaxy.lambda_r_corrected
    with pytest.raises(ValueError, match="beam_correction='graham2018' needs beam"):
        angular_momentum(galaxy_of(field, RFWHM=None), **correction)


def test_what_is_given_counts_more_than_what_the_galaxy_has():
    field = galaxy_field(flat_rotation(20, 120) * np.tanh(RADIUS / 3), error=0.5)
    galaxy = galaxy_of(field)
    given = {"effective_radius": 6, "pa": 50, "ellipticity": 0.1, "radius": "area"}
    of_galaxy, of_field = angular_momentum(galaxy, **given), angular_momentum(field, **given)
    for name in (*NAMES, "semi_major_axis", "pa", "ellipticity_err"):
        assert getattr(of_galaxy, name) == getattr(of_field, name), name
    # The error of the header's angle is not that of another.
    light = mangapa.photometry(galaxy)
    turned = angular_momentum(galaxy, pa=50)
    assert (turned.pa, turned.ellipticity) == (50 * u.deg, light.ellipticity)
    sure, unsure = (angular_momentum(galaxy, pa=50, pa_err=error) for error in (5, 30))
    assert turned.lambda_r_err_sys == sure.lambda_r_err_sys != unsure.lambda_r_err_sys


def test_the_light_is_measured_where_no_header_states_its_shape():
    pytest.importorskip("photutils")
    along = X * np.sin(np.radians(20)) + Y * np.cos(np.radians(20))
    across = X * np.cos(np.radians(20)) - Y * np.sin(np.radians(20))
    field = galaxy_field(error=0.5, flux=np.exp(-np.hypot(along, across / 0.6) / 3))
    galaxy = galaxy_of(replace(field, tracer="stellar"), ECOOPA=None, ECOOELL=None, RFWHM=None)
    found = angular_momentum(galaxy)
    light = mangapa.photometry(galaxy)
    assert light.source == "flux"
    assert (found.pa, found.ellipticity) == (light.pa, light.ellipticity)
    assert found.ellipticity == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize("radius", [None, -999.0])
def test_a_galaxy_without_a_radius_is_flagged(radius):
    galaxy = galaxy_of(galaxy_field(), REFF=radius)
    found = angular_momentum(galaxy)
    assert found.flags == FLAGS.NO_RADIUS
    assert np.isnan([found.lambda_r, found.v_over_sigma]).all()
    assert "the effective radius is unknown" in repr(found)
    assert np.isfinite(angular_momentum(galaxy, effective_radius=5).lambda_r)
    with pytest.raises(ValueError, match="distance='far' is not known"):
        angular_momentum(galaxy, distance="far")


def test_a_galaxy_without_the_map_is_flagged():
    galaxy = galaxy_of(galaxy_field())
    found = angular_momentum(galaxy, "halpha")
    assert found.flags == FLAGS.NO_MAP
    assert np.isnan(found.lambda_r)
    with pytest.raises(ValueError, match="tracer='gas' is not known"):
        angular_momentum(galaxy, "gas")


@pytest.mark.parametrize("missing", ["ivar", "dispersion_ivar"])
def test_without_errors_the_bias_stays(missing):
    field = galaxy_field(noise=20, error=20)
    found = angular_momentum(replace(field, **{missing: None}), effective_radius=5)
    assert found.flags & FLAGS.NO_ERRORS
    assert np.isfinite(found.lambda_r)
    assert np.isnan([found.lambda_r_err, found.v_over_sigma_err]).all()
    if missing == "ivar":
        assert found.noise_bias == 0


def test_a_list_of_bins():
    """Bin centres instead of a map, as in the tables of ATLAS3D."""
    inside = (RADIUS < 9).ravel()
    field = galaxy_field()
    listed = mangapa.VelocityField.from_arrays(
        *(one.ravel()[inside] for one in (field.velocity, field.x, field.y)),
        ivar=field.ivar.ravel()[inside],
        dispersion=field.dispersion.ravel()[inside],
        dispersion_ivar=field.dispersion_ivar.ravel()[inside],
        flux=field.flux.ravel()[inside],
    )
    options = {"effective_radius": 6, "ellipticity": 0.2, "pa": 30}
    first, second = (angular_momentum(one, **options) for one in (field, listed))
    assert second.lambda_r == pytest.approx(first.lambda_r, abs=1e-3)
    assert second.coverage == pytest.approx(first.coverage, abs=0.02)


def test_probabilities_of_fast_rotation():
    def result(lambda_r, ellipticity, error=0.02, ellipticity_err=0.01):
        return AngularMomentum(
            lambda_r=lambda_r,
            lambda_r_err=error,
            lambda_r_err_sys=0.0,
            ellipticity=ellipticity,
            ellipticity_err=ellipticity_err,
        )

    assert result(0.31 * 0.5, 0.25).probability_fast_emsellem2011 == pytest.approx(0.5, abs=0.01)
    assert result(0.13, 0.2).probability_fast_cappellari2016 == pytest.approx(0.5, abs=0.01)
    assert result(0.6, 0.3).probability_fast_emsellem2011 > 0.999
    assert result(0.02, 0.3).probability_fast_emsellem2011 < 1e-3
    # No flat galaxy is a slow rotator by Cappellari (2016).
    assert result(0.02, 0.5).probability_fast_cappellari2016 == pytest.approx(1)
    assert result(0.02, 0.4, ellipticity_err=0.1).probability_fast_cappellari2016 == pytest.approx(
        0.5, abs=0.03
    )
    assert np.isnan(result(np.nan, 0.3).probability_fast_emsellem2011)
    corrected = replace(result(0.13, 0.2), lambda_r_corrected=0.3, lambda_r_corrected_err=0.02)
    assert corrected.probability_fast_cappellari2016 > 0.99


def test_the_beam_is_corrected_on_request():
    field = galaxy_field(flat_rotation(20, 120) * np.tanh(RADIUS / 3))
    options = {"effective_radius": 5, "pa": 20, "ellipticity": 0.3, "radius": "major_axis"}
    beam = {"beam": 2.5, "sersic_index": 2}
    plain = angular_momentum(field, **options)
    assert np.isnan([plain.lambda_r_corrected, plain.v_over_sigma_corrected]).all()
    graham = angular_momentum(field, beam_correction="graham2018", **beam, **options)
    ratio = 2.5 / 2.3548 / 5
    expected = plain.lambda_r * (1 + (ratio / 0.47) ** 1.76) ** 0.84
    assert graham.lambda_r_corrected == pytest.approx(expected, rel=1e-3)
    assert graham.lambda_r_corrected_err > plain.lambda_r_err_total
    assert np.isnan(graham.v_over_sigma_corrected)
    harborne = angular_momentum(field, beam_correction="harborne2020", **beam, **options)
    assert harborne.lambda_r_corrected > plain.lambda_r
    assert harborne.v_over_sigma_corrected > plain.v_over_sigma
    outside = angular_momentum(
        field, beam_correction="graham2018", **(beam | {"sersic_index": 7}), **options
    )
    assert outside.flags & FLAGS.OUTSIDE_CORRECTION
    assert np.isnan(outside.lambda_r_corrected)


def test_a_field_that_ends_early_is_extrapolated_on_request():
    velocity = flat_rotation(20, 120) * np.tanh(RADIUS / 3)
    whole = angular_momentum(galaxy_field(velocity), effective_radius=8)
    options = {"effective_radius": 8, "aperture_correction": "growth_curve"}
    part = angular_momentum(galaxy_field(velocity, mask=RADIUS > 5.5), **options)
    assert part.flags & FLAGS.LITTLE_COVERED
    assert np.isnan(part.lambda_r)
    assert part.lambda_r_corrected == pytest.approx(whole.lambda_r, abs=0.02)
    change = part.lambda_r_corrected - part.lambda_r_within[-1]
    assert change > 0.02
    last = part.radius[-1].to_value(u.arcsec)
    inner = angular_momentum(galaxy_field(velocity), effective_radius=last, effective_radius_err=0)
    of_radius = 0.1 * change / np.log(8 / last)
    expected = np.linalg.norm([inner.lambda_r_err_total, 0.35 * change, of_radius])
    assert part.lambda_r_corrected_err == pytest.approx(expected, rel=0.05)
    # To half of the aperture, or just less.
    for reach, enough in ((4.05, True), (3.6, False)):
        little = angular_momentum(galaxy_field(velocity, mask=reach < RADIUS), **options)
        assert np.isfinite(little.lambda_r_corrected) == enough
    covered = angular_momentum(galaxy_field(velocity), **options)
    assert covered.lambda_r_corrected == covered.lambda_r
    assert covered.lambda_r_corrected_err == covered.lambda_r_err_total
    sharpened = angular_momentum(
        galaxy_field(velocity, mask=RADIUS > 5.5),
        beam=2.5,
        sersic_index=1,
        beam_correction="graham2018",
        **options,
    )
    assert sharpened.lambda_r_corrected > part.lambda_r_corrected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"effective_radius": 0}, "effective_radius=0 must be positive"),
        ({"effective_radius": np.nan}, "effective_radius=nan must be one finite number"),
        ({"ellipticity": -0.1}, "ellipticity=-0.1 must not be negative"),
        ({"ellipticity": 0.96}, "ellipticity=0.96 must be between 0 and 0.95"),
        ({"pa_err": -1}, "pa_err=-1 must not be negative"),
        ({"radius": "minor_axis"}, "radius='minor_axis' is not known; choose one of 'area'"),
        ({"distance": "far"}, "distance='far' is not known; choose one of 'circular'"),
        ({"beam_correction": "mine"}, "beam_correction='mine' is not known; choose one of None"),
        ({"aperture_correction": "mine"}, "aperture_correction='mine' is not known"),
        ({"beam_correction": "graham2018"}, "beam_correction='graham2018' needs beam"),
        (
            {"beam_correction": "graham2018", "beam": 2.5},
            "beam_correction='graham2018' needs sersic_index",
        ),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        angular_momentum(galaxy_field(), **({"effective_radius": 5} | options))


def test_wrong_sources():
    with pytest.raises(TypeError, match="source must be a VelocityField, a Galaxy or a Measurem"):
        angular_momentum(3, effective_radius=5)
    with pytest.raises(ValueError, match="effective_radius is needed for a field"):
        angular_momentum(galaxy_field())


def test_shown():
    found = angular_momentum(galaxy_field(), effective_radius=5, ellipticity=0.2)
    assert repr(found).startswith("<AngularMomentum lambda_R 0.")
    assert "V/sigma" in found._repr_html_()
    assert "lambda_R, corrected" not in found._repr_html_()
    assert angular_momentum(galaxy_field(), effective_radius=5).flags == FLAGS.CIRCULAR
