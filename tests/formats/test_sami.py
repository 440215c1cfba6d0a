"""Maps of the SAMI Galaxy Survey: products, binnings, components, cuts and repeats."""

import itertools

import numpy as np
import pytest
from astropy.io import fits

import mangapa
from mangapa.exceptions import GalaxyFileError
from mangapa.formats import formats, read_galaxy, read_sami
from tests.formats.shaped.sami import outskirts, write_sami
from tests.formats.shaped.scene import Scene

SCENE = Scene(pa=213.0, shape=(50, 50))
DISPERSIONS = ("stellar-velocity-dispersion", "gas-vdisp")


def apart(first, second):
    """Absolute difference of two angles, degrees."""
    return abs((first - second + 180) % 360 - 180)


@pytest.fixture
def files(tmp_path):
    """Stars, gas and H-alpha of one observation."""
    return write_sami(SCENE, tmp_path)


def test_names_of_extensions_are_the_same_in_any_case(files):
    expected = read_galaxy(files)
    for path in files:
        with fits.open(path, mode="update") as hdus:
            for hdu in hdus[1:]:
                hdu.header["EXTNAME"] = hdu.header["EXTNAME"].lower()
    assert b"vel_err" in files[0].read_bytes(), "the names are in small letters"
    for tracer in ("stellar", "halpha"):
        found, known = (one.tracer(tracer).velocity for one in (read_galaxy(files), expected))
        np.testing.assert_array_equal(found, known)


def test_axes_of_length_1_do_no_harm(files):
    expected = read_galaxy(files[0]).stellar
    with fits.open(files[0], mode="update") as hdus:
        for hdu in hdus[1:]:
            hdu.data = hdu.data[None]
        hdus[0].data = hdus[0].data[None]
    np.testing.assert_array_equal(read_galaxy(files[0]).stellar.velocity, expected.velocity)


@pytest.mark.parametrize("binning", ["default", "adaptive", "sectors", "annular"])
@pytest.mark.parametrize(("components", "unit"), [("1-comp", "km/s"), ("recom-comp", "m/s")])
def test_the_receding_side_is_where_it_is_on_the_sky(binning, components, unit, tmp_path):
    options = {"binning": binning, "components": components, "unit": unit}
    galaxy = read_galaxy(write_sami(SCENE, tmp_path, **options))
    for tracer in ("stellar", "halpha"):
        assert apart(mangapa.fit_pa(galaxy.tracer(tracer)).pa.value, SCENE.pa) < 0.5


def test_galaxy_says_what_it_is(files):
    galaxy = read_galaxy(files)
    assert (
        repr(galaxy)
        == "<Galaxy 41144 A DR3 default two-moment, default 1-comp: stellar and halpha>"
    )
    assert (galaxy.survey, galaxy.redshift) == ("SAMI", SCENE.redshift)
    assert galaxy.centre.separation(SCENE.centre).arcsec < 1e-6
    assert galaxy.stellar.galaxy == galaxy.halpha.galaxy == "41144"


def test_names_of_files_group_those_of_one_observation():
    (sami,) = (one for one in formats() if one.name == "sami")
    names = {
        "41144_A_stellar-velocity_default_two-moment.fits": "41144_A",
        "41144_A_gas-velocity_adaptive_recom-comp.fits.gz": "41144_A",
        "41144_A_Halpha_default_1-comp.fits": "41144_A",
        "41144_B_Halpha_default_1-comp.fits": "41144_B",
        "41144_A_stellar-velocity-dispersion_default_two-moment.fits": "41144_A",
        "41144_A_cube_blue.fits.gz": "41144_A",
        "41144_A_spectrum_3-arcsec_red.fits": "41144_A",
        "105420_stellar-velocity_default_two-moment.fits": "105420",
        "manga-8485-1901-MAPS-HYB10-MILESHC-MASTARSSP.fits.gz": None,
        "41144_merge_comp.fits": None,
    }
    assert {name: sami.observation(name) for name in names} == names


def test_files_of_dr2_have_no_letter_and_another_name_of_the_snr(tmp_path):
    galaxy = read_galaxy(write_sami(SCENE, tmp_path, observation="105420", snr="SN"))
    assert (galaxy.name, galaxy.observation, galaxy.release) == ("105420", None, None)
    assert galaxy.stellar.mask[outskirts(SCENE)].all()


def test_recommended_cuts_mask_the_outskirts(files):
    galaxy = read_galaxy(files)
    good = SCENE.inside & ~outskirts(SCENE)
    np.testing.assert_array_equal(galaxy.stellar.good, good)
    np.testing.assert_array_equal(galaxy.halpha.good, good)


def test_without_the_flux_the_gas_is_cut_by_its_errors_only(files):
    stars, gas, _ = files
    np.testing.assert_array_equal(read_galaxy(gas).halpha.good, SCENE.inside)
    with fits.open(gas, mode="update") as hdus:
        hdus["V_ERR"].data[0, 25, 25] = 31
    assert read_galaxy(gas).halpha.mask[25, 25]
    assert read_galaxy(gas).stellar is None
    assert read_galaxy(stars).halpha is None


def test_flux_of_another_binning_is_no_cut(tmp_path):
    gas, flux = write_sami(SCENE, tmp_path, products=("gas-velocity", "Halpha"))
    other = flux.rename(tmp_path / flux.name.replace("default", "adaptive"))
    np.testing.assert_array_equal(read_galaxy([gas, other]).halpha.good, SCENE.inside)


@pytest.mark.parametrize("binning", ["default", "adaptive"])
def test_spaxels_with_equal_values_are_one_bin(binning, tmp_path):
    galaxy = read_galaxy(write_sami(SCENE, tmp_path, binning=binning))
    for field in (galaxy.stellar, galaxy.halpha):
        if binning == "default":
            assert field.bin_id is None
            continue
        bins = np.where(field.bin_id < 0, np.nan, field.bin_id).reshape(25, 2, 25, 2)
        np.testing.assert_array_equal(
            np.nanmin(bins[5:-5, :, 5:-5], (1, 3)), np.nanmax(bins[5:-5, :, 5:-5], (1, 3))
        )
        assert len(np.unique(field.bin_id[field.good])) * 4 == field.n_spaxels


def test_options_choose_among_binnings_and_components(tmp_path):
    files, scene = [], Scene(shape=(20, 20))
    for binning, moments, components in (
        ("adaptive", "four-moment", "recom-comp"),
        ("default", "two-moment", "1-comp"),
        ("default", "four-moment", "recom-comp"),
    ):
        files += write_sami(
            scene, tmp_path, binning=binning, moments=moments, components=components
        )
    chosen = {
        ("default", "default"): "default two-moment, default 1-comp",
        ("default", "recom-comp"): "default two-moment, default recom-comp",
        ("default", "four-moment"): "default four-moment, default 1-comp",
        ("adaptive", "default"): "adaptive four-moment, adaptive recom-comp",
    }
    for (binning, components), expected in chosen.items():
        assert read_sami(files, binning=binning, components=components).daptype == expected
    with pytest.raises(GalaxyFileError, match="there are adaptive four-moment, adaptive recom-com"):
        read_sami(files, binning="sectors")
    with pytest.raises(GalaxyFileError, match="components='1-comp'; there are adaptive four-mom"):
        read_sami(files[:3], components="1-comp")


@pytest.mark.parametrize("option", ["binning", "components"])
def test_unknown_choices_are_errors(option, files):
    with pytest.raises(ValueError, match=f"{option}='voronoi' is not known; choose one of default"):
        read_sami(files, **{option: "voronoi"})


def test_narrowest_component_is_read(tmp_path):
    files = write_sami(SCENE, tmp_path, components="recom-comp", products=("gas-velocity",))
    velocity = read_galaxy(files).halpha.velocity.value
    np.testing.assert_allclose(velocity[25, 25], SCENE.velocity[25, 25], rtol=1e-5)


def test_observations_are_never_mixed(tmp_path):
    files = write_sami(SCENE, tmp_path, products=("stellar-velocity",))
    files += write_sami(SCENE, tmp_path, observation="41144_B", products=("gas-velocity",))
    with pytest.raises(GalaxyFileError, match=r"\(41144_A, 41144_B\)"):
        read_galaxy(files)


def test_the_same_product_twice_is_an_error(files, tmp_path):
    copy = tmp_path / "again.fits"
    copy.write_bytes(files[0].read_bytes())
    with pytest.raises(GalaxyFileError, match=r"again\.fits are the same product"):
        read_galaxy([*files, copy])


def test_renamed_files_are_known_by_their_content(files, tmp_path):
    renamed = [one.rename(tmp_path / f"{i}.fits") for i, one in enumerate(files)]
    galaxy = read_galaxy(renamed)
    assert (galaxy.name, galaxy.daptype) == ("41144", "default two-moment, default 1-comp")
    assert galaxy.halpha.n_spaxels == galaxy.stellar.n_spaxels


@pytest.mark.parametrize("binning", ["default", "adaptive", "sectors", "annular"])
@pytest.mark.parametrize("moments", ["two-moment", "four-moment"])
def test_headers_of_the_stars_tell_what_a_name_would(binning, moments, tmp_path):
    options = {"binning": binning, "moments": moments, "products": ("stellar-velocity",)}
    (path,) = write_sami(SCENE, tmp_path, **options)
    assert read_sami(path.rename(tmp_path / "renamed.fits")).daptype == f"{binning} {moments}"


def test_no_files_are_an_error():
    with pytest.raises(ValueError, match="path is an empty list"):
        read_sami([])


@pytest.mark.parametrize("product", ["Halpha", *DISPERSIONS])
def test_other_products_are_refused_alone(product, tmp_path):
    path = write_sami(SCENE, tmp_path, products=(product,))
    with pytest.raises(
        GalaxyFileError, match=r"holds (fluxes of H-alpha|velocity dispersions); name a"
    ):
        read_galaxy(path)


def test_other_products_beside_velocities_are_ignored(files, tmp_path):
    others = write_sami(SCENE, tmp_path, products=DISPERSIONS)
    assert read_galaxy([*others, *files]).daptype == read_galaxy(files).daptype


def test_a_cube_is_refused(tmp_path):
    cube = fits.PrimaryHDU(np.zeros((3, 5, 5)), fits.Header({"INSTRUME": "AAOMEGA-SAMI"}))
    path = tmp_path / "41144_A_cube_blue.fits"
    fits.HDUList([cube, fits.ImageHDU(np.zeros((3, 5, 5)), name="VARIANCE")]).writeto(path)
    with pytest.raises(GalaxyFileError, match="holds spectra; name a file with 'stellar-vel"):
        read_galaxy(path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda hdus: hdus.__delitem__(4), r"has no image SNR \(its HDUs: PRIMARY, VEL_ERR"),
        (lambda hdus: hdus[0].data.fill(np.nan), "all are missing"),
        (lambda hdus: setattr(hdus[1], "data", np.ones((3, 4))), r"VEL_ERR of shape \(3, 4\)"),
        (lambda hdus: hdus[0].header.remove("CTYPE1"), "has no coordinates on the sky"),
        (lambda hdus: hdus[0].header.update(UNIT="Jy"), "values in 'Jy', which are not veloc"),
    ],
)
def test_incomplete_files_are_refused(damage, message, files):
    with fits.open(files[0], mode="update") as hdus:
        damage(hdus)
    with pytest.raises(GalaxyFileError, match=message):
        read_galaxy(files[0])


def test_maps_of_different_shapes_are_refused(tmp_path):
    files = write_sami(SCENE, tmp_path, products=("gas-velocity",))
    files += write_sami(Scene(shape=(30, 30)), tmp_path, products=("Halpha",))
    with pytest.raises(GalaxyFileError, match="have several shapes"):
        read_galaxy(files)


def test_a_truncated_file_is_refused(files):
    files[0].write_bytes(files[0].read_bytes()[:-5000])
    with pytest.raises(GalaxyFileError, match="is truncated"):
        read_sami(files[0])


REAL = {
    "stellar": {"default": "two-moment", "adaptive": "two-moment", "sectors": "two-moment"},
    "halpha": {"default": "1-comp", "adaptive": "1-comp"},
}
#: Of the catalogue of DR3, turned to the receding side.
PUBLISHED = {"stellar": 148.0, "halpha": 150.0}


@pytest.mark.slow
@pytest.mark.parametrize("binning", ["default", "adaptive", "sectors"])
def test_real_repeats_agree_and_are_as_published(binning, shared_data):
    angles = {}
    for letter in "ABCD":
        files = sorted((shared_data / "surveys/sami").glob(f"41144_{letter}_*"))
        galaxy = read_galaxy(files, binning=binning)
        assert (galaxy.name, galaxy.observation) == ("41144", letter)
        for tracer, of in REAL.items():
            field = galaxy.tracer(tracer)
            assert (field is not None) == (binning in of)
            if field is not None:
                angles.setdefault(tracer, []).append(mangapa.fit_pa(mangapa.clean(field)))
    for tracer, found in angles.items():
        assert len(found) == 4
        within = max(2.0, 2 * found[0].pa_err_total.value)
        assert apart(found[0].pa.value, PUBLISHED[tracer]) < within
        for one, other in itertools.combinations(found, 2):
            difference = apart(one.pa.value, other.pa.value)
            assert difference < 1.5 * np.hypot(one.pa_err, other.pa_err).value


def test_real_file_of_dr2(shared_data):
    (path,) = (shared_data / "surveys/sami").glob("105420_*")
    galaxy = read_galaxy(path)
    assert apart(mangapa.fit_pa(mangapa.clean(galaxy.stellar)).pa.value, 212.0) < 2.4
