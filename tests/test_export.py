"""Regions and images for other programs lie where the galaxy is on the sky."""

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

import mangapa
from mangapa import VelocityField
from mangapa.export import axis_regions, velocity_ccd

CENTRE = SkyCoord(0.001 * u.deg, 75 * u.deg)


@pytest.fixture(scope="module")
def placed():
    return replace(
        mangapa.simulate_galaxy(n_fibres=19, pa_stellar=200, pa_halpha=20), centre=CENTRE
    )


@pytest.fixture(scope="module")
def measured(placed):
    return mangapa.measure(placed)


@pytest.mark.parametrize("tracer", ["stellar", "halpha"])
def test_line_points_to_the_receding_side(tracer, measured):
    pytest.importorskip("regions")
    found = measured[tracer].pa
    axis, less, more = axis_regions(measured, tracer)
    for line, turn in ((axis, 0), (less, -1), (more, 1)):
        angle = line.start.position_angle(line.end).to_value(u.deg)
        expected = (found.pa + turn * found.pa_err_total).value
        assert (angle - expected + 180) % 360 - 180 == pytest.approx(0, abs=0.02)
        halves = [CENTRE.separation(end).to_value(u.arcsec) for end in (line.start, line.end)]
        assert halves[0] == pytest.approx(halves[1], rel=1e-3)
    assert axis.meta["label"].endswith("deg")


def test_line_in_pixels_lies_on_the_image(measured):
    pytest.importorskip("regions")
    image = velocity_ccd(measured.galaxy, "stellar")
    axis = axis_regions(measured, "stellar", wcs=image.wcs)[0]
    velocity = np.ma.masked_array(image.data, image.mask)
    middle = (axis.start.xy + np.array(axis.end.xy)) / 2
    # A third of the way to each end, the two sides recede and approach.
    sides = [middle + (np.array(end.xy) - middle) / 3 for end in (axis.start, axis.end)]
    approaching, receding = (velocity[round(y), round(x)] for x, y in sides)
    assert receding > approaching + 50


def test_regions_are_written_for_ds9(measured, tmp_path):
    regions = pytest.importorskip("regions")
    lines = axis_regions(measured, "halpha")
    lines.write(tmp_path / "axis.reg", format="ds9")
    read = regions.Regions.read(tmp_path / "axis.reg", format="ds9")
    assert len(read) == 3
    assert read[0].end.separation(lines[0].end) < 0.01 * u.arcsec


def test_image_has_the_sky_of_the_field(placed, tmp_path):
    image = velocity_ccd(placed, "halpha")
    row, column = np.indices(image.shape)
    sky = image.wcs.pixel_to_world(column, row)
    x, y = (part.to_value(u.arcsec) for part in CENTRE.spherical_offsets_to(sky))
    np.testing.assert_allclose(x, placed.halpha.x.value, atol=2e-3)
    np.testing.assert_allclose(y, placed.halpha.y.value, atol=2e-3)
    np.testing.assert_array_equal(image.mask, placed.halpha.mask)
    image.write(tmp_path / "field.fits")
    read = type(image).read(tmp_path / "field.fits")
    np.testing.assert_array_equal(read.data, image.data)


def test_image_of_the_dispersions_and_of_the_light(placed, tmp_path):
    field = placed.stellar
    radius = np.hypot(field.x.value, field.y.value)
    light = {
        "dispersion": 200 - radius,
        "dispersion_ivar": 0.04 + 0 * radius,
        "flux": np.exp(-radius),
    }
    light["dispersion"][20, 20] = np.nan
    maps = {name: getattr(field, name) for name in ("velocity", "x", "y", "mask", "ivar")}
    galaxy = replace(placed, stellar=VelocityField.from_arrays(**maps, **light))
    image = velocity_ccd(galaxy, "stellar", moment="dispersion")
    image.write(tmp_path / "sigma.fits")
    read = type(image).read(tmp_path / "sigma.fits")
    assert read.unit == u.km / u.s
    assert read.mask[20, 20]
    assert not field.mask[20, 20]
    good = ~read.mask
    np.testing.assert_array_equal(read.data[good], light["dispersion"][good])
    np.testing.assert_allclose(image.uncertainty.array[good], 0.04)
    flux = velocity_ccd(galaxy, "stellar", moment="flux")
    np.testing.assert_array_equal(flux.data[good], light["flux"][good])
    assert flux.uncertainty is None
    bare = replace(placed, halpha=VelocityField.from_arrays(**maps, tracer="halpha"))
    with pytest.raises(ValueError, match=r"halpha: .* has no dispersion; its file has none"):
        velocity_ccd(bare, "halpha", moment="dispersion")
    with pytest.raises(ValueError, match="moment='sigma' is not known; choose one of velocity"):
        velocity_ccd(galaxy, "stellar", moment="sigma")


@pytest.mark.parametrize("turn", [0, 33, 200])
def test_image_may_be_turned(turn):
    angle = np.radians(turn)
    row, column = np.indices((9, 8)) - 4.0
    x = -column * np.cos(angle) - row * np.sin(angle)
    y = -column * np.sin(angle) + row * np.cos(angle)
    field = VelocityField.from_arrays(10 * x, x, y)
    image = velocity_ccd(mangapa.Galaxy(stellar=field, centre=CENTRE), "stellar")
    sky = image.wcs.pixel_to_world(2, 3)
    offsets = CENTRE.spherical_offsets_to(sky)
    assert [part.to_value(u.arcsec) for part in offsets] == pytest.approx(
        [x[3, 2], y[3, 2]], abs=1e-3
    )


def test_what_is_missing_is_named(placed, measured):
    pytest.importorskip("regions")
    lost = replace(measured, galaxy=replace(measured.galaxy, centre=None))
    with pytest.raises(ValueError, match="does not know its position"):
        axis_regions(lost, "stellar")
    nothing = mangapa.measure(replace(placed, halpha=None))
    with pytest.raises(ValueError, match=r"no position angle of the H.*NO_MAP"):
        axis_regions(nothing, "halpha")
    with pytest.raises(ValueError, match="no field of the tracer 'halpha'"):
        velocity_ccd(replace(placed, halpha=None), "halpha")
    with pytest.raises(ValueError, match="tracer='gas' is not known"):
        axis_regions(measured, "gas")
    row = VelocityField.from_arrays(*np.random.default_rng(1).uniform(-9, 9, (3, 50)))
    with pytest.raises(ValueError, match="not those of a map"):
        velocity_ccd(mangapa.Galaxy(stellar=row, centre=CENTRE), "stellar")
