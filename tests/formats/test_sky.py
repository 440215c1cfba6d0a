"""Offsets on the sky come out right from any header that writers of images make."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import FK4, Galactic, SkyCoord
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from mangapa.exceptions import GalaxyFileError
from mangapa.formats._sky import celestial_wcs, galaxy_position, offsets, offsets_about
from tests.formats.shaped.scene import Scene

SHAPE = (21, 23)
CENTRE = SkyCoord(150 * u.deg, 20 * u.deg)


def header_of(frame=None, axes=("RA---TAN", "DEC--TAN"), **cards):
    """The header of an image centred on `CENTRE`, with 0.5 arcsec pixels along the frame."""
    position = CENTRE.transform_to(frame) if frame is not None else CENTRE
    lon, lat = position.spherical.lon.deg, position.spherical.lat.deg
    header = fits.Header({"CTYPE1": axes[0], "CTYPE2": axes[1], "CRVAL1": lon, "CRVAL2": lat})
    header.update({"CRPIX1": 12.0, "CRPIX2": 11.0, "CDELT1": -0.5 / 3600, "CDELT2": 0.5 / 3600})
    header.update(cards)
    return header


def offsets_of(header, **options):
    return offsets(celestial_wcs(header, "toy.fits"), SHAPE, **options)


def expected(frame=None):
    """Offsets along the axes of the ICRS, by the axes of the frame."""
    row, column = np.indices(SHAPE)
    x, y = -0.5 * (column - 11), 0.5 * (row - 10)
    if frame is not None:
        # The position angle of the frame's North in the ICRS.
        there = CENTRE.transform_to(frame)
        pole = SkyCoord(there.spherical.lon, there.spherical.lat + 1 * u.arcsec, frame=frame)
        turn = CENTRE.position_angle(pole.icrs).radian
        x, y = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    return x, y


@pytest.mark.parametrize("projection", ["TAN", "SIN", "ARC", "NCP", "STG", "ZEA"])
def test_any_projection(projection):
    header = header_of(axes=(f"RA---{projection}", f"DEC--{projection}"))
    x, y, centre = offsets_of(header)
    np.testing.assert_allclose((x, y), expected(), atol=1e-3)
    assert centre.separation(CENTRE).arcsec < 1e-3


@pytest.mark.parametrize(
    ("frame", "cards"),
    [
        (FK4(equinox="B1950"), {"EQUINOX": 1950.0}),
        (FK4(equinox="B1950"), {"EPOCH": 1950.0}),
        (FK4(equinox="B1950"), {"RADESYS": "FK4", "EQUINOX": 1950.0}),
        (Galactic(), {"axes": ("GLON-TAN", "GLAT-TAN")}),
    ],
    ids=["EQUINOX", "EPOCH", "RADESYS", "galactic"],
)
def test_other_frames_are_turned_to_the_icrs(frame, cards):
    x, y, centre = offsets_of(header_of(frame, **cards))
    assert centre.separation(CENTRE).arcsec < 0.05
    np.testing.assert_allclose((x, y), expected(frame), atol=2e-3)
    turn = np.degrees(np.arctan2(*expected(frame)))[15, 11]
    assert abs(turn) > 0.1, "the frame is turned, so that the test can fail"


@pytest.mark.parametrize(
    "axes",
    [
        ("RA--TAN", "DEC-TAN"),
        ("RA---TAN", "DEC---TAN"),
        ("ra---tan", "dec--tan"),
        ("RA---TAN ", "DEC--TAN "),
    ],
)
def test_axes_that_are_misspelled(axes):
    np.testing.assert_allclose(offsets_of(header_of(axes=axes))[:2], expected(), atol=1e-3)


def test_a_matrix_and_steps_of_one():
    header = header_of(CDELT1=1.0, CDELT2=1.0)
    header.update({"CD1_1": -0.5 / 3600, "CD2_2": 0.5 / 3600})
    np.testing.assert_allclose(offsets_of(header)[:2], expected(), atol=1e-3)


@pytest.mark.parametrize("rotation", [-170, 0.7, 90, 200])
def test_rotation_by_crota2(rotation):
    x, y = expected()
    turn = np.radians(rotation)
    # Calabretta & Greisen 2002, A&A 395, 1077, section 6.1.
    turned = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    found = offsets_of(header_of(CROTA2=rotation))[:2]
    np.testing.assert_allclose(found, turned, atol=1e-3)


def test_latitude_first():
    header = header_of(axes=("DEC--TAN", "RA---TAN"))
    header.update({"CRVAL1": 20.0, "CRVAL2": 150.0, "CDELT1": 0.5 / 3600, "CDELT2": -0.5 / 3600})
    row, column = np.indices(SHAPE)
    np.testing.assert_allclose(
        offsets_of(header)[:2], (-0.5 * (row - 10), 0.5 * (column - 11)), atol=1e-3
    )


def test_further_axes_are_left_out():
    header = header_of(CTYPE3="FREQ", CRVAL3=1.0, CRPIX3=1.0, CDELT3=1.0, CTYPE4="STOKES")
    np.testing.assert_allclose(offsets_of(header)[:2], expected(), atol=1e-3)


def test_positions_beyond_the_projection_are_nan():
    x, _, _ = offsets_of(header_of(axes=("RA---SIN", "DEC--SIN"), CDELT1=-8.0, CDELT2=8.0))
    assert np.isnan(x[0, 0])
    assert np.isfinite(x[10, 11])


def test_where_to_count_from():
    other = SkyCoord(CENTRE.ra + 3 * u.arcsec, CENTRE.dec - 2 * u.arcsec)
    x, y, centre = offsets_of(header_of(), centre=other)
    assert centre is not None
    np.testing.assert_allclose(x, expected()[0] - 3 * np.cos(CENTRE.dec.radian), atol=1e-3)
    np.testing.assert_allclose(y, expected()[1] + 2, atol=1e-3)


@pytest.mark.parametrize(
    ("cards", "reason"),
    [
        ({"CTYPE1": "LINEAR", "CTYPE2": "LINEAR"}, "has no coordinates on the sky.*CTYPE1"),
        ({"CTYPE2": "DEC--SIN"}, "has coordinates that cannot be read"),
        ({"CDELT1": 0.0}, "has coordinates that cannot be read"),
        ({"CTYPE1": "RA---XYZ", "CTYPE2": "DEC--XYZ"}, "has coordinates that cannot be read"),
    ],
    ids=["no axes", "two projections", "no step", "no projection"],
)
def test_what_is_refused(cards, reason):
    header = header_of()
    header.update(cards)
    with pytest.raises(GalaxyFileError, match=f"toy.fits {reason}"):
        celestial_wcs(header, "toy.fits")


@given(
    ra=st.floats(0, 360, exclude_max=True),
    dec=st.floats(-89.5, 89.5),
    east=st.floats(-60, 60),
    north=st.floats(-60, 60),
)
def test_offsets_about_another_position_are_those_counted_from_there(ra, dec, east, north):
    here = SkyCoord(ra * u.deg, dec * u.deg)
    scene = Scene(ra=ra, dec=dec, shape=(5, 6))
    wcs = celestial_wcs(scene.header, "toy.fits")
    x, y, _ = offsets(wcs, scene.shape, here)
    there = here.spherical_offsets_by(east * u.arcsec, north * u.arcsec)
    directly = offsets(wcs, scene.shape, there)[:2]
    np.testing.assert_allclose(offsets_about(x, y, here, there), directly, atol=1e-4)


@pytest.mark.parametrize(
    ("cards", "east", "is_stated"),
    [
        ({}, 0, False),
        ({"OBJRA": 150 - 2 / 3600, "OBJDEC": 20.0}, -2, True),
        ({"RA_OBJ": "10:00:00.1", "DEC_OBJ": "+20:00:00"}, 1.5, True),
        ({"OBJRA": 150.0}, 0, False),
        ({"OBJRA": 10.0, "OBJDEC": 20.0}, 0, False),
        ({"OBJRA": "unknown", "OBJDEC": "?"}, 0, False),
        ({"CRPIX1": 400.0, "CRPIX2": -99.0}, None, False),
    ],
    ids=["reference", "degrees", "hours", "half", "elsewhere", "words", "outside"],
)
def test_where_the_galaxy_is(cards, east, is_stated):
    header = header_of()
    header.update(cards)
    wcs = celestial_wcs(header, "toy.fits")
    position, stated = galaxy_position(header, wcs, SHAPE)
    assert stated == is_stated
    if east is None:
        assert wcs.world_to_pixel(position) == pytest.approx((11, 10))
    else:
        assert CENTRE.spherical_offsets_to(position)[0].arcsec == pytest.approx(
            east * np.cos(CENTRE.dec.radian), abs=1e-3
        )


@pytest.mark.parametrize("card", ["CRPIX1", "CRVAL2", "CDELT1", "CROTA2", "PC1_2"])
@pytest.mark.parametrize("value", [None, "unreadable", float("nan")])
def test_coordinates_that_are_not_known_are_refused(card, value):
    if value is None and card in ("CROTA2", "PC1_2"):
        pytest.skip("a header needs none")
    header = fits.Header(
        [one for one in header_of().cards if one.keyword != card]
        + ([] if value is None else [fits.Card.fromstring(f"{card:8}= {value!r}")])
    )
    with pytest.raises(GalaxyFileError, match=rf"no number in the cards? .*{card}.* correct its"):
        celestial_wcs(header, "toy.fits")


@pytest.mark.parametrize(
    ("cards", "lacking"),
    [
        ({"CD1_1": 1e-4}, "CD2_2"),
        ({"CD1_1": 1e-4, "CD2_2": 1e-4, "CD2_1": 1e-5}, "CD1_2"),
        ({"PC1_1": 0.8, "PC2_2": 0.8, "PC1_2": 0.6}, "PC2_1"),
        ({"PC2_2": 0.8, "PC1_2": 0.6, "PC2_1": -0.6}, "PC1_1"),
    ],
)
def test_half_a_rotation_is_refused(cards, lacking):
    with pytest.raises(GalaxyFileError, match=f"no number in the card {lacking} "):
        celestial_wcs(header_of(**cards), "toy.fits")


def test_zeros_of_a_rotation_may_be_left_out():
    quarter = celestial_wcs(header_of(CD1_2=1e-4, CD2_1=1e-4), "toy.fits")
    np.testing.assert_allclose(quarter.pixel_scale_matrix, [[0, 1e-4], [1e-4, 0]])
    celestial_wcs(header_of(PC1_2=0.0, PC1_1=1.0), "toy.fits")


def test_a_reference_pixel_may_be_far_outside():
    header = header_of(CRPIX1=-1500.0, CRPIX2=-999.0)
    assert celestial_wcs(header, "toy.fits").wcs.crpix.tolist() == [-1500, -999]


@pytest.mark.parametrize("equinox", [0.0, -1.0, 1e300, "unknown"])
def test_an_equinox_that_cannot_be_is_that_of_the_frame(equinox):
    np.testing.assert_allclose(offsets_of(header_of(EQUINOX=equinox))[:2], expected(), atol=1e-3)


@pytest.mark.parametrize(
    "cards",
    [
        {"CDELT1": 0.0},
        {"CD1_1": 1e-4, "CD1_2": 1e-4, "CD2_1": 1e-4, "CD2_2": 1e-4},
        {"CDELT1": -1.0},
        {"CUNIT1": "furlong"},
        {"RADESYS": "NONE"},
    ],
)
def test_what_is_wrong_with_coordinates_is_said_in_one_line(cards):
    with pytest.raises(
        GalaxyFileError, match=r"toy.fits has coordinates that cannot be"
    ) as refusal:
        celestial_wcs(header_of(**cards), "toy.fits")
    assert "\n" not in str(refusal.value)
    assert "ERROR" not in str(refusal.value)


def test_distorted_axes_are_on_the_sky():
    x, y, _ = offsets_of(header_of(axes=("RA---TAN-SIP", "DEC--TAN-SIP")))
    np.testing.assert_allclose((x, y), expected(), atol=1e-3)
