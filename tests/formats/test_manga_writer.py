import gzip
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits

from mangapa import read_maps, simulate_galaxy, write_maps


def test_file_has_the_layout_of_a_real_one(real_maps, tmp_path):
    galaxy = simulate_galaxy(plateifu="8080-12701")
    path = write_maps(galaxy, tmp_path / "mock.fits.gz", release="DR15")
    with fits.open(path) as mock, fits.open(real_maps) as real:
        for hdu in mock:
            assert hdu.shape == real[hdu.name].shape
            assert hdu.header["BITPIX"] == real[hdu.name].header["BITPIX"]
            for card in ("ERRDATA", "QUALDATA", "BUNIT", "C19", "C4", "CTYPE1", "CRPIX2"):
                assert hdu.header.get(card) == real[hdu.name].header.get(card), (hdu.name, card)


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


def test_both_fields_are_needed(galaxy, tmp_path):
    with pytest.raises(ValueError, match="has no halpha field; a MAPS file needs both fields"):
        write_maps(replace(galaxy, halpha=None), tmp_path / "a.fits")
    assert not list(tmp_path.iterdir())


def test_spaxels_without_bins_are_numbered(galaxy, tmp_path):
    unbinned = replace(galaxy, stellar=replace(galaxy.stellar, bin_id=None))
    read = read_maps(write_maps(unbinned, tmp_path / "a.fits")).stellar
    np.testing.assert_array_equal(read.bin_id[read.good], np.arange(galaxy.stellar.n_spaxels))
