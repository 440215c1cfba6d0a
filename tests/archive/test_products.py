"""Files of other surveys, from a server on the loopback."""

import gzip

import numpy as np
import pytest
from astropy.io import fits

from mangapa.archive import _transfer as transfer
from mangapa.archive import fetch
from mangapa.exceptions import DownloadError
from tests.archive_server import served


@pytest.fixture
def stars(tmp_path, monkeypatch):
    """The server of CALIFA, with the stars of one galaxy; ``file`` is the file there."""
    monkeypatch.setattr(transfer, "WAITS", (0.01, 0.02))
    folder = tmp_path / "remote" / "FTP-PUB" / "dataproducts" / "Stellar_Kinematics_V1200"
    folder.mkdir(parents=True)
    with served(tmp_path / "remote") as (url, archive):
        archive.url, archive.file = url + "/sas", folder / "NGC9901.CALIFA.V1200.stekin.fits"
        columns = [fits.Column("Vp", "D", array=np.arange(1000.0))]
        fits.BinTableHDU.from_columns(columns).writeto(archive.file)
        yield archive


@pytest.fixture
def get(stars, tmp_path):
    return lambda galaxy="NGC9901": fetch(
        "califa-stars", galaxy, tmp_path / "local", server=stars.url
    )


def test_a_file_is_fetched_once(stars, get, tmp_path):
    path = get()
    assert path == tmp_path / "local" / stars.file.name
    assert path.read_bytes() == stars.file.read_bytes()
    assert get() == path
    assert len(stars.gets) == 1


def test_compressed_cubes(stars, tmp_path):
    folder = tmp_path / "remote" / "CALIFA" / "V500" / "v2.3" / "pyPipe3D"
    folder.mkdir(parents=True)
    cube = folder / "NGC9901.Pipe3D.cube.fits.gz"
    cube.write_bytes(gzip.compress(stars.file.read_bytes()))
    path = fetch("ecalifa-pipe3d", "NGC9901", tmp_path, server=stars.url, progress=False)
    assert path.read_bytes() == cube.read_bytes()


@pytest.mark.promise(5)
@pytest.mark.parametrize("fault", ["short", "cut", 503])
def test_faults_are_tried_again(stars, get, fault):
    stars.faults[stars.file.name] = [fault]
    assert get().read_bytes() == stars.file.read_bytes()
    stars.faults[stars.file.name] = [fault] * 3
    get().unlink()
    with pytest.raises(DownloadError, match="3 tries"):
        get()


def test_what_a_server_lacks_or_replaces_by_a_page(stars, get, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*NGC9902\.CALIFA.*404"):
        get("NGC9902")
    stars.faults[stars.file.name] = ["page"]
    with pytest.raises(DownloadError, match="open the address in a browser"):
        get()
    assert not (tmp_path / "local" / stars.file.name).exists()
    (tmp_path / "file").touch()
    with pytest.raises(DownloadError, match=r"file.*cannot be stored.*name another folder"):
        fetch("califa-stars", "NGC9901", tmp_path / "file", server=stars.url)


@pytest.mark.promise(14)
@pytest.mark.parametrize("galaxy", ["", "../NGC9901", "a/b", "NGC 9901", "NGC9901\n", ".", 9901])
def test_names_are_checked_before_an_address_is_made(galaxy):
    with pytest.raises(ValueError, match=r"galaxy=.* must be a name such as 'NGC6278'"):
        fetch("califa-stars", galaxy)


def test_products_are_named():
    with pytest.raises(ValueError, match=r"did you mean 'califa-stars'.*'ecalifa-pipe3d'"):
        fetch("califa-star", "NGC9901")
