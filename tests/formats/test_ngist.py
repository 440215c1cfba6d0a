"""Images of maps of nGIST: files of one run, their bins, centre and errors."""

import numpy as np
import pytest
from astropy.io import fits

import mangapa
from mangapa.exceptions import GalaxyFileError
from mangapa.formats import formats, read_galaxy
from tests.formats.shaped.edits import edited
from tests.formats.shaped.ngist import write_ngist
from tests.formats.shaped.scene import Scene

LOWER = pytest.mark.parametrize("lower", [False, True])


def angle(field):
    return mangapa.fit_pa(field).pa.value


@pytest.mark.parametrize("scene", [Scene(pa=310), Scene(pa=20, rotation=50, flip_y=True)])
@LOWER
def test_both_fields_point_to_the_receding_side(scene, lower, tmp_path):
    galaxy = read_galaxy(write_ngist(scene, tmp_path, lower=lower, reference=(3, 30)))
    for field in (galaxy.stellar, galaxy.halpha):
        assert angle(field) == pytest.approx(scene.pa, abs=0.5)
        assert field.n_spaxels == np.count_nonzero(scene.inside)
    assert galaxy.name == "NGC0001"
    assert galaxy.redshift is None
    # No median is subtracted: zero is the redshift of the run.
    difference = np.nanmean(galaxy.stellar.velocity.value - galaxy.halpha.velocity.value)
    assert difference == pytest.approx(5, abs=0.5)


def test_order_of_the_files_does_not_matter(tmp_path):
    paths = write_ngist(Scene(shift=(4, -5)), tmp_path)
    one, other = read_galaxy(paths), read_galaxy(paths[::-1])
    np.testing.assert_array_equal(one.stellar.x, other.stellar.x)
    np.testing.assert_array_equal(one.stellar.bin_id, other.stellar.bin_id)


@LOWER
def test_bins_and_centre_come_from_the_file_beside_it(lower, tmp_path):
    scene = Scene(shift=(4, -5))
    stars, _, bins = write_ngist(scene, tmp_path, lower=lower, reference=(3, 30))
    galaxy = read_galaxy(stars)
    assert galaxy.halpha is None
    assert galaxy.centre.separation(scene.centre).arcsec < 0.05
    assert not galaxy.centre_is_nominal
    n_bins = len(np.unique(galaxy.stellar.bin_id[galaxy.stellar.good]))
    bins.unlink()
    alone = read_galaxy(stars)
    assert alone.centre.separation(scene.centre).arcsec > 10
    assert alone.centre_is_nominal
    assert len(np.unique(alone.stellar.bin_id[alone.stellar.good])) == n_bins


@pytest.mark.parametrize("sign", [-1, 1])
def test_centre_whichever_way_the_offsets_of_the_bins_grow(sign, tmp_path):
    scene = Scene(shift=(4, -5), rotation=30)
    paths = write_ngist(scene, tmp_path, reference=(3, 30))
    with edited(paths[2]) as hdus:
        hdus["XBIN"].data *= sign
    assert read_galaxy(paths).centre.separation(scene.centre).arcsec < 0.05


def test_gas_of_the_spaxels_is_preferred_to_that_of_the_bins(tmp_path):
    scene = Scene()
    stars, binned, bins = write_ngist(scene, tmp_path, level="BIN")
    spaxels = write_ngist(scene, tmp_path)[1]
    paths = [stars, binned, spaxels, bins]
    assert read_galaxy(paths).halpha.bin_id is None
    assert read_galaxy(paths).daptype == "spaxel"
    assert read_galaxy(paths, binning="spaxel").halpha.bin_id is None
    galaxy = read_galaxy(paths, binning="bin")
    np.testing.assert_array_equal(galaxy.halpha.bin_id, galaxy.stellar.bin_id)
    assert read_galaxy([stars, binned]).halpha.bin_id is not None


def test_binning_that_does_not_exist(tmp_path):
    paths = write_ngist(Scene(), tmp_path)
    with pytest.raises(ValueError, match=r"binning='adaptive' is not known.*bin, spaxel"):
        read_galaxy(paths, binning="adaptive")


def test_errors_of_realisations_are_preferred_to_formal_ones(tmp_path):
    stars = write_ngist(Scene(), tmp_path)[0]
    # Without realisations they are 0.
    field = read_galaxy(stars).stellar
    np.testing.assert_allclose(field.ivar[field.good].value, 4**-2.0)
    with edited(stars) as hdus:
        hdus["ERR_V"].data[:] = 6
    field = read_galaxy(stars).stellar
    np.testing.assert_allclose(field.ivar[field.good].value, 6**-2.0)


def test_gas_is_masked_where_its_line_is_not_detected(tmp_path):
    gas = write_ngist(Scene(), tmp_path)[1]
    with edited(gas) as hdus:
        hdus["HA6562_FLUX"].data[20] = 2.9
        hdus["HA6562_FLUX_ERR"].data[20] = 1
    assert read_galaxy(gas).halpha.mask[20].all()


@pytest.mark.parametrize("name", ["HA6562_VEL", "HA6564_VEL", "Ha_6562.8_V", "HA_6562.80_V"])
def test_line_is_found_by_its_name(name, tmp_path):
    gas = write_ngist(Scene(), tmp_path)[1]
    with edited(gas) as hdus:
        hdus["HA6562_VEL"].header["EXTNAME"] = name
    assert angle(read_galaxy(gas).halpha) == pytest.approx(Scene().pa, abs=0.5)


def test_outside_of_all_bins_is_masked(tmp_path):
    paths = write_ngist(Scene(), tmp_path)
    with edited(paths[2]) as hdus:
        hdus["BINID"].data[20, 18:22] = -3
    galaxy = read_galaxy(paths)
    assert galaxy.stellar.mask[20, 18:22].all()


def test_bins_alone_are_refused(tmp_path):
    bins = write_ngist(Scene(), tmp_path)[2]
    with pytest.raises(GalaxyFileError, match=r"name the KIN_maps"):
        read_galaxy(bins)


def test_stellar_populations_are_refused_and_do_no_harm(tmp_path):
    paths = write_ngist(Scene(), tmp_path)
    sfh = tmp_path / "NGC0001_SFH_maps.fits"
    shape = Scene().shape
    images = [fits.ImageHDU(np.ones(shape), Scene().header, name) for name in ("AGE", "METAL", "V")]
    fits.HDUList([fits.PrimaryHDU(), *images]).writeto(sfh)
    with pytest.raises(GalaxyFileError, match="no velocities of stars or H-alpha"):
        read_galaxy(sfh)
    assert angle(read_galaxy([sfh, *paths]).stellar) == pytest.approx(Scene().pa, abs=0.5)


def test_files_of_two_runs_are_refused(tmp_path):
    stars = write_ngist(Scene(), tmp_path)[0]
    gas = write_ngist(Scene(shape=(30, 30)), tmp_path, run="NGC0002")[1]
    with pytest.raises(GalaxyFileError, match="several galaxies or observations"):
        read_galaxy([stars, gas])


def test_file_without_a_good_value_is_refused(tmp_path):
    stars = write_ngist(Scene(), tmp_path)[0]
    with edited(stars) as hdus:
        hdus["V"].data[:] = np.nan
    with pytest.raises(GalaxyFileError, match="all are missing"):
        read_galaxy(stars)


def test_damaged_file_is_refused(tmp_path):
    stars = write_ngist(Scene(), tmp_path)[0]
    stars.write_bytes(stars.read_bytes()[:-30_000])
    with pytest.raises(GalaxyFileError, match="truncated"):
        read_galaxy(stars, format="ngist")


@pytest.mark.parametrize(
    ("name", "observation"),
    [
        ("NGC5010_KIN_maps.fits", "NGC5010"),
        ("NGC5010_kin_maps.fits.gz", "NGC5010"),
        ("IC3392_v3tk_gas_SPAXEL_maps.fits", "IC3392_v3tk"),
        ("IC3392_v3tk_gas_bin_maps.fits", "IC3392_v3tk"),
        ("IC3392_v3tk_spatial_binning_maps.fits", "IC3392_v3tk"),
        ("NGC5010_sfh_maps.fits", "NGC5010"),
        ("NGC5010_kin.fits", None),
        ("NGC4321_MAPS_native.fits", None),
    ],
)
def test_files_of_one_run_are_known_by_their_names(name, observation):
    (ngist,) = (one for one in formats() if one.name == "ngist")
    assert ngist.observation(name) == observation


def test_gas_at_another_place_is_refused(tmp_path):
    stars, gas, _ = write_ngist(Scene(), tmp_path)
    with edited(gas) as hdus:
        for hdu in hdus[1:]:
            hdu.header["CRVAL2"] -= 40
    with pytest.raises(GalaxyFileError, match=f"{gas.name} has values that cannot be used"):
        read_galaxy([stars, gas])
