from types import SimpleNamespace

import pytest

from mangapa.inspection import Judgement
from mangapa.inspection._ordering import plan
from mangapa.inspection._progress import network_after, session_summary

SCORES = {
    "8485-1901": {"stellar": 0.9, "halpha": 0.1},
    "7443-12703": {"stellar": 0.9},
    "8000-1901": {"stellar": float("nan")},
}


@pytest.fixture
def inspection(store):
    """A session of three galaxies, each of which is shown twice."""
    galaxies = SimpleNamespace(
        folder="run",
        tracers={galaxy: tuple(scores) for galaxy, scores in SCORES.items()},
        scores=lambda: SCORES,
        network=lambda galaxy: f"scores of {galaxy}",
    )
    return SimpleNamespace(
        galaxies=galaxies, store=store, expert="vera", plan=plan(SCORES, repeat=1)
    )


def judge(inspection, galaxy, tracer="stellar", quality=2, **more):
    one = Judgement(expert="vera", galaxy=galaxy, tracer=tracer, quality=quality, place=1, **more)
    inspection.store.add(one)
    return one


def test_summary_before_the_first_answer(inspection):
    summary = session_summary(inspection)
    assert (summary["total"], summary["done"], summary["skipped"], summary["left"]) == (6, 0, 0, 6)
    assert summary["classes"] == {"stellar": [0, 0, 0], "halpha": [0, 0, 0]}
    assert (summary["seconds"], summary["network"], summary["oneself"]) == (
        None, [0, None], [0, None],
    )  # fmt: skip


def test_summary_counts_showings_and_agreement(inspection):
    judge(inspection, "8485-1901", seconds=2)
    judge(inspection, "8485-1901", "halpha", 1, seconds=3)
    judge(inspection, "7443-12703", quality=1, seconds=4)
    judge(inspection, "7443-12703", quality=0, seconds=4, showing=2)
    judge(inspection, "8000-1901", quality=None, action="skipped")
    summary = session_summary(inspection)
    assert (summary["done"], summary["skipped"], summary["left"]) == (3, 1, 2)
    assert summary["seconds"] == 4
    assert summary["classes"] == {"stellar": [1, 1, 1], "halpha": [0, 1, 0]}
    # The network agrees on two of four fields, the expert on none of one.
    assert summary["network"] == [4, 0.5]
    assert summary["oneself"] == [1, 0]


def test_other_series_and_experts_do_not_count(inspection):
    judge(inspection, "7443-12703", series="disagreement")
    inspection.store.add(Judgement(expert="jan", galaxy="7443-12703", tracer="stellar", quality=1))
    assert session_summary(inspection)["done"] == 0


def test_network_answers_after_the_last_field(inspection):
    assert network_after(judge(inspection, "8485-1901"), inspection) is None
    last = judge(inspection, "8485-1901", "halpha")
    assert network_after(last, inspection) == "scores of 8485-1901"
    # The second showing begins again.
    again = judge(inspection, "8485-1901", showing=2)
    assert network_after(again, inspection) is None
