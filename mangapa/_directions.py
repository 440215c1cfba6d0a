"""Directions that are known with errors: the angle between two, and where a plot of many is cut."""

import numpy as np

#: Standard deviation of a uniformly random axis, degrees.
UNIFORM_AXIS = 180 / np.sqrt(12)
#: Errors below this, degrees, count as this, so that a probability is a step and not undefined.
LEAST_ERROR = 1e-6
#: An error this large makes a direction random for all purposes, degrees.
LARGEST_ERROR = 1000.0
#: Rings with a larger error, degrees, have any direction: that of a random axis is 52.
LARGEST_DRAWN = 45.0
#: Turns by which a normal error is wrapped around the circle; more where it is wide.
TURNS = 360.0 * np.arange(-10, 11)


def probability_apart(angle, error, limit):
    """
    Probability that two directions are more than ``limit`` degrees apart; NaN if any is NaN.

    ``angle`` is the angle between them as measured, 0-180 degrees, and ``error`` its 1-sigma error:
    numbers or arrays. The error is normal, and wraps around the circle.
    """
    from scipy.special import ndtr

    angle, error = np.broadcast_arrays(np.asarray(angle, float), np.asarray(error, float))
    scale = np.maximum(error, LEAST_ERROR)[..., None]
    start, end = limit + TURNS, 360 - limit + TURNS
    away = angle[..., None]
    probability = (ndtr((end - away) / scale) - ndtr((start - away) / scale)).sum(axis=-1)
    # A wider normal distribution than the turns reach is uniform.
    probability = np.where(error < LARGEST_ERROR, probability, 1 - limit / 180)
    return np.where(np.isnan(angle + error), np.nan, np.clip(probability, 0, 1))[()]


def axes_apart(axis, other):
    """Angle between two axes, 0-90 degrees."""
    apart = np.abs(axis - other) % 180
    return np.minimum(apart, 180 - apart)


def unwrapped(error):
    """
    The error on the line whose axis, wrapped to 180 degrees, has this standard deviation.

    The standard deviation of an axis is at most that of a random one, `UNIFORM_AXIS`; the error on
    the line then has no end. Below 30 degrees both are the same within 1 %. The form is within 5 %
    of the exact relation.
    """
    share = np.minimum(np.asarray(error, float) / UNIFORM_AXIS, 1.0)
    with np.errstate(divide="ignore"):
        return error / (1 - share**6) ** (1 / 6)


def wrapped(error):
    """The standard deviation of an axis that has this error on the line: inverse of `unwrapped`."""
    error = np.asarray(error, float)
    # Of an infinite error the ratio is that of the limit.
    with np.errstate(divide="ignore"):
        return UNIFORM_AXIS / (1 + (UNIFORM_AXIS / error) ** 6) ** (1 / 6)


def cut(direction, error, whole=np.nan):
    """
    The direction (degrees) at which an axis of directions begins, so that no cluster is parted.

    It is the middle of the widest gap between those with a 1-sigma error below `LARGEST_DRAWN`,
    and ``whole``, that of the whole field, if it is known. A direction is then drawn at
    ``cut + (direction - cut) % 360``.
    """
    direction, error = np.asarray(direction, float), np.asarray(error, float)
    known = np.append(direction[error < LARGEST_DRAWN], whole)
    known = np.unique(known[np.isfinite(known)] % 360)
    if not known.size:
        return 0.0
    gaps = np.diff(known, append=known[0] + 360)
    widest = np.argmax(gaps)
    return float((known[widest] + gaps[widest] / 2) % 360)
