"""Files under the name of one galaxy that hold another."""

import os
from dataclasses import replace

import pytest
from astropy.io import fits

import mangapa
from mangapa.archive._contents import flaw_of, refuse_other_galaxy
from mangapa.archive._transfer import fetch
from mangapa.exceptions import DownloadError


@pytest.mark.promise(5)
def test_file_of_another_galaxy_is_refused(archive, galaxy):
    mangapa.write_maps(replace(galaxy, plateifu="7443-12703"), archive.file)
    with pytest.raises(DownloadError, match="is of the galaxy 7443-12703, not of 8485-1901"):
        fetch(archive.address)
    assert archive.gets == [None]
    assert list(archive.address.path.parent.iterdir()) == []


def test_file_that_names_no_galaxy_is_kept(archive):
    fits.delval(archive.file, "PLATEIFU")
    fetch(archive.address)
    assert archive.address.path.read_bytes() == archive.file.read_bytes()


@pytest.mark.promise(5)
def test_stored_file_of_another_galaxy_is_downloaded_again(archive, galaxy):
    archive.address.path.parent.mkdir(parents=True)
    mangapa.write_maps(replace(galaxy, plateifu="7443-12703"), archive.address.path)
    fetch(archive.address)
    assert archive.address.path.read_bytes() == archive.file.read_bytes()


def test_galaxy_of_a_file(maps_file):
    assert flaw_of(maps_file, "9999-1901") is None
    flaw = flaw_of(maps_file, "8485-1901")
    assert flaw.text == "is of the galaxy 9999-1901, not of 8485-1901"
    assert flaw.is_final


@pytest.mark.parametrize(
    ("size", "is_final"), [(0, True), (1, True), (20, False), (1000, False), (-9, False)]
)
def test_damage_is_left_to_the_reader(maps_file, size, is_final):
    os.truncate(maps_file, size % maps_file.stat().st_size)
    refuse_other_galaxy(maps_file, "9999-1901")
    assert flaw_of(maps_file, "9999-1901").is_final == is_final


def test_missing_file_is_left_to_the_reader(tmp_path):
    path = tmp_path / "absent.fits"
    refuse_other_galaxy(path, "9999-1901")
    with pytest.raises(FileNotFoundError, match=r"there is no file .*absent\.fits"):
        mangapa.read_maps(path)
