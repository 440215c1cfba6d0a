import os
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Column, MaskedColumn

from mangapa.archive._transport import partial_name
from mangapa.exceptions import MangapaWarning
from mangapa.runs._sources import Source, file_stamp, listed

GOOD = "manga-8485-1901-MAPS-VOR10.fits.gz"


@pytest.fixture
def folder(tmp_path):
    for name in ("b/manga-8001-1901-MAPS-SPX.fits", "manga-8000-1901-MAPS-VOR10.fits.gz", "notes"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def spellings(sources):
    return [source.spelling for source in listed(sources)]


def test_a_source_is_known_by_its_real_path(tmp_path, monkeypatch):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.fits").touch()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    source = Source.of("link/a.fits")
    assert source.identity == str(tmp_path / "real" / "a.fits")
    assert source.target == str(tmp_path / "link" / "a.fits")
    assert source.spelling == "link/a.fits"
    same = Source(identity="8485-1901", target="8485-1901", spelling="8485-1901")
    assert Source.of("8485-1901") == same


def test_a_folder_stands_for_its_maps_files_at_any_depth(folder):
    expected = [
        str(folder / "b" / "manga-8001-1901-MAPS-SPX.fits"),
        str(folder / "manga-8000-1901-MAPS-VOR10.fits.gz"),
    ]
    for source in (folder, str(folder), os.fsencode(folder)):
        assert spellings(source) == expected


@pytest.mark.promise(19)
def test_linked_folders_are_entered(folder, tmp_path_factory):
    disk = tmp_path_factory.mktemp("disk")
    (disk / "inner").mkdir()
    (disk / "inner" / GOOD).touch()
    (folder / "linked").symlink_to(disk)
    expected = [
        str(folder / "b" / "manga-8001-1901-MAPS-SPX.fits"),
        str(folder / "linked" / "inner" / GOOD),
        str(folder / "manga-8000-1901-MAPS-VOR10.fits.gz"),
    ]
    assert spellings(folder) == spellings(f"{folder}/**/*-MAPS-*") == expected
    assert spellings(f"{folder}/**/inner/*") == expected[1:2]


@pytest.mark.promise(19)
def test_links_in_a_circle_end(folder):
    for number in range(6):
        (folder / "b" / f"up{number}").symlink_to(folder)
        (folder / f"here{number}").symlink_to(".")
    assert len(listed(folder)) == len(listed(f"{folder}/**/*.fits*")) == 2


@pytest.mark.promise(19)
def test_a_link_to_a_missing_file_is_not_left_out(folder):
    (folder / GOOD).symlink_to("gone.fits.gz")
    assert str(folder / GOOD) in spellings(folder)


@pytest.mark.promise(19)
def test_a_folder_that_cannot_be_read_is_named(folder, monkeypatch):
    scan = os.scandir

    def refuse(path):
        if path == str(folder / "b"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr("mangapa.runs._sources.os.scandir", refuse)
    with pytest.warns(MangapaWarning, match=r"folder .*/b cannot be read \(Permission denied\)"):
        assert len(listed(folder)) == 1


def test_a_pattern_stands_for_the_files_that_match(folder):
    assert [Path(name).name for name in spellings(f"{folder}/*")] == [
        *("manga-8001-1901-MAPS-SPX.fits", "manga-8000-1901-MAPS-VOR10.fits.gz", "notes")
    ]
    assert len(listed(f"{folder}/**/*800[01]*")) == 2
    assert len(listed(f"{folder}/**")) == 3


def test_a_pattern_is_relative_to_the_folder_in_which_it_is_given(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert spellings("**/*-MAPS-*") == [
        *("./b/manga-8001-1901-MAPS-SPX.fits", "./manga-8000-1901-MAPS-VOR10.fits.gz")
    ]
    assert spellings("b/*.fits") == ["b/manga-8001-1901-MAPS-SPX.fits"]


@pytest.mark.promise(19)
def test_files_that_belong_to_a_maps_file_are_not_sources(folder):
    path = folder / GOOD
    replaced = folder / f".{GOOD}.k2h3xa"
    replaced.mkdir()
    leftovers = [
        *(folder / f"._{GOOD}", folder / f"{GOOD}.sha1sum", folder / f"{GOOD}.part"),
        *(folder / f"{GOOD}~", partial_name(path), replaced / GOOD),
    ]
    for leftover in leftovers:
        leftover.touch()
    assert len(listed(folder)) == len(listed(f"{folder}/**/*MAPS*")) == 2
    # Who names one asks for it.
    assert spellings(leftovers) == [str(leftover) for leftover in leftovers]


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz", ".fz", ".Z", ".zip"])
def test_a_maps_file_that_cannot_be_read_is_not_left_out(tmp_path, suffix):
    (tmp_path / f"manga-8485-1901-MAPS-VOR10.fits{suffix}").touch()
    assert len(listed(tmp_path)) == 1


@pytest.mark.parametrize("name", ["maps[1]", "star*star", "what?", "percent%20", "with space"])
def test_a_name_with_magic_characters_is_literal_if_it_exists(tmp_path, name):
    path = tmp_path / name / GOOD
    path.parent.mkdir()
    path.touch()
    for source in (path, path.parent, f"{path.parent}/*.fits.gz", f"{path.parent}/**/*"):
        assert spellings(source) == [str(path)]


def test_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "maps" / GOOD
    path.parent.mkdir()
    path.touch()
    for source in ("~/maps", f"~/maps/{GOOD}", "~/maps/*", "~/**/*"):
        assert [one.target for one in listed(source)] == [str(path)]


@pytest.mark.promise(19)
def test_one_file_under_several_names_is_one_source(folder, monkeypatch):
    monkeypatch.chdir(folder)
    message = r"4 sources are the same files as others under another name, such as \./b/.* and b/"
    with pytest.warns(MangapaWarning, match=message):
        sources = listed(["b", "./b", folder / "b", f"{folder}/../{folder.name}/b", "b/../b/*"])
    assert [source.spelling for source in sources] == ["b/manga-8001-1901-MAPS-SPX.fits"]


def test_identifiers_and_missing_files_are_kept_and_duplicates_are_dropped(folder):
    sources = ["8485-1901", "1-209232", folder / "missing.fits", "8485-1901", folder, folder]
    assert listed(sources) == [
        *(Source.of(str(one)) for one in sources[:3]),
        *listed(folder),
    ]


def identifiers():
    names = np.array(["8485-1901", "8485-1902"])
    yield "list of numpy strings", list(names)
    yield "numpy array", names
    yield "bytes", names.astype(bytes)
    yield "objects", names.astype(object)
    yield "generator", (name for name in names)
    yield "column", Column(names)
    yield "column of bytes", Column(names.astype(bytes))
    yield "masked column", MaskedColumn(names)


@pytest.mark.parametrize("sources", [pytest.param(given, id=name) for name, given in identifiers()])
def test_identifiers_from_tables(sources):
    found = listed(sources)
    assert [source.identity for source in found] == ["8485-1901", "8485-1902"]
    assert {type(source.target) for source in found} == {str}


def test_identifiers_from_pandas():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    assert [one.target for one in listed(pandas.Series(["8485-1901"]))] == ["8485-1901"]
    with pytest.raises(TypeError, match="a source must be a path or an identifier, not NAType"):
        listed(pandas.Series(["8485-1901", pandas.NA], dtype="string"))


def test_a_folder_or_pattern_without_files(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no MAPS file .* in the folder .*; name another"):
        listed(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no file that matches .*\.fits"):
        listed(str(tmp_path / "*.fits"))


@pytest.mark.parametrize(
    ("sources", "error", "message"),
    [
        ([8485], TypeError, "a source must be a path or an identifier, not int: 8485"),
        ([None], TypeError, "not NoneType: None"),
        (["8485-1901", float("nan")], TypeError, "not float: nan"),
        (MaskedColumn(["8485-1901"], mask=[True]), TypeError, "not MaskedConstant"),
        (8485, TypeError, "sources must be a path, an identifier or an iterable of them, not int"),
        (None, TypeError, "sources must be .*, not NoneType"),
        ("", ValueError, "a source is empty"),
        ("a\0b", ValueError, "NUL"),
    ],
)
def test_what_is_not_a_source(sources, error, message):
    with pytest.raises(error, match=message):
        listed(sources)


def test_a_name_that_is_not_unicode(tmp_path):
    path = os.fsencode(tmp_path) + b"/latin\xe9-MAPS-.fits"
    with open(path, "wb"):
        pass
    [source] = listed(tmp_path)
    assert os.fsencode(source.target) == path
    assert source.spelling == f"{tmp_path}/latin\\udce9-MAPS-.fits"
    assert listed(path) == [source]


def test_stamp_of_a_file(tmp_path):
    path = tmp_path / "a.fits"
    path.write_bytes(b"abc")
    os.utime(path, ns=(5, 7))
    assert file_stamp(Source.of(str(path))) == [3, 7]
    assert file_stamp(Source.of(str(tmp_path / "missing"))) is None
    assert file_stamp(Source.of("8485-1901")) is None
