"""What a page posts, checked to the letter before it is believed."""

import math
import re

from mangapa.catalogue._flag_table import CODES
from mangapa.fields import TRACERS
from mangapa.inspection._ordering import DISAGREEMENT
from mangapa.inspection._store import JUDGED, SKIPPED, WITHDRAWN, Judgement

__all__ = ["LONGEST_COMMENT", "judgement_of"]

#: Characters.
LONGEST_COMMENT = 2000
#: Seconds; a page that was left open over night has measured nothing.
LONGEST = 86_400
IDENTIFIER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
#: Those of `mangapa.inspection._ordering.plan`.
SERIES = re.compile(rf"|{DISAGREEMENT}|list [0-9a-f]{{8}}", re.ASCII)
#: More galaxies than any survey has.
LAST_PLACE = 10_000_000
#: What each action comes with.
SHOWN = ("galaxy", "tracer", "series", "showing", "place", "seconds")
NAMES = {JUDGED: {*SHOWN, *CODES, "comment"}, SKIPPED: {*SHOWN}, WITHDRAWN: {"withdraws"}}


def judgement_of(posted, *, expert, tracers, find):
    """
    The judgement that a page posted.

    Parameters
    ----------
    posted : object
        What its JSON says.
    expert : `str`
        Who is asked.
    tracers : `dict`
        From each galaxy to the tracers that can be judged.
    find : callable
        From the ``id`` of a judgement to the stored one, or `None`.

    Returns
    -------
    `~mangapa.inspection.Judgement`

    Raises
    ------
    ValueError
        If it is not such an answer; the message says what is wrong.
    """
    if not isinstance(posted, dict) or posted.get("action") not in tuple(NAMES):
        msg = f"an answer is an object whose action is one of {', '.join(NAMES)}"
        raise ValueError(msg)
    action = posted["action"]
    expected = {"id", "action", *NAMES[action]}
    if posted.keys() != expected:
        msg = f"{action} comes with {', '.join(sorted(expected))} and nothing else"
        raise ValueError(msg)
    _check_identifiers(posted)
    if action == WITHDRAWN:
        return _withdrawal(posted, expert, find)
    _check_shown(posted, tracers)
    if action == JUDGED:
        _check_said(posted)
    return Judgement(**{**posted, "seconds": min(posted["seconds"], LONGEST)}, expert=expert)


def _is_whole(value):
    """Whether it is a whole number; true and false are none, though Python says so."""
    return type(value) is int


def _check_identifiers(posted):
    for name in ("id", "withdraws"):
        value = posted.get(name, posted["id"])
        if not (isinstance(value, str) and IDENTIFIER.fullmatch(value)):
            msg = f"{name} must be a UUID"
            raise ValueError(msg)


def _check_shown(posted, tracers):
    """Whether it can have been shown; by an earlier server perhaps, in another order."""
    galaxy = posted["galaxy"]
    if not (isinstance(galaxy, str) and galaxy in tracers):
        msg = "the run has no such galaxy"
        raise ValueError(msg)
    if posted["tracer"] not in tracers[galaxy]:
        msg = f"{galaxy} has no field of that tracer; it has {' and '.join(tracers[galaxy])}"
        raise ValueError(msg)
    if not (isinstance(posted["series"], str) and SERIES.fullmatch(posted["series"])):
        msg = "series must be that of the session"
        raise ValueError(msg)
    for name, largest in (("showing", 2), ("place", LAST_PLACE)):
        if not (_is_whole(posted[name]) and 1 <= posted[name] <= largest):
            msg = f"{name} must be a whole number from 1 to {largest}"
            raise ValueError(msg)
    seconds = posted["seconds"]
    if type(seconds) not in (int, float) or not (math.isfinite(seconds) and seconds >= 0):
        msg = "seconds must be a number of at least 0"
        raise ValueError(msg)


def _check_said(posted):
    for name, allowed in CODES.items():
        if not (_is_whole(posted[name]) and posted[name] in allowed):
            msg = f"{name} must be one of {', '.join(map(str, allowed))}"
            raise ValueError(msg)
    if posted["note"] and posted["tracer"] != TRACERS[1]:
        msg = "a note is of the gas"
        raise ValueError(msg)
    comment = posted["comment"]
    if not (isinstance(comment, str) and len(comment) <= LONGEST_COMMENT):
        msg = f"comment must be text of at most {LONGEST_COMMENT} characters"
        raise ValueError(msg)


def _withdrawal(posted, expert, find):
    undone = find(posted["withdraws"])
    if undone is None or undone.expert != expert or undone.action == WITHDRAWN:
        msg = "there is no such judgement of yours to withdraw"
        raise ValueError(msg)
    return Judgement(
        **posted,
        expert=expert,
        galaxy=undone.galaxy,
        tracer=undone.tracer,
        series=undone.series,
        showing=undone.showing,
        place=undone.place,
    )
