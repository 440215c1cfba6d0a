"""A server on the loopback with one galaxy of the public archive, and an empty local copy."""

import shutil
from pathlib import Path

import pytest

import mangapa
from mangapa.archive import _transfer as transfer
from mangapa.archive._addresses import maps_addresses
from tests.archive_server import served

PLATEIFU = "8485-1901"


@pytest.fixture(scope="session")
def archived_file(tmp_path_factory):
    """The file on the server."""
    mock = mangapa.simulate_galaxy(
        plateifu=PLATEIFU, n_fibres=19, pa_halpha=100, bintype="HYB10", seed=2
    )
    return mangapa.write_maps(mock, tmp_path_factory.mktemp("archive") / "maps.fits.gz")


@pytest.fixture
def archive(tmp_path, monkeypatch, archived_file):
    """`Archive` of the server, with plate-IFU 8485-1901 of DR17 in the default daptype."""
    monkeypatch.setattr(transfer, "WAITS", (0.01, 0.02))
    monkeypatch.setenv("SAS_BASE_DIR", str(tmp_path / "local"))
    root = tmp_path / "remote"
    with (
        served(root) as (server, archive),
        mangapa.conf.set_temp("server", server),
        mangapa.conf.set_temp("timeout", 0.5),
    ):
        address = maps_addresses([PLATEIFU], release="DR17")[0]
        archive.file = root / address.path.relative_to(tmp_path / "local")
        archive.file.parent.mkdir(parents=True)
        shutil.copy(archived_file, archive.file)
        archive.address = address
        yield archive


@pytest.fixture
def credentials():
    """A ~/.netrc with an entry for the server."""
    path = Path.home() / ".netrc"
    path.write_text("machine 127.0.0.1\n  login sdss\n  password secret\n")
    path.chmod(0o600)
    yield path
    path.unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def no_local_copy():
    """Remove what a test writes to the shared local copy."""
    yield
    import os

    shutil.rmtree(os.environ["SAS_BASE_DIR"], ignore_errors=True)
