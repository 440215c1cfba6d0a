import errno
import os
import signal
import socket
import subprocess
import sys

import pytest

from mangapa._utils.locks import locked, locked_folder

fcntl = pytest.importorskip("fcntl", reason="this system has no such locks")
HOLD = """
import signal, sys
from mangapa._utils.locks import locked, locked_folder
with locked(sys.argv[1]):
    print("held", flush=True)
    signal.pause()
"""


def test_one_holder_at_a_time(tmp_path):
    path = tmp_path / "lock"
    with locked(path):
        with pytest.raises(BlockingIOError) as held, locked(path):
            pass
        assert str(held.value) == f"process {os.getpid()} on host {socket.gethostname()}"
    with locked(path):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    path = tmp_path / "lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, text=True)
    with holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BlockingIOError, match=f"process {holder.pid} on host"), locked(path):
            pass
        holder.send_signal(signal.SIGKILL)
    with locked(path):
        pass


def test_a_forked_process_does_not_keep_the_lock(tmp_path):
    path = tmp_path / "lock"
    with locked(path):
        child = os.fork()
        if not child:
            signal.pause()
    try:
        with locked(path):
            assert path.read_text().startswith(f"process {os.getpid()} on host")
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "the child has ended"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_file_system_without_locks(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with locked(tmp_path / "lock"):
        assert (tmp_path / "lock").is_file()
    with locked_folder(tmp_path) as is_held:
        assert not is_held


def test_a_folder_is_held_once(tmp_path):
    with locked_folder(tmp_path) as first, locked_folder(tmp_path, wait=False) as second:
        assert (first, second) == (True, False)
    with locked_folder(tmp_path, wait=False) as is_held:
        assert is_held


def test_what_is_no_folder_is_not_held(tmp_path):
    (tmp_path / "file").touch()
    for name in ("file", "absent"):
        with locked_folder(tmp_path / name) as is_held:
            assert not is_held


def test_the_name_of_the_holder_does_not_matter(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("mangapa._utils.locks.os.write", refuse)
    with (
        locked(tmp_path / "lock"),
        pytest.raises(BlockingIOError, match="another process"),
        locked(tmp_path / "lock"),
    ):
        pass
