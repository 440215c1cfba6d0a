import sqlite3

import pytest

from mangapa.exceptions import RunStoreError
from mangapa.runs._store import FILE_NAME, Result, RunStore

SETTINGS = {"sigma": 3.0, "method": "disc"}
PARTS = {"galaxy": {"plateifu": "8485-1901"}, "stellar": {"stellar_pa": 0.1 + 0.2}, "halpha": {}}
IMAGES = {"stellar": b"stars", "halpha": b"lines"}
PROFILES = {"stellar": {"radius": [1.0, 2.0], "pa": [30.0, 31.5]}}


@pytest.fixture
def store(tmp_path):
    """A store with three sources: one is measured, one failed, one is left."""
    with RunStore(tmp_path, SETTINGS) as opened:
        opened.add_sources(["b", "a", "c"])
        opened.add(
            Result(source="c", parts=PARTS, images=IMAGES, profiles=PROFILES, seconds={"read": 1.5})
        )
        opened.add(Result(source="a", error="a: not a FITS file"))
        yield opened


def alter(folder, name, value):
    with sqlite3.connect(folder / FILE_NAME) as database:
        database.execute("update run set value = ? where name = ?", (value, name))
    database.close()


def test_results_are_read_back(store):
    total, measured, failed, first, last = store.progress()
    assert (total, measured, failed) == (3, 1, 1)
    assert first <= last
    assert store.unfinished() == ["b"]
    assert store.failures() == [("a", "a: not a FITS file")]
    assert list(store.rows()) == [
        ("a", {"error": "a: not a FITS file"}),
        ("c", {"plateifu": "8485-1901", "stellar_pa": 0.1 + 0.2}),
    ]
    assert sorted(store.timings(), key=len) == [{}, {"read": 1.5}]


def test_images_and_profiles_are_read_back(store):
    assert store.images("c") == IMAGES
    assert store.profiles("c") == PROFILES
    assert store.images("a") == store.profiles("a") == {}
    assert store.imaged() == {"c": {"stellar", "halpha"}}


def test_a_profile_needs_no_image(store):
    store.add(Result(source="b", profiles=PROFILES))
    assert store.images("b") == {}
    assert store.profiles("b") == PROFILES
    assert store.imaged().keys() == {"c"}


def test_a_store_is_opened_again(store, tmp_path):
    store.close()
    with RunStore(tmp_path, dict(reversed(SETTINGS.items()))) as again:
        again.add_sources(["d", "a"])
        assert again.unfinished() == ["b", "d"]
        assert again.images("c") == IMAGES
    with RunStore(tmp_path) as again:
        assert again.facts["settings"] == SETTINGS


def test_failures_are_forgotten_to_be_tried_again(store):
    store.forget_failures()
    assert store.unfinished() == ["b", "a"]
    assert store.failures() == []


def test_rows_are_in_the_order_of_the_sources(tmp_path):
    with RunStore(tmp_path, SETTINGS) as store:
        store.add_sources(["b", "a"])
        for source in "ab":
            store.add(Result(source=source, parts={"galaxy": {"plateifu": source}}))
        assert [row["plateifu"] for _, row in store.rows()] == ["b", "a"]


def test_a_source_has_one_outcome(store):
    with pytest.raises(sqlite3.IntegrityError):
        store.add(Result(source="c", error="again"))
    assert store.progress()[:3] == (3, 1, 1)


def test_a_result_is_stored_whole_or_not_at_all(store):
    before = list(store.rows())
    with pytest.raises(sqlite3.IntegrityError):
        store.add(Result(source="b", parts={**PARTS, "dark matter": {}}))
    assert store.unfinished() == ["b"]
    assert list(store.rows()) == before


def test_a_snapshot_stays_the_same(store, tmp_path):
    with RunStore(tmp_path) as reader, reader.snapshot():
        before = reader.progress()
        store.add(Result(source="b", parts=PARTS))
        assert reader.progress() == before
    assert store.progress()[:3] == (3, 2, 1)


def test_a_run_with_other_settings_is_refused(store, tmp_path):
    message = r"made with method='disc' instead of 'symmetry'; name another folder, or delete this"
    with pytest.raises(RunStoreError, match=message):
        RunStore(tmp_path, {**SETTINGS, "method": "symmetry"})


def test_a_run_of_another_version_is_refused(store, tmp_path):
    store.close()
    alter(tmp_path, "version", '"0.0.1"')
    with pytest.raises(RunStoreError, match=r"made by mangapa 0\.0\.1, but this is mangapa"):
        RunStore(tmp_path, SETTINGS)
    with RunStore(tmp_path) as again:
        assert again.progress()[:3] == (3, 1, 1)


@pytest.mark.parametrize("settings", [SETTINGS, None])
def test_a_run_of_another_layout_is_refused_even_to_read(store, tmp_path, settings):
    store.close()
    alter(tmp_path, "layout", "1")
    with pytest.raises(RunStoreError, match="stores runs in another layout; name another folder"):
        RunStore(tmp_path, settings)


def test_a_missing_run(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no run in .*mangapa survey"):
        RunStore(tmp_path / "missing")
    assert not (tmp_path / "missing").exists()


def test_a_file_that_is_not_a_store(tmp_path):
    sqlite3.connect(tmp_path / FILE_NAME).close()
    with pytest.raises(RunStoreError, match=r"is not the store of a run \(it is empty\)"):
        RunStore(tmp_path)
    (tmp_path / FILE_NAME).write_text("not a database, and longer than the header of one" * 10)
    with pytest.raises(RunStoreError, match=r"is not the store of a run \(file is not a database"):
        RunStore(tmp_path, SETTINGS)


def test_progress_of_an_empty_run(tmp_path):
    with RunStore(tmp_path, SETTINGS) as store:
        assert store.progress() == (0, 0, 0, None, None)
