"""Measures of how well scores agree with the experts' flags."""

import numpy as np

from mangapa._utils.imports import import_extra
from mangapa.usability._network import sigmoid

__all__ = ["metrics", "reliability"]
__doctest_requires__ = {"metrics": ["sklearn"]}

#: Fraction of the answers kept that must be right.
RIGHT = 0.99
#: Bins of equal width for the expected calibration error, as in Naeini et al. 2015.
N_BINS = 10


def metrics(scores: np.ndarray, usable: np.ndarray) -> dict[str, float]:
    """
    Compute the metrics by which models are compared.

    Parameters
    ----------
    scores : `~numpy.ndarray`
        Probability that a field is usable, shape (n,).
    usable : `~numpy.ndarray` of `bool`
        The expert's opinion, shape (n,).

    Returns
    -------
    `dict`
        ``n``, ``accuracy``, ``balanced_accuracy``, ``roc_auc`` (NaN if only one class occurs),
        ``kept`` (largest fraction of the fields, most confident first, with 99 % right answers) and
        ``calibration_error`` (expected, in ten bins).

    Raises
    ------
    ImportError
        If scikit-learn is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from mangapa.usability.metrics import metrics
    >>> found = metrics(np.array([0.9, 0.8, 0.3, 0.6]), np.array([True, True, False, False]))
    >>> found["accuracy"], found["roc_auc"]
    (0.75, 1.0)
    """
    sklearn_metrics = import_extra("sklearn.metrics", "train", "evaluating a model")
    said, both = scores > 0.5, 0 < np.count_nonzero(usable) < len(usable)
    mean, share, number = reliability(scores, usable)
    return {
        "n": len(scores),
        "accuracy": float(np.mean(said == usable)),
        # The mean recall of the classes that occur; balanced_accuracy_score warns if one does not.
        "balanced_accuracy": float(
            sklearn_metrics.recall_score(usable, said, labels=np.unique(usable), average="macro")
        ),
        "roc_auc": float(sklearn_metrics.roc_auc_score(usable, scores)) if both else np.nan,
        "kept": kept(scores, usable),
        "calibration_error": float(np.sum(np.abs(mean - share) * number) / len(scores)),
    }


def confidence(scores: np.ndarray) -> np.ndarray:
    """Probability of the more likely answer: the score or one minus the score, 0.5 to 1."""
    return np.maximum(scores, 1 - scores)


def kept(scores: np.ndarray, usable: np.ndarray, right: float = RIGHT) -> float:
    """Largest fraction of the fields, most confident first, with enough right answers."""
    order = np.argsort(-confidence(scores), kind="stable")
    correct = ((scores > 0.5) == usable)[order]
    enough = np.flatnonzero(np.cumsum(correct) >= right * np.arange(1, correct.size + 1))
    return float((enough[-1] + 1) / correct.size) if enough.size else 0.0


def reliability(
    scores: np.ndarray, usable: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    Compare scores with the fraction of usable fields, in ten bins of equal width.

    Unlike `sklearn.calibration.calibration_curve`, this returns the numbers that errors need.

    Parameters
    ----------
    scores, usable : `~numpy.ndarray`
        As in `metrics`.

    Returns
    -------
    mean, share, number : `~numpy.ndarray`
        Mean score, fraction of usable fields and number of fields of each bin that is not empty.

    Examples
    --------
    >>> import numpy as np
    >>> from mangapa.usability.metrics import reliability
    >>> scores, usable = np.array([0.1, 0.92, 0.94]), np.array([False, True, True])
    >>> mean, share, number = reliability(scores, usable)
    >>> share, number
    (array([0., 1.]), array([1, 2]))
    """
    bins = np.minimum((scores * N_BINS).astype(int), N_BINS - 1)
    _, place, number = np.unique(bins, return_inverse=True, return_counts=True)
    mean, share = (np.bincount(place, values) / number for values in (scores, usable))
    return mean, share, number


def platt(scores: np.ndarray, usable: np.ndarray, iterations: int = 25) -> tuple[float, float]:
    """Slope and offset that calibrate the logit of scores between 0 and 1 (Platt 1999)."""
    # Newton's method. scikit-learn's logistic regression without penalty gives the same values, but
    # does not converge, and warns, where the scores separate the classes.
    logit = np.log(scores / (1 - scores))
    terms = np.stack([logit, np.ones(logit.size)])
    solution = np.array([1.0, 0.0])
    for _ in range(iterations):
        p = sigmoid(solution @ terms)
        hessian = (terms * (p * (1 - p))) @ terms.T + 1e-6 * np.eye(2)
        solution += np.linalg.solve(hessian, terms @ (usable - p))
    return float(solution[0]), float(solution[1])
