"""How far experts agree with each other, and each with oneself."""

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from mangapa.catalogue._flag_table import CLASSES
from mangapa.inspection._store import JUDGED

__all__ = [
    "Opinions",
    "agree",
    "cohen_kappa",
    "confusion",
    "disputes",
    "fleiss_kappa",
    "opinions",
    "pairwise",
    "repeats",
]


#: In arrays: not judged.
NONE = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Opinions:
    """
    The last word of each expert on each field.

    Attributes
    ----------
    experts : `tuple` of `str`
        Who.
    fields : `tuple` of (galaxy, tracer)
        Of what.
    quality : `~numpy.ndarray` of `int`
        The class, -1 where there is none; shape (fields, experts).
    feature, note : `~numpy.ndarray` of `int`
        In the same shape, 0 where there is none.
    """

    experts: tuple
    fields: tuple
    quality: np.ndarray
    feature: np.ndarray
    note: np.ndarray


def opinions(judgements, experts=None):
    """
    The last word of each expert.

    Parameters
    ----------
    judgements : iterable of `~mangapa.inspection.Judgement`
        As `~mangapa.inspection.JudgementStore.history` gives them.
    experts : sequence of `str`, optional
        Whose; those of all if not given.

    Returns
    -------
    `Opinions`

    Raises
    ------
    ValueError
        If one of these experts has judged nothing.
    """
    last = {(one.expert, one.galaxy, one.tracer): one for one in judgements if one.action == JUDGED}
    known = sorted({expert for expert, _, _ in last})
    experts = tuple(known if experts is None else experts)
    for expert in experts:
        if expert not in known:
            msg = f"{expert!r} has judged nothing; there are {', '.join(known) or 'no experts'}"
            raise ValueError(msg)
    fields = tuple(sorted({(g, t) for e, g, t in last if e in experts}, key=_by_galaxy))
    parts = {
        name: np.full((len(fields), len(experts)), empty)
        for name, empty in (("quality", NONE), ("feature", 0), ("note", 0))
    }
    row = {field: number for number, field in enumerate(fields)}
    column = {expert: number for number, expert in enumerate(experts)}
    for (expert, *field), one in last.items():
        if expert in column:
            for name, values in parts.items():
                values[row[tuple(field)], column[expert]] = getattr(one, name)
    return Opinions(experts=experts, fields=fields, **parts)


def _by_galaxy(field):
    """Stars before gas."""
    galaxy, tracer = field
    return galaxy, tracer != "stellar"


def repeats(judgements):
    """
    What an expert said of fields that were shown again.

    Parameters
    ----------
    judgements : iterable of `~mangapa.inspection.Judgement`
        In their order.

    Returns
    -------
    `list` of (`int`, `int`)
        The last class of the first showing, and that of the second, of one expert and field each.
    """
    said = defaultdict(dict)
    for one in judgements:
        if one.action == JUDGED:
            said[one.expert, one.series, one.galaxy, one.tracer][one.showing] = one.quality
    return [(pair[1], pair[2]) for pair in said.values() if len(pair) == 2]


def agree(pairs):
    """
    How often two classes agree on whether a field can be used.

    Parameters
    ----------
    pairs : sequence of (`int`, `int`)
        Classes.

    Returns
    -------
    `list`
        Their number, and the share that agrees; `None` if there are none.
    """
    same = [(a > 0) == (b > 0) for a, b in pairs]
    return [len(same), sum(same) / len(same) if same else None]


def confusion(a, b):
    """
    How often each class of one goes with each class of the other.

    Parameters
    ----------
    a, b : array_like of `int`
        Classes, shape (n,); -1 is none.

    Returns
    -------
    `~numpy.ndarray` of `int`
        Shape (3, 3): rows of one, columns of the other.

    Examples
    --------
    >>> from mangapa.inspection.agreement import confusion
    >>> confusion([0, 1, 2, 2], [0, 2, 2, -1])
    array([[1, 0, 0],
           [0, 0, 1],
           [0, 0, 1]])
    """
    counts = Counter(zip(np.asarray(a).tolist(), np.asarray(b).tolist(), strict=True))
    return np.array([[counts[one, other] for other in CLASSES] for one in CLASSES])


def cohen_kappa(a, b):
    """
    Agreement of two experts beyond chance.

    Parameters
    ----------
    a, b : array_like of `int`
        Classes, shape (n,); where either is -1 the field does not count.

    Returns
    -------
    `float`
        1 for perfect agreement, 0 for that of chance; NaN where chance alone agrees always, or no
        field was judged by both.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.

    References
    ----------
    Cohen 1960, Educational and Psychological Measurement 20, 37.
    """
    try:
        from sklearn.metrics import cohen_kappa_score
    except ImportError as error:
        msg = "agreement needs scikit-learn: pip install 'mangapa[inspect]'"
        raise ImportError(msg) from error
    a, b = np.asarray(a), np.asarray(b)
    both = (a != NONE) & (b != NONE)
    if np.unique([a[both], b[both]]).size < 2:
        return np.nan
    return float(cohen_kappa_score(a[both], b[both]))


def fleiss_kappa(quality):
    """
    Agreement of any number of experts beyond chance.

    Parameters
    ----------
    quality : `~numpy.ndarray` of `int`
        Classes, shape (fields, experts), -1 where there is none. Fields count that two or more
        have judged; their number may differ from field to field.

    Returns
    -------
    `float`
        As `cohen_kappa`.

    References
    ----------
    Fleiss 1971, Psychological Bulletin 76, 378, with the number of judgements of each field in the
    place of a common one.
    """
    quality = np.asarray(quality)
    counts = np.stack([(quality == code).sum(axis=1) for code in CLASSES])
    number = counts.sum(axis=0)
    counts, number = counts[:, number > 1], number[number > 1]
    if not number.size:
        return np.nan
    observed = (((counts**2).sum(axis=0) - number) / (number * (number - 1))).mean()
    chance = ((counts.sum(axis=1) / number.sum()) ** 2).sum()
    return float((observed - chance) / (1 - chance)) if chance < 1 else np.nan


def pairwise(found, judgements=()):
    """
    Each expert beside each other, and beside oneself where some were asked twice.

    Parameters
    ----------
    found : `Opinions`
        What the experts say.
    judgements : sequence of `~mangapa.inspection.Judgement`, optional
        From which they are.

    Returns
    -------
    `~astropy.table.Table`
        Number of fields, the shares with the same class and the same usability, and Cohen's kappa
        of both; the confusion is in ``confusion``.
    """
    rows = []
    pairs = [
        (a, b, found.quality[:, i], found.quality[:, j])
        for i, a in enumerate(found.experts)
        for j, b in enumerate(found.experts[:i])
    ]
    for expert in found.experts:
        again = np.array(repeats(one for one in judgements if one.expert == expert), int)
        pairs.append((expert, expert, *again.reshape(-1, 2).T))
    for a, b, first, second in pairs:
        both = (first != NONE) & (second != NONE)
        first, second = first[both], second[both]
        if first.size:
            rows.append(
                {
                    "expert": a,
                    "other": b,
                    "fields": first.size,
                    "same_class": np.mean(first == second),
                    "same_usability": np.mean((first > 0) == (second > 0)),
                    "kappa": cohen_kappa(first, second),
                    "kappa_usability": cohen_kappa(first > 0, second > 0),
                    "confusion": confusion(first, second),
                }
            )
    return Table(rows)


def disputes(found):
    """
    The fields of which the experts disagree, the most disputed first.

    Parameters
    ----------
    found : `Opinions`
        What the experts say.

    Returns
    -------
    `~astropy.table.Table`
        ``galaxy``, ``tracer``, how many judged it (``experts``), the share of their pairs that
        disagree on its class (``disputed``), and what each said (``said``).
    """
    rows = []
    for (galaxy, tracer), quality in zip(found.fields, found.quality, strict=True):
        given = quality[quality != NONE]
        if given.size > 1 and np.unique(given).size > 1:
            apart = (given[:, None] != given).sum() / (given.size * (given.size - 1))
            said = ", ".join(
                f"{expert} {one}"
                for expert, one in zip(found.experts, quality, strict=True)
                if one != NONE
            )
            rows.append((galaxy, tracer, given.size, apart, np.ptp(given), said))
    rows.sort(key=lambda row: (-row[4], -row[3], row[0], row[1]))
    names = ("galaxy", "tracer", "experts", "disputed", "classes_apart", "said")
    types = (str, str, int, float, int, str)
    return Table(rows=rows or None, names=names, dtype=None if rows else types)
