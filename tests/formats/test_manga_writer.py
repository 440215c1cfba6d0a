import gzip
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from mangapa import VelocityField, read_maps, simulate_galaxy, write_maps


def test_file_has_the_layout_of_a_real_one(real_maps, tmp_path):
    galaxy = simulate_galaxy(plateifu="8080-12701")
    path = write_maps(galaxy, tmp_path / "mock.fits.gz", release="DR15")
    with fits.open(path) as mock, fits.open(real_maps) as real:
        for hdu in mock:
            assert hdu.shape == real[hdu.name].shape
            assert hdu.header["BITPIX"] == real[hdu.name].header["BITPIX"]
            for card in ("ERRDATA", "QUALDATA", "BUNIT", "C19", "C4", "CTYPE1", "CRPIX2"):
                assert hdu.header.get(card) == real[hdu.name].header.get(card), (hdu.name, card)


def test_full_layout_has_the_extensions_and_cards_of_a_real_one(real_maps, tmp_path):
    galaxy = simulate_galaxy(plateifu="8080-12701")
    path = write_maps(galaxy, tmp_path / "mock.fits.gz", release="DR15", layout="full")
    with fits.open(path) as mock, fits.open(real_maps) as real:
        assert [hdu.name for hdu in mock] == [hdu.name for hdu in real]
        assert [len(hdu.header) for hdu in mock] == [len(hdu.header) for hdu in real]
        assert [hdu.shape for hdu in mock] == [hdu.shape for hdu in real]
        for one, other in zip(mock[1:], real[1:], strict=True):
            assert set(one.header) == set(other.header), one.name
            assert one.header["BITPIX"] == other.header["BITPIX"]
            for card in ("ERRDATA", "QUALDATA", "SCIDATA", "BUNIT", "HDUCLAS2", "HDUCLAS3", "C19"):
                assert one.header.get(card) == other.header.get(card), (one.name, card)


@pytest.mark.parametrize("release", ["MPL-4", "DR17"])
def test_maps_that_are_not_simulated_are_masked(galaxy, tmp_path, release):
    path = write_maps(galaxy, tmp_path / "a.fits", release=release, layout="full")
    short = write_maps(galaxy, tmp_path / "b.fits", release=release)
    with fits.open(path) as full, fits.open(short) as needed:
        assert {hdu.name for hdu in needed} < {hdu.name for hdu in full}
        for hdu in full[1:]:
            if hdu.name in needed:
                np.testing.assert_array_equal(hdu.data, needed[hdu.name].data)
            elif hdu.name.endswith("_MASK"):
                assert (hdu.data & 1 << 30).all(), hdu.name
    read, expected = read_maps(path), read_maps(short)
    np.testing.assert_array_equal(read.halpha.velocity, expected.halpha.velocity)
    np.testing.assert_array_equal(read.stellar.mask, expected.stellar.mask)


def test_release_without_the_bintype(galaxy, tmp_path):
    hybrid = simulate_galaxy(n_fibres=19, bintype="HYB10")
    with pytest.raises(ValueError, match=r"MPL-5 has no HYB10 maps, only SPX, VOR10.*simulate"):
        write_maps(hybrid, tmp_path / "a.fits.gz", release="MPL-5")
    assert not list(tmp_path.iterdir())


def test_the_name_decides_the_compression(galaxy, tmp_path):
    plain = write_maps(galaxy, tmp_path / "a.fits").read_bytes()
    packed = write_maps(galaxy, tmp_path / "a.fits.gz").read_bytes()
    assert plain.startswith(b"SIMPLE")
    assert len(gzip.decompress(packed)) == len(plain)


def test_unknown_layout(galaxy, tmp_path):
    with pytest.raises(ValueError, match="layout='long' is not known; choose one of short, full"):
        write_maps(galaxy, tmp_path / "a.fits", layout="long")


def test_both_fields_are_needed(galaxy, tmp_path):
    with pytest.raises(ValueError, match="has no halpha field; a MAPS file needs both fields"):
        write_maps(replace(galaxy, halpha=None), tmp_path / "a.fits")
    assert not list(tmp_path.iterdir())


def test_arguments_of_the_wrong_kind(galaxy, tmp_path):
    path = tmp_path / "a.fits"
    with pytest.raises(TypeError, match="galaxy must be a Galaxy, not VelocityField; read or"):
        write_maps(galaxy.stellar, path)
    with pytest.raises(TypeError, match="path must be a path, not int"):
        write_maps(galaxy, 5)
    with pytest.raises(ValueError, match="path is empty"):
        write_maps(galaxy, "")
    hint = r" \(did you mean 'DR17'\?\)"
    with pytest.raises(ValueError, match=f"^release='DR1' is not known{hint}; choose one of"):
        write_maps(galaxy, path, "DR1")
    for release in (17, None):
        with pytest.raises(TypeError, match=f"^release={release!r} must be text such as 'DR17'"):
            write_maps(galaxy, path, release)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("plateifu", [None, "../x", "NGC 1068"])
def test_plateifu_is_needed(galaxy, tmp_path, plateifu):
    with pytest.raises(ValueError, match=r"has plateifu=.*; a MAPS file needs one such as 8485-19"):
        write_maps(replace(galaxy, plateifu=plateifu), tmp_path / "a.fits")
    assert not list(tmp_path.iterdir())


def test_fields_that_are_not_equal_maps(galaxy, tmp_path):
    row = VelocityField.from_arrays([1.0, 2], [0.0, 1], [0.0, 1], galaxy="9999-1901")
    other = simulate_galaxy(n_fibres=37).stellar
    for stellar, halpha in ((row, row), (other, galaxy.halpha)):
        with pytest.raises(
            ValueError, match=r"the fields have shapes .*; a MAPS file needs two eq"
        ):
            write_maps(replace(galaxy, stellar=stellar, halpha=halpha), tmp_path / "a.fits")
    assert not list(tmp_path.iterdir())


def test_header_with_odd_cards(galaxy, tmp_path):
    header = galaxy.header.copy()
    for card, value in (("REFF", "n/a"), ("ECOOPA", True), ("ECOOELL", "x"), ("OBJRA", "12h")):
        header[card] = value
    path = write_maps(replace(galaxy, header=header), tmp_path / "a.fits", release="MPL-4")
    read = read_maps(path)
    assert np.isnan(read.effective_radius)
    good = galaxy.stellar.good
    np.testing.assert_allclose(read.stellar.x[good].value, galaxy.stellar.x[good].value, atol=1e-4)
    odd = {"REFF": object()}
    with pytest.raises(ValueError, match=r"galaxy\.header of .* has a card that no FITS file can"):
        write_maps(replace(galaxy, header=odd), tmp_path / "b.fits")
    not_finite = {"REFF": float("nan")}
    with pytest.raises(ValueError, match=r"galaxy\.header of .* has a card that no FITS file can"):
        write_maps(replace(galaxy, header=not_finite), tmp_path / "b.fits")
    assert [p.name for p in tmp_path.iterdir()] == ["a.fits"]


def test_home_is_expanded(galaxy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_maps(galaxy, b"~/written.fits")
    try:
        assert path == Path(os.environ["HOME"]) / "written.fits"
        assert read_maps(path).plateifu == galaxy.plateifu
    finally:
        path.unlink()
    assert not list(tmp_path.iterdir())


@pytest.mark.promise(9)
def test_old_file_is_kept_if_writing_fails(galaxy, tmp_path, monkeypatch):
    path = write_maps(galaxy, tmp_path / "a.fits")
    old = path.read_bytes()

    def full(self, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        write_maps(simulate_galaxy(n_fibres=19, seed=9), path)
    assert path.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == ["a.fits"]


def test_places_where_no_file_can_be(galaxy, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"in the folder .*absent .*; make it, or choose"):
        write_maps(galaxy, tmp_path / "absent" / "a.fits")
    with pytest.raises(IsADirectoryError, match="is a folder; name a file in it"):
        write_maps(galaxy, tmp_path)
    assert not list(tmp_path.iterdir())


def test_spaxels_without_bins_are_numbered(galaxy, tmp_path):
    unbinned = replace(galaxy, stellar=replace(galaxy.stellar, bin_id=None))
    read = read_maps(write_maps(unbinned, tmp_path / "a.fits")).stellar
    np.testing.assert_array_equal(read.bin_id[read.good], np.arange(galaxy.stellar.n_spaxels))


LIGHT = ("dispersion", "dispersion_ivar", "instrumental_dispersion", "flux")


@pytest.mark.parametrize("layout", ["short", "full"])
@pytest.mark.parametrize("release", ["MPL-5", "DR15", "MPL-8", "DR17"])
def test_dispersions_and_light_come_back(tmp_path, release, layout):
    galaxy = simulate_galaxy(n_fibres=19, snr=12, dispersion=20)
    read = read_maps(write_maps(galaxy, tmp_path / "a.fits", release=release, layout=layout))
    for tracer in ("stellar", "halpha"):
        before, after = galaxy.tracer(tracer), read.tracer(tracer)
        for name in LIGHT:
            expected = np.where(before.good, getattr(before, name).value, np.nan)
            found = np.where(before.good, getattr(after, name).value, np.nan)
            np.testing.assert_allclose(found, expected, rtol=1e-6, err_msg=name)
    # Some dispersions are lost in the noise, whose spaxels keep their velocities.
    assert np.isnan(read.stellar.dispersion[read.stellar.good]).any()


def test_light_in_mpl4_is_what_it_has(galaxy, tmp_path):
    read = read_maps(write_maps(galaxy, tmp_path / "a.fits", release="MPL-4"))
    good = galaxy.stellar.good
    np.testing.assert_allclose(
        read.stellar.dispersion[good], galaxy.stellar.dispersion[good], rtol=1e-6
    )
    assert np.isnan(read.stellar.instrumental_dispersion).all()
    assert read.stellar.flux is None
    np.testing.assert_allclose(read.halpha.instrumental_dispersion[good].value, 70)


def test_fields_without_dispersions_and_light(galaxy, tmp_path):
    nothing = dict.fromkeys(LIGHT)
    bare = replace(
        galaxy,
        stellar=replace(galaxy.stellar, **nothing),
        halpha=replace(galaxy.halpha, **nothing),
    )
    read = read_maps(write_maps(bare, tmp_path / "a.fits"))
    assert read.stellar.dispersion is read.halpha.dispersion is read.stellar.flux is None
    np.testing.assert_array_equal(read.stellar.mask, galaxy.stellar.mask)


def test_dispersions_free_of_the_instrument_stay_so(galaxy, tmp_path):
    free = replace(galaxy, stellar=replace(galaxy.stellar, instrumental_dispersion=None))
    read = read_maps(write_maps(free, tmp_path / "a.fits"))
    good = galaxy.stellar.good & np.isfinite(galaxy.stellar.dispersion.value)
    np.testing.assert_allclose(
        read.stellar.intrinsic_dispersion[good], free.stellar.dispersion[good], rtol=1e-6
    )


@pytest.mark.parametrize("name", ["STELLAR_SIGMA", "STELLAR_SIGMACORR", "EMLINE_GSIGMA"])
def test_dispersions_are_in_the_range_of_real_ones(real_maps, tmp_path, name):
    galaxy = simulate_galaxy(plateifu="8080-12701", snr=25, dithered=True, psf=2.5)
    path = write_maps(galaxy, tmp_path / "mock.fits.gz", release="DR15")
    medians = []
    for file in (path, real_maps):
        with fits.open(file) as hdus:
            good = hdus["STELLAR_SIGMA_MASK"].data == 0
            values = hdus[name].data
            medians.append(np.median(values[good] if values.ndim == 2 else values[18][good]))
    assert medians[0] == pytest.approx(medians[1], rel=0.3)
