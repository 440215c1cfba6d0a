"""Maps of LZIFU: components, cuts, and what its headers lack."""

import numpy as np
import pytest
from astropy.io import fits

import mangapa
from mangapa.exceptions import GalaxyFileError
from mangapa.formats import formats, read_galaxy, read_lzifu
from tests.formats.shaped.lzifu import write_lzifu
from tests.formats.shaped.scene import Scene

SCENE = Scene(pa=75.0)
BRIGHT = SCENE.inside & (np.hypot(*SCENE.offsets) <= 0.4 * SCENE.pixel * min(SCENE.shape))


def rewrite(path, change):
    """Change the HDUs of a file."""
    with fits.open(path) as hdus:
        change(hdus)
        hdus.writeto(path, overwrite=True)
    return path


@pytest.mark.parametrize("fit", ["1", "2", "3", "merge"])
def test_the_narrowest_component_is_read(fit, tmp_path):
    galaxy = read_galaxy(write_lzifu(SCENE, tmp_path, fit=fit))
    np.testing.assert_array_equal(galaxy.halpha.good, BRIGHT)
    velocity = galaxy.halpha.velocity.value
    np.testing.assert_allclose(velocity[BRIGHT], SCENE.velocity[BRIGHT], rtol=1e-5)
    assert mangapa.fit_pa(galaxy.halpha).pa.value == pytest.approx(SCENE.pa, abs=0.5)


def test_galaxy_says_what_it_is(tmp_path):
    galaxy = read_galaxy(write_lzifu(SCENE, tmp_path))
    assert repr(galaxy) == "<Galaxy NGC9999 1-comp: halpha>"
    assert (galaxy.survey, galaxy.redshift) == (None, SCENE.redshift)
    assert galaxy.centre.separation(SCENE.centre).arcsec < 1e-6
    assert galaxy.centre_is_nominal


def test_fits_of_one_galaxy_are_chosen_among(tmp_path):
    files = [write_lzifu(SCENE, tmp_path, fit=fit) for fit in ("merge", "2", "1")]
    (lzifu,) = (one for one in formats() if one.name == "lzifu")
    assert {lzifu.observation(one) for one in files} == {"NGC9999"}
    assert read_galaxy(files).daptype == "1-comp"
    assert read_lzifu(files, components="merge-comp").daptype == "merge-comp"
    assert read_lzifu(files[1]).daptype == "2-comp"
    with pytest.raises(GalaxyFileError, match="3-comp'; there are default 1-comp, default 2-comp,"):
        read_lzifu(files, components="3-comp")
    with pytest.raises(ValueError, match="components='4-comp' is not known; choose one of default"):
        read_lzifu(files, components="4-comp")


@pytest.mark.parametrize(("fit", "found"), [("2", "2-comp"), ("merge", "merge-comp")])
def test_renamed_files_are_known_by_their_content(fit, found, tmp_path):
    path = write_lzifu(SCENE, tmp_path, fit=fit).rename(tmp_path / "renamed.fits")
    galaxy = read_galaxy(path)
    assert (galaxy.name, galaxy.daptype) == ("NGC9999", found)


def test_files_of_two_galaxies_are_an_error(tmp_path):
    files = [write_lzifu(SCENE, tmp_path, name=name) for name in ("NGC1", "NGC2")]
    with pytest.raises(GalaxyFileError, match=r"several galaxies or observations \(NGC1, NGC2\)"):
        read_galaxy(files)


def test_stars_of_s7_are_read(tmp_path):
    galaxy = read_galaxy(write_lzifu(SCENE, tmp_path, stars=True))
    assert galaxy.stellar.n_spaxels == np.count_nonzero(SCENE.inside)
    assert mangapa.fit_pa(galaxy.stellar).pa.value == pytest.approx(SCENE.pa, abs=0.5)


def test_layout_of_hector_is_read(tmp_path):
    path = write_lzifu(SCENE, tmp_path)

    def like_hector(hdus):
        del hdus[0].header["OBJECT"], hdus[0].header["Z_LZIFU"]
        hdus[0].header.update(SCENE.header)
        hdus[0].header.update(NAME="901", Z=0.03, INSTRUME="SPECTOR")
        for hdu in hdus[1:]:
            del hdu.header["CTYPE*"]

    path = rewrite(path, like_hector).rename(tmp_path / "901_T023_reccomp.fits")
    galaxy = read_galaxy(path)
    assert (galaxy.name, galaxy.daptype, galaxy.redshift) == ("901", "recom-comp", 0.03)
    assert mangapa.fit_pa(galaxy.halpha).pa.value == pytest.approx(SCENE.pa, abs=0.5)


def test_without_halpha_the_errors_are_the_only_cut(tmp_path):
    path = rewrite(write_lzifu(SCENE, tmp_path), lambda hdus: hdus.__delitem__("HALPHA"))
    np.testing.assert_array_equal(read_galaxy(path).halpha.good, SCENE.inside)
    path = rewrite(path, lambda hdus: hdus["V_ERR"].data.__setitem__((1, 20, 20), 30))
    assert read_galaxy(path).halpha.mask[20, 20]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda hdus: hdus["V"].data.fill(np.nan), "all are missing"),
        (lambda hdus: setattr(hdus["V_ERR"], "data", np.ones((3, 4))), r"V_ERR of shape \(3, 4\)"),
        (lambda hdus: setattr(hdus["HALPHA"], "data", np.ones((2, 3))), r"instead of \(40, 42\)"),
        (lambda hdus: hdus["V"].header.update(CTYPE1="X", CTYPE2="Y"), "no coordinates on the sky"),
    ],
)
def test_incomplete_files_are_refused(damage, message, tmp_path):
    with pytest.raises(GalaxyFileError, match=message):
        read_galaxy(rewrite(write_lzifu(SCENE, tmp_path), damage))


def test_a_missing_extension_is_named(tmp_path):
    path = rewrite(write_lzifu(SCENE, tmp_path), lambda hdus: hdus.__delitem__("VDISP"))
    with pytest.raises(GalaxyFileError, match="has no image VDISP"):
        read_lzifu(path)
