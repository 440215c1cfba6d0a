"""A run that is locked, broken, deleted or read-only is told in words."""

import os
import shutil
import sqlite3

import pytest

from mangapa.exceptions import RunStoreError
from mangapa.runs._store import FILE_NAME, Result, RunStore

SETTINGS = {"sigma": 3.0}
PARTS = {"galaxy": {"plateifu": "8485-1901"}}


@pytest.fixture
def run(tmp_path):
    """A run of 50 galaxies, one of which is left."""
    folder = tmp_path / "run"
    with RunStore(folder, SETTINGS) as store:
        store.add_sources([f"galaxy {number}" for number in range(50)])
        for number in range(49):
            store.add(Result(source=f"galaxy {number}", parts=PARTS))
    return folder


@pytest.mark.promise(21)
def test_one_survey_at_a_time(run):
    message = f"another survey is writing to the run in {run} .process {os.getpid()} on host .*wait"
    with RunStore(run, SETTINGS) as store:
        with pytest.raises(RunStoreError, match=message):
            RunStore(run, SETTINGS)
        with RunStore(run) as reader:
            assert reader.progress() == (50, 49, 0)
        store.add(Result(source="galaxy 49"))
    with RunStore(run, SETTINGS) as store:
        assert store.progress() == (50, 50, 0)


def test_the_lock_is_freed_if_the_run_cannot_be_opened(run):
    for _ in range(2):
        with pytest.raises(RunStoreError, match=r"made with sigma=3\.0 instead of 4\.0"):
            RunStore(run, {"sigma": 4.0})
    RunStore(run, SETTINGS).close()


@pytest.mark.promise(21)
@pytest.mark.parametrize("how", ["deleted", "moved", "replaced"])
def test_a_run_that_vanishes(run, how):
    with RunStore(run, SETTINGS) as store:
        if how == "deleted":
            shutil.rmtree(run)
        else:
            run.rename(run.with_name("elsewhere"))
        if how == "replaced":
            shutil.copytree(run.with_name("elsewhere"), run)
        with pytest.raises(RunStoreError, match=r"run\.sqlite was deleted or moved while the sur"):
            store.add(Result(source="galaxy 49"))


@pytest.mark.parametrize("settings", [SETTINGS, None])
def test_a_folder_in_place_of_the_file(tmp_path, settings):
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(RunStoreError, match=r"run\.sqlite is not the store .*is not a file.; name"):
        RunStore(tmp_path, settings)


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "run").touch()
    with pytest.raises(RunStoreError, match=r"no run can be written in .*run \(File exists\); "):
        RunStore(tmp_path / "run", SETTINGS)


@pytest.mark.promise(21)
def test_a_truncated_file(run):
    path = run / FILE_NAME
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size // 2)

    def read():
        with RunStore(run) as store:
            return list(store.rows())

    message = r"run\.sqlite cannot be .* \(database disk image is malformed\); the file is dam"
    with pytest.raises(RunStoreError, match=message):
        read()
    with pytest.raises(RunStoreError, match=message):
        RunStore(run, SETTINGS)


@pytest.mark.promise(21)
def test_a_full_disk(run):
    with RunStore(run, SETTINGS) as store:
        # As many pages as the file has: SQLite says the same of a full disk.
        with store.writing() as database:
            [(pages,)] = database.execute("pragma page_count")
        list(store.read(f"pragma max_page_count = {pages}"))
        many = {"galaxy": {"note": "x" * 100_000}}
        message = r"cannot be written \(database or disk is full\); make room .* all that is stored"
        with pytest.raises(RunStoreError, match=message):
            store.add(Result(source="galaxy 49", parts=many))
        assert store.progress() == (50, 49, 0)
        assert [source.spelling for source in store.unfinished()] == ["galaxy 49"]


def test_a_file_that_another_program_uses(run, monkeypatch):
    connect = sqlite3.connect
    monkeypatch.setattr(
        "mangapa._utils.sqlite.sqlite3.connect", lambda *a, **k: connect(*a, **k, timeout=0)
    )
    other = connect(run / FILE_NAME)
    try:
        other.execute("begin exclusive")
        with pytest.raises(RunStoreError, match=r"cannot be .* \(database is locked\); another"):
            RunStore(run, SETTINGS)
    finally:
        other.close()


@pytest.mark.promise(21)
def test_a_run_that_cannot_be_written_can_be_read(run, read_only):
    printed = read_only(
        f"""
        from mangapa.exceptions import RunStoreError
        from mangapa.runs._store import RunStore

        run = {str(run)!r}
        with RunStore(run) as store, store.snapshot():
            print(*store.progress(), len(list(store.rows())))
        try:
            RunStore(run, {SETTINGS!r})
        except RunStoreError as error:
            print(error)
        """
    )
    numbers, refusal = printed.splitlines()
    assert numbers == "50 49 0 49"
    assert f"no run can be written in {run} (Permission denied); name another" in refusal
