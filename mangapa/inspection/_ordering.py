"""Which galaxies an expert is shown, and in which order: the same each time it is asked."""

import hashlib
import math
from dataclasses import dataclass

from mangapa.fields import TRACERS
from mangapa.inspection._store import JUDGED
from mangapa.usability._predict import THRESHOLD

__all__ = ["DISAGREEMENT", "ORDERS", "Plan", "Showing", "plan"]

ORDERS = ("random", "uncertain", "disagreement", "list")
#: Name of the series in which galaxies are looked at again because the network disagrees.
DISAGREEMENT = "disagreement"
#: Galaxies between the two showings of one: the least, and how many more there may be. Enough that
#: the first answer is forgotten.
GAP, MORE_GAP = 25, 75


@dataclass(frozen=True, kw_only=True)
class Showing:
    """
    A galaxy as it is shown once.

    Attributes
    ----------
    galaxy : `str`
        Its name.
    showing : {1, 2}
        For the first or the second time.
    """

    galaxy: str
    showing: int = 1


@dataclass(frozen=True, kw_only=True)
class Plan:
    """
    What is shown, in its order.

    Attributes
    ----------
    order : `str`
        One of ``ORDERS``.
    series : `str`
        Under which the judgements are kept: empty for galaxies as they come.
    showings : `tuple` of `Showing`
        The first one first.
    """

    order: str
    series: str
    showings: tuple


def plan(scores, *, order="random", seed=0, repeat=0.0, number=None, only=None, history=()):
    """
    Put galaxies in order.

    Galaxies that are added later do not change the order of the others, and whatever was judged
    stays judged.

    Parameters
    ----------
    scores : `dict`
        From each galaxy to the network's score of each tracer that can be judged; NaN where there
        is none.
    order : {"random", "uncertain", "disagreement", "list"}, optional
        Chance; first the galaxies of which the network is least sure; those alone where it
        contradicts ``history``, the surest first; or ``only``, as given.
    seed : `int`, optional
        Of all chance.
    repeat : `float`, optional
        Share of the galaxies that is shown a second time, 0-1.
    number : `int`, optional
        How many galaxies at most.
    only : sequence of `str`, optional
        The galaxies of a list, which are shown even if they were judged before.
    history : sequence of `~mangapa.inspection.Judgement`, optional
        For "disagreement": what an expert said, in its order.

    Returns
    -------
    `Plan`

    Raises
    ------
    ValueError
        If an argument is out of its range, or a galaxy of the list cannot be judged.

    Examples
    --------
    >>> from mangapa.inspection._ordering import plan
    >>> scores = {"a": {"stellar": 0.99}, "b": {"stellar": 0.6}, "c": {"stellar": 0.2}}
    >>> [shown.galaxy for shown in plan(scores, order="uncertain").showings]
    ['b', 'c', 'a']
    """
    if order not in ORDERS:
        msg = f"order={order!r} is not known; choose one of {', '.join(map(repr, ORDERS))}"
        raise ValueError(msg)
    if not 0 <= repeat <= 1:
        msg = f"repeat={repeat!r} must be a share between 0 and 1"
        raise ValueError(msg)
    if number is not None and number < 1:
        msg = f"number={number!r} must be at least 1"
        raise ValueError(msg)
    if (order == "list") != (only is not None):
        msg = "order='list' needs a list of galaxies, and no other order takes one"
        raise ValueError(msg)
    series = ""
    if order == "list":
        chosen, series = _listed(only, scores)
    elif order == "disagreement":
        chosen, series = _contradicted(scores, history), DISAGREEMENT
    elif order == "uncertain":
        chosen = sorted(scores, key=lambda one: (-_doubt(scores[one]), _chance(seed, "order", one)))
    else:
        chosen = sorted(scores, key=lambda one: _chance(seed, "order", one))
    chosen = chosen[:number]
    places = [(place, Showing(galaxy=galaxy)) for place, galaxy in enumerate(chosen)]
    for place, galaxy in enumerate(chosen):
        if _chance(seed, "repeat", galaxy) < repeat:
            later = place + GAP + MORE_GAP * _chance(seed, "gap", galaxy)
            places.append((later, Showing(galaxy=galaxy, showing=2)))
    places.sort(key=lambda one: one[0])
    return Plan(order=order, series=series, showings=tuple(showing for _, showing in places))


def _chance(seed, purpose, galaxy):
    """A number in [0, 1) that depends on nothing else."""
    content = hashlib.sha256(f"{seed} {purpose} {galaxy}".encode()).digest()
    return int.from_bytes(content[:7], "big") / 2**56


def _doubt(scores):
    """How unsure the network is of the field of which it is least sure, 0-1."""
    doubts = [1 - 2 * abs(score - THRESHOLD) for score in scores.values() if math.isfinite(score)]
    return max(doubts, default=0)


def _listed(only, scores):
    chosen = list(dict.fromkeys(only))
    unknown = [galaxy for galaxy in chosen if galaxy not in scores]
    if unknown:
        msg = (
            f"the run has no field of {', '.join(unknown[:5])}"
            f"{' and others' if len(unknown) > 5 else ''}; take them from the list"
        )
        raise ValueError(msg)
    digest = hashlib.sha256("\n".join(sorted(chosen)).encode()).hexdigest()
    return chosen, f"list {digest[:8]}"


def _contradicted(scores, history):
    """Galaxies whose class contradicts the score; second looks do not change who is looked at."""
    said = {
        (one.galaxy, one.tracer): one.quality
        for one in history
        if one.action == JUDGED and one.series != DISAGREEMENT
    }
    apart = {}
    for galaxy, known in scores.items():
        for tracer in TRACERS:
            quality, score = said.get((galaxy, tracer)), known.get(tracer, math.nan)
            if quality is not None and (score > THRESHOLD) != (quality > 0):
                surely = abs(score - THRESHOLD)
                if math.isfinite(surely):
                    apart[galaxy] = max(apart.get(galaxy, 0), surely)
    return sorted(apart, key=lambda galaxy: (-apart[galaxy], galaxy))
