"""One class for each field from those that several experts gave."""

from dataclasses import dataclass

import numpy as np

from mangapa.inspection.agreement import CLASSES, NONE

__all__ = ["METHODS", "Consensus", "by_majority", "by_weight", "prevailing"]

#: Steps of the expectation maximisation, which needs some tens, and when it stands still.
STEPS, STILL = 200, 1e-7
#: Judgements that are taken for granted in each row of an expert's table, so that one who was
#: asked little is not believed to be without fault.
PRIOR = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Consensus:
    """
    What the experts say together.

    Attributes
    ----------
    quality : `~numpy.ndarray` of `int`
        The class of each field; -1 where they are undecided.
    probability : `~numpy.ndarray`
        Of each class, shape (fields, 3): the shares of the votes, or what the model says.
    reliability : `~numpy.ndarray` or `None`
        Of each expert, the probability to say the second where the first is true; shape
        (experts, 3, 3). `None` for a majority.
    """

    quality: np.ndarray
    probability: np.ndarray
    reliability: np.ndarray | None = None


def by_majority(quality):
    """
    The class that most experts gave.

    Parameters
    ----------
    quality : `~numpy.ndarray` of `int`
        Classes, shape (fields, experts), -1 where there is none.

    Returns
    -------
    `Consensus`
        A tie is undecided.

    Examples
    --------
    >>> from mangapa.inspection.consensus import by_majority
    >>> by_majority([[2, 2, 0], [1, 2, -1]]).quality.tolist()
    [2, -1]
    """
    votes = _votes(quality).sum(axis=1)
    most = votes.max(axis=1, keepdims=True)
    clear = ((votes == most).sum(axis=1) == 1) & (most[:, 0] > 0)
    return Consensus(
        quality=np.where(clear, votes.argmax(axis=1), NONE),
        probability=votes / np.maximum(votes.sum(axis=1, keepdims=True), 1),
    )


def by_weight(quality):
    """
    The class that is most probable, if each expert errs in a way of his own.

    How often each expert gives each class to fields of each true class is found together with the
    classes, by expectation maximisation. An expert whom the others often contradict counts less.

    Parameters
    ----------
    quality : `~numpy.ndarray` of `int`
        As in `by_majority`.

    Returns
    -------
    `Consensus`

    References
    ----------
    Dawid & Skene 1979, Applied Statistics 28, 20.
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
        if np.abs(truth - before)[judged].max(initial=0) < STILL:
            break
    return Consensus(
        quality=np.where(judged, truth.argmax(axis=1), NONE),
        probability=truth,
        reliability=tables,
    )


METHODS = {"majority": by_majority, "dawid-skene": by_weight}


def prevailing(codes, quality):
    """
    The feature or note that most of those gave who judged the field.

    Parameters
    ----------
    codes : `~numpy.ndarray` of `int`
        Shape (fields, experts), 0 is none.
    quality : `~numpy.ndarray` of `int`
        Their classes, -1 where an expert has not judged.

    Returns
    -------
    `~numpy.ndarray` of `int`
        0 unless more than half agree; shape (fields,).
    """
    judged = np.asarray(quality) != NONE
    found = np.zeros(len(judged), int)
    for code in np.unique(codes):
        most = ((codes == code) & judged).sum(axis=1) * 2 > judged.sum(axis=1)
        found[most] = code
    return found


def _votes(quality):
    """1.0 where an expert gave a class; shape (fields, experts, 3)."""
    return (np.asarray(quality)[..., None] == np.array(CLASSES)).astype(float)
