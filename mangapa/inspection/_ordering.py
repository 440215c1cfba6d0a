"""Which galaxies an expert sees, and in which order: the same each time."""

import hashlib
import math
from dataclasses import dataclass

from mangapa.fields import TRACERS
from mangapa.inspection._store_file import JUDGED
from mangapa.usability._predict import THRESHOLD

ORDERS = ("random", "uncertain", "disagreement", "list")
#: Name of the series of second looks at galaxies on which the network disagrees.
DISAGREEMENT = "disagreement"
#: Fewest galaxies between the two showings of one galaxy, and how many more there can be: enough
#: that the first answer is forgotten.
GAP, MORE_GAP = 25, 75


@dataclass(frozen=True, kw_only=True)
class Showing:
    """A galaxy, shown for the first or the second time."""

    galaxy: str
    showing: int = 1


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The showings of a session in their order."""

    order: str
    series: str  # name under which judgements are stored; empty for first looks
    showings: tuple


def plan(scores, *, order="random", seed=0, repeat=0.0, number=None, only=None, history=()):
    """
    Put galaxies in order; those that are added later do not change the order of the others.

    ``scores`` maps each galaxy to the score of each tracer that can be judged, NaN if there is
    none. The order is random ("random"), with the least certain scores first ("uncertain"), of the
    galaxies alone whose score contradicts ``history``, an expert's judgements, with the most
    certain score first ("disagreement"), or that of ``only`` ("list"), whose galaxies are shown
    even if they have been judged. The fraction ``repeat`` of the galaxies is shown twice.
    """
    orders, is_list = ", ".join(map(repr, ORDERS)), order == "list"
    for is_allowed, problem in (
        (order in ORDERS, f"order={order!r} is not known; choose one of {orders}"),
        (0 <= repeat <= 1, f"repeat={repeat!r} must be between 0 and 1"),
        (number is None or number >= 1, f"number={number!r} must be at least 1"),
        (
            is_list == (only is not None),
            "only must be given with order='list', and with no other order",
        ),
    ):
        if not is_allowed:
            raise ValueError(problem)
    series = ""
    if is_list:
        chosen, series = _listed(only, scores)
    elif order == "disagreement":
        chosen, series = _contradicted(scores, history), DISAGREEMENT
    else:
        chosen = sorted(scores, key=lambda one: _random(seed, "order", one))
        if order == "uncertain":
            chosen.sort(key=lambda one: -_uncertainty(scores[one]))
    places = []
    for place, galaxy in enumerate(chosen[:number]):
        places.append((place, Showing(galaxy=galaxy)))
        if _random(seed, "repeat", galaxy) < repeat:
            later = place + GAP + MORE_GAP * _random(seed, "gap", galaxy)
            places.append((later, Showing(galaxy=galaxy, showing=2)))
    # First showings come before second ones at the same place.
    places.sort(key=lambda one: (one[0], one[1].showing))
    return Plan(order=order, series=series, showings=tuple(showing for _, showing in places))


def _random(seed, purpose, galaxy):
    """A number in [0, 1) that depends on the arguments alone."""
    content = hashlib.sha256(f"{seed} {purpose} {galaxy}".encode()).digest()
    return int.from_bytes(content[:7], "big") / 2**56


def _uncertainty(scores):
    """Uncertainty of the least certain score of a galaxy, 0-1."""
    finite = filter(math.isfinite, scores.values())
    return max((1 - 2 * abs(score - THRESHOLD) for score in finite), default=0)


def _listed(only, scores):
    chosen = list(dict.fromkeys(only))
    unknown = [galaxy for galaxy in chosen if galaxy not in scores]
    if unknown:
        names = ", ".join(unknown[:5]) + (" and others" if len(unknown) > 5 else "")
        msg = f"the run has no field of {names}; remove them from the list of galaxies"
        raise ValueError(msg)
    digest = hashlib.sha256("\n".join(sorted(chosen)).encode()).hexdigest()
    return chosen, f"list {digest[:8]}"


def _contradicted(scores, history):
    """Galaxies whose score contradicts the class of a first look, the most certain score first."""
    classes = {
        (one.galaxy, one.tracer): one.quality
        for one in history
        if one.action == JUDGED and one.series != DISAGREEMENT
    }
    certainty = {}
    for galaxy, known in scores.items():
        for tracer in TRACERS:
            quality, score = classes.get((galaxy, tracer)), known.get(tracer, math.nan)
            is_known = quality is not None and math.isfinite(score)
            if is_known and (score > THRESHOLD) != (quality > 0):
                certainty[galaxy] = max(certainty.get(galaxy, 0), abs(score - THRESHOLD))
    return sorted(certainty, key=lambda galaxy: (-certainty[galaxy], galaxy))
