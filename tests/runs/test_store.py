import sqlite3

import pytest

from mangapa.exceptions import RunStoreError
from mangapa.runs._identity import digest
from mangapa.runs._store import FILE_NAME, Result, RunStore

SETTINGS = {"sigma": 3.0, "method": "disc"}
PARTS = {"galaxy": {"plateifu": "8485-1901"}, "stellar": {"stellar_pa": 0.1 + 0.2}, "halpha": {}}


def test_what_is_kept(tmp_path):
    with RunStore(tmp_path, SETTINGS) as store:
        store.add_sources(["b", "a", "c"])
        images = {"stellar": b"stars", "halpha": b"lines"}
        profiles = {"stellar": {"radius": [1.0, 2.0], "pa": [30.0, 31.5]}}
        store.add(
            Result(source="c", parts=PARTS, images=images, profiles=profiles, seconds={"read": 1.5})
        )
        store.add(Result(source="a", error="no FITS file"))
        assert store.unfinished() == ["b"]
        assert store.counts() == (3, 1, 1)
    with RunStore(tmp_path, SETTINGS) as store:
        store.add_sources(["d", "a"])
        assert store.unfinished() == ["b", "d"]
        assert list(store.rows()) == [
            ("a", {"error": "no FITS file"}),
            ("c", {"plateifu": "8485-1901", "stellar_pa": 0.1 + 0.2}),
        ]
        assert store.images("c") == images
        assert store.profiles("c") == profiles
        assert store.images("a") == store.profiles("a") == {}
        assert store.failures() == [("a", "no FITS file")]
        assert sorted(store.timings(), key=len) == [{}, {"read": 1.5}]
        store.forget_failures()
        assert store.unfinished() == ["b", "a", "d"]
    with RunStore(tmp_path) as store:
        assert store.facts["settings"] == SETTINGS


def test_rows_are_in_the_order_of_the_sources(tmp_path):
    with RunStore(tmp_path, SETTINGS) as store:
        store.add_sources(["b", "a"])
        for source in "ab":
            store.add(Result(source=source, parts={"galaxy": {"plateifu": source}}))
        assert [row["plateifu"] for _, row in store.rows()] == ["b", "a"]


def test_nothing_twice(tmp_path):
    with RunStore(tmp_path, SETTINGS) as store:
        store.add_sources(["a"])
        store.add(Result(source="a", parts=PARTS))
        with pytest.raises(sqlite3.IntegrityError):
            store.add(Result(source="a", error="again"))
        assert store.counts() == (1, 1, 0)


def test_a_result_is_kept_whole_or_not_at_all(tmp_path):
    with RunStore(tmp_path, SETTINGS) as store:
        store.add_sources(["a"])
        with pytest.raises(sqlite3.IntegrityError):
            store.add(Result(source="a", parts={**PARTS, "dark matter": {}}))
        assert store.unfinished() == ["a"]
        assert list(store.rows()) == []


def test_other_settings_are_refused(tmp_path):
    RunStore(tmp_path, SETTINGS).close()
    with pytest.raises(
        RunStoreError,
        match=r"method 'disc' instead of 'symmetry'\).*another folder, or delete",
    ):
        RunStore(tmp_path, {**SETTINGS, "method": "symmetry"})
    RunStore(tmp_path, dict(reversed(SETTINGS.items()))).close()


def test_another_version_is_refused(tmp_path):
    RunStore(tmp_path, SETTINGS).close()
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        database.execute("update run set value = '\"0.0.1\"' where name = 'version'")
    database.close()
    with pytest.raises(RunStoreError, match=r"by mangapa 0\.0\.1, this is"):
        RunStore(tmp_path, SETTINGS)


def test_another_layout_is_refused(tmp_path):
    """Even to look at: what is asked for may not be there."""
    RunStore(tmp_path, SETTINGS).close()
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        database.execute("update run set value = '1' where name = 'layout'")
    database.close()
    for settings in (SETTINGS, None):
        with pytest.raises(RunStoreError, match="which kept other things"):
            RunStore(tmp_path, settings)


def test_no_run(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no run in .*mangapa survey"):
        RunStore(tmp_path / "absent")
    assert not (tmp_path / "absent").exists()
    sqlite3.connect(tmp_path / FILE_NAME).close()
    with pytest.raises(RunStoreError, match="it holds no run"):
        RunStore(tmp_path)
    (tmp_path / FILE_NAME).write_text("this is no database, and long enough to tell" * 10)
    with pytest.raises(RunStoreError, match="is no store of a run"):
        RunStore(tmp_path, SETTINGS)


def test_digest_tells_settings_apart():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
