import contextlib
import sqlite3
import subprocess
import sys

import pytest

from mangapa._utils.sqlite import open_to_read, open_to_write, remedy, transaction


@pytest.fixture
def database():
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.execute("create table numbers (number integer)")
    yield database
    database.close()


def numbers(database):
    return [number for (number,) in database.execute("select number from numbers")]


def test_commit(database):
    with transaction(database):
        database.executemany("insert into numbers values (?)", [(1,), (2,)])
    assert numbers(database) == [1, 2]


def fail_half_way(database):
    with transaction(database):
        database.execute("insert into numbers values (1)")
        database.execute("insert into letters values (2)")


def test_rollback(database):
    with pytest.raises(sqlite3.OperationalError, match="no such table: letters"):
        fail_half_way(database)
    assert numbers(database) == []
    # Another transaction can follow.
    with transaction(database):
        database.execute("insert into numbers values (3)")
    assert numbers(database) == [3]


def write(path, *numbers):
    with open_to_write(path) as database:
        database.execute("create table if not exists numbers (number integer)")
        with transaction(database):
            database.executemany("insert into numbers values (?)", [(n,) for n in numbers])


#: A process that is killed while its numbers are only in the log.
INTERRUPTED = """
import os, pathlib, signal, sys
from mangapa._utils.sqlite import open_to_write
with open_to_write(pathlib.Path(sys.argv[1])) as database:
    database.execute("create table numbers (number integer)")
    database.execute("pragma wal_checkpoint(truncate)")
    database.execute("insert into numbers values (5)")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def interrupted(tmp_path):
    """A file whose writer was killed: what it wrote last is in the log."""
    path = tmp_path / "run" / "a.sqlite"
    path.parent.mkdir()
    subprocess.run([sys.executable, "-c", INTERRUPTED, path], check=False)
    assert path.with_name("a.sqlite-wal").stat().st_size
    return path


@pytest.fixture
def read_only():
    """Make a folder read-only, by a mount, as the rights of root are not limited by permissions."""
    mounted = []

    def mount(folder):
        for options in (["--bind", folder], ["-o", "remount,bind,ro"]):
            done = subprocess.run(["mount", *options, folder], capture_output=True, check=False)
            if done.returncode:
                pytest.skip("only root may mount folders")
            mounted.extend([folder] if options[0] == "--bind" else [])
        with pytest.raises(OSError, match="Read-only"):
            (folder / "new").touch()

    yield mount
    for folder in mounted:
        subprocess.run(["umount", folder], check=True)


def test_a_file_that_was_closed_is_one_file(tmp_path):
    path = tmp_path / "a#1%20?.sqlite"
    write(path, 1, 2)
    assert list(tmp_path.iterdir()) == [path]
    with open_to_read(path) as database:
        assert numbers(database) == [1, 2]
    assert list(tmp_path.iterdir()) == [path]


def test_reading_while_another_writes(tmp_path):
    path = tmp_path / "a.sqlite"
    write(path, 1)
    with open_to_write(path) as writer, open_to_read(path) as reader:
        with transaction(writer):
            writer.execute("insert into numbers values (2)")
            assert numbers(reader) == [1]
        assert numbers(reader) == [1, 2]
    with open_to_read(path) as reader:
        assert numbers(reader) == [1, 2]


def test_reading_does_not_write(tmp_path):
    path = tmp_path / "a.sqlite"
    write(path, 1)
    with open_to_read(path) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("delete from numbers")


@pytest.mark.promise(21)
@pytest.mark.parametrize("index", ["index", "no index"])
def test_what_an_interrupted_writer_wrote_is_read(interrupted, index):
    if index == "no index":
        interrupted.with_name("a.sqlite-shm").unlink()
    with open_to_read(interrupted) as database:
        assert numbers(database) == [5]
    write(interrupted, 6)
    with open_to_read(interrupted) as database:
        assert numbers(database) == [5, 6]


@pytest.mark.promise(21)
@pytest.mark.parametrize("index", ["index", "no index"])
def test_what_an_interrupted_writer_wrote_is_read_where_nothing_can_be_written(
    interrupted, read_only, index
):
    if index == "no index":
        interrupted.with_name("a.sqlite-shm").unlink()
    read_only(interrupted.parent)
    with open_to_read(interrupted) as database:
        assert numbers(database) == [5]


@pytest.mark.promise(21)
@pytest.mark.parametrize("log", ["", "empty log"])
def test_reading_where_nothing_can_be_written(tmp_path, read_only, log):
    path = tmp_path / "run" / "a.sqlite"
    path.parent.mkdir()
    write(path, 1)
    if log:
        # As SQLite leaves it if the last reader could not write.
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("pragma journal_mode = wal")
        path.with_name("a.sqlite-wal").touch()
    read_only(path.parent)
    with open_to_read(path) as database:
        assert numbers(database) == [1]


def test_a_full_disk_while_writing_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.sqlite"
    write(path, 1)
    with open_to_write(path) as database:
        database.execute("pragma max_page_count = 2")

        def overflow():
            with transaction(database):
                database.executemany("insert into numbers values (?)", [(n,) for n in range(5000)])

        with pytest.raises(sqlite3.OperationalError, match="full"):
            overflow()
        assert numbers(database) == [1]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("database or disk is full", "make room on the disk and try again; all that is stored"),
        ("attempt to write a readonly database", "or name another folder"),
        ("database disk image is malformed", "restore it from a copy, or name another folder"),
        ("something new", "check the file, or name another folder"),
    ],
)
def test_remedies(error, expected):
    assert expected in remedy(sqlite3.OperationalError(error), "another folder")
