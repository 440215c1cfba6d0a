import multiprocessing
import sqlite3
from dataclasses import replace

import pytest

from mangapa.exceptions import JudgementStoreError
from mangapa.inspection import Judgement, JudgementStore
from mangapa.inspection._store_file import FILE_NAME, WITHDRAWN

STARS = Judgement(expert="vera", galaxy="8485-1901", tracer="stellar", quality=2, feature=1)


def withdrawal(of):
    return Judgement(
        expert=of.expert, galaxy=of.galaxy, tracer=of.tracer, action=WITHDRAWN, withdraws=of.id
    )


def said(store, **whose):
    return [(one.expert, one.quality) for one in store.history(**whose)]


def test_stored_judgements_are_read_back(store, tmp_path):
    gas = replace(
        STARS, id="2", tracer="halpha", quality=0, note=2, comment="π 'faint'", place=3, seconds=1.5
    )
    assert store.add(STARS, gas)
    with JudgementStore(tmp_path) as again:
        kept = again.history()
        assert [replace(one, time="") for one in kept] == [STARS, gas]
        assert all(one.time.startswith("2") for one in kept)
        assert again.find("2") == kept[1]
        assert again.find("3") is None
        assert again.experts() == {"vera": 2}
        assert again.name == store.name
        assert again.mangaids()["8485-1901"] == "1-209232"


def test_judgement_is_stored_once(store):
    assert store.add(STARS)
    assert not store.add(STARS)
    assert len(store.history()) == 1


def test_withdrawal_restores_the_earlier_judgement(store):
    later = replace(STARS, id="2", quality=0)
    store.add(STARS)
    store.add(later)
    assert said(store) == [("vera", 2), ("vera", 0)]
    store.add(withdrawal(later))
    assert said(store) == [("vera", 2)]
    assert len(store.history(withdrawn=True)) == 3
    with pytest.raises(ValueError, match="not stored: UNIQUE"):
        store.add(withdrawal(later))


def test_history_of_an_expert_or_galaxy(store):
    store.add(STARS, replace(STARS, id="2", expert="jan", galaxy="7443-12703", quality=1))
    assert said(store, expert="jan") == [("jan", 1)]
    assert said(store, galaxy="8485-1901") == [("vera", 2)]


@pytest.mark.parametrize(
    "statement", ["update judgements set quality = 0", "delete from judgements"]
)
def test_rows_cannot_be_changed(store, tmp_path, statement):
    store.add(STARS)
    other = sqlite3.connect(tmp_path / FILE_NAME)
    with pytest.raises(sqlite3.IntegrityError, match="only added"):
        other.execute(statement)
    other.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"quality": 7},
        {"quality": None},
        {"feature": 4},
        {"note": 1},
        {"tracer": "dust"},
        {"galaxy": "1-1"},
        {"action": "guessed"},
        {"expert": ""},
        {"showing": 3},
    ],
)
def test_wrong_judgements_are_refused(store, wrong):
    with pytest.raises(ValueError, match="the judgement is not stored"):
        store.add(STARS, replace(STARS, id="2", **wrong))
    assert store.history() == []


def test_other_files_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="mangapa inspect RUN"):
        JudgementStore(tmp_path)
    (tmp_path / FILE_NAME).write_text("this is not a database, and it is longer than a header" * 10)
    with pytest.raises(JudgementStoreError, match="is not a store of judgements"):
        JudgementStore(tmp_path)
    other = sqlite3.connect(tmp_path / "other.sqlite")
    with other:
        other.execute("create table a (b)")
    other.close()
    with pytest.raises(JudgementStoreError, match="name another file"):
        JudgementStore(tmp_path / "other.sqlite")


def test_other_layouts_are_refused(store, tmp_path):
    with sqlite3.connect(tmp_path / FILE_NAME) as other:
        other.execute("update facts set value = '99' where name = 'layout'")
    other.close()
    with pytest.raises(JudgementStoreError, match="another version"):
        JudgementStore(tmp_path)


def _judge(path, expert, number):
    with JudgementStore(path, create=True) as store:
        for galaxy in range(number):
            store.add_galaxies({f"{galaxy}": None})
            store.add(Judgement(expert=expert, galaxy=f"{galaxy}", tracer="stellar", quality=1))


def test_experts_judge_at_the_same_time(tmp_path):
    """Each expert has a process, and all of them create the store."""
    context, experts, number = multiprocessing.get_context("spawn"), ("a", "b", "c"), 20
    path = tmp_path / FILE_NAME
    processes = [context.Process(target=_judge, args=(path, expert, number)) for expert in experts]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    with JudgementStore(path) as store:
        assert store.experts() == dict.fromkeys(experts, number)


@pytest.mark.promise(21)
@pytest.mark.parametrize("missing", [1, 100, 4096, 20_000])
def test_truncated_stores_are_refused_in_words(store, tmp_path, missing):
    """Of a page that is not whole, SQLite takes the end to be zeros."""
    comment = "a long remark " * 20
    store.add(*(replace(STARS, id=str(number), comment=comment) for number in range(200)))
    store.close()
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes()[:-missing])
    with (
        pytest.raises(JudgementStoreError, match=r"malformed.*restore it from a copy"),
        JudgementStore(path) as damaged,
    ):
        damaged.history()


@pytest.mark.promise(21)
def test_what_is_not_a_store_is_refused_in_words(tmp_path):
    path = tmp_path / FILE_NAME
    path.touch()
    with pytest.raises(JudgementStoreError, match=r"\(it is empty\); name another file"):
        JudgementStore(path)
    JudgementStore(path, create=True).close()
    path.unlink()
    path.mkdir()
    with pytest.raises(JudgementStoreError, match=r"\(it is not a file\); name another file"):
        JudgementStore(tmp_path, create=True)
    with pytest.raises(JudgementStoreError, match="or name another file with --store"):
        JudgementStore(tmp_path / "none" / FILE_NAME, create=True)
    other = sqlite3.connect(tmp_path / "other.sqlite")
    other.execute("create table facts (name, value)")
    for value in ("{", "null", "1"):
        with other:
            other.execute("insert into facts values ('layout', ?)", [value])
        with pytest.raises(JudgementStoreError, match=r"is not a store of judgements \(facts"):
            JudgementStore(tmp_path / "other.sqlite")
    other.close()


@pytest.mark.promise(21)
def test_store_that_cannot_be_written_is_read(store, tmp_path, read_only):
    store.add(STARS)
    store.close()
    read_only(
        f"""
        from mangapa.exceptions import JudgementStoreError
        from mangapa.inspection import Judgement, JudgementStore

        with JudgementStore({str(tmp_path)!r}) as store:
            assert [one.quality for one in store.history()] == [2]
            try:
                store.add(Judgement(expert="a", galaxy="8485-1901", tracer="stellar", quality=1))
            except JudgementStoreError as error:
                assert "readonly" in str(error) and "another file with --store" in str(error)
            else:
                raise AssertionError
        try:
            JudgementStore({str(tmp_path / "new.sqlite")!r}, create=True)
        except JudgementStoreError as error:
            assert "check the permissions of the file and of its folder" in str(error)
        else:
            raise AssertionError
        """
    )
    with JudgementStore(tmp_path) as again:
        assert said(again) == [("vera", 2)]


@pytest.mark.promise(21)
def test_locked_store_is_an_error_in_words(tmp_path, monkeypatch):
    monkeypatch.setattr("mangapa.inspection._store_file.PATIENCE", 0.01)
    store = JudgementStore(tmp_path, create=True)
    store.add_galaxies({"8485-1901": None})
    store.add(STARS)
    other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    other.execute("begin exclusive")
    with pytest.raises(JudgementStoreError, match=r"locked.*another program uses the file"):
        store.add(replace(STARS, id="2"))
    assert said(store) == [("vera", 2)]
    other.execute("commit")
    other.close()
    assert store.add(replace(STARS, id="2"))
    store.close()


@pytest.mark.promise(21)
def test_full_disk_loses_nothing(store):
    """What was added is there, what could not be added is not, and more room is enough."""
    store.add(STARS)
    comment = "x" * 100_000
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    largest = store.path.with_name(f"{FILE_NAME}-wal").stat().st_size + 50_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, limits[1]))
    try:
        with pytest.raises(JudgementStoreError, match="make room on the disk"):
            store.add(replace(STARS, id="2", comment=comment))
        assert store.add(replace(STARS, id="3"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert store.add(replace(STARS, id="2", comment=comment))
    assert [one.id for one in store.history()] == [STARS.id, "3", "2"]


@pytest.mark.promise(21)
def test_nothing_is_written_to_a_store_that_is_gone(store, tmp_path):
    """SQLite itself would write to the deleted file in silence."""
    store.add(STARS)
    store.path.rename(tmp_path / "moved")
    with pytest.raises(JudgementStoreError, match="moved, replaced or deleted; put it back"):
        store.add(replace(STARS, id="2"))
    (tmp_path / "moved").rename(store.path)
    assert store.add(replace(STARS, id="2"))
    assert len(store.history()) == 2


def test_values_that_cannot_be_stored_are_refused(store):
    for wrong in ({"comment": ["a"]}, {"place": 2**70}, {"comment": "\ud800"}):
        with pytest.raises(ValueError, match=r"not stored|surrogates not allowed"):
            store.add(replace(STARS, id="2", **wrong))
    assert store.history() == []


def test_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with JudgementStore("~/mine.sqlite", create=True) as store:
        assert store.path == tmp_path / "mine.sqlite"
    with pytest.raises(TypeError, match="path must be a path"):
        JudgementStore(3)
