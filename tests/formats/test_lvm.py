"""Tables of LVM: fibres on the sky, with rows in any order."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

import mangapa
from mangapa import Galaxy
from mangapa.exceptions import GalaxyFileError
from mangapa.flags import PAFlags
from tests.formats.shaped.lvm import write_lvm
from tests.formats.shaped.scene import Scene

SCENE = Scene(pa=130.0)


def changed(path, extension, change):
    """Change a table of a file in place."""
    with fits.open(path) as hdus:
        change(hdus[extension].data)
        hdus.writeto(path, overwrite=True)
    return path


@pytest.mark.parametrize("scene", [SCENE, Scene(pa=300, ra=0.0, dec=89.0)], ids=["", "pole"])
def test_angle_of_the_scene(scene, tmp_path):
    galaxy = Galaxy.read(write_lvm(scene, tmp_path))
    for field in (galaxy.stellar, galaxy.halpha):
        assert mangapa.fit_pa(field).pa.value == pytest.approx(scene.pa, abs=0.5)
    assert (galaxy.name, galaxy.survey) == ("M33", "LVM")
    assert galaxy.centre.separation(scene.centre).arcsec < 0.01
    assert galaxy.redshift == pytest.approx(scene.redshift, abs=1e-4)


def test_rows_are_joined_by_the_name_of_the_fibre(tmp_path):
    path = write_lvm(SCENE, tmp_path)
    before = Galaxy.read(path).halpha
    with fits.open(path) as hdus:
        hdus["PM_ELINES"].data[:] = hdus["PM_ELINES"].data[::-1].copy()
        hdus.writeto(path, overwrite=True)
    np.testing.assert_array_equal(Galaxy.read(path).halpha.velocity, before.velocity)


def test_a_fibre_without_a_fit_is_bad(tmp_path):
    path = write_lvm(SCENE, tmp_path)
    with fits.open(path) as hdus:
        lines = Table(hdus["PM_ELINES"].data)
        hdus["PM_ELINES"] = fits.BinTableHDU(lines[lines["id"] != "6109.7"], name="PM_ELINES")
        hdus.writeto(path, overwrite=True)
    galaxy = Galaxy.read(path)
    np.testing.assert_array_equal(np.flatnonzero(galaxy.halpha.mask), [6])
    assert galaxy.stellar.good.all()


def test_fibres_whose_mask_is_false_are_bad(tmp_path):
    def mask(table):
        table["mask"][3] = False

    path = changed(write_lvm(SCENE, tmp_path), "PT", mask)
    np.testing.assert_array_equal(np.flatnonzero(Galaxy.read(path).stellar.mask), [3])


def test_only_the_gas_has_errors(tmp_path):
    galaxy = Galaxy.read(write_lvm(SCENE, tmp_path))
    assert galaxy.stellar.ivar is None
    np.testing.assert_allclose(galaxy.halpha.ivar.value, SCENE.error**-2)


def test_three_fibres_are_too_few(tmp_path):
    found = mangapa.measure(write_lvm(SCENE, tmp_path, rings=0))
    assert found.stellar.flags & PAFlags.TOO_FEW_SPAXELS
    assert np.isnan(found.stellar.pa)


@pytest.mark.parametrize("table", ["PM_ELINES", "RSP"])
def test_one_tracer_may_be_missing(table, tmp_path):
    def empty(data):
        for name in ("vel", "sys_vel"):
            if name in data.names:
                data[name] = np.nan

    path = changed(write_lvm(SCENE, tmp_path), table, empty)
    galaxy = Galaxy.read(path)
    is_empty = galaxy.stellar.n_spaxels == 0, galaxy.halpha.n_spaxels == 0
    assert is_empty == (table == "RSP", table != "RSP")
    assert galaxy.redshift == pytest.approx(SCENE.redshift, abs=1e-4)


def test_a_missing_table_is_named(tmp_path):
    path = write_lvm(SCENE, tmp_path)
    with fits.open(path) as hdus:
        del hdus["PM_ELINES"]
        hdus.writeto(path, overwrite=True)
    with pytest.raises(GalaxyFileError, match=r"dap.fits has no table with .*WL, VEL, E_VEL"):
        Galaxy.read(path)


def test_spectra_are_refused(tmp_path):
    header = fits.Header({"SURVEY": "LVM", "OBJECT": "M33"})
    slits = fits.BinTableHDU(Table({"fiberid": [1, 2], "ra": [0.0, 1.0]}), name="SLITMAP")
    path = tmp_path / "lvmSFrame-00006109.fits"
    fits.HDUList([fits.PrimaryHDU(header=header), slits]).writeto(path)
    with pytest.raises(GalaxyFileError, match=r"SFrame-00006109.fits has no table .*such as dap-"):
        Galaxy.read(path)


def test_a_real_file(shared_data):
    (path,) = (shared_data / "surveys" / "lvm").glob("*.fits.gz")
    found = mangapa.measure(path)
    assert found.stellar.flags & PAFlags.TOO_FEW_SPAXELS
    assert found.halpha.flags & PAFlags.TOO_FEW_SPAXELS
