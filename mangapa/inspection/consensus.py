"""One class for each field from the classes that several experts give."""

from dataclasses import dataclass

import numpy as np

from mangapa._utils.types import ArrayLike
from mangapa.catalogue._flag_table import CLASSES
from mangapa.inspection.agreement import NONE

__all__ = ["METHODS", "Consensus", "by_majority", "by_weight"]

#: Largest number of steps of the expectation maximisation, which converges in some tens, and the
#: change of a probability below which it has converged.
STEPS, CONVERGED = 200, 1e-7
#: Judgements added to each row of an expert's table, spread evenly over the classes: half of one is
#: enough that an expert with few judgements is not taken to be infallible.
PRIOR = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Consensus:
    """
    The joint opinion of the experts.

    Attributes
    ----------
    quality : `~numpy.ndarray` of `int`
        Class of each field, shape (fields,); -1 if there is no consensus.
    probability : `~numpy.ndarray`
        Probability of each class, shape (fields, 3): fractions of the votes, or by the model.
    reliability : `~numpy.ndarray` or `None`
        Probability that an expert gives the second class where the first is true, shape
        (experts, 3, 3). `None` for a majority.
    """

    quality: np.ndarray
    probability: np.ndarray
    reliability: np.ndarray | None = None


def by_majority(quality: ArrayLike) -> Consensus:
    """
    Take the class that most experts give.

    Parameters
    ----------
    quality : array_like of `int`
        Classes, shape (fields, experts), -1 where an expert has not judged a field.

    Returns
    -------
    `Consensus`
        There is none where two classes have equally many votes.

    Examples
    --------
    >>> from mangapa.inspection.consensus import by_majority
    >>> by_majority([[2, 2, 0], [1, 2, -1]]).quality.tolist()
    [2, -1]
    """
    votes = _votes(quality).sum(axis=1)
    most = votes.max(axis=1, keepdims=True)
    clear = ((votes == most).sum(axis=1) == 1) & (most[:, 0] > 0)
    shares = votes / np.maximum(votes.sum(axis=1, keepdims=True), 1)
    return Consensus(quality=np.where(clear, votes.argmax(axis=1), NONE), probability=shares)


def by_weight(quality: ArrayLike) -> Consensus:
    """
    Take the most probable class, if each expert errs in a way of their own.

    Expectation maximisation finds the classes together with the frequency at which each expert
    gives each class to fields of each true class.

    Parameters
    ----------
    quality : array_like of `int`
        Classes, shape (fields, experts), -1 where an expert has not judged a field.

    Returns
    -------
    `Consensus`
        With the reliability of the experts.

    References
    ----------
    Dawid & Skene 1979, Applied Statistics 28, 20.

    Examples
    --------
    >>> from mangapa.inspection.consensus import by_weight
    >>> by_weight([[2, 2, 0], [1, 1, 1], [0, 0, 2]]).quality.tolist()
    [2, 1, 0]
    """
    votes = _votes(quality)
    judged = votes.any(axis=(1, 2))
    truth = by_majority(quality).probability
    for _ in range(STEPS):
        before = truth
        shares = (truth[judged].sum(axis=0) + PRIOR) / (judged.sum() + len(CLASSES) * PRIOR)
        tables = np.einsum("ft,fec->etc", truth, votes) + PRIOR / len(CLASSES)
        tables /= tables.sum(axis=2, keepdims=True)
        log = np.log(shares) + np.einsum("fec,etc->ft", votes, np.log(tables))
        truth = np.exp(log - log.max(axis=1, keepdims=True))
        truth /= truth.sum(axis=1, keepdims=True)
        if np.abs(truth - before)[judged].max(initial=0) < CONVERGED:
            break
    quality = np.where(judged, truth.argmax(axis=1), NONE)
    return Consensus(quality=quality, probability=truth, reliability=tables)


#: Functions that find a consensus, by name.
METHODS = {"majority": by_majority, "dawid-skene": by_weight}


def prevailing(codes, quality):
    """Codes that more than half of the experts who judged a field give, shape (fields,); else 0."""
    codes, judged = np.asarray(codes), np.asarray(quality) != NONE
    found = np.zeros(len(judged), int)
    for code in np.unique(codes):
        found[((codes == code) & judged).sum(axis=1) * 2 > judged.sum(axis=1)] = code
    return found


def _votes(quality):
    """1.0 where an expert gives a class; shape (fields, experts, 3)."""
    return (np.asarray(quality)[..., None] == np.array(CLASSES)).astype(float)
