"""The structure of files, by which formats are told apart, and their HDUs once they are checked."""

import gzip
import os

import numpy as np
import pytest
from astropy.io import fits

from mangapa.exceptions import GalaxyFileError
from mangapa.formats._files import first_lines, open_hdus, outline


@pytest.fixture
def path(tmp_path):
    """An image and a table, each with a name and a card."""
    image = fits.ImageHDU(np.arange(12.0).reshape(3, 4), name="velocity")
    image.header["WHAT"] = "stars"
    table = fits.BinTableHDU.from_columns([fits.Column("VPXF", "D", array=[1.0, 2.0])], name="BINS")
    primary = fits.PrimaryHDU(header=fits.Header({"SURVEY": "toy"}))
    path = tmp_path / "toy.fits"
    fits.HDUList([primary, image, table]).writeto(path, checksum=True)
    return path


def test_outline_has_names_cards_shapes_and_columns(path, tmp_path):
    packed = tmp_path / "toy.fits.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for file in (path, packed, str(path)):
        found = outline(file)
        assert found.names == {"PRIMARY", "VELOCITY", "BINS"}
        assert found.columns == {"VPXF"}
        assert found.primary.text("SURVEY") == "toy"
        assert "SURVEY" in found.primary
        assert "WHAT" not in found.primary
        assert (found.hdus[1].text("WHAT"), found.hdus[1].shape) == ("stars", (3, 4))


def test_what_is_no_sound_fits_file_has_no_outline(path, tmp_path):
    assert outline(tmp_path / "absent.fits") is None
    assert outline(tmp_path) is None
    path.write_bytes(path.read_bytes()[:-1])
    assert outline(path) is None
    path.write_text("name,pa\n")
    assert outline(path) is None


def test_a_damaged_file_is_unpacked_once_for_all_formats(path, monkeypatch):
    from mangapa.formats import _files, formats

    path.write_bytes(path.read_bytes()[:-3000])
    opened = []
    scan = _files.scan_fits
    monkeypatch.setattr(_files, "scan_fits", lambda path: opened.append(path) or scan(path))
    for _ in formats():
        assert outline(path) is None
    assert len(opened) == 1


def test_a_file_that_changes_has_a_new_outline(path):
    before = outline(path)
    assert outline(path) is before
    fits.PrimaryHDU(header=fits.Header({"SURVEY": "other"})).writeto(path, overwrite=True)
    os.utime(path, ns=(0, 0))
    assert outline(path).primary.text("SURVEY") == "other"


def test_first_lines_of_text_only(path, tmp_path):
    assert first_lines(path.with_name("absent")) == ""
    assert first_lines(tmp_path) == ""
    packed = tmp_path / "table.ecsv.gz"
    packed.write_bytes(gzip.compress(b"# %ECSV 1.0\nx\n1\n"))
    assert first_lines(packed).startswith("# %ECSV")
    path.write_bytes(b"\x00\x01")
    assert first_lines(path) == ""


def test_wanted_hdus_are_opened(path):
    with open_hdus(path) as hdus:
        assert hdus["VELOCITY"].data[2, 3] == 11
        assert hdus["BINS"].data["VPXF"].tolist() == [1, 2]
    with open_hdus(path, lambda hdu: hdu.name == "VELOCITY") as hdus:
        assert hdus[0].header["SURVEY"] == "toy"
        assert hdus["VELOCITY"].data.shape == (3, 4)
        assert "BINS" not in hdus


def test_the_whole_file_is_checked_whatever_is_wanted(path):
    content = bytearray(path.read_bytes())
    content[-2880] ^= 1  # in the table
    path.write_bytes(content)
    with open_hdus(path, lambda hdu: hdu.name == "VELOCITY") as hdus:
        assert hdus["VELOCITY"].data[0, 1] == 1
    with pytest.raises(GalaxyFileError, match="checksum of extension BINS"), open_hdus(path):
        pass
    path.write_bytes(content[:-1])
    with (
        pytest.raises(GalaxyFileError, match=r"toy\.fits is truncated"),
        open_hdus(path, lambda hdu: hdu.name == "VELOCITY"),
    ):
        pass


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("absent.fits", FileNotFoundError, r"there is no file .*absent\.fits; check the name"),
        (".", IsADirectoryError, "is a folder; name the file of a galaxy in it"),
    ],
)
def test_what_cannot_be_opened(tmp_path, name, error, message):
    with pytest.raises(error, match=message), open_hdus(tmp_path / name):
        pass


def test_what_goes_wrong_inside_names_the_file(path):
    with pytest.raises(GalaxyFileError, match=r"toy\.fits"), open_hdus(path) as hdus:
        _ = hdus["ABSENT"]
