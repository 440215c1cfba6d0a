"""Rotations as vectors on the sky: the direction is the position angle, the length the speed."""

import numpy as np

from mangapa._utils.robust import TINY

#: Standard deviation of a uniformly random direction, 360 / sqrt(12) degrees.
UNIFORM_DIRECTION = 360 / np.sqrt(12)


def direction_error(vector, cov):
    """
    1-sigma errors of the directions of vectors, shape (n, 2), with covariances, shape (n, 2, 2).

    In degrees, shape (n,), and at most that of a uniformly random direction.
    """
    square = np.sum(vector**2, axis=1)
    normal = np.stack([-vector[:, 1], vector[:, 0]], axis=1)
    across = np.einsum("ri,rij,rj->r", normal, cov, normal) / (square + TINY)
    # The squared length holds the noise of both components, so that the true one is less.
    true_square = square - np.trace(cov, axis1=1, axis2=2)
    # Rounding may make a vanishing variance negative.
    error = np.degrees(np.sqrt(np.maximum(across, 0) / np.maximum(true_square, TINY)))
    return np.where(true_square > 0, np.minimum(error, UNIFORM_DIRECTION), UNIFORM_DIRECTION)


def lengths(vector, cov):
    """Lengths of vectors and their 1-sigma errors, each of shape (n,)."""
    length = np.sqrt(np.sum(vector**2, axis=1))
    unit = vector / (length + TINY)[:, None]
    return length, np.sqrt(np.maximum(np.einsum("ri,rij,rj->r", unit, cov, unit), 0))


def angles_between(one, other):
    """Signed angles from one vector, or from each of n, to n others; degrees, shape (n,)."""
    one = np.broadcast_to(one, other.shape)
    cross = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    return np.degrees(np.arctan2(cross, np.sum(one * other, axis=1)))


def running_means(vector, cov):
    """
    Means of the first vector, the first two, and so on, weighted by their inverse variances.

    Returns the means, shape (n, 2), and the 1-sigma errors of their directions, degrees, (n,).
    """
    weight = 2 / np.maximum(np.trace(cov, axis1=1, axis2=2), TINY)
    total = np.cumsum(weight)
    mean = np.cumsum(weight[:, None] * vector, axis=0) / total[:, None]
    cov = np.cumsum(weight[:, None, None] ** 2 * cov, axis=0) / total[:, None, None] ** 2
    return mean, direction_error(mean, cov)
