import gzip

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits

import mangapa
from mangapa import MapsFileError
from mangapa.archive.releases import MANGA_RELEASES

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


@pytest.mark.quick
def test_uncompressed_file(galaxy, maps_file, tmp_path):
    plain = mangapa.write_maps(galaxy, tmp_path / "plain-MAPS-.fits")
    assert_equal(mangapa.read_maps(plain).stellar, mangapa.read_maps(maps_file).stellar)


@pytest.mark.quick
@pytest.mark.parametrize("share", [0.999, 0.6, 0.2, 0.01])
def test_truncated(maps_file, share):
    content = maps_file.read_bytes()
    maps_file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(MapsFileError, match=f"{maps_file.name} is truncated.*fetch it again"):
        mangapa.read_maps(maps_file)


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_flipped_byte(maps_file, place):
    content = bytearray(maps_file.read_bytes())
    content[int(place * len(content))] ^= 0x55
    maps_file.write_bytes(content)
    with pytest.raises(MapsFileError, match=f"{maps_file.name} is (corrupt|truncated).*again"):
        mangapa.read_maps(maps_file)


def test_flipped_byte_without_compression(galaxy, tmp_path):
    path = mangapa.write_maps(galaxy, tmp_path / "plain-MAPS-.fits")
    with fits.open(path) as hdus:
        place = hdus["STELLAR_VEL"].fileinfo()["datLoc"] + 2000
    content = bytearray(path.read_bytes())
    content[place] ^= 0x55
    path.write_bytes(content)
    with pytest.raises(MapsFileError, match=r"corrupt \(checksum of extension STELLAR_VEL\)"):
        mangapa.read_maps(path)


@pytest.mark.parametrize("share", [0.999, 0.3])
def test_truncated_without_compression(galaxy, tmp_path, share):
    path = mangapa.write_maps(galaxy, tmp_path / "plain-MAPS-.fits")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(MapsFileError, match=r"plain-MAPS-\.fits is truncated.*again"):
        mangapa.read_maps(path)


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


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*absent.fits.gz; check the name"):
        mangapa.read_maps(tmp_path / "absent.fits.gz")
    with pytest.raises(IsADirectoryError, match="is a folder; name a MAPS file in it"):
        mangapa.read_maps(tmp_path)
