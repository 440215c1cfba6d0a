"""Answers that a page posts, checked in full before they become judgements."""

import math
import re

from mangapa.catalogue._flag_table import CODES
from mangapa.inspection._ordering import DISAGREEMENT
from mangapa.inspection._store import JUDGED, SKIPPED, WITHDRAWN, Judgement

#: Most characters of a comment: about a page of text.
LONGEST_COMMENT = 2000
#: Longest time that is stored, in seconds: a page that stays open overnight measures nothing.
LONGEST = 86_400
IDENTIFIER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
#: The series that `mangapa.inspection._ordering.plan` makes.
SERIES = re.compile(rf"|{DISAGREEMENT}|list [0-9a-f]{{8}}", re.ASCII)
#: Largest place in the order: more galaxies than any survey has.
LAST_PLACE = 10_000_000
#: Names that come with each action.
SHOWN = ("galaxy", "tracer", "series", "showing", "place", "seconds")
NAMES = {JUDGED: {*SHOWN, *CODES, "comment"}, SKIPPED: {*SHOWN}, WITHDRAWN: {"withdraws"}}


def judgement_of(posted, *, expert, tracers, find):
    """
    Convert the JSON that a page posts to a `~mangapa.inspection.Judgement`.

    ``tracers`` maps each galaxy to the tracers that can be judged; ``find`` returns the stored
    judgement with an ``id``, or `None`. A ValueError explains why an answer is not accepted.
    """
    if not isinstance(posted, dict) or posted.get("action") not in tuple(NAMES):
        msg = f"an answer must be an object whose action is one of {', '.join(NAMES)}"
        raise ValueError(msg)
    action = posted["action"]
    expected = {"id", "action", *NAMES[action]}
    if posted.keys() != expected:
        msg = f"an answer that is {action} must have {', '.join(sorted(expected))} and nothing else"
        raise ValueError(msg)
    for name in posted.keys() & {"id", "withdraws"}:
        value = posted[name]
        if not (isinstance(value, str) and IDENTIFIER.fullmatch(value)):
            msg = f"{name} must be a UUID"
            raise ValueError(msg)
    if action == WITHDRAWN:
        return _withdrawal(posted, expert, find)
    _check_showing(posted, tracers)
    if action == JUDGED:
        _check_codes(posted)
    return Judgement(**{**posted, "seconds": min(posted["seconds"], LONGEST)}, expert=expert)


def _is_integer(value):
    """Exclude true and false, which are integers in Python."""
    return type(value) is int


def _check_showing(posted, tracers):
    """Check galaxy, tracer and place; an earlier server may have shown them in another order."""
    galaxy = posted["galaxy"]
    if not (isinstance(galaxy, str) and galaxy in tracers):
        msg = "galaxy must be a galaxy of the run"
        raise ValueError(msg)
    if posted["tracer"] not in tracers[galaxy]:
        msg = f"tracer must be one that {galaxy} has: {' or '.join(tracers[galaxy])}"
        raise ValueError(msg)
    if not (isinstance(posted["series"], str) and SERIES.fullmatch(posted["series"])):
        msg = "series must be the series of the session"
        raise ValueError(msg)
    for name, largest in (("showing", 2), ("place", LAST_PLACE)):
        if not (_is_integer(posted[name]) and 1 <= posted[name] <= largest):
            msg = f"{name} must be an integer from 1 to {largest}"
            raise ValueError(msg)
    seconds = posted["seconds"]
    if type(seconds) not in (int, float) or not (math.isfinite(seconds) and seconds >= 0):
        msg = "seconds must be a number of at least 0"
        raise ValueError(msg)


def _check_codes(posted):
    for name, allowed in CODES.items():
        if not (_is_integer(posted[name]) and posted[name] in allowed):
            msg = f"{name} must be one of {', '.join(map(str, allowed))}"
            raise ValueError(msg)
    if posted["note"] and posted["tracer"] != "halpha":
        msg = "note must be 0 for the stars: only H-alpha has notes"
        raise ValueError(msg)
    comment = posted["comment"]
    if not (isinstance(comment, str) and len(comment) <= LONGEST_COMMENT):
        msg = f"comment must be text of at most {LONGEST_COMMENT} characters"
        raise ValueError(msg)


def _withdrawal(posted, expert, find):
    undone = find(posted["withdraws"])
    if undone is None or undone.expert != expert or undone.action == WITHDRAWN:
        msg = "withdraws must be the id of one of your judgements"
        raise ValueError(msg)
    shown = {name: getattr(undone, name) for name in SHOWN if name != "seconds"}
    return Judgement(**posted, **shown, expert=expert)
