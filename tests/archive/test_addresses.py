import os
import re
import sys
import threading
import warnings

import pytest

import mangapa
from mangapa.archive._addresses import daptype_named, maps_addresses, table_address
from mangapa.archive.releases import release_named

DR17 = "manga/spectro/analysis/v3_1_1/3.1.0/HYB10-MILESHC-MASTARSSP/8485/1901/"


def test_names_come_from_sdss_access():
    (address,) = maps_addresses(["8485-1901"], release="DR17")
    file = "manga-8485-1901-MAPS-HYB10-MILESHC-MASTARSSP.fits.gz"
    assert address.path.as_posix() == f"{os.environ['SAS_BASE_DIR']}/dr17/{DR17}{file}"
    assert address.url == f"https://data.sdss.org/sas/dr17/{DR17}{file}"
    assert address.rsync_url == f"rsync://dtn.sdss.org/dr17/{DR17}{file}"
    assert address.public


def test_tables():
    address = table_address("drpall", release="DR15")
    assert address.url.endswith("/sas/dr15/manga/spectro/redux/v2_4_3/drpall-v2_4_3.fits")
    address = table_address("dapall", release="DR17")
    assert address.path.name == "dapall-v3_1_1-3.1.0.fits"


def test_mirror():
    with (
        mangapa.conf.set_temp("server", "http://mirror.edu/"),
        mangapa.conf.set_temp("rsync_server", "rsync://mirror.edu"),
    ):
        (address,) = maps_addresses(["8485-1901"], release="DR16", daptype="VOR10")
    assert address.url.startswith("http://mirror.edu/sas/dr16/manga/")
    assert address.rsync_url.startswith("rsync://mirror.edu/dr16/manga/")


def test_daptypes():
    dr17 = release_named("DR17")
    assert daptype_named(None, dr17) == daptype_named("HYB10", dr17) == "HYB10-MILESHC-MASTARSSP"
    assert daptype_named("HYB10-MILESHC-MASTARHC2", dr17) == "HYB10-MILESHC-MASTARHC2"
    with pytest.raises(ValueError, match=r"daptype='\.\./x' is not in DR17; choose one of HYB10"):
        daptype_named("../x", dr17)


def test_process_is_unchanged():
    import sdss_access

    tree = sdss_access.tree
    environment, release, paths = dict(os.environ), tree.release, tree.paths
    hooks, seen = (sys.excepthook, warnings.showwarning), []

    def look():
        while not done.is_set():
            seen.append(os.environ.get("HOME"))

    done = threading.Event()
    other = threading.Thread(target=look)
    other.start()
    for release_name in ("DR15", "DR17", "MPL-11"):
        maps_addresses(["8485-1901"], release=release_name)
    done.set()
    other.join()
    assert dict(os.environ) == environment
    assert (tree.release, tree.paths) == (release, paths)
    assert (sys.excepthook, warnings.showwarning) == hooks
    assert set(seen) == {os.environ["HOME"]}


def test_addresses_of_a_thousand_galaxies():
    plateifus = [f"{plate}-{ifu}" for plate in range(7000, 7500) for ifu in (1901, 12705)]
    addresses = maps_addresses(plateifus, release="DR17")
    assert len({address.path for address in addresses}) == 1000


def path_of_a_galaxy():
    return maps_addresses(["8485-1901"], release="DR17")[0].path


@pytest.mark.promise(21)
@pytest.mark.parametrize(
    ("value", "folder"),
    [
        ("~/sas", "{home}/sas"),
        ("", "{home}/sas"),
        ("relative/sas", "{here}/relative/sas"),
        ("../{name}/sas/", "{here}/sas"),
        ("{here}/with blank [1]", "{here}/with blank [1]"),
    ],
)
def test_local_archive(monkeypatch, tmp_path, value, folder):
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path)
    names = {"home": home, "here": tmp_path, "name": tmp_path.name}
    monkeypatch.setenv("SAS_BASE_DIR", value.format(**names))
    path = path_of_a_galaxy()
    assert path.as_posix().startswith(f"{folder.format(**names)}/dr17/manga/spectro/")
    assert os.environ["SAS_BASE_DIR"] == value.format(**names)
    assert "~" not in os.listdir(tmp_path)


def test_local_archive_without_the_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SAS_BASE_DIR")
    assert path_of_a_galaxy().is_relative_to(tmp_path / "sas" / "dr17")
    assert "SAS_BASE_DIR" not in os.environ


@pytest.mark.promise(21)
@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("{here}/file", FileExistsError, "/file cannot be used (File exists); set SAS_BASE_DIR"),
        ("{here}/file/sas", NotADirectoryError, "/file/sas cannot be used (Not a directory)"),
        ("~nobody-has-this-name/sas", ValueError, "names an unknown user"),
        ("{here}/100%", ValueError, "/100% ('%' must be followed by"),
        ("{here}/tags/v1", ValueError, "is outside the local archive"),
    ],
)
def test_local_archive_that_cannot_be_used(monkeypatch, tmp_path, value, error, message):
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAS_BASE_DIR", value.format(here=tmp_path))
    environment = dict(os.environ)
    with pytest.raises(error, match=re.escape(message)) as caught:
        path_of_a_galaxy()
    assert "SAS_BASE_DIR" in str(caught.value)
    assert dict(os.environ) == environment
    assert "~nobody-has-this-name" not in os.listdir(tmp_path)


@pytest.mark.parametrize(
    ("daptype", "meant"),
    [
        ("hyb10", "HYB10"),
        ("VOR10 MILESHC MASTARS", "VOR10-MILESHC-MASTARSSP"),
        ("hyb10-mileshc-mastarssp", "HYB10-MILESHC-MASTARSSP"),
    ],
)
def test_misspelt_daptype(daptype, meant):
    with pytest.raises(ValueError, match=rf"not in DR17 \(did you mean '{meant}'\?\); choose"):
        daptype_named(daptype, release_named("DR17"))
