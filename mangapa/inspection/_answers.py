"""Answers that a page posts, checked in full before they become judgements."""

import math
import re

from mangapa.catalogue._flag_table import CODES
from mangapa.inspection._ordering import DISAGREEMENT
from mangapa.inspection._store import Judgement
from mangapa.inspection._store_file import JUDGED, SKIPPED, WITHDRAWN

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
    Convert the JSON that a page posts to a `Judgement`; a ValueError explains why it is refused.

    ``tracers`` maps each galaxy to the tracers that can be judged; ``find`` returns the stored
    judgement with an ``id``, or `None`.
    """
    known = isinstance(posted, dict) and posted.get("action") in tuple(NAMES)
    _require(known, f"an answer must be an object whose action is one of {', '.join(NAMES)}")
    action = posted["action"]
    expected = {"id", "action", *NAMES[action]}
    names = ", ".join(sorted(expected))
    complete = posted.keys() == expected
    _require(complete, f"an answer that is {action} must have {names} and nothing else")
    for name in posted.keys() & {"id", "withdraws"}:
        _require(_matches(IDENTIFIER, posted[name]), f"{name} must be a UUID")
    if action == WITHDRAWN:
        undone = find(posted["withdraws"])
        own = undone is not None and undone.expert == expert and undone.action != WITHDRAWN
        _require(own, "withdraws must be the id of one of your judgements")
        shown = {name: getattr(undone, name) for name in SHOWN if name != "seconds"}
        return Judgement(**posted, **shown, expert=expert)
    _check_showing(posted, tracers)
    if action == JUDGED:
        _check_codes(posted)
    return Judgement(**{**posted, "seconds": min(posted["seconds"], LONGEST)}, expert=expert)


def _require(condition, message):
    if not condition:
        raise ValueError(message)


def _matches(pattern, value):
    return isinstance(value, str) and pattern.fullmatch(value)


def _is_code(value, allowed):
    """Exclude true and false, which are integers in Python."""
    return type(value) is int and value in allowed


def _check_showing(posted, tracers):
    """Check galaxy, tracer and place; an earlier server may have shown them in another order."""
    galaxy, seconds = posted["galaxy"], posted["seconds"]
    _require(isinstance(galaxy, str) and galaxy in tracers, "galaxy must be a galaxy of the run")
    has = tracers[galaxy]
    _require(posted["tracer"] in has, f"tracer must be one that {galaxy} has: {' or '.join(has)}")
    _require(_matches(SERIES, posted["series"]), "series must be the series of the session")
    for name, largest in (("showing", 2), ("place", LAST_PLACE)):
        is_valid = _is_code(posted[name], range(1, largest + 1))
        _require(is_valid, f"{name} must be an integer from 1 to {largest}")
    is_time = type(seconds) in (int, float) and 0 <= seconds < math.inf
    _require(is_time, "seconds must be a number of at least 0")


def _check_codes(posted):
    for name, allowed in CODES.items():
        is_valid = _is_code(posted[name], allowed)
        _require(is_valid, f"{name} must be one of {', '.join(map(str, allowed))}")
    has_notes = posted["tracer"] == "halpha"
    _require(
        has_notes or not posted["note"], "note must be 0 for the stars: only H-alpha has notes"
    )
    is_short = isinstance(posted["comment"], str) and len(posted["comment"]) <= LONGEST_COMMENT
    _require(is_short, f"comment must be text of at most {LONGEST_COMMENT} characters")
