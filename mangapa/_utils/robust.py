"""Statistics and linear systems that no value upsets, without the checks that cost numpy time."""

import numpy as np

#: Standard deviation over median absolute deviation, for normal errors.
NORMAL = 1.4826
#: Full width at half maximum of a Gaussian over its standard deviation.
FWHM = np.sqrt(8 * np.log(2))
#: Added to what may vanish before a division.
TINY = 1e-9
#: Ridge that is added to the unit diagonal of a singular matrix, and the largest element of an
#: inverse that is not that of such a matrix: rounding leaves 16 digits, and some must remain.
SINGULAR_RIDGE, LARGEST_INVERSE = 1e-10, 1e12


def median(values):
    """Median of at least one finite value, like `numpy.median` but three times faster on a map."""
    return _median_in_place(values.copy())


def _median_in_place(values):
    """`median` of values that may be put into another order."""
    middle = values.size // 2
    values.partition(middle)
    if values.size % 2:
        return values[middle]
    return (values[:middle].max() + values[middle]) / 2


def percentile(values, share):
    """Percentile (0-100) of at least one finite value, like `numpy.percentile` but faster."""
    place = (values.size - 1) * (share / 100)
    below = int(place)
    above = min(below + 1, values.size - 1)
    ordered = np.partition(values, (below, above))
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def scatter(residuals):
    """Robust standard deviation about zero of at least one residual."""
    return NORMAL * _median_in_place(np.abs(residuals))


def inverse(normal):
    """
    Inverse of a symmetric positive semi-definite matrix.

    It is scaled to a unit diagonal first. If it is singular then, a ridge of 1e-10 gives what the
    data do not determine a large variance, and a vanishing part in solutions.
    """
    diagonal = np.diagonal(normal)
    scale = 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    scaling = np.multiply.outer(scale, scale)
    scaled = normal * scaling
    try:
        found = np.linalg.inv(scaled)
    except np.linalg.LinAlgError:
        found = None
    if found is None or not np.abs(found).max() < LARGEST_INVERSE:
        found = np.linalg.inv(scaled + SINGULAR_RIDGE * np.eye(len(scaled)))
    return found * scaling


def solve(normal, right):
    """
    Solve a system with such a matrix, whose ridge makes it regular.

    If numbers vanish beside others all the same, the solution is that of `inverse`.
    """
    try:
        return np.linalg.solve(normal, right)
    except np.linalg.LinAlgError:
        return inverse(normal) @ right


def solve_each(normal, right):
    """`solve` for k systems of n equations at once, shapes (k, n, n) and (k, n)."""
    try:
        return np.linalg.solve(normal, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        return np.array([solve(*one) for one in zip(normal, right, strict=True)])
