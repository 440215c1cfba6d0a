import multiprocessing
import sqlite3
from dataclasses import replace

import pytest

from mangapa.exceptions import JudgementStoreError
from mangapa.inspection import Judgement, JudgementStore
from mangapa.inspection._store import FILE_NAME, WITHDRAWN

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
