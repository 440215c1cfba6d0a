"""Tables of GIST and nGIST: one run in several files, on the columns and rows of the cube."""

import shutil

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

import mangapa
from mangapa import Galaxy
from mangapa.exceptions import GalaxyFileError
from mangapa.formats._gist_lines import maps_of_line
from tests.formats.shaped.gist import write_gist
from tests.formats.shaped.scene import Scene

SCENE = Scene(pa=130.0)
PARTS = ("table", "kin", "mask", "gas_BIN")


def changed(folder, part, change):
    """Change a table of the run in place."""
    path = folder / f"NGC0001_{part}.fits"
    with fits.open(path) as hdus:
        change(hdus[1].data)
        hdus.writeto(path, overwrite=True)


def angles(galaxy):
    return [mangapa.fit_pa(field).pa.value for field in (galaxy.stellar, galaxy.halpha)]


@pytest.mark.parametrize("wcs", [False, True], ids=["gist", "ngist"])
def test_angle_of_the_scene(wcs, tmp_path):
    galaxy = Galaxy.read(write_gist(SCENE, tmp_path, wcs=wcs))
    assert angles(galaxy) == pytest.approx([SCENE.pa] * 2, abs=0.5)
    assert (galaxy.name, galaxy.survey) == ("NGC0001", None)


def test_x_grows_to_the_west_without_coordinates(tmp_path):
    field = Galaxy.read(write_gist(SCENE, tmp_path, wcs=False)).stellar
    table = fits.getdata(tmp_path / "NGC0001_table.fits", 1)
    np.testing.assert_array_equal(field.x.value.ravel(), -table["X"])
    np.testing.assert_array_equal(field.y.value.ravel(), table["Y"])


@pytest.mark.parametrize(
    "scene",
    [
        Scene(pa=130.0, rotation=40.0),
        Scene(pa=130.0, flip_x=True, cd_matrix=False, rotation=10.0),
        Scene(pa=130.0, flip_y=True),
    ],
    ids=["rotated", "mirrored", "upside down"],
)
def test_cube_in_any_orientation(scene, tmp_path):
    assert angles(Galaxy.read(write_gist(scene, tmp_path))) == pytest.approx([130.0] * 2, abs=0.5)


@pytest.mark.parametrize("part", PARTS)
def test_any_table_names_the_run(part, tmp_path):
    path = write_gist(SCENE, tmp_path)
    galaxy = Galaxy.read(tmp_path / f"NGC0001_{part}.fits")
    expected = Galaxy.read(path)
    np.testing.assert_array_equal(galaxy.stellar.velocity, expected.stellar.velocity)
    np.testing.assert_array_equal(galaxy.halpha.velocity, expected.halpha.velocity)


def test_tables_of_one_run_in_a_list(tmp_path):
    write_gist(SCENE, tmp_path)
    write_gist(SCENE, tmp_path, run="NGC0002")
    one = [tmp_path / f"NGC0001_{part}.fits" for part in PARTS]
    assert Galaxy.read(one).name == "NGC0001"
    with pytest.raises(GalaxyFileError, match="several galaxies or observations"):
        Galaxy.read([*one, tmp_path / "NGC0002_kin.fits"])


def test_a_table_is_read_rather_than_its_compressed_copy(tmp_path):
    path = write_gist(SCENE, tmp_path)
    copy = tmp_path / "NGC0001_kin.fits.gz"
    copy.write_bytes(b"left by a copy that was broken off")
    found, expected = (
        Galaxy.read(tmp_path / "NGC0001_table.fits").stellar,
        Galaxy.read(path).stellar,
    )
    np.testing.assert_array_equal(found.velocity, expected.velocity)
    with pytest.raises(GalaxyFileError, match=copy.name):  # unless it is named
        Galaxy.read(copy)


def test_a_column_of_text_is_refused_by_its_name(tmp_path):
    path = write_gist(SCENE, tmp_path)
    with fits.open(path) as hdus:
        table = Table(hdus[1].data)
        table["V"] = table["V"].astype(str)
        hdus[1] = fits.BinTableHDU(table, name=hdus[1].name)
        hdus.writeto(path, overwrite=True)
    with pytest.raises(GalaxyFileError, match="the column V holds text instead of numbers"):
        Galaxy.read(path)


def test_spaxels_outside_are_bad(tmp_path):
    galaxy = Galaxy.read(write_gist(SCENE, tmp_path))
    for field in (galaxy.stellar, galaxy.halpha):
        np.testing.assert_array_equal(field.good.ravel(), SCENE.inside.ravel())


def test_without_a_mask_those_near_bin_0_cannot_be_told(tmp_path):
    path = write_gist(SCENE, tmp_path)
    (tmp_path / "NGC0001_mask.fits").unlink()
    number = fits.getdata(tmp_path / "NGC0001_table.fits", 1)["BIN_ID"]
    field = Galaxy.read(path).stellar
    np.testing.assert_array_equal(field.good.ravel(), number >= 0)
    assert np.any(field.good & ~SCENE.inside.reshape(field.good.shape))


def test_values_are_those_of_the_bin(tmp_path):
    path = write_gist(SCENE, tmp_path)
    field = Galaxy.read(path).stellar
    number = fits.getdata(tmp_path / "NGC0001_table.fits", 1)["BIN_ID"]
    good = field.good.ravel()
    kin = fits.getdata(path, 1)
    np.testing.assert_array_equal(field.velocity.value.ravel()[good], kin["V"][number[good]])
    error = kin["FORM_ERR_V"][number[good]]
    np.testing.assert_allclose(field.ivar.value.ravel()[good], error**-2)
    np.testing.assert_array_equal(field.bin_id.ravel()[good], number[good])


def test_errors_of_realisations_are_preferred(tmp_path):
    path = write_gist(SCENE, tmp_path)
    with fits.open(path) as hdus:
        errors = 2 * hdus[1].data["FORM_ERR_V"]
        errors[0] = np.nan
        column = fits.Column("ERR_V", "D", array=errors)
        hdus[1] = fits.BinTableHDU.from_columns(hdus[1].columns + column, name="KIN_DATA")
        hdus.writeto(path, overwrite=True)
    field = Galaxy.read(path).stellar
    formal = fits.getdata(path, 1)["FORM_ERR_V"]
    good = field.good & (field.bin_id >= 0)
    times = field.ivar.value[good] ** -0.5 / formal[field.bin_id[good]]
    np.testing.assert_allclose(times, np.where(field.bin_id[good] == 0, 1, 2))


@pytest.mark.parametrize("gas", ["ppxf", "gandalf"])
@pytest.mark.parametrize("level", ["BIN", "SPAXEL"])
def test_gas_of_either_fit_and_level(gas, level, tmp_path):
    galaxy = Galaxy.read(write_gist(SCENE, tmp_path, gas=gas, level=level))
    assert angles(galaxy)[1] == pytest.approx(SCENE.pa, abs=0.5)
    assert (galaxy.halpha.ivar is None) == (gas == "gandalf")
    assert galaxy.daptype == f"gas: Ha, {level}"


def test_spaxels_are_the_default(tmp_path):
    path = write_gist(SCENE, tmp_path)
    assert Galaxy.read(path).daptype == "gas: Ha, BIN"
    write_gist(SCENE, tmp_path, level="SPAXEL")
    assert Galaxy.read(path).daptype == "gas: Ha, SPAXEL"
    assert Galaxy.read(path, binning="bin").daptype == "gas: Ha, BIN"
    with pytest.raises(ValueError, match=r"binning='sectors' .*choose one of default, spaxel, bin"):
        Galaxy.read(path, binning="sectors")


def test_faint_and_missing_lines_of_gandalf_are_bad(tmp_path):
    path = write_gist(SCENE, tmp_path, gas="gandalf")

    def change(table):
        table["Ha_6562.80_AON"][3] = 3.9
        table["Ha_6562.80_V"][4] = -1

    changed(tmp_path, "gas_BIN", change)
    field = Galaxy.read(path).halpha
    number = fits.getdata(tmp_path / "NGC0001_table.fits", 1)["BIN_ID"]
    bad = ~SCENE.inside.ravel() | np.isin(number, [3, 4])
    np.testing.assert_array_equal(field.mask.ravel(), bad)


@pytest.mark.parametrize(("new", "line"), [("HB4861", "Hb"), ("OIII5006", None)])
def test_other_lines(new, line, tmp_path):
    path = write_gist(SCENE, tmp_path)
    with fits.open(tmp_path / "NGC0001_gas_BIN.fits") as hdus:
        for name in hdus[1].columns.names:
            hdus[1].columns.change_name(name, name.replace("HA6562", new))
        hdus.writeto(tmp_path / "NGC0001_gas_BIN.fits", overwrite=True)
    galaxy = Galaxy.read(path)
    assert (galaxy.halpha is not None) == (line is not None)
    assert galaxy.daptype == (line and f"gas: {line}, BIN")


def test_missing_tables_are_named(tmp_path):
    path = write_gist(SCENE, tmp_path)
    table = tmp_path / "NGC0001_table.fits"
    (tmp_path / "other").mkdir()
    shutil.copy(path, tmp_path / "other")
    with pytest.raises(GalaxyFileError, match=r"NGC0001_kin.fits needs NGC0001_table.fits"):
        Galaxy.read(tmp_path / "other" / path.name)
    shutil.copy(table, tmp_path / "other")
    path.unlink()
    assert Galaxy.read(table).stellar is None
    (tmp_path / "NGC0001_gas_BIN.fits").unlink()
    with pytest.raises(GalaxyFileError, match=r"no velocities of stars.*copy NGC0001_kin.fits"):
        Galaxy.read(table)


def test_renamed_tables_are_refused(tmp_path):
    path = write_gist(SCENE, tmp_path).rename(tmp_path / "renamed.fits")
    with pytest.raises(GalaxyFileError, match=r"renamed.fits is a table of GIST.*<run>_kin.fits"):
        Galaxy.read(path)


@pytest.mark.parametrize(
    ("part", "names"), [("sfh", "AGE METAL ALPHA"), ("kin-bestfit", "LOGLAM"), ("other", "V_KIN")]
)
def test_other_tables_of_a_run_are_refused(part, names, tmp_path):
    write_gist(SCENE, tmp_path)
    table = Table(np.ones((5, len(names.split()))), names=names.split())
    path = tmp_path / f"NGC0001_{part}.fits"
    fits.BinTableHDU(table, name=names.split()[0]).writeto(path)
    way_out = r"known formats: .*gist" if part == "other" else r"NGC0001_.*name .*<run>_kin.fits"
    with pytest.raises(GalaxyFileError, match=way_out):
        Galaxy.read(path)


def test_velocities_in_metres_per_second(tmp_path):
    path = write_gist(SCENE, tmp_path)
    before = Galaxy.read(path).stellar
    with fits.open(path) as hdus:
        table = Table(hdus[1].data)
        for name in ("V", "FORM_ERR_V"):
            table[name] = 1000 * table[name]
            table[name].unit = "m/s"
        fits.BinTableHDU(table, name="KIN_DATA").writeto(path, overwrite=True)
    after = Galaxy.read(path).stellar
    for name in ("velocity", "ivar"):
        np.testing.assert_allclose(getattr(after, name), getattr(before, name))


@pytest.mark.parametrize("part", ["kin", "gas_BIN", "mask"])
def test_a_table_of_another_run_is_refused(part, tmp_path):
    path = write_gist(SCENE, tmp_path)
    write_gist(Scene(shape=(20, 20)), tmp_path, run="small")
    shutil.copy(tmp_path / f"small_{part}.fits", tmp_path / f"NGC0001_{part}.fits")
    with pytest.raises(GalaxyFileError, match=rf"NGC0001_{part}.fits has .*another run"):
        Galaxy.read(path)


def test_damage_is_found(tmp_path):
    path = write_gist(SCENE, tmp_path)
    (tmp_path / "NGC0001_mask.fits").write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(GalaxyFileError, match=r"NGC0001_mask.fits is truncated"):
        Galaxy.read(path)


def test_a_real_run(shared_data):
    for path in (shared_data / "surveys" / "gist").glob("*.fits"):
        galaxy = Galaxy.read(path)
        assert (galaxy.stellar.n_spaxels, galaxy.halpha.n_spaxels) == (842, 842)
        assert galaxy.daptype == "gas: Hb, BIN"
        stars, gas = angles(galaxy)
        assert stars == pytest.approx(gas, abs=10)


def test_maps_of_a_faint_line_are_copies():
    given = {"Ha_6562.80_V": np.array([10.0, 20.0]), "Ha_6562.80_AON": np.array([3.0, 5.0])}
    maps = maps_of_line("Ha_6562.80_V", given.get)
    np.testing.assert_array_equal(maps["velocity"], [np.nan, 20.0])
    np.testing.assert_array_equal(given["Ha_6562.80_V"], [10.0, 20.0])
