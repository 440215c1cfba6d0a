from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u

import mangapa
from mangapa import Galaxy, VelocityField, kinematic_classes, simulate_galaxy
from mangapa.kinematics import ClassFlags, KinematicClasses
from mangapa.simulate import CounterDisc
from tests.kinematics.two_discs import ROUND, X, Y, discs

SEEN = {"n_fibres": 61, "psf": 2.5, "snr": 60, "losvd": "moments"}


@pytest.fixture(scope="module")
def disc():
    return kinematic_classes(simulate_galaxy(**SEEN, seed=2))


@pytest.fixture(scope="module")
def two_discs():
    counter_disc = CounterDisc(mass_fraction=0.45)
    return kinematic_classes(simulate_galaxy(**SEEN, counter_disc=counter_disc, seed=2))


def test_a_disc_is_a_regular_rotator(disc):
    assert disc.regular_rotator > 0.95
    assert disc.groups["e"] > 0.9
    for name in ("two_sigma", "counter_rotating_discs", "decoupled_core", "low_level_velocity"):
        assert getattr(disc, name) < 0.1
    assert disc.flags == ClassFlags.NONE


def test_two_discs(two_discs, disc):
    assert two_discs.two_sigma > 0.9
    assert two_discs.counter_rotating_discs > 0.9
    assert two_discs.groups["d"] > 0.9
    assert two_discs.peak_significance > 3 > 1 > disc.peak_significance
    reff = 11.25 / 1.5
    assert reff / 4 <= two_discs.peak_radius.to_value(u.arcsec) < 2 * reff
    assert abs(two_discs.peak_axis.to_value(u.deg) - 60) < 10


def test_a_core():
    found = kinematic_classes(simulate_galaxy(n_fibres=61, core_radius=4, seed=1))
    assert found.decoupled_core > 0.9
    assert found.counter_rotating_core > 0.8
    assert found.counter_rotating_discs > 0.5
    assert found.groups["c"] + found.groups["d"] > 0.8


def test_a_twist():
    found = kinematic_classes(simulate_galaxy(n_fibres=61, warp=40, snr=100, seed=1))
    assert found.kinematic_twist > 0.9


def test_no_rotation():
    field = discs(0.0, rotation=0.0, error=1.0)
    found = kinematic_classes(field, effective_radius=6, photometric_pa=30, ellipticity=0.4)
    assert found.low_level_velocity > 0.9
    assert found.groups["a"] > 0.8


@pytest.mark.parametrize("seed", range(3))
def test_noise_has_no_classes_of_rotation(seed):
    galaxy = simulate_galaxy(n_fibres=61, seed=1)
    velocity = np.random.default_rng(seed).normal(0, 30, galaxy.stellar.velocity.shape)
    noise = replace(galaxy.stellar, velocity=velocity * u.km / u.s, ivar=None, bin_id=None)
    found = kinematic_classes(replace(galaxy, stellar=noise))
    assert ClassFlags.NO_ROTATION in found.flags
    for name in ("regular_rotator", "kinematic_twist", "decoupled_core", "double_maximum"):
        assert np.isnan(getattr(found, name)), name
    assert 0 <= found.low_level_velocity <= 1
    assert sum(found.groups.values()) == pytest.approx(1)
    assert found.groups["f"] == pytest.approx(
        (1 - found.two_sigma) * (1 - found.low_level_velocity)
    )


@pytest.mark.parametrize("pa", [0.0, 70.0, 140.0])
def test_classes_turn_with_the_field(pa):
    found = kinematic_classes(discs(0.4, pa=pa), effective_radius=6)
    assert found.two_sigma > 0.9
    assert abs((found.peak_axis.value - pa + 90) % 180 - 90) < 12


def test_the_dispersions_give_an_axis_where_nothing_else_does():
    """Equal discs have no rotation on the whole."""
    found = kinematic_classes(discs(0.5, pa=70.0), effective_radius=6)
    assert found.flags & ClassFlags.AXIS_FROM_DISPERSION
    assert abs((found.peak_axis.value - 70 + 90) % 180 - 90) < 10
    assert found.two_sigma > 0.9


def test_units_and_header():
    field = discs(0.4)
    plain = kinematic_classes(field, effective_radius=6, photometric_pa=30, ellipticity=0.4)
    header = {"REFF": 6.0, "ECOOPA": 30.0, "ECOOELL": 0.4}
    by_header = kinematic_classes(Galaxy(stellar=field, header=header))
    with_units = kinematic_classes(
        field, effective_radius=0.1 * u.arcmin, photometric_pa=np.pi / 6 * u.rad, ellipticity=0.4
    )
    for other in (by_header, with_units):
        assert other.probabilities == pytest.approx(plain.probabilities)


def test_a_measurement_gives_the_same():
    galaxy = simulate_galaxy(n_fibres=37, seed=4)
    measurement = mangapa.measure(galaxy)
    ours, theirs = (kinematic_classes(one) for one in (measurement, measurement.galaxy))
    assert ours.probabilities == pytest.approx(theirs.probabilities)


def without(field, **more):
    return VelocityField.from_arrays(
        field.velocity, field.x, field.y, mask=field.mask, ivar=field.ivar, **more
    )


def test_no_dispersion():
    found = kinematic_classes(without(discs(0.0)), effective_radius=6)
    assert found.flags & ClassFlags.NO_DISPERSION
    assert np.isnan(found.two_sigma)
    assert np.isnan([found.counter_rotating_discs, *found.groups.values()]).all()
    assert found.regular_rotator > 0.9


def test_an_unknown_instrument_is_left_in():
    field = discs(0.4)
    unknown = {"dispersion": field.dispersion, "dispersion_ivar": field.dispersion_ivar}
    unknown["instrumental_dispersion"] = np.full(X.shape, np.nan)
    found = kinematic_classes(without(field, **unknown), effective_radius=6)
    assert found.flags == ClassFlags.INSTRUMENT_UNKNOWN
    assert found.two_sigma > 0.9


def test_no_dispersion_errors():
    field = discs(0.4)
    found = kinematic_classes(without(field, dispersion=field.dispersion), effective_radius=6)
    assert found.flags & ClassFlags.NO_DISPERSION_ERROR
    assert found.two_sigma > 0.9


def test_a_hole_in_the_centre():
    found = kinematic_classes(discs(0.4, mask=~ROUND | (np.hypot(X, Y) < 3)), effective_radius=6)
    assert found.flags & ClassFlags.PEAKS_NOT_COVERED
    assert np.isnan(found.two_sigma)


def test_too_small_a_field():
    found = kinematic_classes(discs(0.4), effective_radius=40)
    assert found.flags == ClassFlags.SMALL_FIELD
    assert np.isnan(list(found.probabilities.values())).all()
    assert "half an effective radius" in repr(found)


def test_no_effective_radius():
    found = kinematic_classes(discs(0.4))
    assert found.flags == ClassFlags.NO_EFFECTIVE_RADIUS
    assert found.two_sigma > 0.9


def test_gas():
    field = discs(0.4, tracer="halpha")
    found = kinematic_classes(Galaxy(halpha=field), "halpha", effective_radius=6)
    assert found.flags == ClassFlags.NOT_STARS
    assert np.isnan(found.two_sigma + found.counter_rotating_discs)
    assert np.isfinite(found.decoupled_core)


def test_a_field_that_cannot_be_measured():
    field = discs(0.4, mask=np.ones(X.shape, bool))
    assert kinematic_classes(field).flags == ClassFlags.NOT_MEASURED


def test_too_few_rings():
    found = kinematic_classes(discs(0.4, mask=np.hypot(X, Y) > 1.6))
    assert found.flags & (ClassFlags.TOO_FEW_RINGS | ClassFlags.NOT_MEASURED)
    assert np.isnan(list(found.probabilities.values())).all()


def test_text(two_discs):
    assert "2-sigma 1.00" in repr(two_discs)
    page = two_discs._repr_html_()
    assert "counter-rotating discs" in page
    assert "k5/k1" in page
    empty = KinematicClasses(flags=ClassFlags.NOT_MEASURED)
    assert "could not be measured" in repr(empty)


def test_wrong_arguments():
    field = discs(0.0)
    with pytest.raises(TypeError, match="source must be a VelocityField"):
        kinematic_classes("8080-12701")
    with pytest.raises(ValueError, match="tracer='gas'"):
        kinematic_classes(Galaxy(stellar=field), "gas")
    with pytest.raises(ValueError, match="effective_radius=-1"):
        kinematic_classes(field, effective_radius=-1)
    with pytest.raises(ValueError, match="ellipticity=1"):
        kinematic_classes(field, ellipticity=1.0)


def test_a_galaxy_without_a_map_of_the_tracer():
    found = kinematic_classes(Galaxy(stellar=discs(0.0)), "halpha")
    assert found.flags == ClassFlags.NO_MAP
    assert np.isnan([*found.probabilities.values(), *found.groups.values()]).all()
