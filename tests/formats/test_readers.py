"""Galaxies are read through astropy's registry, whatever the name of their file."""

import gzip

import numpy as np
import pytest
from astropy.io import fits, registry

import mangapa
from mangapa import Galaxy, MapsFileError
from mangapa.exceptions import FormatError
from mangapa.formats import read_galaxy

READERS = pytest.mark.parametrize("read", [read_galaxy, Galaxy.read], ids=["function", "method"])


@pytest.fixture
def toy_format():
    """A second format, of which a file is known by the word TOY in its primary header."""

    def is_toy(origin, path, fileobj, *args, **kwargs):
        return "TOY" in fits.getheader(path)

    def read_toy(path, *, name="toy"):
        return Galaxy(plateifu=name)

    registry.register_reader("toy", Galaxy, read_toy)
    registry.register_identifier("toy", Galaxy, is_toy)
    yield
    registry.unregister_reader("toy", Galaxy)
    registry.unregister_identifier("toy", Galaxy)


@pytest.fixture
def toy_file(toy_format, tmp_path):
    fits.PrimaryHDU(header=fits.Header({"TOY": True})).writeto(tmp_path / "toy.fits")
    return tmp_path / "toy.fits"


def without_card(path, card):
    """Remove a card from the primary header of a compressed file."""
    with fits.open(path) as hdus:
        del hdus[0].header[card]
        hdus.writeto(path, overwrite=True)


@READERS
def test_maps_file_is_known_by_its_name(read, maps_file):
    expected = mangapa.read_maps(maps_file)
    np.testing.assert_array_equal(read(maps_file).halpha.velocity, expected.halpha.velocity)
    assert read(str(maps_file)).daptype == expected.daptype


@READERS
@pytest.mark.parametrize("card", [None, "DAPFRMT"])
def test_renamed_maps_file_is_known_by_its_content(read, card, maps_file, tmp_path, toy_format):
    renamed = maps_file.rename(tmp_path / "renamed.fits.gz")
    if card:
        without_card(renamed, card)
    assert registry.identify_format("read", Galaxy, str(renamed), None, [renamed], {}) == [
        "manga-maps"
    ]
    assert read(renamed).plateifu == "9999-1901"


@READERS
def test_format_of_another_package(read, toy_file):
    assert read(toy_file).plateifu == "toy"
    assert read(toy_file, format="toy", name="mine").plateifu == "mine"
    assert read(toy_file, name="mine").plateifu == "mine"


@READERS
def test_name_of_the_file_if_there_is_none_in_it(read, tmp_path, toy_format):
    path = tmp_path / "NGC 1.v2.fits.gz"
    fits.PrimaryHDU(header=fits.Header({"TOY": True})).writeto(path)
    assert read(path).name == "toy"
    galaxy = read(path, name=None)
    assert (galaxy.name, galaxy.plateifu) == ("NGC 1.v2", None)


@READERS
def test_format_may_be_named(read, maps_file, tmp_path):
    renamed = maps_file.rename(tmp_path / "renamed")
    assert read(renamed, format="manga-maps").plateifu == "9999-1901"
    with pytest.raises(ValueError, match=r"format='fits' is not known; choose one of .*manga-maps"):
        read(renamed, format="fits")


@READERS
def test_several_formats_match(read, maps_file, toy_format):
    with fits.open(maps_file) as hdus:
        hdus[0].header["TOY"] = True
        hdus.writeto(maps_file, overwrite=True)
    with pytest.raises(
        FormatError,
        match=r"several formats recognise .*-MAPS-mock.*: manga-maps, toy; .*format='manga-maps'",
    ):
        read(maps_file)
    assert read(maps_file, format="toy").plateifu == "toy"


@READERS
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"plateifu,pa\n", "is not a FITS file; if it lists galaxies.*--list FILE"),
        (b"", "is empty"),
        (b"<html>404</html>", "is a web page saved under the name of a file"),
        (gzip.compress(b"SIMPLE  =")[:-4], "is truncated"),
    ],
    ids=["text", "nothing", "page", "cut"],
)
def test_no_format_matches(read, content, reason, tmp_path):
    path = tmp_path / "unknown.fits.gz"
    path.write_bytes(content)
    with pytest.raises(MapsFileError, match=rf"unknown.* {reason}.*known formats: .*manga-maps"):
        read(path)


@READERS
def test_other_product_without_maps_name(read, tmp_path):
    model = fits.PrimaryHDU(header=fits.Header({"DAPFRMT": "MODEL"}))
    model.writeto(tmp_path / "model.fits.gz")
    with pytest.raises(MapsFileError, match=r"is a MODEL file; .*known formats: .*manga-maps"):
        read(tmp_path / "model.fits.gz")


@READERS
def test_damaged_file_with_maps_name(read, maps_file):
    maps_file.write_bytes(maps_file.read_bytes()[:-100])
    with pytest.raises(MapsFileError, match=r"is truncated; delete it and fetch it again$"):
        read(maps_file)


@READERS
@pytest.mark.parametrize("name", ["absent.fits", "manga-1-MAPS-2.fits.gz"])
def test_absent_file(read, name, tmp_path, toy_format):
    with pytest.raises(FileNotFoundError, match=f"there is no file .*{name}"):
        read(tmp_path / name)


@READERS
def test_folder(read, tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder; name a MAPS file in it"):
        read(tmp_path)
