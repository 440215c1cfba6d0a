import numpy as np
import pytest

from mangapa.inspection import Judgement
from mangapa.inspection._ordering import DISAGREEMENT, GAP, plan

SCORES = {
    f"8000-{n}": {"stellar": n / 200, "halpha": 0.99 if n % 2 else np.nan} for n in range(200)
}


def names(planned):
    return [one.galaxy for one in planned.showings]


def test_random_order_is_the_same_each_time():
    first = plan(SCORES, seed=1)
    assert first == plan(dict(reversed(SCORES.items())), seed=1)
    assert sorted(names(first)) == sorted(SCORES)
    assert names(first) != names(plan(SCORES, seed=2))
    assert first.series == ""


def test_added_galaxies_do_not_change_the_order_of_the_others():
    few = {name: SCORES[name] for name in list(SCORES)[:100]}
    assert [name for name in names(plan(SCORES)) if name in few] == names(plan(few))


def test_least_certain_scores_come_first():
    shown = names(plan(SCORES, order="uncertain"))
    doubts = [abs(SCORES[name]["stellar"] - 0.5) for name in shown if int(name[5:]) % 2 == 0]
    assert doubts == sorted(doubts)
    assert shown[0] == "8000-100"
    nothing = {**SCORES, "a": {"stellar": np.nan}}
    assert names(plan(nothing, order="uncertain"))[-1] == "a"


def test_fraction_of_the_galaxies_is_shown_twice():
    planned = plan(SCORES, repeat=0.25, number=100)
    shown = names(planned)
    again = [one.galaxy for one in planned.showings if one.showing == 2]
    assert len(set(shown)) == 100
    assert len(again) == pytest.approx(25, abs=12)
    assert len(shown) == 100 + len(again)
    apart = []
    for galaxy in again:
        first, second = np.flatnonzero(np.array(shown) == galaxy)
        assert planned.showings[first].showing == 1
        apart.append(second - first)
    # At the end of the list the gap is shorter.
    assert np.median(apart) > GAP
    assert len(names(plan(SCORES, repeat=1))) == 400


def test_disagreement_shows_contradicted_galaxies():
    def judged(number, quality, **more):
        return Judgement(
            expert="vera", galaxy=f"8000-{number}", tracer="stellar", quality=quality, **more
        )

    history = [judged(190, 0), judged(10, 2), judged(20, 0), judged(120, 0), judged(121, 1)]
    planned = plan(SCORES, order="disagreement", history=history)
    assert names(planned) == ["8000-10", "8000-190", "8000-120"]
    assert planned.series == DISAGREEMENT
    # Second looks do not change the selection.
    history.append(judged(190, 2, series=DISAGREEMENT))
    assert plan(SCORES, order="disagreement", history=history) == planned
    history.append(judged(10, 0))
    assert names(plan(SCORES, order="disagreement", history=history)) == ["8000-190", "8000-120"]


def test_list_keeps_its_order():
    planned = plan(SCORES, order="list", only=["8000-7", "8000-3", "8000-7"])
    assert names(planned) == ["8000-7", "8000-3"]
    assert planned.series.startswith("list ")
    same = plan(SCORES, order="list", only=["8000-3", "8000-7"])
    assert same.series == planned.series
    with pytest.raises(ValueError, match="no field of 1-1; remove them from the list"):
        plan(SCORES, order="list", only=["1-1"])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"order": "alphabetical"}, "order='alphabetical' is not known"),
        ({"repeat": 1.5}, "repeat=1.5 must be between 0 and 1"),
        ({"number": 0}, "number=0 must be at least 1"),
        ({"order": "list"}, "only must be given with order='list'"),
        ({"only": ["8000-1"]}, "and with no other order"),
    ],
)
def test_wrong_arguments_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        plan(SCORES, **wrong)
