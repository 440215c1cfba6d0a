import os
import sqlite3
from pathlib import Path

import pytest

from mangapa.exceptions import RunStoreError
from mangapa.runs._sources import Source, file_stamp
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


def unfinished(store):
    return [source.spelling for source in store.unfinished()]


def alter(folder, name, value):
    with sqlite3.connect(folder / FILE_NAME) as database:
        database.execute("update run set value = ? where name = ?", (value, name))
    database.close()


def test_results_are_read_back(store):
    assert store.progress() == (3, 1, 1)
    number, first, last = store.pace()
    assert number == 2
    assert first <= last
    assert unfinished(store) == ["b"]
    assert store.failures() == [("a", "a: not a FITS file")]
    assert list(store.rows()) == [
        ("a", {"source": "a", "error": "a: not a FITS file"}),
        (
            "c",
            {"plateifu": "8485-1901", "stellar_pa": 0.1 + 0.2, "source": "c", "error": None},
        ),
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
        assert unfinished(again) == ["b", "d"]
        assert again.images("c") == IMAGES
    with RunStore(tmp_path) as again:
        assert again.facts["settings"] == SETTINGS


def test_failures_are_forgotten_to_be_tried_again(store):
    partial = {"parts": PARTS, "images": IMAGES, "profiles": PROFILES}
    store.add(Result(source="b", error="b: stars: singular", **partial))
    store.forget_failures()
    assert unfinished(store) == ["b", "a"]
    assert store.failures() == []
    assert store.imaged().keys() == {"c"}
    store.add(Result(source="b", **partial))
    assert store.progress() == (3, 2, 0)


@pytest.mark.promise(20)
def test_a_galaxy_of_which_a_part_failed_keeps_the_rest(store):
    store.add(Result(source="b", parts=PARTS, images=IMAGES, error="b: gas: singular"))
    assert store.progress() == (3, 1, 2)
    first, _, _ = (row for _, row in store.rows())
    assert first == {
        "plateifu": "8485-1901",
        "stellar_pa": 0.1 + 0.2,
        "source": "b",
        "error": "b: gas: singular",
    }
    assert store.images("b") == IMAGES


def test_sources_that_are_paths(tmp_path):
    name = os.fsdecode(b"/maps/latin\xe9.fits")
    source = Source.of(name)
    with RunStore(tmp_path, SETTINGS) as store:
        store.add_sources([source, Source.of("/maps/../maps/b.fits")])
        assert store.unfinished() == [source, Source.of("/maps/../maps/b.fits")]
        store.add(Result(source=name, images=IMAGES, error=f"{name}: no file"))
    with RunStore(tmp_path) as store:
        [(identity, row)] = store.rows()
        assert identity == name
        assert row == {
            "source": "/maps/latin\\udce9.fits",
            "error": "/maps/latin\\udce9.fits: no file",
        }
        assert store.images(identity) == IMAGES
        assert store.imaged() == {name: {"stellar", "halpha"}}


def test_a_file_that_changed_is_measured_again(tmp_path):
    names = [str(tmp_path / name) for name in ("same", "other", "moved", "touched", "absent")]
    for name in names[:4]:
        Path(name).write_bytes(b"abc")
    with RunStore(tmp_path, SETTINGS) as store:
        sources = [Source.of(name) for name in names]
        store.add_sources(sources)
        for source in sources:
            store.add(Result(source=source.identity, parts=PARTS, file=file_stamp(source)))
        assert store.forget_changed() == []
        Path(names[1]).write_bytes(b"abcd")
        Path(names[2]).unlink()
        os.utime(names[3], ns=(5, 7))
        Path(names[4]).touch()
        assert store.forget_changed() == [sources[1], sources[3]]
        assert store.unfinished() == [sources[1], sources[3]]


def test_pace_is_that_of_the_last_session(store, tmp_path):
    store.close()
    with RunStore(tmp_path, SETTINGS) as again:
        assert again.pace() == (0, None, None)
        again.add(Result(source="b"))
        assert again.pace()[0] == 1


def test_rows_are_in_the_order_of_the_sources(tmp_path):
    with RunStore(tmp_path, SETTINGS) as store:
        store.add_sources(["b", "a"])
        for source in "ab":
            store.add(Result(source=source, parts={"galaxy": {"plateifu": source}}))
        assert [row["plateifu"] for _, row in store.rows()] == ["b", "a"]


def test_a_source_has_one_outcome(store):
    with pytest.raises(RunStoreError, match=r"cannot be written \(UNIQUE constraint failed"):
        store.add(Result(source="c", error="again"))
    assert store.progress() == (3, 1, 1)


@pytest.mark.promise(8)
def test_a_result_is_stored_whole_or_not_at_all(store):
    before = list(store.rows())
    with pytest.raises(RunStoreError, match=r"cannot be written \(CHECK constraint failed"):
        store.add(Result(source="b", parts={**PARTS, "dark matter": {}}))
    assert unfinished(store) == ["b"]
    assert list(store.rows()) == before


def test_a_snapshot_stays_the_same(store, tmp_path):
    with RunStore(tmp_path) as reader, reader.snapshot():
        before = reader.progress()
        store.add(Result(source="b", parts=PARTS))
        assert reader.progress() == before
    assert store.progress() == (3, 2, 1)


@pytest.mark.promise(11)
def test_a_run_with_other_settings_is_refused(store, tmp_path):
    store.close()
    message = r"made with method='disc' instead of 'symmetry'; name another folder, or delete this"
    with pytest.raises(RunStoreError, match=message):
        RunStore(tmp_path, {**SETTINGS, "method": "symmetry"})


@pytest.mark.promise(11)
def test_a_run_of_another_version_is_refused(store, tmp_path):
    store.close()
    alter(tmp_path, "version", '"0.0.1"')
    with pytest.raises(RunStoreError, match=r"made by mangapa 0\.0\.1, but this is mangapa"):
        RunStore(tmp_path, SETTINGS)
    with RunStore(tmp_path) as again:
        assert again.progress() == (3, 1, 1)


@pytest.mark.promise(11)
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
    for settings in (SETTINGS, None):
        with pytest.raises(
            RunStoreError, match=r"not a database\); it is a file of another kind; name"
        ):
            RunStore(tmp_path, settings)


def test_a_database_of_another_program(tmp_path):
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        database.execute("create table mine (number)")
    database.close()
    for settings in (SETTINGS, None):
        with pytest.raises(RunStoreError, match=r"is not the store of a run \(it holds other"):
            RunStore(tmp_path, settings)
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        assert database.execute("select name from sqlite_master").fetchall() == [("mine",)]
        database.execute("create table run (name, value)")
    database.close()
    with pytest.raises(RunStoreError, match="stores runs in another layout"):
        RunStore(tmp_path)


def test_progress_of_an_empty_run(tmp_path):
    with RunStore(tmp_path, SETTINGS) as store:
        assert store.progress() == (0, 0, 0)
        assert store.pace() == (0, None, None)
