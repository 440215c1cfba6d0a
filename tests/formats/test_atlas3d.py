"""Tables of ATLAS3D and SAURON: coordinates grow to the West, and velocities are c z."""

import gzip
import shutil

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

import mangapa
from mangapa import Galaxy
from mangapa.exceptions import GalaxyFileError
from tests.formats.shaped.atlas3d import write_atlas3d
from tests.formats.shaped.scene import Scene

SCENE = Scene(pa=130.0)
BOTH = pytest.mark.parametrize("as_text", [False, True], ids=["fits", "text"])


@BOTH
def test_angle_of_the_scene(as_text, tmp_path):
    galaxy = Galaxy.read(write_atlas3d(SCENE, tmp_path, as_text=as_text))
    assert mangapa.fit_pa(galaxy.stellar).pa.value == pytest.approx(SCENE.pa, abs=0.5)
    assert (galaxy.name, galaxy.survey, galaxy.halpha) == ("NGC0001", "ATLAS3D", None)


@BOTH
def test_velocities_are_relative_to_a_redshift(as_text, tmp_path):
    galaxy = Galaxy.read(write_atlas3d(SCENE, tmp_path, as_text=as_text))
    assert np.median(galaxy.stellar.velocity.value) == pytest.approx(0, abs=1e-6)
    assert galaxy.redshift == pytest.approx(SCENE.redshift, abs=1e-4)


def test_coordinates_grow_to_the_west(tmp_path):
    path = write_atlas3d(SCENE, tmp_path)
    field = Galaxy.read(path).stellar
    table = fits.getdata(path, 1)
    np.testing.assert_array_equal(field.x.value.ravel(), -table["XS"])
    np.testing.assert_array_equal(field.y.value.ravel(), table["YS"])
    np.testing.assert_allclose(field.ivar.value.ravel(), table["EVPXF"].astype(float) ** -2)


def test_text_is_the_same_table(tmp_path):
    of_text = Galaxy.read(write_atlas3d(SCENE, tmp_path, as_text=True)).stellar
    of_fits = Galaxy.read(write_atlas3d(SCENE, tmp_path)).stellar
    for name in ("velocity", "x", "y"):
        one, other = getattr(of_text, name).value, getattr(of_fits, name).value
        np.testing.assert_allclose(one, other, atol=1e-3)


def test_text_without_numbers_of_the_rows(tmp_path):
    path = write_atlas3d(SCENE, tmp_path, as_text=True)
    lines = [line.split(maxsplit=1)[1] for line in path.read_text().splitlines()]
    path.write_text("# " + "\n".join(lines))
    galaxy = Galaxy.read(path)
    assert mangapa.fit_pa(galaxy.stellar).pa.value == pytest.approx(SCENE.pa, abs=0.5)


def test_compressed_text(tmp_path):
    path = write_atlas3d(SCENE, tmp_path, as_text=True)
    with open(path, "rb") as plain, gzip.open(f"{path}.gz", "wb") as packed:
        shutil.copyfileobj(plain, packed)
    assert Galaxy.read(f"{path}.gz").stellar.n_spaxels == Galaxy.read(path).stellar.n_spaxels


def test_flagged_bins_are_bad(tmp_path):
    path = write_atlas3d(SCENE, tmp_path)
    with fits.open(path) as hdus:
        hdus[1].data["KINFLAG"][5] = 0
        hdus[1].data["VPXF"][6] = np.nan
        hdus.writeto(path, overwrite=True)
    np.testing.assert_array_equal(np.flatnonzero(Galaxy.read(path).stellar.mask), [5, 6])


def test_name_of_the_file_if_it_names_no_galaxy(tmp_path):
    path = write_atlas3d(SCENE, tmp_path).rename(tmp_path / "mine.fits")
    assert Galaxy.read(path).name == "mine"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text[:-30], "is damaged"),
        (lambda text: text.replace("SIG ", "SIG A B "), "names 9 columns, but has 7"),
        (
            lambda text: text[: text.index("\n") + 1] + "1 1 1 nan 1 1 1\n",
            r"has no velocities \(all are missing",
        ),
    ],
    ids=["cut", "columns", "empty"],
)
def test_damaged_text(change, reason, tmp_path):
    path = write_atlas3d(SCENE, tmp_path, as_text=True)
    path.write_text(change(path.read_text()))
    with pytest.raises(GalaxyFileError, match=f"SAURON_kinematics.dat {reason}"):
        Galaxy.read(path)


def test_other_columns_are_refused(tmp_path):
    path = write_atlas3d(SCENE, tmp_path)
    with fits.open(path) as hdus:
        hdus[1].columns.change_name("EVPXF", "ESPXF2")
        hdus.writeto(path, overwrite=True)
    with pytest.raises(GalaxyFileError, match=r"PXF_bin.*: EVPXF missing"):
        Galaxy.read(path)


def test_spectra_are_refused(tmp_path):
    places = Table({"A": [0.0, 0.8], "D": [0.0, 0.0]})
    spectra = [fits.PrimaryHDU(np.ones((2, 9))), fits.ImageHDU(np.ones((2, 9)))]
    path = tmp_path / "MS_NGC0001_r1_C2D.fits"
    fits.HDUList([*spectra, fits.BinTableHDU(places)]).writeto(path)
    with pytest.raises(GalaxyFileError, match=r"C2D.fits has no table .*such as PXF_bin_MS_"):
        Galaxy.read(path)


def test_damage_is_found(tmp_path):
    path = write_atlas3d(SCENE, tmp_path)
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(GalaxyFileError, match=r"PXF_bin.* is truncated"):
        Galaxy.read(path, format="atlas3d")


@pytest.mark.parametrize(
    ("files", "published"),
    [("NGC4570*", 158.5), ("NGC2974*", 43.0)],
    ids=["fits", "text"],
)
def test_real_files(files, published, shared_data):
    (path,) = (shared_data / "surveys" / "atlas3d").glob(files)
    galaxy = Galaxy.read(path)
    # Krajnovic et al. 2011, Table D1.
    assert mangapa.fit_pa(galaxy.stellar).pa.value == pytest.approx(published, abs=1)
    assert galaxy.name == files.strip("*")
