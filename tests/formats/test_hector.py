"""Initial kinematics of the Hector Galaxy Survey."""

import numpy as np
import pytest
from astropy.io import fits

import mangapa
from mangapa.exceptions import GalaxyFileError
from mangapa.formats import formats, read_galaxy, read_hector
from tests.formats.shaped.hector import write_hector
from tests.formats.shaped.scene import Scene

SCENE = Scene(pa=241.0, shape=(40, 40), dec=-57.8)


def apart(first, second):
    """Absolute difference of two angles, degrees."""
    return abs((first - second + 180) % 360 - 180)


@pytest.fixture
def path(tmp_path):
    return write_hector(SCENE, tmp_path)


@pytest.mark.parametrize("cd_matrix", [True, False])
def test_the_receding_side_is_where_it_is_on_the_sky(cd_matrix, tmp_path):
    scene = Scene(pa=241.0, rotation=20.0, cd_matrix=cd_matrix)
    galaxy = read_galaxy(write_hector(scene, tmp_path))
    for tracer in ("stellar", "halpha"):
        assert apart(mangapa.fit_pa(galaxy.tracer(tracer)).pa.value, scene.pa) < 0.5


def test_galaxy_says_what_it_is(path):
    galaxy = read_galaxy(path)
    assert repr(galaxy) == "<Galaxy 901000000000001 T001 default: stellar and halpha>"
    assert (galaxy.survey, galaxy.redshift) == ("Hector", SCENE.redshift)
    assert galaxy.centre.separation(SCENE.centre).arcsec < 1e-6


def test_name_of_a_file_tells_the_observation():
    (hector,) = (one for one in formats() if one.name == "hector")
    assert hector.observation("901_T023_initial_kinematics.fits.gz") == "901_T023"
    assert hector.observation("901_T023_reccomp.fits.gz") is None


def test_spikes_are_masked(path):
    galaxy = read_galaxy(path)
    with fits.open(path) as hdus:
        spikes = np.abs(hdus["V_STAR"].data) > 1000
    assert spikes.any()
    np.testing.assert_array_equal(galaxy.stellar.good, SCENE.inside & ~spikes)
    np.testing.assert_array_equal(galaxy.halpha.good, SCENE.inside)


def test_errors_of_30_km_s_are_too_large(path):
    with fits.open(path) as hdus:
        hdus["V_GAS_ERR"].data[20, 20:22] = 29.9, 30
        hdus.writeto(path, overwrite=True)
    assert read_galaxy(path).halpha.good[20, 20:22].tolist() == [True, False]


def test_bins_are_read_on_request(path):
    galaxy = read_hector(path, binning="binned")
    assert galaxy.halpha.velocity[20, 20].value == 5
    assert np.unique(galaxy.halpha.bin_id).tolist() == [-1, 0]
    with pytest.raises(ValueError, match="binning='adaptive' is not known; choose one of default"):
        read_hector(path, binning="adaptive")


def test_renamed_file_is_known_by_its_content(path, tmp_path):
    galaxy = read_galaxy(path.rename(tmp_path / "renamed.fits.gz"))
    assert (galaxy.name, galaxy.observation) == ("901000000000001", None)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda hdus: hdus.__delitem__("V_STAR_ERR"), r"has no image V_STAR_ERR \(its HDUs"),
        (lambda hdus: [hdus[one].data.fill(np.nan) for one in ("V_STAR", "V_GAS")], "are missing"),
        (lambda hdus: setattr(hdus["V_GAS_ERR"], "data", np.ones((3, 4))), r"shape \(3, 4\)"),
        (lambda hdus: hdus.__delitem__(slice(1, None)), "name the 'initial_kinematics' file"),
    ],
)
def test_incomplete_files_are_refused(damage, message, path):
    with fits.open(path) as hdus:
        damage(hdus)
        hdus.writeto(path, overwrite=True)
    with pytest.raises(GalaxyFileError, match=message):
        read_galaxy(path)


def test_two_files_are_two_galaxies(path, tmp_path):
    other = write_hector(SCENE, tmp_path, name="901000000000001_T002")
    with pytest.raises(GalaxyFileError, match="several galaxies or observations"):
        read_galaxy([path, other])


def test_a_truncated_file_is_refused(path):
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(GalaxyFileError, match="is truncated"):
        read_hector(path)


def test_real_file(shared_data):
    (path,) = (shared_data / "surveys/hector").glob("*_initial_kinematics.fits.gz")
    galaxy = read_galaxy(path)
    assert galaxy.stellar.velocity.value[galaxy.stellar.good].max() < 1000
    # No angle is published; the gas was measured by hand.
    assert apart(mangapa.fit_pa(mangapa.clean(galaxy.halpha)).pa.value, 241.0) < 2
