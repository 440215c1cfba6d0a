"""Formats are registered once, and known by their names and content."""

import json
import re
from dataclasses import replace

import pytest

import mangapa
from mangapa import Galaxy
from mangapa.cli import main
from mangapa.exceptions import FormatError, GalaxyFileError
from mangapa.formats import formats, read_galaxy
from tests.formats.toy import TOY, write_toy


@pytest.fixture
def files(add_format, tmp_path):
    """The stars and the gas of one observation."""
    add_format(TOY)
    return [
        write_toy(tmp_path, "NGC1", "A", "stellar", pa=40),
        write_toy(tmp_path, "NGC1", "A", "halpha", pa=220),
    ]


def test_a_format_is_known_once(add_format):
    assert TOY not in formats()
    add_format(TOY)
    assert formats()[-1] is TOY
    with pytest.raises(ValueError, match="a format named 'toy' is registered already"):
        add_format(TOY)
    with pytest.raises(ValueError, match=r"names='a.b' must have a group \(\?P<observation>"):
        add_format(replace(TOY, name="other", names=re.compile("a.b")))
    assert formats()[-1] is TOY


def test_a_name_that_astropy_knows_is_taken(add_format):
    from astropy.io import registry

    registry.register_reader("taken", Galaxy, print)
    try:
        with pytest.raises(ValueError, match="'taken' is registered already"):
            add_format(replace(TOY, name="taken"))
    finally:
        registry.unregister_reader("taken", Galaxy)


def test_observation_of_a_name():
    assert TOY.observation("/some/where/NGC1_B_halpha_default.fits") == "NGC1_B"
    assert TOY.observation("NGC1_B_flux_default.fits") is None
    assert replace(TOY, names=None).observation("NGC1_B_halpha_default.fits") is None


def test_files_of_one_observation_are_one_galaxy(files):
    for galaxy in (read_galaxy(files), Galaxy.read([*map(str, files)])):
        assert (galaxy.name, galaxy.observation, galaxy.survey) == ("NGC1", "A", "Toy")
        assert galaxy.stellar is not None
        assert galaxy.halpha is not None
    measured = mangapa.measure(tuple(files))
    assert abs(measured.stellar.pa.value - 40) < 2
    assert abs(measured.halpha.pa.value - 220) < 2
    assert measured.source == str(files[0].parent / "NGC1_A_*_default.fits")
    row = measured.row()
    assert (row["name"], row["observation"], row["survey"]) == ("NGC1", "A", "Toy")
    assert repr(measured).startswith("<Measurement of NGC1 A: ")
    assert read_galaxy(files[1:]).stellar is None


def test_a_format_known_by_its_content(files, tmp_path):
    renamed = files[0].rename(tmp_path / "renamed.fits")
    assert read_galaxy(renamed).observation == "A"
    galaxy = read_galaxy([renamed, files[1]])
    assert galaxy.stellar.n_spaxels == galaxy.halpha.n_spaxels


def test_files_of_two_observations_are_refused(files, tmp_path):
    other = write_toy(tmp_path, "NGC1", "B", "halpha", pa=40)
    with pytest.raises(FormatError, match=r"several galaxies or observations \(NGC1_A, NGC1_B\)"):
        read_galaxy([files[0], other])


def test_files_of_two_formats_are_refused(files, maps_file):
    with pytest.raises(
        FormatError, match=r"of several formats \(manga-maps, toy\); name the files"
    ):
        read_galaxy([files[0], maps_file])


def test_an_option_reaches_the_formats_that_have_it(files, maps_file, tmp_path):
    files.append(write_toy(tmp_path, "NGC1", "A", "stellar", pa=90, binning="coarse"))
    assert abs(mangapa.measure(files).stellar.pa.value - 40) < 2
    coarse = mangapa.measure(files, binning="coarse", components="two")
    assert abs(coarse.stellar.pa.value - 90) < 2
    assert (coarse.galaxy.daptype, coarse.galaxy.halpha) == ("coarse", None)
    with pytest.raises(GalaxyFileError, match="no binning 'fine'"):
        mangapa.measure(files, binning="fine")
    assert mangapa.measure(maps_file, binning="fine").galaxy.plateifu == "9999-1901"
    with pytest.raises(TypeError, match="binning=3 must be a name"):
        mangapa.measure(maps_file, binning=3)


def test_command_lists_the_formats(add_format, capsys):
    add_format(TOY)
    assert main(["formats"]) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) < 80
    block = printed[printed.index("toy") :].split("\n\n")[0].splitlines()
    assert block == [
        "toy - Toy: velocity maps, one file for each tracer",
        "  file        NGC1_A_stellar_default.fits",
        "  offsets     x of the file is to the West",
        "  missing     NaN",
        "  velocities  systemic velocity",
        "  errors      1 sigma",
        "  options     --binning",
    ]
    block = printed[printed.index("califa - ") :].split("\n\n")[0].splitlines()
    assert block[-2:] == [
        "  dispersions stars, free of the instrument's part (they reach below its 65",
        "              km/s)",
    ]
    assert main(["formats", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[-1]["name"] == "toy"


def test_command_lists_readers_that_only_astropy_knows(capsys):
    from astropy.io import registry

    registry.register_reader("foreign", Galaxy, print)
    try:
        assert main(["formats"]) == 0
    finally:
        registry.unregister_reader("foreign", Galaxy)
    assert "foreign - a format of another package" in capsys.readouterr().out
