"""Answers of a server that are out of the ordinary."""

import threading
from dataclasses import replace

import pytest

from mangapa._utils.progress import progress_bar
from mangapa.archive import _http as http
from mangapa.archive._transport import partial_files
from mangapa.exceptions import DownloadError, NetworkError


def transfer(address):
    with progress_bar(show=False) as bar:
        return http.transfer(address, bar=bar, stop=threading.Event())


@pytest.fixture
def interrupted(archive):
    """The server, after a download that it interrupted half-way."""
    archive.address.path.parent.mkdir(parents=True)
    archive.faults[archive.file.name] = ["short"]
    with pytest.raises(NetworkError, match="IncompleteRead"):
        transfer(archive.address)
    assert len(partial_files(archive.address.path)) == 1
    return archive


def test_interrupted_download_is_resumed(interrupted):
    (left,) = partial_files(interrupted.address.path)
    size = left.stat().st_size
    assert transfer(interrupted.address) == left
    assert left.read_bytes() == interrupted.file.read_bytes()
    assert interrupted.gets == [None, f"bytes={size}-"]


@pytest.mark.parametrize("fault", ["shift", "nameless"])
def test_other_rest_than_requested(interrupted, fault):
    """It begins elsewhere, or may be of another version: the download starts again."""
    interrupted.faults[interrupted.file.name] = [fault]
    partial = transfer(interrupted.address)
    assert partial.read_bytes() == interrupted.file.read_bytes()
    assert [one is None for one in interrupted.gets] == [True, False, True]


def test_existence(archive):
    assert http.exists(archive.address)
    assert not http.exists(replace(archive.address, url=archive.address.url + "x"))
    assert not http.exists(replace(archive.address, url="http://127.0.0.1:9/sas/x.fits.gz"))


def test_invalid_address_is_final(archive):
    with pytest.raises(DownloadError, match=r"http:// could not be downloaded \(.*host") as caught:
        transfer(replace(archive.address, url="http://"))
    assert not isinstance(caught.value, NetworkError)
