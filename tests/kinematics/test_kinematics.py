"""All kinematics of a measurement, when its settings ask for them."""

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

import mangapa
from mangapa import SpinFlags, _measurement_steps, measure
from mangapa.catalogue import tabulate
from mangapa.catalogue.columns import catalogue_columns
from mangapa.fields import TRACERS
from mangapa.fitting._thin_disc import fit_disc
from mangapa.kinematics import ClassFlags, Kinematics


@pytest.fixture(scope="module")
def disc():
    """An inclined disc with dispersions, light and a place on the sky."""
    galaxy = mangapa.simulate_galaxy(
        plateifu="8485-6101", n_fibres=61, pa_stellar=30, pa_halpha=35, inclination=60, seed=3
    )
    return replace(galaxy, centre=SkyCoord(150, 2, unit="deg"))


@pytest.fixture(scope="module")
def found(disc):
    return measure(disc, columns="kinematics")


def test_nothing_is_measured_by_default(disc):
    default = measure(disc)
    assert default["stellar"].kinematics is None
    assert default.halpha_kinematics is None
    assert "kinematics" not in default.seconds
    assert not [name for name in default.row() if "k51" in name]


def test_the_rest_is_as_by_default(disc, found):
    default = measure(disc).row()
    row = found.row()
    assert list(row)[: len(default)] == list(default)
    for name, value in default.items():
        np.testing.assert_array_equal(row[name], value, err_msg=name)
    assert found.settings.columns == "standard,kinematics"
    assert found.seconds["kinematics"] > 0


@pytest.mark.parametrize("tracer", ["stellar", "halpha"])
def test_parts_are_those_of_the_public_functions(found, tracer):
    """Measured one by one, on the cleaned field."""
    kinematics, field = found[tracer].kinematics, found[tracer].field
    assert isinstance(kinematics, Kinematics)
    radius = found.galaxy.effective_radius
    profile = mangapa.kinemetry(field, effective_radius=radius)
    for name in ("pa", "axis_ratio", "k1", "k5"):
        np.testing.assert_array_equal(kinematics.kinemetry[name], profile[name], err_msg=name)
    assert kinematics.kinemetry.k51 == profile.k51
    apart = mangapa.photometric_misalignment(found, tracer)
    assert kinematics.photometric_misalignment.angle == apart.angle
    assert kinematics.photometric_misalignment.error == apart.error
    light = mangapa.photometry(found.galaxy)
    assert (kinematics.photometry.pa, kinematics.photometry.source) == (light.pa, light.source)
    momentum = mangapa.angular_momentum(
        field,
        effective_radius=radius,
        radius="major_axis",
        pa=light.pa,
        pa_err=light.pa_err,
        ellipticity=light.ellipticity,
        ellipticity_err=light.ellipticity_err,
    )
    assert np.isfinite(momentum.lambda_r)
    assert kinematics.angular_momentum.lambda_r == momentum.lambda_r
    assert mangapa.angular_momentum(found, tracer).lambda_r == momentum.lambda_r
    assert mangapa.angular_momentum(found.galaxy, tracer).lambda_r == momentum.lambda_r
    spin = mangapa.spin_vector(found, tracer)
    np.testing.assert_array_equal(kinematics.spin.weights, spin.weights)
    np.testing.assert_array_equal(kinematics.spin.solutions.xyz, spin.solutions.xyz)
    classes = mangapa.kinematic_classes(found, tracer)
    assert kinematics.classes.regular_rotator == classes.regular_rotator


def test_nothing_is_fitted_again(disc, monkeypatch):
    sizes = []

    def counted(points, pa_start, **options):
        sizes.append(points.velocity.size)
        return fit_disc(points, pa_start, **options)

    monkeypatch.setattr("mangapa.fitting._prepared.fit_disc", counted)
    measure(disc)
    n_discs = len(sizes)
    measure(disc, columns="kinematics")
    assert len(sizes) == 2 * n_discs > 0


def test_the_group_is_the_most_probable_one(found):
    stars = found["stellar"].kinematics
    assert stars.group == max(stars.classes.groups, key=stars.classes.groups.get)
    assert stars.group_probability == max(stars.classes.groups.values())
    assert f"group {stars.group}" in repr(stars)
    assert "Angle to the light" in stars._repr_html_()
    unknown = replace(stars, classes=mangapa.KinematicClasses())
    assert unknown.group is None
    assert np.isnan(unknown.group_probability)
    assert "no group" in repr(unknown)


def test_values_of_the_row(found):
    row = found.row()
    assert list(row) == [column.name for column in catalogue_columns("kinematics")]
    for tracer, measured in found.tracers():
        kinematics = measured.kinematics
        assert row[f"{tracer}_k51"] == kinematics.kinemetry.k51
        assert row[f"{tracer}_k51_err"] == kinematics.kinemetry.k51_err
        np.testing.assert_equal(row[f"{tracer}_class_two_sigma"], kinematics.classes.two_sigma)
        assert row[f"{tracer}_group"] == kinematics.group
        assert row[f"{tracer}_psi"] == kinematics.photometric_misalignment.angle
        over = kinematics.photometric_misalignment.probability_over_15
        assert row[f"{tracer}_psi_over_15_probability"] == over
        assert row[f"{tracer}_lambda_r"] == kinematics.angular_momentum.lambda_r
        assert row[f"{tracer}_v_over_sigma_err"] == kinematics.angular_momentum.v_over_sigma_err
        spin = kinematics.spin
        for number, towards in enumerate(spin.directions, start=1):
            assert row[f"{tracer}_spin_ra_{number}"].value == pytest.approx(towards.ra.deg)
            assert row[f"{tracer}_spin_dec_{number}"].value == pytest.approx(towards.dec.deg)
            assert row[f"{tracer}_spin_weight_{number}"] == spin.weights[number - 1]
        assert row[f"{tracer}_spin_err"] == spin.error[0]
    assert len(found["stellar"].kinematics.spin.weights) == 2
    light = found["stellar"].kinematics.photometry
    assert row["photometric_pa"] == light.pa
    assert row["photometry_source"] == light.source == "header"
    for column in catalogue_columns("kinematics"):
        if column.unit is not None:
            assert row[column.name].unit.is_equivalent(column.unit), column.name


def test_flags_of_the_row(found):
    row = found.row()
    for tracer in TRACERS:
        kinematics = found[tracer].kinematics
        assert row[f"{tracer}_class_flags"] == kinematics.classes.flags
        assert row[f"{tracer}_angular_momentum_flags"] == kinematics.angular_momentum.flags
        assert row[f"{tracer}_spin_flags"] == kinematics.spin.flags
    assert row["halpha_class_flags"] == ClassFlags.NOT_STARS
    assert row["stellar_spin_flags"] == SpinFlags.NEAR_SIDE_UNKNOWN
    assert row["photometry_flags"] == 0
    table = tabulate(found)
    assert table["halpha_class_flags"][0] == ClassFlags.NOT_STARS
    assert table["halpha_class_flags"].dtype.kind == "i"


def test_light_is_measured_if_no_header_states_it(disc, found):
    pytest.importorskip("photutils")
    header = {name: value for name, value in disc.header.items() if not name.startswith("ECOO")}
    row = measure(replace(disc, header=header), columns="kinematics").row()
    assert row["photometry_source"] == "flux"
    apart = abs(row["photometric_pa"] - found.row()["photometric_pa"])
    assert apart < 3 * np.hypot(row["photometric_pa_err"], found.row()["photometric_pa_err"])


@pytest.mark.promise(1)
def test_what_is_unknown_is_missing(disc):
    """No gas, no effective radius and no place on the sky."""
    header = {name: value for name, value in disc.header.items() if name != "REFF"}
    bare = replace(disc, halpha=None, header=header, centre=None)
    found = measure(bare, columns="kinematics")
    assert found["halpha"].kinematics is None
    momentum = found["stellar"].kinematics.angular_momentum
    assert momentum.flags == mangapa.AngularMomentumFlags.NO_RADIUS
    assert np.isnan(momentum.lambda_r)
    row = found.row()
    for name in ("stellar_lambda_r", "stellar_spin_ra_1", "halpha_k51", "halpha_psi"):
        assert np.isnan(row[name]), name
    assert row["halpha_group"] is None
    assert row["halpha_psi"].unit == u.deg
    assert np.isfinite(row["stellar_k51"])
    assert np.isfinite(row["photometric_pa"])


@pytest.mark.promise(20)
@pytest.mark.parametrize(
    "error", [np.linalg.LinAlgError("Singular matrix"), ImportError("no photutils")]
)
def test_kinematics_that_fail_cost_no_angle(disc, found, monkeypatch, error):
    alone = _measurement_steps.kinematics_together

    def fail_for_gas(given, galaxy):
        if any(pa.pa == found.halpha.pa for _, pa, _ in given):
            raise error
        return alone(given, galaxy)

    monkeypatch.setattr(_measurement_steps, "kinematics_together", fail_for_gas)
    partly = measure(disc, columns="kinematics")
    why = f"halpha: kinematics failed ({type(error).__name__}: {error})"
    assert partly.errors == {"halpha": why}
    assert partly["halpha"].kinematics is None
    assert (partly.halpha.pa, partly.halpha.flags) == (found.halpha.pa, found.halpha.flags)
    assert partly["stellar"].kinematics.group == found["stellar"].kinematics.group
    row = partly.row()
    assert row["halpha_n_spaxels"] == found.halpha.n_spaxels
    assert row["error"] == why


@pytest.mark.parametrize("suffix", ["ecsv", "fits", "vot", "parquet", "csv"])
def test_catalogues_keep_the_columns(found, suffix, tmp_path, recwarn):
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    table = tabulate(found)
    back = mangapa.read_catalogue(mangapa.write_catalogue(found, tmp_path / f"all.{suffix}"))
    recwarn.clear()
    assert back.colnames == table.colnames
    for column in catalogue_columns("kinematics"):
        if column.group == "kinematics":
            one, other = table[column.name], back[column.name]
            assert one.unit == other.unit, column.name
            assert one.info.description == other.info.description
            np.testing.assert_array_equal(np.ma.filled(one, ""), np.ma.filled(other, ""))
