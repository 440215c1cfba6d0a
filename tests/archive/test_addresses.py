import os
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
