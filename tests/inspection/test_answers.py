"""Answers as the server receives them; `test_server` sends wrong ones over HTTP."""

import uuid

import pytest

from mangapa.inspection import Judgement
from mangapa.inspection._answers import LONGEST, judgement_of

TRACERS = {"8485-1901": ("stellar", "halpha")}


def posted(**other):
    return {
        "id": str(uuid.uuid4()),
        "action": "judged",
        "galaxy": "8485-1901",
        "showing": 1,
        "tracer": "halpha",
        "series": "",
        "place": 1,
        "seconds": 2.5,
        "quality": 2,
        "feature": 1,
        "note": 3,
        "comment": "",
        **other,
    }


def convert(answer, stored=None):
    return judgement_of(
        answer, expert="vera", tracers=TRACERS, find={None: None, **(stored or {})}.get
    )


def test_answer_becomes_a_judgement():
    answer = posted()
    assert convert(answer) == Judgement(expert="vera", **answer)


def test_skip_has_no_codes():
    answer = posted(action="skipped")
    with pytest.raises(ValueError, match="an answer that is skipped must have action, galaxy, id"):
        convert(answer)
    codes = ("quality", "feature", "note", "comment")
    found = convert({name: value for name, value in answer.items() if name not in codes})
    assert (found.action, found.quality, found.feature) == ("skipped", None, 0)


def test_withdrawal_takes_the_showing_of_the_judgement():
    judged = convert(posted(showing=2, place=7))
    answer = {"id": str(uuid.uuid4()), "action": "withdrawn", "withdraws": judged.id}
    found = convert(answer, {judged.id: judged})
    assert (found.galaxy, found.tracer, found.showing, found.place) == (
        "8485-1901", "halpha", 2, 7,
    )  # fmt: skip
    assert (found.quality, found.seconds) == (None, None)
    with pytest.raises(ValueError, match="withdraws must be the id of one of your judgements"):
        convert(answer)


def test_time_of_a_forgotten_page_is_limited():
    assert convert(posted(seconds=1e9)).seconds == LONGEST


@pytest.mark.parametrize("series", ["disagreement", "list 0123abcd"])
def test_series_of_second_looks_are_accepted(series):
    assert convert(posted(series=series)).series == series


@pytest.mark.parametrize("series", ["list 0123ABCD", "list", "list 0123abcd ", None])
def test_other_series_are_refused(series):
    with pytest.raises(ValueError, match="series must be the series of the session"):
        convert(posted(series=series))
