"""How good scores are, judged by the experts' flags."""

import numpy as np

__all__ = ["CONFIDENCES", "confidence", "kept", "metrics", "platt", "reliability", "roc"]

#: At which confusion matrices are drawn, as the paper did.
CONFIDENCES = (0.5, 0.8, 0.95, 0.99)
#: The share of the answers kept that must be right.
RIGHT = 0.99
N_BINS = 10


def metrics(scores, usable):
    """
    The numbers by which models are compared.

    Parameters
    ----------
    scores : `~numpy.ndarray`
        Probability that a field can be used, shape (n,).
    usable : `~numpy.ndarray` of `bool`
        What the expert says, shape (n,).

    Returns
    -------
    `dict`
        ``n``, ``accuracy``, ``balanced_accuracy``, ``roc_auc``, ``kept`` (the share of the fields
        that can be kept if 99 % of the answers kept must be right), ``calibration_error``
        (expected, ten bins).
    """
    right = (scores > 0.5) == usable
    balanced = [right[usable == kind].mean() for kind in (True, False) if (usable == kind).any()]
    mean, share, number = reliability(scores, usable)
    return {
        "n": len(scores),
        "accuracy": float(right.mean()),
        "balanced_accuracy": float(np.mean(balanced)),
        "roc_auc": _area(scores, usable),
        "kept": kept(scores, usable),
        "calibration_error": float(np.sum(np.abs(mean - share) * number) / len(scores)),
    }


def confidence(scores):
    """
    How sure each answer is.

    Parameters
    ----------
    scores : `~numpy.ndarray`
        0-1.

    Returns
    -------
    `~numpy.ndarray`
        The score or one minus it, whichever is larger, 0.5-1.
    """
    return np.maximum(scores, 1 - scores)


def kept(scores, usable, right=RIGHT):
    """
    The share of the fields that can be kept if so many of the answers kept must be right.

    Parameters
    ----------
    scores, usable : `~numpy.ndarray`
        As in `metrics`.
    right : `float`, optional
        Share of right answers.

    Returns
    -------
    `float`
    """
    order = np.argsort(-confidence(scores), kind="stable")
    correct = ((scores > 0.5) == usable)[order]
    enough = np.flatnonzero(np.cumsum(correct) >= right * np.arange(1, correct.size + 1))
    return float((enough[-1] + 1) / correct.size) if enough.size else 0.0


def roc(scores, usable):
    """
    The receiver operating characteristic.

    Parameters
    ----------
    scores, usable : `~numpy.ndarray`
        As in `metrics`.

    Returns
    -------
    false_positive, true_positive : `~numpy.ndarray`
        Rates for falling thresholds, from 0 to 1.
    """
    order = np.argsort(-scores, kind="stable")
    # Equal scores are one threshold.
    last = np.append(np.diff(scores[order]) != 0, True)
    true = np.cumsum(usable[order])[last] / max(usable.sum(), 1)
    false = np.cumsum(~usable[order])[last] / max((~usable).sum(), 1)
    return np.append(0, false), np.append(0, true)


def reliability(scores, usable):
    """
    How often fields of a given score are usable.

    Parameters
    ----------
    scores, usable : `~numpy.ndarray`
        As in `metrics`.

    Returns
    -------
    mean, share, number : `~numpy.ndarray`
        Mean score, share that is usable and number of the fields in each bin that has some.
    """
    bins = _bins(scores)
    filled = np.unique(bins)
    inside = [bins == k for k in filled]
    return (
        np.array([scores[one].mean() for one in inside]),
        np.array([usable[one].mean() for one in inside]),
        np.array([one.sum() for one in inside]),
    )


def platt(scores, usable, iterations=25):
    """
    Slope and offset that make the logit of scores a calibrated one.

    Parameters
    ----------
    scores, usable : `~numpy.ndarray`
        As in `metrics`; of fields that the network was not trained on.
    iterations : `int`, optional
        Newton steps.

    Returns
    -------
    slope, offset : `float`
    """
    logit = np.log(scores / (1 - scores))
    terms = np.stack([logit, np.ones(logit.size)])
    solution = np.array([1.0, 0.0])
    for _ in range(iterations):
        p = 1 / (1 + np.exp(-np.clip(solution @ terms, -30, 30)))
        hessian = (terms * (p * (1 - p))) @ terms.T + 1e-6 * np.eye(2)
        solution += np.linalg.solve(hessian, terms @ (usable - p))
    return float(solution[0]), float(solution[1])


def _bins(scores):
    return np.minimum((scores * N_BINS).astype(int), N_BINS - 1)


def _area(scores, usable):
    false, true = roc(scores, usable)
    if usable.all() or not usable.any():
        return float("nan")
    return float(np.sum(np.diff(false) * (true[1:] + true[:-1]) / 2))
