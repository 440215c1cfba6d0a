"""Robust statistics of small arrays, without the checks on which numpy spends most of its time."""

import numpy as np

#: Standard deviation over median absolute deviation, for normal errors.
NORMAL = 1.4826
#: Added to what may vanish before a division.
TINY = 1e-9


def median(values):
    """Median of at least one finite value, like `numpy.median` but three times faster on a map."""
    middle = values.size // 2
    if values.size % 2:
        return np.partition(values, middle)[middle]
    ordered = np.partition(values, (middle - 1, middle))
    return (ordered[middle - 1] + ordered[middle]) / 2


def scatter(residuals):
    """Robust standard deviation about zero of at least one residual."""
    return NORMAL * median(np.abs(residuals))
