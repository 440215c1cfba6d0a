"""Any image of velocities with coordinates on the sky is read; what is not one is refused."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits

import mangapa
from mangapa import Galaxy, MeasurementSettings, fit_pa
from mangapa.exceptions import GalaxyFileError
from mangapa.formats import formats, read_galaxy, read_image
from mangapa.formats._sky import celestial_wcs
from tests.formats.shaped.image import write_image
from tests.formats.shaped.scene import Scene

SCENE = Scene(error=2.0)


@pytest.fixture
def scene():
    return SCENE


def off(field, pa=SCENE.pa):
    """Difference of the angle of a field from the true one, degrees."""
    return abs((fit_pa(field, error=None).pa.value - pa + 180) % 360 - 180)


def test_moment_1(scene, tmp_path):
    galaxy = read_galaxy(write_image(scene, tmp_path, cards={"OBJECT": "NGC 1"}))
    assert (galaxy.name, galaxy.stellar, galaxy.survey) == ("NGC 1", None, None)
    assert off(galaxy.halpha) < 0.5
    assert galaxy.halpha.galaxy == "NGC 1"
    assert galaxy.halpha.n_spaxels == np.count_nonzero(scene.inside)
    assert galaxy.redshift == pytest.approx(scene.redshift, abs=1e-4)
    assert abs(np.median(galaxy.halpha.velocity[galaxy.halpha.good].value)) < 1e-3
    assert galaxy.centre.separation(scene.centre).arcsec < 1e-3
    assert galaxy.centre_is_nominal


def test_the_format_is_described():
    (image,) = (one for one in formats() if one.name == "image")
    assert image.is_generic
    assert image.observation("NGC4047.co.mom1.fits.gz") == "NGC4047.co"
    assert image.observation("NGC4047.co.emom1.fits.gz") == "NGC4047.co"
    assert image.observation("NGC4047.co.mom0.fits.gz") is None


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("km/s", 1),
        ("KM/S", 1),
        ("km s-1", 1),
        ("km s^-1", 1),
        ("km.s**-1", 1),
        ("km/sec", 1),
        ("[km/s]", 1),
        ("km s**(-1)", 1),
        ("m/s", 1000),
        ("M/S", 1000),
        ("m s-1", 1000),
        ("m.s-1", 1000),
    ],
)
def test_units_in_any_spelling(unit, factor, scene, tmp_path):
    path = write_image(scene, tmp_path, unit="m/s" if factor > 1 else "km/s", cards={"BUNIT": unit})
    velocity = read_image(path).halpha.velocity
    assert np.nanstd(velocity.value) == pytest.approx(np.nanstd(scene.velocity), rel=1e-3)


@pytest.mark.parametrize("unit", ["km/s", "m/s"])
def test_a_missing_unit_follows_from_the_range(unit, scene, tmp_path):
    path = write_image(scene, tmp_path, name="toy.vel_map.fits", unit=unit, cards={"BUNIT": None})
    velocity = read_galaxy(path).halpha.velocity
    assert np.nanstd(velocity.value) == pytest.approx(np.nanstd(scene.velocity), rel=1e-3)


def test_without_unit_and_name_it_is_not_guessed(scene, tmp_path):
    path = write_image(scene, tmp_path, name="toy.fits", unit=None)
    with pytest.raises(GalaxyFileError, match=r"toy.fits does not state .*BUNIT.*unit='km/s'"):
        read_galaxy(path)
    assert off(Galaxy.read(path, unit="km/s").halpha) < 0.5


@pytest.mark.parametrize("missing", [np.nan, 0.0, -999.9, -1e6, 1e20, -32768.0, -4321.5])
def test_missing_values(missing, scene, tmp_path):
    galaxy = read_image(write_image(scene, tmp_path, missing=missing))
    assert galaxy.halpha.n_spaxels == np.count_nonzero(scene.inside)


def test_zeros_are_missing_among_relative_velocities(scene, tmp_path):
    galaxy = read_image(write_image(scene, tmp_path, missing=0.0, absolute=False))
    assert galaxy.halpha.n_spaxels == np.count_nonzero(scene.inside)
    assert galaxy.redshift is None
    np.testing.assert_allclose(
        galaxy.halpha.velocity[galaxy.halpha.good].value, scene.velocity[scene.inside], atol=1e-3
    )


def test_whole_numbers_of_velocities_are_kept(scene, tmp_path):
    path = write_image(scene, tmp_path, absolute=False)
    whole = np.where(scene.inside, np.rint(np.nan_to_num(scene.velocity)), -999).astype(np.int16)
    whole[20, 20:24] = 99, -99, 0, 99
    fits.PrimaryHDU(whole, fits.getheader(path)).writeto(path, overwrite=True)
    assert read_image(path).halpha.n_spaxels == np.count_nonzero(scene.inside)


@pytest.mark.parametrize("axes", [1, 2])
def test_axes_of_length_one(axes, scene, tmp_path):
    assert off(read_galaxy(write_image(scene, tmp_path, extra_axes=axes)).halpha) < 0.5


@pytest.mark.parametrize("name", ["VEL", "V", "MOM1", "velocity", "VFIELD", "V_GAS"])
def test_the_hdu_that_is_named_velocity(name, scene, tmp_path):
    path = write_image(scene, tmp_path, name="toy.fits")
    velocity, header = fits.getdata(path, header=True)
    flux = fits.PrimaryHDU(np.ones_like(velocity), header)
    flux.header["BUNIT"] = "Jy/beam"
    header.remove("BUNIT")
    fits.HDUList([flux, fits.ImageHDU(velocity, header, name=name)]).writeto(path, overwrite=True)
    assert off(read_galaxy(path).halpha) < 0.5


def test_coordinates_in_the_primary_header(scene, tmp_path):
    path = write_image(scene, tmp_path)
    velocity, header = fits.getdata(path, header=True)
    hdus = [fits.PrimaryHDU(header=header), fits.ImageHDU(velocity, name="VEL")]
    fits.HDUList(hdus).writeto(path, overwrite=True)
    assert off(read_galaxy(path).halpha) < 0.5


def errors_of(field):
    return field.ivar[field.good].value ** -0.5


@pytest.mark.parametrize("name", ["ERR", "VEL_ERR", "EMOM1", "ERROR", "E_VEL"])
def test_errors_of_another_hdu(name, scene, tmp_path):
    others = [("FLUX_ERR", scene.errors * 50), (name, scene.errors)]
    field = read_galaxy(write_image(scene, tmp_path, others=others)).halpha
    np.testing.assert_allclose(errors_of(field), scene.error)


def test_inverse_variance_of_another_hdu(scene, tmp_path):
    others = [("VEL_IVAR", scene.errors**-2)]
    field = read_galaxy(write_image(scene, tmp_path, others=others)).halpha
    np.testing.assert_allclose(errors_of(field), scene.error, rtol=1e-5)


@pytest.mark.parametrize("unit", ["km/s", "m/s"])
def test_errors_of_another_file(unit, scene, tmp_path):
    mom1 = write_image(scene, tmp_path, name="toy.mom1.fits", unit=unit)
    emom1 = tmp_path / "toy.emom1.fits"
    header = fits.getheader(mom1)
    factor = 1000 if unit == "m/s" else 1
    fits.writeto(emom1, scene.errors * factor, header)
    for files in ([mom1, emom1], [emom1, mom1]):
        galaxy = read_galaxy(files)
        assert galaxy.name == "toy.mom1"
        np.testing.assert_allclose(errors_of(galaxy.halpha), scene.error)
    renamed = emom1.rename(tmp_path / "other.fits")
    np.testing.assert_allclose(errors_of(read_image(mom1, error=renamed).halpha), scene.error)


@pytest.mark.parametrize("of_signal", [False, True])
def test_masks(of_signal, scene, tmp_path):
    east, _ = scene.offsets
    bad = ~scene.inside if of_signal else ~scene.inside | (east > 5)
    mask = ~bad if of_signal else bad
    path = write_image(scene, tmp_path, others=[("MASK", mask)])
    assert read_galaxy(path).halpha.n_spaxels == np.count_nonzero(~bad)
    alone = write_image(scene, tmp_path, name="alone.mom1.fits")
    fits.writeto(tmp_path / "any.fits", mask.astype("i2"))
    field = read_image(alone, mask=tmp_path / "any.fits").halpha
    assert field.n_spaxels == np.count_nonzero(~bad)


def test_stars_and_gas_in_one_file(scene, tmp_path):
    others = [("V_STAR", scene.velocity), ("V_STAR_ERR", scene.errors)]
    galaxy = read_galaxy(write_image(scene, tmp_path, absolute=False, others=others))
    assert off(galaxy.stellar) < 0.5
    assert galaxy.stellar.tracer == "stellar"
    np.testing.assert_allclose(errors_of(galaxy.stellar), scene.error)
    alone = read_image(tmp_path / "toy.mom1.fits", tracer="stellar")
    assert alone.halpha is None
    np.testing.assert_array_equal(alone.stellar.velocity, galaxy.stellar.velocity)
    others = [("V_STAR", np.ones((5, 6)))]
    with pytest.raises(GalaxyFileError, match=r"the velocity V_STAR has the shape \(5, 6\)"):
        read_galaxy(write_image(scene, tmp_path, absolute=False, others=others))


def test_what_moves_can_be_told(scene, tmp_path):
    path = write_image(scene, tmp_path)
    assert read_image(path, tracer="stellar").halpha is None
    named = write_image(scene, tmp_path, name="toy_stellar_velocity.fits")
    assert read_image(named).halpha is None
    with pytest.raises(ValueError, match="tracer='stars' is not known"):
        read_image(path, tracer="stars")
    with pytest.raises(ValueError, match="unit='Jy' must be one of speed"):
        read_image(path, unit="Jy")


@pytest.mark.parametrize(
    ("name", "unit", "reason"),
    [
        ("toy.mom0.fits", "Jy/beam.km/s", "holds values in 'Jy/beam.km/s', which are not vel"),
        ("toy.fits", "erg/s/cm2", "holds values in 'erg/s/cm2', which are not velocities; name"),
        ("toy.mom2.fits", "km/s", "is a map of the dispersion, not of velocities; name the map"),
        ("toy_disp.fits", "KM/S", "is a map of the dispersion, not of velocities; name the map"),
        ("toy.emom1.fits", "km/s", "is a map of the error, not of velocities; name the map"),
        ("toy_flux.fits", None, "is a map of the flux, not of velocities; name the map"),
    ],
)
def test_other_images_are_refused(name, unit, reason, scene, tmp_path):
    path = write_image(scene, tmp_path, name=name, unit=unit)
    with pytest.raises(GalaxyFileError, match=f"{name} {reason}"):
        read_galaxy(path)


def test_a_cube_is_refused(scene, tmp_path):
    path = write_image(scene, tmp_path)
    header = fits.getheader(path)
    fits.writeto(path, np.zeros((5, 4, 3), "f4"), header, overwrite=True)
    with pytest.raises(GalaxyFileError, match=r"holds a cube \(toy.mom1\).*name the map of"):
        read_galaxy(path)


def test_a_table_is_refused(tmp_path):
    table = fits.BinTableHDU.from_columns([fits.Column("plateifu", "12A", array=["8485-1901"])])
    table.writeto(tmp_path / "drpall.fits")
    with pytest.raises(
        GalaxyFileError, match=r"is a table with the columns plateifu, and not .*--list"
    ):
        read_galaxy(tmp_path / "drpall.fits")


def test_nothing_but_missing_values(scene, tmp_path):
    path = write_image(scene, tmp_path)
    with fits.open(path, mode="update") as hdus:
        hdus[0].data[:] = np.nan
    with pytest.raises(GalaxyFileError, match="all are missing"):
        read_galaxy(path)


def test_errors_of_another_shape_are_refused(scene, tmp_path):
    path = write_image(scene, tmp_path, others=[("ERR", np.ones((5, 6)))])
    with pytest.raises(GalaxyFileError, match=r"the error ERR has the shape \(5, 6\)"):
        read_galaxy(path)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_damaged_file_is_refused(share, scene, tmp_path):
    path = write_image(scene, tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(
        GalaxyFileError, match="is truncated; check that it is whole, or copy it again"
    ):
        read_galaxy(path)


def test_the_galaxy_is_off_the_reference_position(tmp_path):
    scene = Scene(error=2.0, shift=(5.0, 3.0))
    true = scene.centre
    # The header refers to the middle of the frame, 6 pixels away from the galaxy.
    shape = scene.shape
    middle = {"CRPIX1": (shape[1] + 1) / 2, "CRPIX2": (shape[0] + 1) / 2}
    at_middle = celestial_wcs(scene.header, "").pixel_to_world(*(np.array([*middle.values()]) - 1))
    cards = {**middle, "CRVAL1": at_middle.ra.deg, "CRVAL2": at_middle.dec.deg}
    path = write_image(scene, tmp_path, cards=cards)
    measured = mangapa.measure(path)
    assert abs(measured.halpha.pa.value - scene.pa) < 0.5
    assert measured.halpha.x.value == pytest.approx(-2.5, abs=0.1)
    assert measured.halpha.y.value == pytest.approx(1.5, abs=0.1)
    # The rings are about that centre, too: the angle is the same in all of them.
    angles = measured["halpha"].profile.columns["pa"]
    assert np.nanmax(np.abs(np.asarray(angles) - scene.pa)) < 3
    for centre in (true, f"{true.ra.deg} {true.dec.deg}", (true.ra, true.dec)):
        there = mangapa.measure(path, centre=centre)
        assert abs(there.halpha.pa.value - scene.pa) < 0.5
        assert there.halpha.x.value == 0
        assert there.galaxy.centre.separation(true).arcsec < 1e-3
    stated = write_image(
        scene, tmp_path, cards={**cards, "OBJRA": true.ra.deg, "OBJDEC": true.dec.deg}
    )
    galaxy = read_galaxy(stated)
    assert galaxy.centre.separation(true).arcsec < 1e-3
    assert not galaxy.centre_is_nominal
    assert mangapa.measure(stated).halpha.x.value == 0


def test_a_position_that_cannot_be_the_centre(scene, tmp_path, galaxy):
    path = write_image(scene, tmp_path)
    with pytest.raises(ValueError, match=r"centre='10.*' is .* arcsec from the centre of toy.mom1"):
        mangapa.measure(path, centre="10,20")
    with pytest.raises(ValueError, match=r"centre='10.*': it is not known where on the sky"):
        mangapa.measure(galaxy, centre="10,20")


@pytest.mark.parametrize(
    "centre",
    [
        "188.1,-12.3",
        " 188.1  -12.3 ",
        "12:32:24,-12:18:00",
        "12h32m24s,-12d18m00s",
        (188.1, -12.3),
        (188.1 * u.deg, -12.3 * u.deg),
        ("12:32:24", "-12:18:00"),
        SkyCoord(188.1 * u.deg, -12.3 * u.deg),
        SkyCoord(188.1 * u.deg, -12.3 * u.deg).galactic,
    ],
)
def test_positions_become_one_text(centre):
    settings = MeasurementSettings(centre=centre)
    assert settings.centre == "188.1000000,-12.3000000"
    assert settings == MeasurementSettings(centre=settings.centre)
    assert hash(settings) == hash(MeasurementSettings(centre="188.1,-12.3"))


@pytest.mark.parametrize(
    "centre",
    ["object", "1,2,3", "1,95", None, 3.0, (1, None), SkyCoord([1, 2], [3, 4], unit="deg")],
)
def test_what_is_no_position(centre):
    with pytest.raises(ValueError, match=r"^centre.* must be (a|one) position"):
        MeasurementSettings(centre=centre)


@pytest.mark.parametrize(
    ("name", "low", "high"), [("NGC7321.vel_map", 10, 14), ("ngc3557_mom1", 185, 220)]
)
def test_real_maps(name, low, high, shared_data):
    measured = mangapa.measure(shared_data / "surveys" / "moment" / f"{name}.fits")
    assert low < measured.halpha.pa.value < high


def test_the_centre_of_a_galaxy_of_manga(real_maps):
    measured = mangapa.measure(real_maps)
    centre = measured.galaxy.centre
    header = measured.galaxy.header
    assert (centre.ra.deg, centre.dec.deg) == (header["OBJRA"], header["OBJDEC"])
    same = mangapa.measure(real_maps, centre=centre)
    assert same.stellar.pa.value == pytest.approx(measured.stellar.pa.value, abs=1e-4)
    east = centre.spherical_offsets_by(2 * u.arcsec, 0 * u.arcsec)
    moved = mangapa.measure(real_maps, centre=east).galaxy.stellar
    shift = (moved.x - measured.galaxy.stellar.x)[moved.good]
    np.testing.assert_allclose(shift.value, -2, atol=1e-3)


def test_the_name_of_a_file_is_that_of_its_main_image_only(scene, tmp_path):
    path = write_image(scene, tmp_path)
    path = path.rename(tmp_path / "NGC1_vel.fits")
    with fits.open(path, mode="update") as hdus:
        hdus[0].header.remove("BUNIT", ignore_missing=True)
        hdus.append(fits.ImageHDU(np.ones((3, 3)), name="NHITS"))
    assert off(read_galaxy(path).halpha) < 0.5
    with fits.open(path, mode="update") as hdus:
        hdus[0].data = np.stack([hdus[0].data] * 2)
    with pytest.raises(GalaxyFileError, match=r"holds a cube .* and no map of velocities"):
        read_galaxy(path)


def test_an_image_in_compressed_tiles(scene, tmp_path):
    path = write_image(scene, tmp_path, missing=-999.0)
    with fits.open(path) as hdus:
        options = {"compression_type": "GZIP_1", "quantize_level": 0}
        image = fits.CompImageHDU(hdus[0].data, hdus[0].header, **options)
        image.writeto(tmp_path / "NGC1.mom1.fits.fz")
    expected, found = (read_galaxy(one).halpha for one in (path, tmp_path / "NGC1.mom1.fits.fz"))
    assert found.n_spaxels == np.count_nonzero(scene.inside)
    np.testing.assert_array_equal(found.velocity, expected.velocity)


@pytest.mark.parametrize("card", ["CROTA2", "CRPIX1"])
def test_damage_of_a_card_of_coordinates_is_told(card, scene, tmp_path):
    path = write_image(scene, tmp_path, cards={card: "?"})
    assert path.read_bytes().count(b"'?       '") == 1
    path.write_bytes(path.read_bytes().replace(b"'?       '", b"       NaN"))
    with pytest.raises(GalaxyFileError, match=f"no number in the card.* {card}"):
        read_galaxy(path)


def test_an_image_without_coordinates_is_refused_with_the_way_out(tmp_path):
    path = tmp_path / "vel.fits"
    fits.PrimaryHDU(np.ones((5, 5))).writeto(path)
    with pytest.raises(GalaxyFileError, match=r"vel.fits holds no image with coordinates .* add"):
        read_galaxy(path)
