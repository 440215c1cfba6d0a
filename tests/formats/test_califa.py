"""Tables of CALIFA: X grows to the West, -999.9 is missing, and velocities are c z."""

import numpy as np
import pytest
from astropy.io import fits

import mangapa
from mangapa import Galaxy
from mangapa.exceptions import GalaxyFileError
from tests.formats.shaped.califa import write_califa
from tests.formats.shaped.scene import Scene

SCENE = Scene(pa=130.0)


@pytest.fixture
def path(tmp_path):
    return write_califa(SCENE, tmp_path)


def changed(path, change):
    """Change the table of a file in place."""
    with fits.open(path) as hdus:
        change(hdus[1].data)
        hdus.writeto(path, overwrite=True)
    return path


def test_angle_of_the_scene(path):
    galaxy = Galaxy.read(path)
    found = mangapa.fit_pa(galaxy.stellar)
    assert found.pa.value == pytest.approx(SCENE.pa, abs=0.5)
    assert (galaxy.name, galaxy.survey, galaxy.halpha) == ("NGC0001", "CALIFA", None)


def test_x_grows_to_the_west(path):
    field = Galaxy.read(path).stellar
    table = fits.getdata(path, 1)
    np.testing.assert_array_equal(field.x.value.ravel(), -table["X"])
    np.testing.assert_array_equal(field.y.value.ravel(), table["Y"])


def test_velocities_are_relative_to_a_redshift(path):
    galaxy = Galaxy.read(path)
    good = galaxy.stellar.good
    assert np.median(galaxy.stellar.velocity[good].value) == pytest.approx(0, abs=1e-9)
    assert galaxy.redshift == pytest.approx(SCENE.redshift, abs=1e-4)


def test_spaxels_outside_the_bins_are_bad(path):
    field = Galaxy.read(path).stellar
    outside = fits.getdata(path, 1)["BIN_ID"] == -999.9
    assert 0 < outside.sum() < outside.size
    np.testing.assert_array_equal(field.mask.ravel(), outside)
    assert not np.any(field.velocity.value == -999.9)


def test_a_bin_whose_fit_failed_is_bad(path):
    def fail(table):
        one = table["BIN_ID"] == 7
        table["Vp"][one] = table["DVp"][one] = -999.9

    field = Galaxy.read(changed(path, fail)).stellar
    assert field.mask[field.bin_id == 7].all()


def test_errors_are_those_of_the_realisations(path):
    field = Galaxy.read(path).stellar
    error = fits.getdata(path, 1)["DVp"]
    good = field.good.ravel()
    np.testing.assert_allclose(field.ivar.value.ravel()[good], error[good] ** -2.0)


def test_the_list_is_cleaned_and_fitted_as_the_map_is(path):
    rows = Galaxy.read(path).stellar
    maps = ("velocity", "x", "y", "mask", "ivar", "bin_id")
    image = mangapa.VelocityField.from_arrays(
        **{name: getattr(rows, name).reshape(SCENE.shape) for name in maps}
    )
    one, other = mangapa.clean(rows), mangapa.clean(image)
    np.testing.assert_array_equal(one.mask.ravel(), other.mask.ravel())
    of_rows, of_image = mangapa.fit_pa(one), mangapa.fit_pa(other)
    assert of_rows.pa.value == pytest.approx(of_image.pa.value, abs=0.05)
    assert of_rows.pa_err.value == pytest.approx(of_image.pa_err.value, rel=0.1)


def test_name_of_the_file_if_there_is_none_in_it(path):
    with fits.open(path) as hdus:
        del hdus[0].header["OBJECT"]
        hdus.writeto(path, overwrite=True)
    assert Galaxy.read(path).name == "NGC0001"


def test_other_names_of_columns_are_refused(path):
    with fits.open(path) as hdus:
        hdus[1].columns.change_name("Vp", "Vq")
        hdus.writeto(path, overwrite=True)
    with pytest.raises(GalaxyFileError, match=r"stekin.fits has no table .*: VP missing"):
        Galaxy.read(path)


def test_a_table_without_a_velocity_is_refused(path):
    def fail(table):
        table["Vp"] = -999.9

    with pytest.raises(GalaxyFileError, match=r"stekin.fits has no velocities \(all are missing"):
        Galaxy.read(changed(path, fail))


def test_damage_is_found(path):
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(GalaxyFileError, match=r"stekin.fits is truncated"):
        Galaxy.read(path, format="califa")


def test_one_file_is_one_galaxy(path, tmp_path):
    other = write_califa(SCENE, tmp_path, name="NGC0002")
    with pytest.raises(GalaxyFileError, match="several galaxies or observations"):
        Galaxy.read([path, other])


def test_a_real_file(shared_data):
    (path,) = (shared_data / "surveys" / "califa").glob("*.fits")
    galaxy = Galaxy.read(path)
    found = mangapa.fit_pa(mangapa.clean(galaxy.stellar))
    # Krajnovic et al. 2011: 305.5 +- 4.8 deg.
    assert found.pa.value == pytest.approx(305.5, abs=2)
    assert (galaxy.name, galaxy.stellar.n_spaxels) == ("NGC6278", 1786)
