"""How far experts agree with each other, and each expert with themselves."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from mangapa._utils.imports import import_extra
from mangapa._utils.types import ArrayLike
from mangapa.catalogue._flag_table import CLASSES
from mangapa.fields import TRACERS
from mangapa.inspection._store import Judgement
from mangapa.inspection._store_file import JUDGED

__all__ = [
    "Opinions",
    "cohen_kappa",
    "confusion",
    "disputes",
    "fleiss_kappa",
    "opinions",
    "pairwise",
]

#: Class in arrays where an expert has not judged a field.
NONE = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Opinions:
    """
    The last judgement of each expert on each field.

    Attributes
    ----------
    experts : `tuple` of `str`
        Names of the experts.
    fields : `tuple` of (galaxy, tracer)
        The fields.
    quality : `~numpy.ndarray` of `int`
        Classes, shape (fields, experts); -1 where an expert has not judged a field.
    feature, note : `~numpy.ndarray` of `int`
        Codes, shape (fields, experts); 0 for none.
    """

    experts: tuple
    fields: tuple
    quality: np.ndarray
    feature: np.ndarray
    note: np.ndarray


def opinions(judgements: Iterable[Judgement], experts: Sequence[str] | None = None) -> Opinions:
    """
    Collect the last judgement of each expert on each field.

    Parameters
    ----------
    judgements : iterable of `~mangapa.inspection.Judgement`
        In the order in which `~mangapa.inspection.JudgementStore.history` returns them.
    experts : sequence of `str`, optional
        Experts whose judgements count; all by default.

    Returns
    -------
    `Opinions`
        One row for each field that any of them has judged.

    Raises
    ------
    ValueError
        If one of the experts has judged nothing.
    """
    last = {(one.expert, one.galaxy, one.tracer): one for one in judgements if one.action == JUDGED}
    known = sorted({expert for expert, _, _ in last})
    experts = tuple(known if experts is None else experts)
    for expert in experts:
        if expert not in known:
            names = ", ".join(known) or "none"
            msg = f"{expert!r} has judged nothing; the experts in the store are {names}"
            raise ValueError(msg)
    fields = sorted(
        {(galaxy, tracer) for expert, galaxy, tracer in last if expert in experts},
        key=lambda field: (field[0], TRACERS.index(field[1])),
    )

    def codes(name, empty):
        rows = [[getattr(last.get((e, g, t)), name, empty) for e in experts] for g, t in fields]
        return np.array(rows, int).reshape(len(fields), len(experts))

    return Opinions(
        experts=experts, fields=tuple(fields),
        quality=codes("quality", NONE), feature=codes("feature", 0), note=codes("note", 0),
    )  # fmt: skip


def repeats(judgements):
    """Pairs of the last class of the first and of the second showing, by expert and field."""
    classes = defaultdict(dict)
    for one in judgements:
        if one.action == JUDGED:
            classes[one.expert, one.series, one.galaxy, one.tracer][one.showing] = one.quality
    return [(pair[1], pair[2]) for pair in classes.values() if len(pair) == 2]


def agree(pairs):
    """Number of pairs of classes, and the fraction that agrees on usability, or `None`."""
    same = [(a > 0) == (b > 0) for a, b in pairs]
    return [len(same), sum(same) / len(same) if same else None]


def confusion(a: ArrayLike, b: ArrayLike) -> np.ndarray:
    """
    Count how often each class of one expert meets each class of another.

    Parameters
    ----------
    a, b : array_like of `int`
        Classes, shape (n,); fields with a class of -1 do not count.

    Returns
    -------
    `~numpy.ndarray` of `int`
        Shape (3, 3): a row for each class of ``a``, a column for each class of ``b``.

    Examples
    --------
    >>> from mangapa.inspection.agreement import confusion
    >>> confusion([0, 1, 2, 2], [0, 2, 2, -1])
    array([[1, 0, 0],
           [0, 0, 1],
           [0, 0, 1]])
    """
    a, b = np.asarray(a), np.asarray(b)
    return np.array([[np.sum((a == one) & (b == other)) for other in CLASSES] for one in CLASSES])


def cohen_kappa(a: ArrayLike, b: ArrayLike) -> float:
    """
    Compute the agreement of two experts beyond chance.

    Parameters
    ----------
    a, b : array_like of `int`
        Classes, shape (n,); fields with a class of -1 do not count.

    Returns
    -------
    `float`
        1 for perfect agreement, 0 for that of chance; NaN if fewer than two classes occur.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.

    References
    ----------
    Cohen 1960, Educational and Psychological Measurement 20, 37.
    """
    metrics = import_extra("sklearn.metrics", "inspect", "the agreement of experts")
    a, b = np.asarray(a), np.asarray(b)
    both = (a != NONE) & (b != NONE)
    if np.unique([a[both], b[both]]).size < 2:
        return np.nan
    return float(metrics.cohen_kappa_score(a[both], b[both]))


def fleiss_kappa(quality: ArrayLike) -> float:
    """
    Compute the agreement of any number of experts beyond chance.

    Parameters
    ----------
    quality : array_like of `int`
        Classes, shape (fields, experts), -1 where an expert has not judged a field. Fields that
        two or more experts have judged count.

    Returns
    -------
    `float`
        1 for perfect agreement, 0 for that of chance; NaN if it is not defined.

    References
    ----------
    Fleiss 1971, Psychological Bulletin 76, 378, with a number of judgements for each field.

    Examples
    --------
    >>> from mangapa.inspection.agreement import fleiss_kappa
    >>> fleiss_kappa([[0, 0], [2, 2], [1, -1]])
    1.0
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


def pairwise(found: Opinions, judgements: Sequence[Judgement] = ()) -> Table:
    """
    Compare each pair of experts, and each expert with themselves where they judged a field twice.

    Parameters
    ----------
    found : `Opinions`
        The last judgements of the experts.
    judgements : sequence of `~mangapa.inspection.Judgement`, optional
        All judgements, which hold those of fields that were shown twice.

    Returns
    -------
    `~astropy.table.Table`
        One row for each pair: ``expert``, ``other``, number of ``fields``, the fractions of equal
        classes (``same_class``) and equal usability (``same_usability``), Cohen's ``kappa`` and
        ``kappa_usability`` of both, and the ``confusion`` matrix.
    """
    pairs = [
        (a, b, found.quality[:, i], found.quality[:, j])
        for i, a in enumerate(found.experts)
        for j, b in enumerate(found.experts[:i])
    ]
    for expert in found.experts:
        again = np.array(repeats(one for one in judgements if one.expert == expert), int)
        pairs.append((expert, expert, *again.reshape(-1, 2).T))
    rows = []
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


def disputes(found: Opinions) -> Table:
    """
    List the fields on which the experts disagree, the most disputed first.

    Parameters
    ----------
    found : `Opinions`
        The last judgements of the experts.

    Returns
    -------
    `~astropy.table.Table`
        ``galaxy``, ``tracer``, the number of ``experts`` who judged the field, the fraction of
        their pairs that disagree (``disputed``), the largest difference of two classes
        (``classes_apart``), and the class that each gave (``said``).
    """
    rows = []
    for (galaxy, tracer), quality in zip(found.fields, found.quality, strict=True):
        judged = np.flatnonzero(quality != NONE)
        given = quality[judged]
        if np.unique(given).size > 1:
            disputed = (given[:, None] != given).sum() / (given.size * (given.size - 1))
            said = ", ".join(f"{found.experts[number]} {quality[number]}" for number in judged)
            rows.append((galaxy, tracer, given.size, disputed, np.ptp(given), said))
    rows.sort(key=lambda row: (-row[4], -row[3], row[0], row[1]))
    names = ("galaxy", "tracer", "experts", "disputed", "classes_apart", "said")
    return Table(rows=rows or None, names=names, dtype=(str, str, int, float, int, str))
