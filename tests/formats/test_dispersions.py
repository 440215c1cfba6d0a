"""Velocity dispersions and light in the files of all surveys, against a known sky."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

import mangapa
from mangapa.exceptions import GalaxyFileError
from mangapa.formats import formats, read_galaxy
from mangapa.formats._gist_lines import maps_of_line
from tests.formats.shaped import WRITERS
from tests.formats.shaped.blocks import binned, bins_of
from tests.formats.shaped.edits import edited
from tests.formats.shaped.gist import write_gist
from tests.formats.shaped.hector import write_hector
from tests.formats.shaped.lzifu import write_lzifu
from tests.formats.shaped.ngist import write_ngist
from tests.formats.shaped.phangs import write_phangs
from tests.formats.shaped.sami import write_sami
from tests.formats.shaped.scene import DISPERSION_ERROR, INSTRUMENT, Scene

SCENE = Scene(pa=150)
NONE, BOTH = set(), {"dispersion", "flux"}
#: What each format has of the stars and of the gas.
EXPECTED = {
    "atlas3d": (BOTH, None),
    "califa": (BOTH, None),
    "gist": (BOTH, BOTH),
    "hector": ({"dispersion"}, {"dispersion"}),
    "image": (None, NONE),
    "lvm": ({"flux"}, {"flux"}),
    "lzifu": (None, BOTH),
    "ngist": (BOTH, BOTH),
    "phangs": ({"dispersion"}, BOTH),
    "pipe3d": (BOTH, {"flux"}),
    "sami": (BOTH, BOTH),
}
SAMI = ("stellar-velocity", "gas-velocity", "Halpha", "stellar-velocity-dispersion", "gas-vdisp")
#: Bins of up to 4 x 4 spaxels of half an arcsecond average what changes by 12 km/s in an arcsecond;
#: those of 2 x 2 spaxels, light that changes by 20 % in it.
WITHIN_BIN, SHARE_WITHIN_BIN = 14.0, 0.16


def read(name, folder, **options):
    """A galaxy in the layout of a survey, with all files that there are of it."""
    if name == "sami":
        options["products"] = SAMI
    if name == "phangs":
        options["corrections"] = True
    return read_galaxy(WRITERS[name](SCENE, folder, **options))


def check_dispersions(field):
    """The dispersions are those of the sky at the places of the field, without the instrument."""
    good = field.good & np.isfinite(field.dispersion.value)
    assert np.count_nonzero(good) > 0.8 * field.n_spaxels
    expected = Scene.dispersion_at(field.x.value, field.y.value)
    found = field.intrinsic_dispersion.value
    assert np.abs(found - expected)[good].max() < WITHIN_BIN
    assert np.abs(found - expected)[good].mean() < WITHIN_BIN / 3
    error = field.dispersion_ivar
    if error is not None:
        np.testing.assert_allclose(error.value[good] ** -0.5, DISPERSION_ERROR, rtol=1e-5)


@pytest.mark.parametrize("name", WRITERS)
def test_dispersions_and_light_are_where_they_are_on_the_sky(name, tmp_path):
    galaxy = read(name, tmp_path)
    for field, expected in zip((galaxy.stellar, galaxy.halpha), EXPECTED[name], strict=True):
        if expected is None:
            assert field is None
            continue
        assert {n for n in BOTH if getattr(field, n) is not None} == expected
        if "dispersion" in expected:
            check_dispersions(field)
        if "flux" in expected:
            light = Scene.light_at(field.x.value, field.y.value)
            ratio = (field.flux.value / light)[field.good]
            np.testing.assert_allclose(ratio, np.median(ratio), rtol=SHARE_WITHIN_BIN)


@pytest.mark.parametrize("name", sorted(set(WRITERS) - {"image", "lvm"}))
def test_a_format_says_what_its_dispersions_are(name):
    (one,) = (one for one in formats() if one.name == name)
    assert "instrument's part" in one.dispersion


@pytest.mark.parametrize("name", ["atlas3d", "califa", "hector", "lzifu", "sami"])
def test_dispersions_are_in_the_unit_of_the_file(name, tmp_path):
    galaxy = read(name, tmp_path, unit="m/s")
    for field in filter(None, (galaxy.stellar, galaxy.halpha)):
        check_dispersions(field)


@pytest.mark.parametrize("name", ["atlas3d", "gist", "hector", "lzifu", "ngist", "phangs"])
def test_unknown_dispersions_keep_their_velocities(name, tmp_path):
    """Without any dispersion, the velocities are the same."""
    path = WRITERS[name](SCENE, tmp_path)
    paths = path if isinstance(path, list) else [path]
    expected = read_galaxy(path)
    for one in paths:
        with edited(one) as hdus:
            for hdu in hdus[1:]:
                columns = getattr(hdu, "columns", None)
                names = columns.names if columns else [hdu.name]
                for width in [n for n in names if n.startswith(("SIG", "SPXF", "VDISP"))]:
                    values = hdu.data[width] if columns else hdu.data
                    values[...] = np.nan
    found = read_galaxy(path)
    for tracer in ("stellar", "halpha"):
        field, other = found.tracer(tracer), expected.tracer(tracer)
        if other is not None:
            np.testing.assert_array_equal(field.velocity, other.velocity)
            np.testing.assert_array_equal(field.mask, other.mask)
    assert found.tracer("halpha" if name == "lzifu" else "stellar").dispersion is None


def test_a_fit_at_its_limit_is_no_dispersion(tmp_path):
    path = write_hector(SCENE, tmp_path)
    with edited(path) as hdus:
        hdus["SIG_GAS"].data[20, 20:24] = 0.2711819, 1000.0, 1.1, 998.0
    found = read_galaxy(path).halpha.dispersion.value[20, 20:24]
    np.testing.assert_array_equal(found, [np.nan, np.nan, 1.1, 998.0])


@pytest.mark.parametrize("corrections", [False, True])
def test_without_the_instruments_part_the_dispersion_of_the_gas_is_unknown(corrections, tmp_path):
    field = read_galaxy(write_phangs(SCENE, tmp_path, corrections=corrections)).halpha
    known = np.isfinite(field.intrinsic_dispersion.value[field.good])
    np.testing.assert_array_equal(known, corrections)
    assert np.isfinite(field.dispersion.value[field.good]).all()
    if corrections:
        np.testing.assert_array_equal(field.instrumental_dispersion.value[field.good], INSTRUMENT)


def test_images_of_a_line_without_corrections_leave_the_instrument_unknown(tmp_path):
    paths = write_ngist(SCENE, tmp_path)
    with edited(paths[1]) as hdus:
        del hdus["HA6562_SIGMA_CORR"]
    field = read_galaxy(paths).halpha
    assert np.isnan(field.intrinsic_dispersion.value).all()
    assert read_galaxy(paths).stellar.instrumental_dispersion is None


@pytest.mark.parametrize("level", ["BIN", "SPAXEL"])
@pytest.mark.parametrize("gas", ["ppxf", "gandalf"])
def test_gas_of_gist_is_per_spaxel_and_without_the_instrument(gas, level, tmp_path):
    field = read_galaxy(write_gist(SCENE, tmp_path, gas=gas, level=level)).halpha
    check_dispersions(field)
    assert (field.instrumental_dispersion is None) == (gas == "gandalf")
    ratio = (field.flux.value / Scene.light_at(field.x.value, field.y.value))[field.good]
    np.testing.assert_allclose(ratio, 1, rtol=SHARE_WITHIN_BIN)


@pytest.mark.parametrize("level", ["BIN", "SPAXEL"])
def test_gas_of_gandalf_in_images_is_per_spaxel_as_in_tables(level, tmp_path):
    paths = write_ngist(SCENE, tmp_path, level=level)
    bin_id = bins_of(SCENE)
    with edited(paths[1]) as hdus:
        for end, name in (("VEL", "V"), ("FLUX", "F"), ("SIGMA", "S")):
            hdus[f"HA6562_{end}"].name = f"Ha_6562.8_{name}"
        for name in ("HA6562_VEL_ERR", "HA6562_FLUX_ERR", "HA6562_SIGMA_ERR", "HA6562_SIGMA_CORR"):
            del hdus[name]
        if level == "BIN":
            sizes = np.bincount(bin_id[bin_id >= 0])
            sums = binned(bin_id, SCENE.light) * np.where(bin_id >= 0, sizes[bin_id], np.nan)
            hdus["Ha_6562.8_F"].data = sums
    field = read_galaxy(paths, binning=level.lower()).halpha
    ratio = (field.flux.value / Scene.light_at(field.x.value, field.y.value))[field.good]
    assert ratio.size > 500
    np.testing.assert_allclose(ratio, 1, rtol=2 * SHARE_WITHIN_BIN)
    if level == "BIN":
        # Within a bin, the light adds up to that of the file.
        found = np.bincount(bin_id[field.good], field.flux.value[field.good])
        expected = np.bincount(bin_id[field.good], SCENE.light[field.good])
        np.testing.assert_allclose(found, expected)


def test_faint_lines_leave_the_arrays_of_the_caller_alone():
    maps = {"Ha_6562.80_V": np.arange(4.0), "Ha_6562.80_AON": np.array([3.9, 4, np.nan, 5])}
    found = maps_of_line("Ha_6562.80_V", maps.get)
    np.testing.assert_array_equal(found["velocity"], [np.nan, 1, np.nan, 3])
    np.testing.assert_array_equal(maps["Ha_6562.80_V"], np.arange(4.0))
    assert set(maps) == {"Ha_6562.80_V", "Ha_6562.80_AON"}


def test_realisations_of_gist_give_the_errors_of_the_dispersions(tmp_path):
    path = write_gist(SCENE, tmp_path)
    with fits.open(path) as hdus:
        table = Table(hdus[1].data)
    table["ERR_SIGMA"] = 3.0
    table["ERR_SIGMA"][0] = 0
    fits.BinTableHDU(table, name="KIN_DATA").writeto(path, overwrite=True)
    field = read_galaxy(path).stellar
    errors = np.unique(np.round(field.dispersion_ivar.value[field.good] ** -0.5, 6))
    np.testing.assert_array_equal(errors, [3.0, DISPERSION_ERROR])


@pytest.mark.parametrize("fit", ["2", "merge"])
def test_dispersion_of_lzifu_is_that_of_the_narrowest_component(fit, tmp_path):
    check_dispersions(read_galaxy(write_lzifu(SCENE, tmp_path, fit=fit)).halpha)


def test_stars_of_s7_have_dispersions(tmp_path):
    check_dispersions(read_galaxy(write_lzifu(SCENE, tmp_path, stars=True)).stellar)


@pytest.mark.parametrize("components", ["1-comp", "recom-comp"])
@pytest.mark.parametrize("binning", ["default", "adaptive"])
def test_sami_takes_the_dispersions_of_the_same_binning_and_components(
    binning, components, tmp_path
):
    options = {"binning": binning, "components": components}
    files = write_sami(SCENE, tmp_path, products=SAMI, **options)
    galaxy = read_galaxy(files)
    check_dispersions(galaxy.stellar)
    check_dispersions(galaxy.halpha)
    # Those of another binning do not belong to the velocities.
    velocities = write_sami(SCENE, tmp_path, binning="sectors", components=components)
    other = read_galaxy([*velocities, *files[3:]])
    assert other.stellar.dispersion is None
    assert other.halpha.dispersion is None
    assert other.stellar.flux is not None


def test_sami_leaves_out_dispersions_that_the_survey_does_not_recommend(tmp_path):
    files = write_sami(SCENE, tmp_path, products=SAMI)
    with edited(files[3]) as hdus:
        hdus[0].data[0, 25, 20:24] = 35.0, 36.0, 100.0, 100.0
        hdus[1].data[0, 25, 20:24] = 1.0, 1.0, 35.0, 34.9
    field = read_galaxy(files).stellar
    unknown = np.isnan(field.dispersion.value[25, 20:24])
    np.testing.assert_array_equal(unknown, [True, False, True, False])
    assert field.good[25, 20:24].all()


def test_the_same_dispersions_of_sami_twice_are_an_error(tmp_path):
    files = write_sami(SCENE, tmp_path, products=SAMI)
    copy = tmp_path / "again.fits"
    copy.write_bytes(files[3].read_bytes())
    with edited(copy) as hdus:
        hdus[0].header["CATID"] = "41144"
    with pytest.raises(GalaxyFileError, match="are the same product; name one of them"):
        read_galaxy([*files, copy])


@pytest.mark.parametrize(
    ("name", "hdu"),
    [("hector", "SIG_STAR"), ("lzifu", "VDISP_ERR"), ("phangs", "SIGMA_STARS")],
)
def test_a_map_of_another_shape_is_refused(name, hdu, tmp_path):
    path = WRITERS[name](SCENE, tmp_path)
    with edited(path) as hdus:
        hdus[hdu].data = np.ones((3, 4))
    with pytest.raises(GalaxyFileError, match=r"shapes?,? .*\(3, 4\)"):
        read_galaxy(path)


def test_dispersions_of_sami_of_another_shape_are_refused(tmp_path):
    files = write_sami(SCENE, tmp_path, products=SAMI[:3])
    files += write_sami(Scene(shape=(30, 30)), tmp_path, products=SAMI[3:])
    with pytest.raises(GalaxyFileError, match="have several shapes"):
        read_galaxy(files)


def test_text_instead_of_dispersions_is_refused(tmp_path):
    path = write_gist(SCENE, tmp_path)
    with fits.open(path) as hdus:
        table = Table(hdus[1].data)
    table.replace_column("SIGMA", ["wide"] * len(table))
    fits.BinTableHDU(table, name="KIN_DATA").writeto(path, overwrite=True)
    with pytest.raises(GalaxyFileError, match="SIGMA holds text instead of numbers"):
        read_galaxy(path)


#: Files of real galaxies: dispersions of the nine innermost spaxels or bins, km/s.
CENTRAL = {
    "atlas3d/NGC4570*": (185, 200),
    "atlas3d/NGC2974*": (228, 240),
    "califa/NGC6278*": (200, 220),
    "gist/*_kin.fits": (100, 108),
}


@pytest.mark.parametrize("pattern", CENTRAL)
def test_dispersions_of_real_galaxies_peak_at_their_centres(pattern, shared_data):
    (path,) = (shared_data / "surveys").glob(pattern)
    field = read_galaxy(path).stellar
    radius = np.where(field.good, np.hypot(field.x.value, field.y.value), np.inf).ravel()
    order = np.argsort(radius)[: field.n_spaxels]
    sigma = field.intrinsic_dispersion.value.ravel()[order]
    low, high = CENTRAL[pattern]
    assert low < np.median(sigma[:9]) < high
    assert np.isfinite(sigma).all()
    assert (field.dispersion_ivar.value.ravel()[order] > 0).all()
    assert np.median(sigma[-50:]) < low


def test_light_of_real_bins_is_per_spaxel(shared_data):
    """The brightest bins of NGC 4570 are single spaxels, and large bins are not brighter."""
    (path,) = (shared_data / "surveys").glob("atlas3d/NGC4570*")
    flux = read_galaxy(path).stellar.flux.value.ravel()
    size = fits.getdata(path, 1)["BINSIZE"]
    assert size[np.argsort(flux)[-100:]].max() == 1
    assert flux[size > 8].max() < np.median(flux[size == 1])


def test_real_dispersions_of_hector_are_not_those_of_failed_fits(shared_data):
    (path,) = (shared_data / "surveys").glob("hector/*")
    galaxy = read_galaxy(path)
    with fits.open(path) as hdus:
        failed = np.isclose(hdus["SIG_STAR"].data, 0.27118194)
    assert np.count_nonzero(failed & galaxy.stellar.good) > 100
    assert np.isnan(galaxy.stellar.dispersion.value[failed]).all()
    gas = galaxy.halpha
    assert np.nanmedian(gas.dispersion.value[gas.good]) == pytest.approx(27.4, abs=1)


@pytest.mark.parametrize("letter", ["A", "B", "C", "D"])
def test_light_of_real_sami_peaks_at_the_centre(letter, shared_data):
    files = sorted((shared_data / "surveys/sami").glob(f"41144_{letter}_*"))
    stars = mangapa.clean(read_galaxy(files).stellar)
    brightest = np.nanargmax(np.where(stars.good, stars.flux.value, np.nan))
    assert np.hypot(stars.x.value.ravel()[brightest], stars.y.value.ravel()[brightest]) < 1
