"""Cubes of Pipe3D: planes by their cards, 0 as missing, c z, masks, bins and errors."""

import gzip

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits

import mangapa
from mangapa.exceptions import GalaxyFileError
from mangapa.formats import formats, read_galaxy
from tests.formats.shaped.edits import edited
from tests.formats.shaped.pipe3d import write_pipe3d
from tests.formats.shaped.scene import Scene

MANGA = {"name": "8485-1901"}
LAYOUTS = pytest.mark.parametrize(
    "options",
    [
        {"layout": "ecalifa"},
        {"layout": "califa"},
        {"layout": "manga", **MANGA},
        {"layout": "manga-dr15", "cards": False, **MANGA},
    ],
    ids=lambda options: options["layout"],
)


def angle(field):
    return mangapa.fit_pa(field).pa.value


@pytest.fixture
def cube(tmp_path):
    return write_pipe3d(Scene(), tmp_path)


@LAYOUTS
def test_both_fields_point_to_the_receding_side(options, tmp_path):
    scene = Scene(pa=310)
    galaxy = read_galaxy(write_pipe3d(scene, tmp_path, **options))
    for field in (galaxy.stellar, galaxy.halpha):
        assert angle(field) == pytest.approx(310, abs=0.5)
        assert field.n_spaxels == np.count_nonzero(scene.inside)
        assert field.galaxy == galaxy.name == options.get("name", "NGC0001")
    assert galaxy.survey == ("MaNGA" if options["layout"].startswith("manga") else "CALIFA")


def test_velocities_are_relative_to_the_median_of_the_gas(cube):
    scene = Scene()
    galaxy = read_galaxy(cube)
    assert np.median(galaxy.halpha.velocity[galaxy.halpha.good]).value == pytest.approx(0, abs=1e-9)
    assert galaxy.redshift == pytest.approx(scene.redshift, rel=2e-3)
    # The stars of the cube are 10 km/s slower, and stay so.
    inside = galaxy.halpha.good
    difference = (galaxy.stellar.velocity - galaxy.halpha.velocity)[inside].value
    assert difference.mean() == pytest.approx(-10, abs=0.5)


def test_errors_are_those_of_the_moments_even_beside_elines(cube):
    galaxy = read_galaxy(cube)
    for field in (galaxy.stellar, galaxy.halpha):
        np.testing.assert_allclose(field.ivar[field.good].value, Scene().error ** -2.0)


def test_elines_alone_have_no_errors(tmp_path):
    _, elines = write_pipe3d(Scene(), tmp_path, layout="califa")
    galaxy = read_galaxy(elines)
    assert galaxy.stellar is None
    assert galaxy.halpha.ivar is None


def test_stars_are_binned_and_the_gas_is_not(cube):
    galaxy = read_galaxy(cube)
    bins = np.unique(galaxy.stellar.bin_id[galaxy.stellar.good])
    assert 1 < len(bins) < galaxy.stellar.n_spaxels / 2
    assert galaxy.halpha.bin_id is None


@pytest.mark.parametrize("lower", [False, True])
def test_spaxels_of_stars_and_outside_the_selection_are_masked(lower, cube):
    with edited(cube) as hdus:
        hdus["GAIA_MASK"].data[20, 20:23] = 1
        hdus["SELECT_REG"].data[18, 20] = 0
        for hdu in hdus[1:] if lower else ():
            hdu.header["EXTNAME"] = hdu.name.lower()
    galaxy = read_galaxy(cube)
    for field in (galaxy.stellar, galaxy.halpha):
        assert field.mask[20, 20:23].all()
        assert field.mask[18, 20]
        assert field.n_spaxels == np.count_nonzero(Scene().inside) - 4


def test_gas_is_masked_where_its_line_is_not_detected(cube):
    with edited(cube) as hdus:
        header = hdus["FLUX_ELINES"].header
        plane = next(n for n in range(99) if header.get(f"NAME{n}") == "flux Ha")
        hdus["FLUX_ELINES"].data[plane, 20] *= 2.9 / 20
    galaxy = read_galaxy(cube)
    assert galaxy.halpha.mask[20].all()
    assert not galaxy.stellar.mask[20].all()


@pytest.mark.parametrize("text", ["vel Ha", "VEL HA", "vel Ha 6562.68", "vel Halpha"])
def test_plane_is_found_by_its_card_wherever_it_is(text, cube):
    with edited(cube) as hdus:
        data, header = hdus["FLUX_ELINES"].data, hdus["FLUX_ELINES"].header
        plane = next(n for n in range(99) if header.get(f"NAME{n}") == "vel Ha")
        data[[0, plane]] = data[[plane, 0]]
        header[f"NAME{plane}"], header["NAME0"] = header["NAME0"], text
        del hdus["ELINES"]
    assert angle(read_galaxy(cube).halpha) == pytest.approx(Scene().pa, abs=0.5)


def test_hdus_are_found_without_their_names(cube):
    with edited(cube) as hdus:
        for hdu in hdus[1:]:
            del hdu.header["EXTNAME"]
    galaxy = read_galaxy(cube)
    assert angle(galaxy.stellar) == pytest.approx(Scene().pa, abs=0.5)


@pytest.mark.parametrize("rotation", [0, 130])
def test_centre_is_that_of_the_object_where_the_header_has_one(rotation, tmp_path):
    scene = Scene(shift=(5, -4), rotation=rotation)
    path = write_pipe3d(scene, tmp_path, layout="manga", **MANGA)
    with edited(path) as hdus:
        primary = hdus[0].header
        for axis in (1, 2):
            primary[f"CRPIX{axis}"] += 3
        hdus[0].header["OBJRA"], hdus[0].header["OBJDEC"] = scene.ra, scene.dec + 3 / 3600
    galaxy = read_galaxy(path)
    assert galaxy.centre.separation(scene.centre).arcsec == pytest.approx(3, abs=0.01)


def test_maps_of_manga_have_their_identity(tmp_path):
    galaxy = read_galaxy(write_pipe3d(Scene(), tmp_path, layout="manga", **MANGA))
    assert (galaxy.plateifu, galaxy.mangaid) == ("8485-1901", "1-209232")
    assert (galaxy.release, galaxy.daptype) == ("DR17", "Pipe3D")


def test_original_header_may_be_an_extension(tmp_path):
    scene = Scene(rotation=70, flip_x=True)
    path = write_pipe3d(scene, tmp_path, layout="manga", **MANGA)
    with edited(path) as hdus:
        hdus.append(fits.ImageHDU(header=hdus[0].header, name="ORG_HDR"))
        hdus[0] = fits.PrimaryHDU()
    galaxy = read_galaxy(path)
    assert galaxy.plateifu == "8485-1901"
    assert galaxy.release == "DR17"
    assert angle(galaxy.stellar) == pytest.approx(scene.pa, abs=0.5)


def test_plate_ifu_of_the_name_where_no_card_has_it(tmp_path):
    path = write_pipe3d(Scene(), tmp_path, layout="manga", **MANGA)
    with edited(path) as hdus:
        del hdus[0].header["PLATEIFU"]
    assert read_galaxy(path).plateifu == "8485-1901"


def test_cubes_without_coordinates_have_spaxels_of_an_arcsec_about_the_light(tmp_path):
    scene = Scene(shift=(4, -3))
    galaxy = read_galaxy(write_pipe3d(scene, tmp_path, layout="califa"))
    row, column = np.unravel_index(np.argmin(np.hypot(*scene.offsets)), scene.shape)
    assert abs(galaxy.halpha.x[row, column]) <= 1 * u.arcsec
    assert abs(galaxy.halpha.y[row, column]) <= 1 * u.arcsec
    # East is left and North is up.
    np.testing.assert_allclose(np.diff(galaxy.halpha.x.value, axis=1), -1)
    np.testing.assert_allclose(np.diff(galaxy.halpha.y.value, axis=0), 1)
    assert galaxy.centre is None


def test_light_comes_from_the_cube_beside_it(tmp_path):
    scene = Scene(shape=(60, 60), shift=(0, 0))
    ssp, elines = write_pipe3d(scene, tmp_path, layout="califa")
    with edited(elines) as hdus:
        hdus[0].data[:, :, :25] = 0
    row, column = 30, 30
    assert abs(read_galaxy(elines).halpha.x[row, column].value) <= 1
    # However it is compressed, and in any case.
    unpacked = tmp_path / ssp.name.removesuffix(".gz").upper()
    unpacked.write_bytes(gzip.decompress(ssp.read_bytes()))
    ssp.unlink()
    galaxy = read_galaxy(elines)
    assert abs(galaxy.halpha.x[row, column].value) <= 1
    assert not galaxy.centre_is_nominal
    unpacked.unlink()
    galaxy = read_galaxy(elines)
    assert galaxy.halpha.x[row, column].value > 4
    assert galaxy.centre_is_nominal, "the middle of the field of view is not the galaxy's"


def test_coordinates_of_a_cube_of_maps_are_used(tmp_path):
    scene = Scene(rotation=70, flip_x=True)
    _, elines = write_pipe3d(scene, tmp_path, layout="califa")
    with edited(elines) as hdus:
        hdus[0].header.update(scene.header)
        hdus[0].header["CTYPE3"] = " "
    assert angle(read_galaxy(elines).halpha) == pytest.approx(scene.pa, abs=0.5)


def test_other_products_beside_them_do_no_harm(tmp_path):
    paths = write_pipe3d(Scene(), tmp_path, layout="califa")
    sfh = tmp_path / "NGC0001.SFH.cube.fits.gz"
    texts = {"DESC_0": "Luminosity Fraction for age-met 0.0010-0.0037 SSP", "FILE_0": "a.fits"}
    fits.PrimaryHDU(np.ones((2, 5, 5)), fits.Header(texts)).writeto(sfh)
    galaxy = read_galaxy([sfh, *paths])
    assert galaxy.stellar is not None
    assert galaxy.halpha is not None
    with pytest.raises(GalaxyFileError, match=r"SFH.*no velocities; name the Pipe3D cube"):
        read_galaxy(sfh)


def test_indices_are_refused(tmp_path):
    path = tmp_path / "indices.CS.NGC0001.cube.fits.gz"
    fits.PrimaryHDU(np.ones((2, 5, 5)), fits.Header({"INDEX0": "Hd"})).writeto(path)
    with pytest.raises(GalaxyFileError, match="no velocities"):
        read_galaxy(path)


def test_maps_of_several_shapes_are_refused(tmp_path):
    ssp, elines = write_pipe3d(Scene(), tmp_path, layout="califa")
    with edited(elines) as hdus:
        hdus[0].data = hdus[0].data[:, 1:]
    with pytest.raises(GalaxyFileError, match=r"several shapes.*one version of one galaxy"):
        read_galaxy([ssp, elines])


def test_cube_of_zeros_is_refused(tmp_path):
    ssp, _ = write_pipe3d(Scene(), tmp_path, layout="califa")
    with edited(ssp) as hdus:
        hdus[0].data[13] = 0
    with pytest.raises(GalaxyFileError, match="all are missing"):
        read_galaxy(ssp)


def test_damaged_cube_is_refused(cube):
    content = cube.read_bytes()
    cube.write_bytes(content[: len(content) // 2])
    with pytest.raises(GalaxyFileError, match=r"truncated"):
        read_galaxy(cube, format="pipe3d")


@pytest.mark.parametrize(
    ("name", "observation"),
    [
        ("NGC4047.ELINES.cube.fits.gz", "NGC4047"),
        ("NGC4047.ssp.cube.fits", "NGC4047"),
        ("flux_elines.NGC4047.cube.fits.gz", "NGC4047"),
        ("indices.CS.NGC4047.cube.fits.gz", "NGC4047"),
        ("UGC00005.Pipe3D.cube.fits.gz", "UGC00005"),
        ("manga-8485-1901.Pipe3D.cube.fits.gz", "manga-8485-1901"),
        ("NGC4047.V500.rscube.fits.gz", None),
        ("NGC4047.cube.fits.gz", None),
    ],
)
def test_files_of_one_galaxy_are_known_by_their_names(name, observation):
    (pipe3d,) = (one for one in formats() if one.name == "pipe3d")
    assert pipe3d.observation(name) == observation


def test_real_galaxy(shared_data):
    folder = shared_data / "surveys" / "pipe3d"
    paths = [folder / f"NGC4047.{product}.cube.fits.gz" for product in ("ELINES", "SSP")]
    together = mangapa.measure(read_galaxy(paths))
    alone = [mangapa.measure(read_galaxy(path)) for path in paths]
    for result in (together.halpha, alone[0].halpha):
        assert result.pa.value == pytest.approx(284.0, abs=2)
    for result in (together.stellar, alone[1].stellar):
        # The errors of these velocities are rough, and so is their angle.
        assert result.pa.value == pytest.approx(284.0, abs=8)
    galaxy = read_galaxy(paths)
    assert (galaxy.name, galaxy.survey) == ("NGC4047", "CALIFA")
    assert galaxy.redshift * 299_792.458 == pytest.approx(3435, abs=30)
