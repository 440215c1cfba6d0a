"""MAPS of PHANGS-MUSE: names of HDUs, relative velocities, bins of the stars, large files."""

import time

import numpy as np
import pytest
from astropy.io import fits
from peak_memory import forget_peak, peak

import mangapa
from mangapa.exceptions import GalaxyFileError
from mangapa.formats import formats, read_galaxy
from tests.formats.shaped.edits import edited
from tests.formats.shaped.phangs import write_phangs
from tests.formats.shaped.scene import Scene


def angle(field):
    return mangapa.fit_pa(field).pa.value


@pytest.fixture
def maps(tmp_path):
    return write_phangs(Scene(), tmp_path, lines=("HB4861", "HA6562"))


@pytest.mark.parametrize("scene", [Scene(pa=310), Scene(pa=20, rotation=50, flip_x=True)])
def test_both_fields_point_to_the_receding_side(scene, tmp_path):
    galaxy = read_galaxy(write_phangs(scene, tmp_path))
    for field in (galaxy.stellar, galaxy.halpha):
        assert angle(field) == pytest.approx(scene.pa, abs=0.5)
        assert field.n_spaxels == np.count_nonzero(scene.inside)
    assert (galaxy.name, galaxy.survey, galaxy.daptype) == (
        "NGC0001", "PHANGS-MUSE", "copt_1.16asec",
    )  # fmt: skip


def test_names_of_hdus_in_any_case(maps):
    with edited(maps) as hdus:
        for hdu in hdus[1:]:
            hdu.header["EXTNAME"] = hdu.name.lower()
    galaxy = read_galaxy(maps)
    assert galaxy.stellar.bin_id is not None
    assert angle(galaxy.halpha) == pytest.approx(Scene().pa, abs=0.5)


@pytest.mark.parametrize("write", [float, str, lambda cz: cz / 299_792.458])
def test_redshift_is_that_of_the_systemic_velocity(write, maps):
    scene = Scene()
    with edited(maps) as hdus:
        hdus[0].header["REDSHIFT"] = write(scene.cz)
    galaxy = read_galaxy(maps)
    assert galaxy.redshift == pytest.approx(scene.redshift, rel=1e-4)
    # The velocities are relative already, to a velocity that need not be that of the centre.
    stars, gas = galaxy.stellar.velocity.value, galaxy.halpha.velocity.value
    assert np.nanmean(stars - gas) == pytest.approx(5, abs=0.5)
    assert np.nanmedian(gas) == pytest.approx(np.nanmedian(scene.velocity))


@pytest.mark.parametrize("text", ["", "unknown", "nan", "inf"])
def test_redshift_that_is_not_a_number_is_not_known(text, maps):
    with edited(maps) as hdus:
        hdus[0].header["REDSHIFT"] = text
    assert read_galaxy(maps).redshift is None


def test_stars_are_binned_and_the_gas_is_not(maps):
    galaxy = read_galaxy(maps)
    bins = np.unique(galaxy.stellar.bin_id[galaxy.stellar.good])
    assert 1 < len(bins) < galaxy.stellar.n_spaxels / 2
    assert galaxy.halpha.bin_id is None
    np.testing.assert_allclose(galaxy.halpha.ivar[galaxy.halpha.good].value, 4**-2.0)


def test_negative_bins_are_outside(maps):
    with edited(maps) as hdus:
        hdus["BIN_ID"].data[20, 20:23] = -5
    galaxy = read_galaxy(maps)
    assert galaxy.stellar.mask[20, 20:23].all()
    assert not galaxy.halpha.mask[20, 20:23].any()


def test_gas_is_masked_where_its_line_is_not_detected(maps):
    with edited(maps) as hdus:
        hdus["HA6562_FLUX"].data[20] = 2.9 * hdus["HA6562_FLUX_ERR"].data[20]
    galaxy = read_galaxy(maps)
    assert galaxy.halpha.mask[20].all()
    assert not galaxy.stellar.mask[20].all()


def test_what_fails_all_cuts_is_read_and_masked(maps):
    with edited(maps) as hdus:
        hdus["V_STARS"].data[:] = np.nan
        hdus["HA6562_FLUX"].data[:] = 0
    galaxy = read_galaxy(maps)
    assert (galaxy.stellar.n_spaxels, galaxy.halpha.n_spaxels) == (0, 0)


def test_velocities_in_metres_per_second(maps):
    with edited(maps) as hdus:
        for name in ("HA6562_VEL", "HA6562_VEL_ERR"):
            hdus[name].data *= 1000
            hdus[name].header["BUNIT"] = "m/s"
    gas = read_galaxy(maps).halpha
    np.testing.assert_allclose(gas.velocity[gas.good].value, Scene().velocity[gas.good])
    np.testing.assert_allclose(gas.ivar[gas.good].value, 4**-2.0)


@pytest.mark.parametrize("name", ["BIN_ID", "FORM_ERR_V_STARS", "HA6562_FLUX", "HA6562_VEL_ERR"])
def test_maps_that_may_be_missing(name, maps):
    with edited(maps) as hdus:
        del hdus[name]
    galaxy = read_galaxy(maps)
    for field in (galaxy.stellar, galaxy.halpha):
        assert angle(field) == pytest.approx(Scene().pa, abs=0.5)


@pytest.mark.parametrize(("name", "tracer"), [("V_STARS", "stellar"), ("HA6562_VEL", "halpha")])
def test_file_with_one_field(name, tracer, maps):
    with edited(maps) as hdus:
        del hdus[name]
    galaxy = read_galaxy(maps)
    assert galaxy.tracer(tracer) is None
    assert repr(galaxy).count(" and ") == 0


def test_centre_is_where_the_bins_are_smallest(tmp_path):
    scene = Scene(shape=(120, 130), pixel=0.4, shift=(8, -12))
    path = write_phangs(scene, tmp_path, lines=("HA6562",))
    with edited(path) as hdus:
        # Bins of a real mosaic: from one spaxel to hundreds. Its reference position is elsewhere.
        distance = np.hypot(*scene.offsets)
        side = np.clip(np.exp2(np.round(distance / 3)), 1, 32).astype(int)
        row, column = np.indices(scene.shape)
        bins = np.unique((side * 1000 + row // side) * 1000 + column // side, return_inverse=True)[
            1
        ]
        hdus["BIN_ID"].data[:] = np.where(scene.inside, bins.reshape(scene.shape), np.nan)
        from astropy.wcs import WCS

        sky = WCS(scene.header).pixel_to_world(10, 100)
        for hdu in hdus[1:]:
            hdu.header["CRPIX1"], hdu.header["CRPIX2"] = 11, 101
            hdu.header["CRVAL1"], hdu.header["CRVAL2"] = sky.ra.deg, sky.dec.deg
    galaxy = read_galaxy(path)
    assert galaxy.centre.separation(scene.centre).arcsec < 1
    assert not galaxy.centre_is_nominal
    assert angle(galaxy.halpha) == pytest.approx(scene.pa, abs=0.5)


def test_centre_without_light_is_nominal(maps):
    with edited(maps) as hdus:
        del hdus["BIN_ID"]
    assert read_galaxy(maps).centre_is_nominal


def test_centre_is_the_brightest_place_of_an_image_of_the_stars(maps):
    scene = Scene()
    east, north = scene.offsets
    with edited(maps) as hdus:
        flux = np.exp(-np.hypot(east - 3, north + 2) / 0.7)
        hdus.append(fits.ImageHDU(np.where(scene.inside, flux, np.nan), scene.header, "FLUX"))
    galaxy = read_galaxy(maps)
    offset = scene.centre.spherical_offsets_to(galaxy.centre)
    np.testing.assert_allclose([one.arcsec for one in offset], [3, -2], atol=0.5)


def test_file_of_the_archive_has_the_name_of_its_object(maps, tmp_path):
    renamed = maps.rename(tmp_path / "ADP.2021-07-16T10:20:56.506.fits")
    galaxy = read_galaxy(renamed)
    assert (galaxy.name, galaxy.daptype) == ("NGC0001", None)


def test_name_of_the_file_if_there_is_no_object(maps):
    with edited(maps) as hdus:
        del hdus[0].header["OBJECT"]
    assert read_galaxy(maps).name == "NGC0001"


def test_map_of_another_shape_is_refused(maps):
    with edited(maps) as hdus:
        hdus["HA6562_VEL"].data = hdus["HA6562_VEL"].data[1:]
    with pytest.raises(GalaxyFileError, match=r"several shapes, \(40, 42\) and \(39, 42\)"):
        read_galaxy(maps)


def test_file_without_a_good_value_is_refused(maps):
    with edited(maps) as hdus:
        hdus["V_STARS"].data[:] = np.nan
    galaxy = read_galaxy(maps)
    assert (galaxy.stellar.n_spaxels, galaxy.halpha.n_spaxels > 0) == (0, True)
    with edited(maps) as hdus:
        hdus["HA6562_VEL"].data[:] = np.nan
    with pytest.raises(GalaxyFileError, match="all are missing"):
        read_galaxy(maps)


def test_maps_without_velocities_are_refused(maps):
    with edited(maps) as hdus:
        for name in ("V_STARS", "HA6562_VEL"):
            del hdus[name]
    with pytest.raises(GalaxyFileError, match=r"no velocities; name the MAPS file"):
        read_galaxy(maps)


def test_cube_is_refused(tmp_path):
    path = tmp_path / "NGC0001_PHANGS_DATACUBE_copt_0.92asec.fits"
    cube = [fits.ImageHDU(np.ones((3, 4, 5)), name=name) for name in ("DATA", "STAT")]
    fits.HDUList([fits.PrimaryHDU(), *cube]).writeto(path)
    with pytest.raises(GalaxyFileError, match="name the MAPS file"):
        read_galaxy(path)


def test_damaged_file_is_refused(maps):
    maps.write_bytes(maps.read_bytes()[:-90_000])
    with pytest.raises(GalaxyFileError, match="truncated"):
        read_galaxy(maps, format="phangs")


def test_two_versions_are_two_galaxies(tmp_path):
    paths = [write_phangs(Scene(), tmp_path, version=one) for one in ("native", "copt_1.16asec")]
    (phangs,) = (one for one in formats() if one.name == "phangs")
    assert len({phangs.observation(path) for path in paths}) == 2
    assert phangs.observation("manga-8485-1901-MAPS-HYB10.fits.gz") is None
    with pytest.raises(GalaxyFileError, match="several galaxies or observations"):
        read_galaxy(paths)


@pytest.mark.slow
def test_large_file_takes_seconds_and_less_than_a_gigabyte(tmp_path):
    path = write_phangs(Scene(shape=(999, 1231), pixel=0.2), tmp_path, lines=("HA6562",))
    before = forget_peak()
    start = time.perf_counter()
    galaxy = read_galaxy(path)
    assert time.perf_counter() - start < 15
    assert peak() - before < 1e9
    assert galaxy.halpha.n_spaxels > 600_000
