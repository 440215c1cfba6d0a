import bz2
import gzip
import io
import lzma
import os
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits

import mangapa
from mangapa import MapsFileError
from mangapa.archive.releases import MANGA_RELEASES
from mangapa.formats import read_galaxy

EVERY_BINTYPE = [
    (name, bintype, bintype)
    for release in MANGA_RELEASES
    for name in (release.name, *release.aliases)
    for bintype in ("SPX", "VOR10", "HYB10")
    if bintype in release.bintypes
] + [("MPL-4", "SPX", "NONE"), ("MPL-4", "VOR10", "STON")]


def assert_equal(one, other):
    """
    Check that fields have the same good spaxels with equal values, in the file's float32.

    In MPL-4 the offsets are those of world coordinates on a sphere.
    """
    np.testing.assert_array_equal(one.mask, other.mask)
    for name, atol in {"velocity": 1e-5, "ivar": 1e-5, "x": 1e-4, "y": 1e-4}.items():
        a, b = getattr(one, name), getattr(other, name)
        assert u.allclose(a[one.good], b[one.good], rtol=1e-6, atol=atol * a.unit), name
    np.testing.assert_array_equal(one.bin_id[one.good], other.bin_id[one.good])
    assert (one.tracer, one.galaxy) == (other.tracer, other.galaxy)


@pytest.mark.parametrize(("release", "bintype", "written"), EVERY_BINTYPE)
def test_every_release_and_daptype_reads_back(release, bintype, written, tmp_path):
    galaxy = mangapa.simulate_galaxy(n_fibres=19, bintype=bintype, pa_halpha=150, seed=3)
    path = mangapa.write_maps(galaxy, tmp_path / "a-MAPS-b.fits.gz", release=release)
    read = mangapa.read_maps(path)
    assert_equal(galaxy.stellar, read.stellar)
    assert_equal(galaxy.halpha, read.halpha)
    version = next(r for r in MANGA_RELEASES if release in (r.name, *r.aliases))
    assert read.release == version.name
    assert read.daptype == f"{written}-{version.template}"
    assert (read.plateifu, read.mangaid) == (galaxy.plateifu, galaxy.mangaid)
    assert read.effective_radius == galaxy.effective_radius


@pytest.mark.quick
def test_real_file(real_maps):
    galaxy = mangapa.read_maps(real_maps)
    assert (galaxy.plateifu, galaxy.mangaid) == ("8080-12701", "1-37640")
    assert (galaxy.release, galaxy.daptype) == ("DR15", "VOR10-GAU-MILESHC")
    for field in (galaxy.stellar, galaxy.halpha):
        assert field.n_spaxels == 2736
        assert np.unique(field.bin_id[field.good]).size == 779
        assert field.x[0, 0] > 18 * u.arcsec
        assert field.y[0, 0] < -18 * u.arcsec
    assert galaxy.input_velocity == 12824.792 * u.km / u.s
    assert u.isclose(galaxy.effective_radius, 9.23662 * u.arcsec)
    assert u.isclose(galaxy.photometric_pa, 177.406 * u.deg)
    assert galaxy.ellipticity == pytest.approx(0.162862)
    # Another line, or the bins of another map, would give other medians.
    assert np.median(galaxy.stellar.velocity[galaxy.stellar.good]).value == pytest.approx(15.336264)
    assert np.median(galaxy.halpha.velocity[galaxy.halpha.good]).value == pytest.approx(13.206606)


def test_light_of_a_real_file(real_maps):
    galaxy = mangapa.read_maps(real_maps)
    with fits.open(real_maps) as hdus:
        sigma, mask = hdus["STELLAR_SIGMA"].data, hdus["STELLAR_SIGMA_MASK"].data
        correction, light = hdus["STELLAR_SIGMACORR"].data, hdus["SPX_MFLUX"].data
        line = hdus["EMLINE_GSIGMA"].data[18]
    stars, gas = galaxy.stellar, galaxy.halpha
    known = np.isfinite(stars.dispersion.value)
    np.testing.assert_array_equal(known[stars.good], (mask == 0)[stars.good])
    np.testing.assert_allclose(stars.dispersion.value[known], sigma[known])
    expected = np.sqrt(np.maximum(sigma**2 - correction**2, 0))
    np.testing.assert_allclose(stars.intrinsic_dispersion.value[known], expected[known], rtol=1e-5)
    np.testing.assert_allclose(stars.flux.value[stars.good], light[stars.good])
    np.testing.assert_allclose(gas.dispersion.value[gas.good], line[gas.good])
    # The instrument resolves some 70 km/s at H-alpha.
    assert 50 < np.nanmedian(gas.instrumental_dispersion.value[gas.good]) < 80
    assert np.corrcoef(gas.flux.value[gas.good], stars.flux.value[gas.good])[0, 1] > 0.5


@pytest.mark.quick
def test_uncompressed_file(galaxy, maps_file, tmp_path):
    plain = mangapa.write_maps(galaxy, tmp_path / "plain-MAPS-.fits")
    assert_equal(mangapa.read_maps(plain).stellar, mangapa.read_maps(maps_file).stellar)


@pytest.mark.promise(4)
@pytest.mark.quick
@pytest.mark.parametrize("share", [0.999, 0.6, 0.2, 0.01])
def test_truncated(maps_file, share):
    content = maps_file.read_bytes()
    maps_file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(MapsFileError, match=f"{maps_file.name} is truncated.*fetch it again"):
        mangapa.read_maps(maps_file)


@pytest.mark.promise(4)
@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_flipped_byte(maps_file, place):
    content = bytearray(maps_file.read_bytes())
    content[int(place * len(content))] ^= 0x55
    maps_file.write_bytes(content)
    with pytest.raises(MapsFileError, match=f"{maps_file.name} is (corrupt|truncated).*again"):
        mangapa.read_maps(maps_file)


@pytest.mark.promise(4)
@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_flipped_bit_in_the_data(galaxy, tmp_path, compress):
    path = mangapa.write_maps(galaxy, tmp_path / "plain-MAPS-.fits")
    with fits.open(path) as hdus:
        place = hdus["STELLAR_VEL"].fileinfo()["datLoc"] + 2000
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(compress(bytes(content)))
    with pytest.raises(
        MapsFileError, match=r"corrupt \(checksum of extension STELLAR_VEL\); delete"
    ):
        mangapa.read_maps(path)


@pytest.mark.promise(4)
@pytest.mark.parametrize("share", [0.999, 0.3])
def test_truncated_without_compression(galaxy, tmp_path, share):
    path = mangapa.write_maps(galaxy, tmp_path / "plain-MAPS-.fits")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(MapsFileError, match=r"plain-MAPS-\.fits is truncated.*again"):
        mangapa.read_maps(path)


@pytest.mark.promise(4)
@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>404</html>", "is a web page"),
        (gzip.compress(b"\n <html>login</html>"), "is a web page"),
        (b"plateifu,pa\n", "is not a FITS file"),
    ],
)
def test_other_content(tmp_path, content, match):
    path = tmp_path / "manga-8485-1901-MAPS-X.fits.gz"
    path.write_bytes(content)
    with pytest.raises(MapsFileError, match=f"{path.name} {match}.*again"):
        mangapa.read_maps(path)


@pytest.mark.promise(4)
def test_other_products_are_refused(tmp_path):
    cube = fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(np.zeros((2, 2, 2)), name="FLUX")])
    cube.writeto(tmp_path / "cube.fits.gz")
    with pytest.raises(MapsFileError, match=r"cube\.fits\.gz is a DRP data cube.*name the MAPS"):
        mangapa.read_maps(tmp_path / "cube.fits.gz")
    model = fits.PrimaryHDU()
    model.header["DAPFRMT"] = "MODEL"
    model.writeto(tmp_path / "model.fits.gz")
    with pytest.raises(MapsFileError, match="is a MODEL file"):
        mangapa.read_maps(tmp_path / "model.fits.gz")


@pytest.mark.promise(4)
@pytest.mark.parametrize("name", ["STELLAR_VEL_IVAR", "EMLINE_GVEL", "BINID", "SPX_SKYCOO"])
def test_missing_extension_is_named(maps_file, tmp_path, name):
    with fits.open(maps_file) as hdus:
        del hdus[name]
        hdus.writeto(tmp_path / "less.fits.gz")
    with pytest.raises(MapsFileError, match=rf"less.*release DR17.*has no extension {name}"):
        mangapa.read_maps(tmp_path / "less.fits.gz")


def test_missing_line_is_named(maps_file, tmp_path):
    with fits.open(maps_file) as hdus:
        hdus["EMLINE_GVEL"].header["C24"] = "Hb-4862"
        hdus.writeto(tmp_path / "less.fits.gz")
    with pytest.raises(MapsFileError, match="no channel 'Ha-6564' in extension EMLINE_GVEL"):
        mangapa.read_maps(tmp_path / "less.fits.gz")


def test_damage_in_what_is_not_read_is_harmless(galaxy, tmp_path):
    path = mangapa.write_maps(galaxy, tmp_path / "plain-MAPS-.fits")
    with fits.open(path) as hdus:
        place = hdus["SPX_ELLCOO"].fileinfo()["datLoc"]
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert_equal(mangapa.read_maps(path).stellar, galaxy.stellar)


def test_errors_and_masks_are_those_that_the_header_names(galaxy, tmp_path):
    path = mangapa.write_maps(galaxy, tmp_path / "plain-MAPS-.fits")
    with fits.open(path) as hdus:
        hdus["STELLAR_VEL"].header["ERRDATA"] = "Other_ivar"
        hdus["STELLAR_VEL_IVAR"].header["EXTNAME"] = "OTHER_IVAR"
        hdus.writeto(path, overwrite=True)
    assert_equal(mangapa.read_maps(path).stellar, galaxy.stellar)


def damaged(galaxy, path, keyword, card, nth=1, release="DR17"):
    """Write a MAPS file, of which the nth card with this keyword is replaced."""
    content = bytearray(mangapa.write_maps(galaxy, path, release=release).read_bytes())
    place = -1
    for _ in range(nth):
        place = content.index(f"{keyword:8}=".encode(), place + 1)
    content[place : place + 80] = card.encode("latin-1").ljust(80)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("keyword", "card", "nth"),
    [
        ("MASKNAME", "MASKNAME= 1,5", 1),
        ("MASKNAME", "MASKNAME= 'unbalanced", 1),
        ("MASKNAME", "MASKNAME= NaN", 1),
        ("MASKNAME", "MASKNAME= 'caf\xe9'", 1),
        ("OBJRA", "OBJRA   = 1E400", 1),
        ("C02", "C02     = NaN", 2),
        ("BUNIT", "BLANK   = 'no number'", 5),
        ("HDUCLASS", "BLANK   = -999", 1),
        ("MASKNAME", "END     = 1", 1),
    ],
)
def test_harmless_cards(galaxy, tmp_path, keyword, card, nth):
    read = mangapa.read_maps(damaged(galaxy, tmp_path / "a.fits", keyword, card, nth))
    assert_equal(read.stellar, galaxy.stellar)
    assert_equal(read.halpha, galaxy.halpha)
    read.header.tostring()


@pytest.mark.promise(4)
@pytest.mark.promise(22)
@pytest.mark.parametrize(
    ("keyword", "card", "nth", "match"),
    [
        ("XTENSION", "XTENSION= 'unbal", 6, "has no image in extension STELLAR_VEL;.*fetch"),
        ("XTENSION", "", 3, "is corrupt .after extension SPX_ELLCOO.; check that"),
        ("NAXIS1", "NAXIS1  = -34", 6, "is corrupt .card NAXIS1 of extension STELLAR_VEL.; check"),
        ("NAXIS1", "NAXIS1  = 34.0", 6, "is corrupt .card NAXIS1 of extension STELLAR_VEL.; check"),
        ("NAXIS2", "NAXIS2  = " + "9" * 30, 4, "claims more than 1024 MiB of maps; check that"),
        ("NAXIS2", "NAXIS2  = " + "9" * 30, 2, "holds or claims more than .* MiB unpacked; check"),
        ("NAXIS", "NAXIS   = 999999999999", 1, "is corrupt .NAXIS = 999999999999.; check that"),
        ("NAXIS1", "NAXIS1  = 3400", 2, "is truncated; check that"),
        ("BITPIX", "BITPIX  = 33", 4, "is corrupt .BITPIX = 33.; check that"),
        ("BSCALE", "BSCALE  = 'x'", 1, "is damaged"),
        ("C24", "C24     = 1,5", 4, "has no channel 'Ha-6564' in extension EMLINE_GVEL; .*fetch"),
    ],
)
def test_fatal_cards(galaxy, tmp_path, keyword, card, nth, match):
    path = tmp_path / "a.fits"
    if keyword == "BSCALE":
        damaged(galaxy, path, "HDUCLASS", card, 4, release="MPL-5")
    else:
        damaged(galaxy, path, keyword, card, nth)
    start = time.process_time()
    with pytest.raises(MapsFileError, match=rf"a\.fits.* {match}"):
        mangapa.read_maps(path)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (None, "has no image in extension BINID"),
        (np.zeros((3, 2, 2), int), "damaged"),
        (np.zeros(34, int), "damaged"),
    ],
)
def test_extension_without_the_map(maps_file, tmp_path, data, match):
    with fits.open(maps_file) as hdus:
        header = hdus["BINID"].header
        del header["DATASUM"]
        hdus["BINID"] = fits.ImageHDU(data, header=header, name="BINID")
        hdus.writeto(tmp_path / "less.fits")
    with pytest.raises(MapsFileError, match=rf"less\.fits.* {match}"):
        mangapa.read_maps(tmp_path / "less.fits")


PROPERTIES = {
    "SCINPVEL": "input_velocity",
    "REFF": "effective_radius",
    "ECOOPA": "photometric_pa",
    "ECOOELL": "ellipticity",
    "DAPQUAL": "dap_quality",
    "DRP3QUAL": "drp_quality",
}


@pytest.mark.promise(18)
@pytest.mark.parametrize("keyword", PROPERTIES)
@pytest.mark.parametrize("value", ["'n/a'", "1,5", "NaN", "1E400", "T", "-999.0", "", "(1.0, 2.0)"])
def test_property_that_is_no_number_is_missing(galaxy, tmp_path, keyword, value):
    path = damaged(galaxy, tmp_path / "a.fits", keyword, f"{keyword:8}= {value}")
    read = mangapa.read_maps(path)
    number = getattr(read, PROPERTIES[keyword])
    if keyword.endswith("QUAL"):
        assert number is None
    else:
        assert np.isnan(number)
    if value in ("'n/a'", "1E400"):
        assert np.isfinite(mangapa.measure(read).stellar.pa)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        *(("REFF", value) for value in ("0.0", "-5.0", "1E-320", "1E300")),
        *(("ECOOELL", value) for value in ("1.0", "-0.1", "5")),
        ("ECOOPA", "1E300"),
        ("SCINPVEL", "1E300"),
    ],
)
def test_property_that_no_galaxy_has_is_missing(galaxy, tmp_path, keyword, value):
    path = damaged(galaxy, tmp_path / "a.fits", keyword, f"{keyword:8}= {value}")
    read = mangapa.read_maps(path)
    assert np.isnan(getattr(read, PROPERTIES[keyword]))
    radii = mangapa.measure(read).stellar_profile["radius_re"]
    assert np.isnan(radii).all() == (keyword == "REFF")


@pytest.mark.parametrize("value", ["'n/a'", "1E400", "NaN", "500", ""])
def test_position_that_is_needed(galaxy, tmp_path, value):
    path = damaged(galaxy, tmp_path / "a.fits", "OBJRA", f"OBJRA   = {value}", release="MPL-4")
    with pytest.raises(MapsFileError, match=r"a\.fits has no position .*OBJRA and OBJDEC.; fetch"):
        mangapa.read_maps(path)


@pytest.mark.parametrize(
    ("value", "plateifu", "name"),
    [
        ("'8485-1901'", "8485-1901", "8485-1901"),
        ("' 8485-1901'", "8485-1901", "8485-1901"),
        ("'../x    '", None, "../x"),
        ("'8485-1901x'", None, "8485-1901x"),
        ("'<img src=x>'", None, "<img src=x>"),
        ("'NGC   1068'", None, "NGC 1068"),
        ("'a\x1bb     '", None, "some.cube"),
        ("1,5", None, "some.cube"),
        ("'        '", None, "some.cube"),
        ("", None, "some.cube"),
    ],
)
def test_identifiers_are_data(galaxy, tmp_path, value, plateifu, name):
    path = damaged(galaxy, tmp_path / "some.cube.fits", "PLATEIFU", f"PLATEIFU= {value}")
    read = mangapa.read_maps(path)
    assert (read.plateifu, read.name) == (plateifu, name)
    assert read.survey == ("MaNGA" if plateifu else None)
    assert read.stellar.galaxy == read.halpha.galaxy == name


def test_file_without_identifiers_and_versions(maps_file, tmp_path):
    with fits.open(maps_file) as hdus:
        for card in ("PLATEIFU", "MANGAID", "VERSDRP3", "VERSDAP", "DAPTYPE", "BINKEY"):
            del hdus[0].header[card]
        hdus.writeto(tmp_path / "cube A.fits.gz")
    read = mangapa.read_maps(tmp_path / "cube A.fits.gz")
    assert (read.name, read.plateifu, read.mangaid) == ("cube A", None, None)
    assert (read.release, read.daptype, read.survey) == (None, None, None)
    assert repr(read) == "<Galaxy cube A: stellar and halpha>"
    assert_equal(read.stellar, mangapa.read_maps(tmp_path / "cube A.fits.gz").stellar)
    assert read.stellar.n_spaxels == mangapa.read_maps(maps_file).stellar.n_spaxels


def zipped(content):
    """A zip archive of one file."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("maps.fits", content)
    return archive.getvalue()


@pytest.mark.parametrize(
    "pack",
    [
        bz2.compress,
        lzma.compress,
        zipped,
        lambda content: gzip.compress(content) + bytes(512),
        lambda content: content + bytes(1000),
    ],
    ids=["bz2", "xz", "zip", "gz and zeros", "zeros"],
)
@pytest.mark.parametrize("read", [mangapa.read_maps, read_galaxy])
def test_other_forms_of_a_whole_file(galaxy, tmp_path, pack, read):
    content = mangapa.write_maps(galaxy, tmp_path / "a.fits").read_bytes()
    (tmp_path / "cube.fits.gz").write_bytes(pack(content))
    found = read(tmp_path / "cube.fits.gz")
    assert_equal(found.stellar, galaxy.stellar)
    assert_equal(found.halpha, galaxy.halpha)


@pytest.mark.parametrize("as_given", [str, os.fsencode, np.str_, Path])
def test_paths_of_every_kind(maps_file, as_given):
    home = Path(os.environ["HOME"]) / "maps.fits.gz"
    home.write_bytes(maps_file.read_bytes())
    try:
        for path in (as_given(str(maps_file)), as_given("~/maps.fits.gz")):
            assert mangapa.read_maps(path).plateifu == "9999-1901"
            assert mangapa.Galaxy.read(path).plateifu == "9999-1901"
    finally:
        home.unlink()


@pytest.mark.parametrize("read", [mangapa.read_maps, read_galaxy])
def test_name_that_is_not_utf8(maps_file, tmp_path, read):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/latin\xe9.fits"))
    path.write_bytes(maps_file.read_bytes())
    assert read(path).plateifu == "9999-1901"
    path.write_bytes(b"text")
    with pytest.raises(MapsFileError, match=r"latin\\udce9\.fits is not a FITS file") as caught:
        read(path)
    str(caught.value).encode()
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"no file .*latin\\udce9\.fits; check"):
        read(path)


@pytest.mark.promise(22)
@pytest.mark.parametrize("read", [mangapa.read_maps, read_galaxy])
def test_pipes_and_devices_are_refused(tmp_path, read):
    os.mkfifo(tmp_path / "pipe-MAPS-.fits")
    os.mkfifo(tmp_path / "pipe.fits")
    for path in (tmp_path / "pipe-MAPS-.fits", tmp_path / "pipe.fits", "/dev/zero"):
        with pytest.raises(MapsFileError, match=r"is not a regular file, .*; name a file"):
            read(path)


@pytest.mark.parametrize("read", [mangapa.read_maps, read_galaxy])
def test_unusable_paths(maps_file, tmp_path, read):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*a\.fits; check the name"):
        read(maps_file / "a.fits")
    with pytest.raises(MapsFileError, match=r"cannot be read \(File name too long\); check"):
        read(tmp_path / ("a" * 300))
    with pytest.raises(TypeError, match="path must be a path, not int: 5"):
        read(5)
    with pytest.raises(ValueError, match="path is empty"):
        read("")
    with pytest.raises(ValueError, match="NUL byte"):
        read("a\0.fits")


@pytest.mark.parametrize("read", [mangapa.read_maps, read_galaxy])
def test_file_that_may_not_be_read(maps_file, read):
    maps_file.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        with pytest.raises(PermissionError, match=r"MAPS-mock.* may not be read; ask its owner"):
            read(maps_file)
    finally:
        os.seteuid(user)


@pytest.mark.promise(4)
def test_missing_file_and_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*absent.fits.gz; check the name"):
        mangapa.read_maps(tmp_path / "absent.fits.gz")
    with pytest.raises(IsADirectoryError, match="is a folder; name a MAPS file in it"):
        mangapa.read_maps(tmp_path)
