"""Identifiers of every release lead to the right file, and nothing else becomes a path."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mangapa
from mangapa.archive import download, expected_path, is_plateifu, locate
from mangapa.archive._addresses import table_address
from mangapa.archive.releases import MANGA_RELEASES, release_named
from tests.archive_server import write_drpall

PLATEIFU = "8485-1901"
TRAVERSAL = [
    *("../..", "8485-1901/..", "8485-1901\n", "/etc/passwd", "8485-1901\0", "٨٤٨٥-1901", ""),
    *("1-209232\n", "8485-2001", "..", "~"),
]
EVERY_DAPTYPE = [
    (name, daptype)
    for release in MANGA_RELEASES
    for name in (release.name, *release.aliases)
    for daptype in release.daptypes
]


@pytest.fixture
def mock(galaxy):
    return replace(galaxy, plateifu=PLATEIFU)


def angles(measurement):
    return measurement.stellar.pa.value, measurement.halpha.pa.value


def known(*names):
    """The given names of a release under which the installed sdss-tree knows its paths."""
    from sdss_access.path import Path as SASPath

    return {name.replace("-", "") for name in names} & set(SASPath.get_available_releases())


@pytest.mark.parametrize(("release", "daptype"), EVERY_DAPTYPE)
def test_every_release_and_daptype(release, daptype, mock, marvin, collaboration, tmp_path):
    mock = replace(mock, daptype=daptype)
    version = release_named(release)
    if not known(release, version.name, *version.aliases):
        with pytest.raises(ValueError, match=f"the paths of {release}.*sdss-access==2.0.6"):
            locate(PLATEIFU, release=release, daptype=daptype)
        path = mangapa.write_maps(mock, tmp_path / "by-name.fits.gz", release=release)
        maps = marvin.tools.maps.Maps(filename=str(path))
    else:
        path = expected_path(PLATEIFU, release=release, daptype=daptype)
        assert path.is_relative_to(os.environ["SAS_BASE_DIR"])
        path.parent.mkdir(parents=True)
        mangapa.write_maps(mock, path, release=release)
        assert locate(PLATEIFU, release=release, daptype=daptype) == path
        by_plateifu = mangapa.measure(PLATEIFU, release=release, daptype=daptype)
        assert by_plateifu.galaxy.daptype == daptype
        assert angles(by_plateifu) == angles(mangapa.measure(path))
        if known(release):
            marvin.config.setRelease(release)
            bintype, template = daptype.split("-", 1)
            maps = marvin.tools.maps.Maps(
                PLATEIFU, bintype=bintype, template=template, mode="local"
            )
        else:
            maps = marvin.tools.maps.Maps(filename=str(path))
        assert Path(maps.filename) == path
        assert locate(maps) == path
    by_path = mangapa.measure(path)
    assert by_path.galaxy.release == version.name
    assert by_path.galaxy.daptype == daptype
    assert (maps.kinematic_pa().pa.value, maps.kinematic_pa("halpha").pa.value) == angles(by_path)
    maps.close()


@pytest.mark.parametrize("release", ["DR17", "DR15", "DR16", "MPL-11", "MPL-7"])
def test_default_daptype_depends_on_the_release(release):
    path = expected_path(PLATEIFU, release=release)
    assert path.name.startswith(f"manga-{PLATEIFU}-MAPS-HYB10-")
    assert expected_path(PLATEIFU, release=release, daptype="HYB10") == path


def test_configured_defaults(sas):
    environment = dict(os.environ)
    assert locate(PLATEIFU) == sas
    with mangapa.conf.set_temp("release", "DR15"), mangapa.conf.set_temp("daptype", "VOR10"):
        path = expected_path(PLATEIFU)
        assert "dr15" in path.parts
        assert path.name.endswith("MAPS-VOR10-GAU-MILESHC.fits.gz")
        assert locate(PLATEIFU, release="DR17", daptype="HYB10") == sas
    assert dict(os.environ) == environment


def test_path_is_returned(maps_file):
    assert locate(maps_file) == maps_file
    assert locate(str(maps_file)) == maps_file


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"MAPS-SPX.*mangapa download 7443-12703"):
        locate("7443-12703", daptype="SPX")
    with pytest.raises(FileNotFoundError, match=r"there is no file .*absent\.fits"):
        locate(tmp_path / "absent.fits")


@pytest.mark.promise(14)
@pytest.mark.parametrize("text", TRAVERSAL)
def test_only_identifiers_become_paths(text):
    with pytest.raises(ValueError, match="is neither a plate-IFU such as 8485-1901"):
        locate(text)
    with pytest.raises(ValueError, match="is neither a plate-IFU such as 8485-1901"):
        download([text])
    with pytest.raises(ValueError, match="must look like 8485-1901"):
        expected_path(text)
    assert not is_plateifu(text)


@pytest.mark.promise(14)
@pytest.mark.parametrize("source", ["8485-1901 ", "8485–1901", "08485-1901", "manga-8485-1901"])
def test_message_says_what_was_meant(source):
    with pytest.raises(ValueError, match=r"; did you mean the identifier '8485-1901'\?$"):
        locate(source)
    with pytest.raises(ValueError, match=r"; did you mean the identifier '8485-1901'\?$"):
        expected_path(source)
    with pytest.raises(FileNotFoundError, match=r"did you mean the identifier '8485-1901'\?$"):
        locate(Path(source))


@pytest.mark.parametrize("source", [b"8485-1901", np.bytes_(b"8485-1901"), ("8485", "1901")])
def test_message_says_what_was_meant_by_other_types(source):
    with pytest.raises(TypeError, match=r"not \w+; did you mean the identifier '8485-1901'\?$"):
        locate(source)


def test_text_of_numpy(sas):
    assert locate(np.str_(PLATEIFU)) == sas
    assert locate(np.array([PLATEIFU])[0], release=np.str_("DR17")) == sas


@pytest.mark.parametrize("name", ["release", "daptype"])
@pytest.mark.parametrize("value", [17, b"DR17", Path("DR17"), np.array(["DR17"]), np.ma.masked])
def test_release_and_daptype_of_another_type(name, value):
    for function in (locate, download, expected_path):
        with pytest.raises(TypeError, match=rf"{name}=.* must be text, not {type(value).__name__}"):
            function(PLATEIFU, **{name: value})


@pytest.mark.promise(5)
def test_stored_file_of_another_galaxy_is_refused(sas, galaxy):
    mangapa.write_maps(replace(galaxy, plateifu="7443-12703"), sas)
    match = r"is of the galaxy 7443-12703, not of 8485-1901; delete it and fetch it again"
    with pytest.raises(mangapa.MapsFileError, match=match):
        locate(PLATEIFU)
    with pytest.raises(mangapa.MapsFileError, match=match):
        mangapa.measure(PLATEIFU)
    assert mangapa.read_maps(locate(sas)).plateifu == "7443-12703"


def test_home_in_a_path(maps_file):
    shutil.copy(maps_file, Path.home() / "maps.fits.gz")
    assert locate("~/maps.fits.gz") == Path.home() / "maps.fits.gz"


@pytest.mark.parametrize("source", [None, 8485, b"8485-1901", ["8485-1901"]])
def test_other_types_are_refused(source):
    with pytest.raises(TypeError, match=f"not {type(source).__name__}"):
        locate(source)


def test_by_mangaid(sas):
    drpall = Path(os.environ["SAS_BASE_DIR"]) / "dr17/manga/spectro/redux/v3_1_1"
    with pytest.raises(FileNotFoundError, match=r"no table .*drpall-v3_1_1.fits; download it with"):
        locate("1-209232")
    write_drpall(
        drpall / "drpall-v3_1_1.fits",
        [
            (PLATEIFU, "1-209232", 0.04, 1024),
            ("7443-12703", "12-193481", 0.04, 1024),
            ("8312-12703", "12-193481", 0.04, 1024),
        ],
    )
    assert locate("1-209232") == sas
    assert angles(mangapa.measure("1-209232")) == angles(mangapa.measure(sas))
    with pytest.raises(ValueError, match="observed as 7443-12703 and 8312-12703 in DR17; give"):
        locate("12-193481")
    with pytest.raises(ValueError, match="'1-1' is not a galaxy of DR17; give the plate-IFU"):
        locate("1-1")


def test_a_cube_of_marvin_leads_to_its_maps(sas):
    class Cube:
        plateifu, release, data_origin = PLATEIFU, "DR17", "file"

    assert locate(Cube()) == sas
    assert angles(mangapa.measure(Cube())) == angles(mangapa.measure(sas))


def test_download(archive):
    path = locate(PLATEIFU, download=True)
    assert path.read_bytes() == archive.file.read_bytes()
    assert locate(PLATEIFU, download=True) == path
    assert len(archive.gets) == 1


def test_allowed_by_configuration(archive):
    with pytest.raises(FileNotFoundError):
        mangapa.measure(PLATEIFU)
    assert archive.asked == []
    with mangapa.conf.set_temp("allow_download", True):
        by_plateifu = mangapa.measure(PLATEIFU)
    assert angles(by_plateifu) == angles(mangapa.measure(archive.file))


@pytest.mark.promise(5)
def test_measure_downloads_a_damaged_file_again(archive):
    path = expected_path(PLATEIFU)
    path.parent.mkdir(parents=True)
    shutil.copy(archive.file, path)
    os.truncate(path, 1000)
    with pytest.raises(mangapa.MapsFileError, match="truncated"):
        mangapa.measure(PLATEIFU)
    by_plateifu = mangapa.measure(PLATEIFU, download=True)
    assert angles(by_plateifu) == angles(mangapa.measure(archive.file))
    assert path.read_bytes() == archive.file.read_bytes()


def test_missing_analysis_lists_those_that_exist(archive):
    with pytest.raises(
        FileNotFoundError,
        match=r"no file http.*MAPS-VOR10.*status 404.*it has HYB10-MILESHC-MASTARSSP of 8485-1901",
    ):
        locate(PLATEIFU, daptype="VOR10", download=True)
    with pytest.raises(FileNotFoundError, match=r"no other analysis of 7443-1901.*'mangapa list"):
        locate("7443-1901", download=True)
    assert len(archive.gets) == 2


def test_download_of_many_sources(archive):
    results = download([PLATEIFU, "7443-1901", PLATEIFU], progress=False)
    assert [one.source for one in results] == [PLATEIFU, "7443-1901", PLATEIFU]
    assert results[0].error is None
    assert results[0].path.read_bytes() == archive.file.read_bytes()
    assert isinstance(results[1].error, FileNotFoundError)
    assert results[2] == results[0]
    assert len(archive.gets) == 2


@pytest.mark.promise(20)
def test_invalid_sources_cost_their_own_results(archive):
    sources = ["../..", PLATEIFU, None, "1-1", "1-2"]
    results = download(iter(sources), progress=False)
    assert [one.source for one in results] == sources
    assert [type(one.error) for one in results] == [
        *(ValueError, type(None), TypeError, FileNotFoundError, FileNotFoundError)
    ]
    assert results[1].path.read_bytes() == archive.file.read_bytes()
    for index in (0, 2, 3, 4):
        assert (results[index].plateifu, results[index].path) == (None, None)
    # The table of MaNGA-IDs is asked for once.
    assert len(archive.gets) == 2


def test_nothing_but_invalid_sources(archive):
    with pytest.raises(ValueError, match="source='x' is neither"):
        download(["x", None])
    assert archive.asked == []


def test_one_source_and_none(archive):
    (result,) = download(PLATEIFU, progress=False)
    assert result.error is None
    assert download([]) == []


def test_mangaid_without_a_file_names_its_plateifu(sas):
    table = table_address("drpall", release="DR17").path
    write_drpall(table, [("8312-6101", "1-210966", 0.04, 1024)])
    match = r"1-210966 was observed as 8312-6101, but there is no file .*mangapa download 8312-6101"
    with pytest.raises(FileNotFoundError, match=match):
        locate("1-210966")
