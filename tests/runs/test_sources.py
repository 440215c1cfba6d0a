from pathlib import Path

import pytest

from mangapa.runs._sources import listed


@pytest.fixture
def folder(tmp_path):
    for name in ("b/manga-8001-1901-MAPS-SPX.fits", "manga-8000-1901-MAPS-VOR10.fits.gz", "notes"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def test_a_folder_stands_for_its_maps_files_at_any_depth(folder):
    expected = [
        str(folder / "b" / "manga-8001-1901-MAPS-SPX.fits"),
        str(folder / "manga-8000-1901-MAPS-VOR10.fits.gz"),
    ]
    assert listed(folder) == listed(str(folder)) == expected


def test_a_pattern_stands_for_the_files_that_match(folder):
    assert [Path(name).name for name in listed(f"{folder}/*")] == [
        *("b", "manga-8000-1901-MAPS-VOR10.fits.gz", "notes")
    ]
    assert len(listed(f"{folder}/**/*800[01]*")) == 2


def test_a_name_with_magic_characters_is_a_file_if_it_exists(tmp_path):
    path = tmp_path / "maps[1].fits"
    path.touch()
    assert listed(path) == [str(path)]


def test_identifiers_and_missing_files_are_kept_and_duplicates_are_dropped(folder):
    sources = ["8485-1901", "1-209232", folder / "missing.fits", "8485-1901", folder]
    assert listed(sources) == [
        *("8485-1901", "1-209232", str(folder / "missing.fits")),
        *listed(folder),
    ]


def test_a_folder_or_pattern_without_files(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no MAPS file .* in the folder .*; name another"):
        listed(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no file that matches .*\.fits"):
        listed(str(tmp_path / "*.fits"))


def test_a_source_of_another_type():
    with pytest.raises(TypeError, match="a source must be a path or an identifier, not int"):
        listed([8485])
