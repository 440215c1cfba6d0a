"""After each fault there is no file under the final name, and the next call downloads it."""

import errno
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import replace
from subprocess import PIPE

import pytest

import mangapa
from mangapa.archive import _http as http
from mangapa.archive import _transfer as transfer
from mangapa.archive._transfer import fetch, fetch_all
from mangapa.archive._transport import partial_files, partial_name
from mangapa.exceptions import DownloadError
from tests.waiting import until


def assert_fetched(archive):
    assert archive.address.path.read_bytes() == archive.file.read_bytes()
    assert [p.name for p in archive.address.path.parent.iterdir()] == [archive.file.name]


def assert_not_fetched(archive):
    assert not archive.address.path.exists()


def test_download_without_faults(archive):
    fetch(archive.address)
    assert_fetched(archive)
    assert archive.gets == [None]
    fetch(archive.address)
    assert archive.gets == [None]


@pytest.mark.promise(6)
@pytest.mark.parametrize("fault", ["short", "cut", "stall", 503, 429])
def test_network_fault_is_retried(archive, fault):
    archive.faults[archive.file.name] = [fault]
    fetch(archive.address)
    assert_fetched(archive)
    first, second = archive.gets
    assert first is None
    if fault in ("short", "stall"):
        missed = archive.file.stat().st_size // 2 - int(second.strip("bytes=-"))
        assert 0 <= missed < http.BLOCK


@pytest.mark.promise(6)
@pytest.mark.parametrize("fault", ["short", "cut", "stall", "flip", 503])
def test_three_tries_then_an_error(archive, fault):
    archive.faults[archive.file.name] = [fault] * 3
    with pytest.raises(DownloadError, match=r"8485-1901-MAPS.*3 tries\).*run it again"):
        fetch(archive.address)
    assert len(archive.gets) == 3
    assert_not_fetched(archive)
    fetch(archive.address)
    assert_fetched(archive)


def test_flipped_byte_is_detected(archive):
    archive.faults[archive.file.name] = ["flip"]
    fetch(archive.address)
    assert_fetched(archive)
    assert archive.gets == [None, None]


def test_server_that_ignores_ranges(archive):
    archive.ranges = False
    archive.faults[archive.file.name] = ["short"]
    fetch(archive.address)
    assert_fetched(archive)
    assert len(archive.gets) == 2


def test_no_server(archive):
    closed = replace(archive.address, url="http://127.0.0.1:9/sas/x.fits.gz")
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1:9.*refused.*3 tries"):
        fetch(closed)
    assert_not_fetched(archive)


def test_file_that_changed_on_the_server_is_downloaded_from_the_start(archive, galaxy):
    archive.faults[archive.file.name] = ["short"] * 3
    with pytest.raises(DownloadError):
        fetch(archive.address)
    (left,) = partial_files(archive.address.path)
    assert left.stat().st_size > archive.file.stat().st_size / 2
    mangapa.write_maps(replace(galaxy, plateifu="8485-1901"), archive.file)
    fetch(archive.address)
    assert_fetched(archive)


def test_complete_partial_file_is_not_downloaded_again(archive):
    archive.address.path.parent.mkdir(parents=True)
    whole = partial_name(archive.address.path, "any")
    whole.write_bytes(archive.file.read_bytes())
    fetch(archive.address)
    assert_fetched(archive)
    assert archive.gets == [f"bytes={archive.file.stat().st_size}-"]


@pytest.mark.promise(5)
def test_damaged_file_is_downloaded_again(archive):
    archive.address.path.parent.mkdir(parents=True)
    archive.address.path.write_bytes(archive.file.read_bytes()[:-100])
    fetch(archive.address)
    assert_fetched(archive)


class FullDisk:
    """A file on a disk that has room for one block."""

    def __init__(self, path, mode):
        self.file, self.room = open(path, mode), http.BLOCK  # noqa: SIM115

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, block):
        self.file.write(block[: self.room])
        if len(block) > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.file.name)
        self.room -= len(block)


@pytest.mark.promise(21)
def test_full_disk_is_explained_and_nothing_is_lost(archive, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(http, "open", FullDisk, raising=False)
        with pytest.raises(DownloadError, match=r"MAPS.*No space left.*make room.*SAS_BASE_DIR"):
            fetch(archive.address)
    assert_not_fetched(archive)
    fetch(archive.address)
    assert_fetched(archive)
    assert archive.gets == [None, f"bytes={http.BLOCK}-"]


@pytest.mark.promise(21)
def test_failing_disk_costs_one_file(archive):
    other = replace(archive.address, path=archive.address.path.with_name("other") / "x.fits.gz")
    other.path.parent.parent.mkdir(parents=True)
    other.path.parent.touch()
    results = dict(fetch_all([other, archive.address]))
    assert "x.fits.gz cannot be stored (File exists)" in str(results[other])
    assert results[archive.address] is None


@pytest.mark.promise(6)
def test_404_is_final(archive):
    archive.file.unlink()
    with pytest.raises(FileNotFoundError, match="the server has no file http"):
        fetch(archive.address)
    assert len(archive.gets) == 1
    assert_not_fetched(archive)


@pytest.mark.promise(6)
def test_other_refusals_are_final(archive):
    archive.faults[archive.file.name] = [418]
    with pytest.raises(DownloadError, match="the server answers 418"):
        fetch(archive.address)
    assert len(archive.gets) == 1


@pytest.mark.promise(6)
def test_retry_after_is_limited(archive, monkeypatch):
    waited = []
    monkeypatch.setattr(http, "TRANSIENT", (429,))

    class Stop(threading.Event):
        def wait(self, timeout=None):
            waited.append(timeout)
            return False

    def transfer_once(*args, **kwargs):
        raise mangapa.exceptions.NetworkError("busy", wait=1000)

    monkeypatch.setattr(http, "transfer", transfer_once)
    with pytest.raises(DownloadError, match="busy"):
        fetch(archive.address, stop=Stop())
    assert waited[:2] == [transfer.LONGEST_WAIT] * 2


def test_members_only(archive, credentials):
    archive.password = "sdss:secret"
    fetch(replace(archive.address, public=False))
    assert_fetched(archive)


def test_wrong_password(archive, credentials):
    archive.password = "sdss:other"
    with pytest.raises(PermissionError, match=r"status 401.*127\.0\.0\.1 in ~/\.netrc"):
        fetch(replace(archive.address, public=False))
    assert len(archive.gets) == 1
    assert_not_fetched(archive)


@pytest.mark.parametrize(
    ("content", "mode", "trouble"),
    [
        (None, None, "there is no ~/.netrc"),
        ("machine elsewhere login a password b\n", 0o600, "has no entry for 127.0.0.1"),
        ("machine 127.0.0.1 login a password b\n", 0o644, "too permissive"),
        ("gibberish\n", 0o600, "cannot be used"),
    ],
)
def test_missing_password_raises_before_any_request(archive, credentials, content, mode, trouble):
    if content is None:
        credentials.unlink()
    else:
        credentials.write_text(content)
        credentials.chmod(mode)
    with pytest.raises(PermissionError, match=rf"members.*{trouble}.*machine 127\.0\.0\.1 login"):
        fetch(replace(archive.address, public=False))
    assert archive.asked == []


def test_number_of_simultaneous_downloads(archive, tmp_path):
    archive.delay = 0.1
    addresses = []
    for number in range(8):
        copy = archive.file.parent.parent / str(number) / archive.file.name
        copy.parent.mkdir()
        copy.write_bytes(archive.file.read_bytes())
        addresses.append(
            replace(
                archive.address,
                path=archive.address.path.parent.parent / str(number) / archive.file.name,
                url=archive.address.url.replace("/1901/", f"/{number}/"),
            )
        )
    (archive.file.parent.parent / "5" / archive.file.name).unlink()
    results = dict(fetch_all(addresses))
    assert archive.most_at_once == 3
    assert [results[a] is None for a in addresses] == [True] * 5 + [False] + [True] * 2
    assert isinstance(results[addresses[5]], FileNotFoundError)


def test_two_processes_download_a_file_once(archive):
    archive.delay = 0.3
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=fetch, args=(archive.address,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert len(archive.gets) == 1
    assert_fetched(archive)


@pytest.mark.promise(5)
def test_stop_in_the_middle_keeps_what_arrived(archive):
    class Stop(threading.Event):
        """Set as soon as it is asked, which is after the first block."""

        def is_set(self):
            self.set()
            return super().is_set()

    with pytest.raises(DownloadError, match=r"could not be downloaded \(interrupted\)"):
        fetch(archive.address, stop=Stop())
    assert len(archive.gets) == 1
    assert_not_fetched(archive)
    (part,) = partial_files(archive.address.path)
    assert part.read_bytes() == archive.file.read_bytes()[: http.BLOCK]


#: Downloads a file, and prints when Ctrl-C ends that.
INTERRUPTED = """
import sys
from mangapa import conf
from mangapa.archive import download

conf.server, conf.timeout = sys.argv[1], 600.0
try:
    download("8485-1901", progress=False)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.promise(5)
@pytest.mark.parametrize("fault", ["stall", "silent"])
def test_ctrl_c_ends_a_stalled_download(archive, fault):
    """It does not wait for the time-out of the connection, which is ten minutes."""
    archive.faults[archive.file.name] = [fault]
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, mangapa.conf.server], stdout=PIPE, text=True
    ) as downloader:
        try:
            until(
                lambda: archive.gets if fault == "silent" else partial_files(archive.address.path)
            )
            downloader.send_signal(signal.SIGINT)
            assert downloader.communicate(timeout=30)[0] == "interrupted\n"
        finally:
            downloader.kill()
    assert downloader.returncode == 0
    assert len(archive.gets) == 1
    assert_not_fetched(archive)
    fetch(archive.address)
    assert_fetched(archive)


#: For each number N that it reads, forks a download that kills itself at its Nth step (an event of
#: Python's audit, such as an open file or a rename, or a block of data), and prints how far it was.
DOWNLOADER = """
import os, signal, sys
import requests, tqdm
from mangapa import conf
from mangapa.archive import _http as http
from mangapa.archive import _transfer as transfer
from mangapa.archive._addresses import maps_addresses

def step(*args):
    global steps
    steps += 1
    if steps == last:
        os.kill(os.getpid(), signal.SIGKILL)

class Bar(tqdm.tqdm):
    def update(self, n=1):
        step()
        return super().update(n)

http.BLOCK = 1 << 8
transfer.progress_bar = lambda show, **options: Bar(disable=True, **options)
conf.server = sys.argv[1]
(address,) = maps_addresses(["8485-1901"], release="DR17")
print("ready", flush=True)
for line in sys.stdin:
    steps, last = 0, int(line)
    child = os.fork()
    if not child:
        sys.addaudithook(step)
        transfer.fetch(address)
        print(steps, flush=True)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print("killed", flush=True)
"""


@pytest.mark.promise(5)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_killed_at_random_steps(archive):
    whole, path, outcomes = archive.file.read_bytes(), archive.address.path, Counter()
    with subprocess.Popen(
        [sys.executable, "-c", DOWNLOADER, mangapa.conf.server],
        stdin=PIPE,
        stdout=PIPE,
        text=True,
    ) as downloader:
        assert downloader.stdout.readline() == "ready\n"

        def download(last_step):
            print(last_step, file=downloader.stdin, flush=True)
            return downloader.stdout.readline().strip()

        n_steps = int(download(0))
        assert n_steps > len(whole) / 256
        for last_step in random.Random(1).sample(range(1, n_steps), 50):
            path.unlink(missing_ok=True)
            result = download(last_step)
            if path.exists():
                assert path.read_bytes() == whole
                outcomes["whole"] += 1
            else:
                assert result == "killed"
                outcomes["unfinished" if partial_files(path) else "nothing"] += 1
        downloader.stdin.close()
    path.unlink(missing_ok=True)
    assert outcomes["whole"] > 5
    assert outcomes["unfinished"] > 5
    fetch(archive.address)
    assert_fetched(archive)
