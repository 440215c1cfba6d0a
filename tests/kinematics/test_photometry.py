from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from hypothesis import given, settings
from hypothesis import strategies as st

import mangapa
from mangapa import Galaxy, Photometry, PhotometryFlags, photometry
from mangapa.kinematics._photometry import DISC_SHAPE
from tests.archive_server import write_drpall
from tests.kinematics.light import disc

HEADER = {"ECOOPA": 123.5, "ECOOELL": 0.4}


def test_header():
    found = photometry(Galaxy(header=HEADER))
    assert found.pa == 123.5 * u.deg
    assert found.ellipticity == pytest.approx(0.4)
    assert found.source == "header"
    assert np.isnan(found.radius)
    assert found.flags == PhotometryFlags.NONE
    # An elongation of 0.105 across the line of nodes of a disc with an axis ratio of 0.6.
    assert found.pa_err.to_value(u.deg) == pytest.approx(5.64, abs=0.01)
    assert found.ellipticity_err == pytest.approx(0.063)


@pytest.mark.parametrize(
    ("card", "pa"), [(-10.0, 170.0), (180.0, 0.0), (350.0, 170.0), (-1e-20, 0)]
)
def test_angles_are_those_of_an_axis(card, pa):
    found = photometry(Galaxy(header={**HEADER, "ECOOPA": card}))
    assert found.pa.to_value(u.deg) == pytest.approx(pa)
    assert 0 <= found.pa.value < 180


@pytest.mark.parametrize("card", HEADER)
def test_header_that_lacks_a_card(card):
    header = {name: value for name, value in HEADER.items() if name != card}
    found = photometry(Galaxy(header=header), source="header")
    assert np.isnan(found.pa)
    assert np.isnan(found.pa_err)
    assert np.isnan(found.ellipticity)
    assert found.flags == PhotometryFlags.NOT_STATED


@pytest.mark.needs_photutils
def test_light_where_the_header_lacks_a_card():
    found = photometry(Galaxy(stellar=disc(30.0, 0.5), header={"ECOOPA": 80.0}))
    assert found.source == "flux"
    assert found.pa.to_value(u.deg) == pytest.approx(30, abs=1)
    assert found.ellipticity == pytest.approx(0.5, abs=0.03)
    assert 10 < found.radius.to_value(u.arcsec) < 17.5


def test_header_before_light():
    galaxy = Galaxy(stellar=disc(30.0, 0.5), header=HEADER)
    assert photometry(galaxy).source == "header"


@settings(max_examples=50, deadline=None)
@given(ellipticity=st.floats(0, 0.99), more=st.floats(0, 0.99))
def test_rounder_galaxies_have_larger_errors(ellipticity, more):
    low, high = sorted((ellipticity, more))
    round_, flat = (Photometry.from_values(10, one) for one in (low, high))
    assert 0 < flat.pa_err <= round_.pa_err <= 51.97 * u.deg
    assert flat.ellipticity_err <= round_.ellipticity_err <= DISC_SHAPE


def test_a_round_galaxy_has_no_axis():
    found = Photometry.from_values(10, 0.0)
    assert found.pa_err.to_value(u.deg) == pytest.approx(180 / np.sqrt(12))
    assert found.flags == PhotometryFlags.UNCONSTRAINED
    assert found.flags.description in repr(found)


def test_the_error_is_that_of_discs_that_are_not_round():
    rng = np.random.default_rng(4)
    ratio = 0.5
    along, across = rng.normal(0, DISC_SHAPE, (2, 200_000))
    # Second moments of an elongated disc, inclined.
    north, east, both = (1 + along) / 2, ratio**2 * (1 - along) / 2, ratio * across / 2
    pa = np.degrees(np.arctan2(2 * both, north - east)) / 2
    middle, half = (north + east) / 2, np.hypot((north - east) / 2, both)
    apparent = np.sqrt((middle - half) / (middle + half))
    expected = Photometry.from_values(0, 1 - ratio)
    one_sigma = np.percentile(np.abs(pa), 68.3)
    assert one_sigma == pytest.approx(expected.pa_err.to_value(u.deg), rel=0.05)
    spread = np.percentile(np.abs(apparent - ratio), 68.3)
    assert spread == pytest.approx(expected.ellipticity_err, rel=0.1)


def test_values_of_your_own():
    found = Photometry.from_values(3.0 * u.rad, 0.3, pa_err=120 * u.arcmin, ellipticity_err=0.02)
    assert found.pa.to_value(u.deg) == pytest.approx(171.887, abs=1e-3)
    assert found.pa_err.to_value(u.deg) == pytest.approx(2)
    assert found.ellipticity_err == pytest.approx(0.02)
    assert found.source == "given"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pa": np.nan, "ellipticity": 0.3}, "pa=nan must be one finite number"),
        ({"pa": 10 * u.km, "ellipticity": 0.3}, "pa=.* must be a number in deg"),
        ({"pa": 10, "ellipticity": 1.0}, "ellipticity=1.0 must be at least 0 and less than 1"),
        ({"pa": 10, "ellipticity": -0.1}, "ellipticity=-0.1 must be"),
        ({"pa": 10, "ellipticity": 0.3, "pa_err": 0}, "pa_err=0 must be positive"),
        ({"pa": 10, "ellipticity": 0.3, "ellipticity_err": -1}, "ellipticity_err=-1 must be"),
    ],
)
def test_values_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        Photometry.from_values(**arguments)


@pytest.fixture
def table(tmp_path):
    """A folder with a table drpall."""
    galaxies = [("8485-1901", "1-209232", 0.04, 1024), ("7443-1901", "1-1", np.nan, 1024)]
    write_drpall(tmp_path / "drpall-v3_1_1.fits", galaxies)
    with mangapa.conf.set_temp("table_folder", str(tmp_path)):
        yield tmp_path


def test_table(table):
    row = mangapa.archive._tables.galaxy_row("8485-1901", "DR17")
    found = photometry(Galaxy(plateifu="8485-1901", release="DR17"), source="table")
    assert found.source == "table"
    assert found.pa == row["photometric_pa"] % (180 * u.deg)
    assert found.ellipticity == pytest.approx(1 - row["axis_ratio"])
    assert np.isfinite(found.pa_err)


@pytest.mark.parametrize("plateifu", ["7443-1901", "9999-12701"])
def test_galaxy_without_photometry_in_the_table(table, plateifu):
    found = photometry(Galaxy(plateifu=plateifu, release="DR17"), source="table")
    assert np.isnan(found.pa)
    assert found.flags == PhotometryFlags.NOT_STATED


def test_no_table():
    missing = mangapa.conf.set_temp("table_folder", "nowhere")
    with missing, pytest.raises(FileNotFoundError, match=r"there is no table.*mangapa list"):
        photometry(Galaxy(plateifu="8485-1901", release="DR17"), source="table")


def test_a_table_of_manga_has_no_other_galaxies():
    with pytest.raises(ValueError, match="needs a galaxy with a plateifu"):
        photometry(Galaxy(name="NGC 1"), source="table")


@pytest.mark.parametrize("galaxy", [Galaxy(), Galaxy(stellar=replace(disc(), flux=None))])
def test_no_light(galaxy):
    found = photometry(galaxy, source="flux")
    assert np.isnan(found.pa)
    assert found.flags == PhotometryFlags.NO_FLUX


@pytest.mark.needs_photutils
def test_light_of_gas_is_flagged():
    galaxy = Galaxy(halpha=disc(30.0, 0.5, tracer="halpha"))
    assert photometry(galaxy).flags == PhotometryFlags.NO_FLUX
    found = photometry(galaxy, tracer="halpha")
    assert found.flags == PhotometryFlags.LINE_EMISSION
    assert found.pa.to_value(u.deg) == pytest.approx(30, abs=1)


@pytest.mark.needs_photutils
def test_no_isophote():
    field = disc()
    flat = replace(field, flux=np.ones(field.flux.shape) * u.one)
    found = photometry(flat)
    assert np.isnan(found.pa)
    assert found.flags == PhotometryFlags.NO_ISOPHOTE


@pytest.mark.needs_photutils
def test_the_beam_is_that_of_the_header_or_given():
    field = disc(30.0, 0.4, beam=2.5)
    stated = photometry(Galaxy(stellar=field, header={"RFWHM": 2.5}))
    given_ = photometry(field, beam=2.5 * u.arcsec)
    observed = photometry(field)
    assert stated.ellipticity == given_.ellipticity > observed.ellipticity + 0.02
    assert photometry(Galaxy(stellar=field, header={"RFWHM": -999.0})).ellipticity == pytest.approx(
        observed.ellipticity
    )


@pytest.mark.needs_photutils
def test_the_scatter_of_the_isophotes_is_part_of_the_error():
    found = photometry(disc(30.0, 0.5, noise=0.03))
    assert found.pa_err > Photometry.from_values(30.0, found.ellipticity).pa_err


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"source": "sky"}, ValueError, "source='sky' is not known; choose one of header, table"),
        ({"tracer": "co"}, ValueError, "tracer='co' is not known"),
        ({"beam": -1}, ValueError, "beam=-1 must not be negative"),
        ({"beam": 1 * u.kg}, ValueError, "beam=.* must be a number in arcsec"),
        (
            {"galaxy": "8485-1901"},
            TypeError,
            "galaxy must be a Galaxy, Measurement or VelocityField, not str",
        ),
        ({"galaxy": disc(), "source": "header"}, ValueError, "source='header' needs a Galaxy"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        photometry(**{"galaxy": Galaxy(), **arguments})


def test_missing_photutils_is_named_with_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "photutils.morphology", None)
    with pytest.raises(ImportError, match=r"needs photutils.*pip install 'mangapa\[photometry\]'"):
        photometry(disc())


def test_html():
    text = Photometry.from_values(20, 0.4)._repr_html_()
    assert "20.0 ± 5.6 deg" in text
    assert "0.40 ± 0.06" in text
    assert "isophote" not in text


def test_that_of_a_measurement_is_that_of_its_galaxy(galaxy):
    measured = photometry(mangapa.measure(galaxy))
    assert measured.source == "header"
    assert measured.pa == photometry(galaxy).pa == galaxy.photometric_pa
