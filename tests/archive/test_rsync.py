"""Downloads from a real rsync daemon on the loopback."""

import os
import shutil
import socket
import subprocess
from dataclasses import replace

import pytest

import mangapa
from mangapa.archive import _rsync as rsync
from mangapa.archive import locate
from mangapa.archive._transfer import fetch
from mangapa.archive._transport import partial_name
from mangapa.exceptions import DownloadError, MangapaWarning
from tests.waiting import until

needs_rsync = pytest.mark.skipif(
    shutil.which("rsync") is None, reason="the program rsync is not installed"
)


@pytest.fixture
def daemon(archive, tmp_path):
    """The archive behind rsync: module dr17 is public, mangawork is for members."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    secrets = tmp_path / "secrets"
    secrets.write_text("sdss:secret\n")
    secrets.chmod(0o600)
    settings = tmp_path / "rsyncd.conf"
    settings.write_text(
        f"use chroot = no\nlog file = {tmp_path / 'log'}\npath = {archive.root / 'dr17'}\n"
        # By default a daemon of the superuser serves only world-readable files.
        + ("uid = 0\n" if os.getuid() == 0 else "")
        + f"[dr17]\n[mangawork]\nauth users = sdss\nsecrets file = {secrets}\n"
    )
    command = ["rsync", "--daemon", "--no-detach", f"--config={settings}", "--address=127.0.0.1"]
    with subprocess.Popen([*command, f"--port={port}"]) as process:

        def answers():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        until(answers)
        with mangapa.conf.set_temp("rsync_server", f"rsync://127.0.0.1:{port}"):
            url = archive.address.rsync_url.replace("dtn.sdss.org", f"127.0.0.1:{port}")
            archive.address = replace(archive.address, rsync_url=url)
            yield archive
        process.terminate()


@needs_rsync
def test_download(daemon):
    path = locate("8485-1901", download=True, rsync=True)
    assert path.read_bytes() == daemon.file.read_bytes()
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert daemon.asked == []


@needs_rsync
def test_interrupted_download_is_resumed(daemon):
    path = daemon.address.path
    path.parent.mkdir(parents=True)
    partial_name(path, "rsync").write_bytes(daemon.file.read_bytes()[:20_000])
    fetch(daemon.address, use_rsync=True)
    assert path.read_bytes() == daemon.file.read_bytes()


@needs_rsync
def test_damaged_on_the_server(daemon):
    content = daemon.file.read_bytes()
    daemon.file.write_bytes(content[:-100])
    with pytest.raises(DownloadError, match="what arrived is truncated"):
        fetch(daemon.address, use_rsync=True)
    assert not daemon.address.path.exists()


@needs_rsync
def test_missing_on_the_server(daemon):
    daemon.file.unlink()
    with pytest.raises(FileNotFoundError, match="the server has no file rsync://"):
        fetch(daemon.address, use_rsync=True)
    assert not daemon.address.path.exists()


@needs_rsync
def test_file_of_another_galaxy(daemon, galaxy):
    mangapa.write_maps(replace(galaxy, plateifu="7443-12703"), daemon.file)
    with pytest.raises(DownloadError, match="is of the galaxy 7443-12703, not of 8485-1901"):
        fetch(daemon.address, use_rsync=True)
    assert list(daemon.address.path.parent.iterdir()) == []


@needs_rsync
@pytest.mark.promise(22)
def test_larger_than_any_file(daemon, monkeypatch):
    monkeypatch.setattr(rsync, "LARGEST", 1000)
    with pytest.raises(DownloadError, match=r"has more than .* MB, which no file of the archive"):
        fetch(daemon.address, use_rsync=True)
    assert list(daemon.address.path.parent.iterdir()) == []


@needs_rsync
@pytest.mark.promise(21)
def test_folder_that_cannot_be_written(daemon):
    folder = partial_name(daemon.address.path, "rsync")
    folder.mkdir(parents=True)
    (folder / "in the way").touch()
    with pytest.raises(DownloadError, match=r"rsync ended with status \d+: .*without rsync"):
        fetch(replace(daemon.address, rsync_url=daemon.address.rsync_url + "/"), use_rsync=True)


@needs_rsync
def test_server_that_asks_for_a_password_of_a_public_file(daemon):
    """It is refused, and nobody is asked on the terminal."""
    url = daemon.address.rsync_url.replace("/dr17/", "/mangawork/")
    with pytest.raises(PermissionError, match=r"127\.0\.0\.1 in ~/\.netrc"):
        fetch(replace(daemon.address, rsync_url=url), use_rsync=True)


@needs_rsync
def test_no_daemon(archive, monkeypatch):
    closed = replace(archive.address, rsync_url="rsync://127.0.0.1:9/dr17/x.fits.gz")
    with pytest.raises(DownloadError, match=r"rsync ended with status .*3 tries"):
        fetch(closed, use_rsync=True)


@needs_rsync
@pytest.mark.parametrize("password", ["secret", "wrong"])
def test_members_only(daemon, credentials, password):
    credentials.write_text(f"machine 127.0.0.1 login sdss password {password}\n")
    url = daemon.address.rsync_url.replace("/dr17/", "/mangawork/").replace("//", "//sdss@", 1)
    member = replace(daemon.address, rsync_url=url, public=False)
    if password == "secret":
        fetch(member, use_rsync=True)
        assert member.path.read_bytes() == daemon.file.read_bytes()
    else:
        with pytest.raises(PermissionError, match=r"127\.0\.0\.1 in ~/\.netrc"):
            fetch(member, use_rsync=True)


def test_https_without_rsync(archive, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.warns(MangapaWarning, match="rsync is not installed; downloading by HTTPS"):
        path = locate("8485-1901", download=True, rsync=True)
    assert path.read_bytes() == archive.file.read_bytes()
