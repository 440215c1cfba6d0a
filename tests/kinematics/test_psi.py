from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from astropy import units as u
from hypothesis import given
from hypothesis import strategies as st

import mangapa
from mangapa import (
    Galaxy,
    KinematicPA,
    PAFlags,
    Photometry,
    photometric_misalignment,
)
from tests.kinematics.light import disc

angles = st.floats(-720, 720)


def kinematic(pa, error=2.0, **options):
    return KinematicPA(pa=pa * u.deg, pa_err=error * u.deg, **options)


def psi(pa_kin, pa_phot, error=2.0, pa_err=3.0):
    light = Photometry.from_values(pa_phot, 0.5, pa_err=pa_err)
    return photometric_misalignment(kinematic(pa_kin, error), photometry=light)


@given(a=angles, b=angles)
def test_it_is_that_of_franx(a, b):
    angle = psi(a, b).angle.to_value(u.deg)
    assert 0 <= angle <= 90
    assert np.sin(np.radians(angle)) == pytest.approx(abs(np.sin(np.radians(a - b))), abs=1e-9)


@given(a=angles, b=angles, turn=angles)
def test_neither_a_turn_nor_a_mirror_changes_it(a, b, turn):
    angle = psi(a, b).angle.to_value(u.deg)
    assert psi(a + turn, b + turn).angle.to_value(u.deg) == pytest.approx(angle, abs=1e-6)
    assert psi(-a, -b).angle.to_value(u.deg) == pytest.approx(angle, abs=1e-6)
    assert psi(a + 180, b).angle.to_value(u.deg) == pytest.approx(angle, abs=1e-6)


def test_published_galaxies():
    # Krajnovic et al. 2011, Table D1: NGC 2974, 4570 and 6278, and NGC 474.
    for pa_phot, pa_kin, expected in (
        (44.2, 43.0, 1.2),
        (159.3, 158.5, 0.8),
        (125.8, 305.5, 0.3),
        (177.8, 326.5, 31.3),
    ):
        assert psi(pa_kin, pa_phot).angle.to_value(u.deg) == pytest.approx(expected)


def test_the_error_is_that_of_both_axes():
    total = kinematic(10.0, 3.0, pa_err_sys=4.0 * u.deg)
    light = Photometry.from_values(20.0, 0.5, pa_err=12.0)
    assert photometric_misalignment(total, photometry=light).error.value == pytest.approx(
        13, abs=1e-3
    )


@pytest.mark.parametrize(("error", "pa_err"), [(2, 180 / np.sqrt(12)), (180 / np.sqrt(12), 3)])
def test_one_random_axis_makes_a_random_angle(error, pa_err):
    found = psi(10, 30, error, pa_err)
    assert found.error.to_value(u.deg) == pytest.approx(180 / np.sqrt(12))
    assert found.probability_over_15 == pytest.approx(5 / 6, abs=1e-3)
    assert found.probability_over_30 == pytest.approx(2 / 3, abs=1e-3)


@pytest.mark.parametrize("limit", [0, 15, 30, 60, 90])
@pytest.mark.parametrize(("angle", "error"), [(0, 8), (14, 5), (45, 20), (88, 10)])
def test_probability_is_that_of_simulated_axes(angle, error, limit):
    turn = np.random.default_rng(1).normal(angle, error, 400_000)
    apart = np.abs((turn + 90) % 180 - 90)
    found = psi(angle, 0.0, error, 1e-6)
    expected = np.mean(apart > limit)
    assert found.probability_over(limit) == pytest.approx(expected, abs=3e-3)
    assert found.probability_over(limit * u.deg) == found.probability_over(limit)


def test_axes_that_agree():
    # With a true angle of 0, the folded angle is within one error in 68 % of all cases.
    rng = np.random.default_rng(2)
    found = [psi(pa, other) for pa, other in rng.normal(0, [2, 3], (4000, 2))]
    ratio = np.array([(one.angle / one.error).value for one in found])
    assert np.mean(ratio < 1) == pytest.approx(0.683, abs=0.02)
    assert np.median(ratio) == pytest.approx(0.674, abs=0.03)


@pytest.mark.parametrize("limit", [-1, 91, np.nan, 10 * u.km, "wide"])
def test_limits_that_no_angle_can_have(limit):
    with pytest.raises(ValueError, match="limit="):
        psi(10, 20).probability_over(limit)


def test_what_is_missing():
    light = Photometry.from_values(20, 0.5)
    for found in (
        photometric_misalignment(kinematic(np.nan), photometry=light),
        photometric_misalignment(kinematic(10.0), photometry=Photometry()),
        photometric_misalignment(Galaxy(), photometry=light),
    ):
        assert np.isnan(found.angle)
        assert np.isnan(found.probability_over_30)
    assert found.kinematic.flags == PAFlags.NO_MAP
    assert np.isnan(photometric_misalignment(kinematic(10.0, np.nan), photometry=light).error)


def test_sources(galaxy):
    measurement = mangapa.measure(galaxy)
    for tracer in ("stellar", "halpha"):
        from_galaxy = photometric_misalignment(galaxy, tracer)
        measured = photometric_misalignment(measurement, tracer)
        plain = photometric_misalignment(
            getattr(measurement, tracer), photometry=mangapa.photometry(galaxy)
        )
        assert from_galaxy.angle == measured.angle == plain.angle
        assert from_galaxy.error == measured.error == plain.error
        assert measured.photometric.source == "header"
        assert measured.kinematic is getattr(measurement, tracer)
    # The gas is turned by 40 deg, and the header is that of the stars.
    assert measured.angle.to_value(u.deg) == pytest.approx(40, abs=5)
    assert measured.probability_over_15 > 0.9


@pytest.mark.needs_photutils
def test_light_of_the_field_that_was_fitted():
    field = disc(30.0, 0.5)
    found = photometric_misalignment(mangapa.fit_pa(field))
    assert photometric_misalignment(field).angle == found.angle
    assert found.photometric.source == "flux"
    assert found.angle < 2 * u.deg
    galaxy = Galaxy(stellar=field, header={"ECOOPA": 75.0, "ECOOELL": 0.5})
    header, flux = (photometric_misalignment(galaxy, photometry=s) for s in ("header", "flux"))
    assert header.angle.to_value(u.deg) == pytest.approx(45, abs=1)
    assert flux.angle == found.angle


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"source": 3},
            TypeError,
            "source must be a Galaxy, Measurement, VelocityField or KinematicPA",
        ),
        ({"source": SimpleNamespace(stellar=1)}, TypeError, "source must be a Galaxy"),
        ({"tracer": "co"}, ValueError, "tracer='co' is not known"),
        (
            {"photometry": 20.0},
            TypeError,
            "photometry must be a Photometry, or where it comes from",
        ),
        ({"photometry": "sky"}, ValueError, "source='sky' is not known"),
        ({"source": kinematic(10.0)}, ValueError, "photometry is needed"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        photometric_misalignment(**{"source": Galaxy(), **arguments})


@pytest.mark.needs_matplotlib
@pytest.mark.needs_photutils
def test_plot():
    from matplotlib.figure import Figure

    found = photometric_misalignment(mangapa.fit_pa(disc(30.0, 0.5)))
    ax = found.plot(Figure().subplots())
    dashed = [line for line in ax.get_lines() if line.get_linestyle() == "--"]
    (x, y), *_ = [np.transpose(line.get_xydata()) for line in dashed]
    # North through East, with East to the left.
    assert np.degrees(np.arctan2(x[0] - x[1], y[0] - y[1])) % 180 == pytest.approx(30, abs=1)
    *_, ellipse = [patch for patch in ax.patches if hasattr(patch, "angle")]
    assert ellipse.width == pytest.approx(2 * found.photometric.radius.value)
    assert ellipse.height / ellipse.width == pytest.approx(0.5, abs=0.03)
    along = ellipse.get_transform() - ax.transData
    end = along.transform((1, 0)) - along.transform((0, 0))
    assert np.degrees(np.arctan2(*end)) % 180 == pytest.approx(30, abs=1)


def test_html():
    text = psi(40, 20)._repr_html_()
    assert "20.0 ± 3.6 deg" in text
    assert "Photometric PA" in text
    missing = photometric_misalignment(Galaxy(), photometry=Photometry())
    assert PAFlags.NO_MAP.description in missing._repr_html_()
    assert PAFlags.NO_MAP.description in repr(missing)


def test_text_gives_the_reason_of_a_missing_angle():
    galaxy = mangapa.simulate_galaxy(n_fibres=19, seed=1)
    dark = replace(galaxy, header={}, stellar=replace(galaxy.stellar, flux=None))
    reason = mangapa.PhotometryFlags.NO_FLUX.description
    text = f"<PhotometricMisalignment nan +- nan deg: {reason}>"
    assert repr(photometric_misalignment(dark)) == text
