"""What the rings of a field say about cores, warps and disturbance, in numbers."""

import math

import numpy as np
from astropy import units as u

from mangapa.angles import COUNTER_ROTATING, MISALIGNED
from mangapa.fields import OFFSET
from mangapa.profiles._vectors import TINY, angles_between, running_means

__all__ = ["counter_rotation_probability", "decoupled_core", "disturbance", "warp"]

#: A core ends within this fraction of the last ring's radius; else it is the outside that is odd.
CORE = 0.6
#: A warp turns the axis by more than this from the first ring to the last, degrees: what the expert
#: of Duckworth et al. (2020) saw as one does; spirals, bars and lopsidedness wiggle less.
WARPED = 20.0
#: Wiggles of a ring's angle that real discs have beside the noise, degrees.
WIGGLE = 1.0
#: Fewest rings of an inside and an outside, and of a straight line with an error of its own.
MIN_RINGS, MIN_RINGS_OF_A_WARP = 2, 3
#: Logistic coefficients of a core: constant, asinh(significance), turn / 180 deg; of the flag of
#: cores in usable stellar fields (Duckworth et al. 2020). benchmarks/profiles.py fits them anew.
KDC_LOGIT = (-6.34, 1.51, 4.51)
#: Of a warp: constant, asinh(significance); of the flag of warps in usable fields of both tracers.
WARP_LOGIT = (-4.50, 1.30)
#: Of disturbance: constant, ln(wander); of the flag of mergers in all fields of both tracers.
DISTURBED_LOGIT = (0.21, 1.74)
#: Wander below which there is none to tell.
LEAST_WANDER = 0.01
#: Logits beyond this are as good as certain.
CERTAIN = 50.0


def decoupled_core(kinemetry):
    """
    The split into inside and outside whose rotations differ most significantly by over 30 degrees.

    Each side's rotation is the mean of its rings' vectors, weighted by their variances. The
    significance is sin(turn - 30 deg) over the error of the turn, so that beyond 120 degrees it is
    that of the rotation itself.

    Parameters
    ----------
    kinemetry : `~mangapa.profiles._kinemetry.Kinemetry`
        The rings.

    Returns
    -------
    `dict`
        The fields of `~mangapa.profiles.FieldFeatures` that are about cores; empty if there are too
        few rings.
    """
    told = np.flatnonzero(kinemetry.told)
    if told.size < MIN_RINGS:
        return {}
    radius, k1 = kinemetry.radius[told], kinemetry.k1[told]
    rotation, cov = kinemetry.rotation[told], kinemetry.rotation_cov[told]
    inside, inside_err = running_means(rotation, cov)
    outside, outside_err = (part[::-1] for part in running_means(rotation[::-1], cov[::-1]))
    turns = np.abs(angles_between(inside[:-1], outside[1:]))
    errors = np.maximum(np.hypot(inside_err[:-1], outside_err[1:]), TINY)
    excess = np.radians(np.clip(turns - MISALIGNED.value, -90, 90))
    significances = np.sin(excess) / np.radians(errors)
    allowed = radius[:-1] <= CORE * radius[-1]
    allowed[0] = True
    best = np.where(allowed, significances, -np.inf).argmax()

    turn, error, significance = turns[best], errors[best], significances[best]
    at_boundary = k1[max(best - 1, 0) : best + 2].min()
    lower_peak = min(k1[: best + 1].max(), k1[best + 1 :].max())
    probability = _logistic(KDC_LOGIT, np.arcsinh(significance), turn / 180)
    return {
        "kdc": probability,
        "kdc_significance": float(significance),
        "kdc_turn": turn * u.deg,
        "kdc_turn_err": error * u.deg,
        "kdc_radius": (radius[best] + radius[best + 1]) / 2 * OFFSET,
        "k1_dip": float(1 - at_boundary / (lower_peak + TINY)),
        "counter_rotating_core": probability * counter_rotation_probability(turn, error),
    }


def warp(kinemetry):
    """
    How far a straight line through PA(R) turns, and beyond `WARPED` in its errors.

    Parameters
    ----------
    kinemetry : `~mangapa.profiles._kinemetry.Kinemetry`
        The rings.

    Returns
    -------
    `dict`
        The fields of `~mangapa.profiles.FieldFeatures` that are about warps; empty if there are too
        few rings.
    """
    told = np.flatnonzero(kinemetry.told)
    if told.size < MIN_RINGS_OF_A_WARP:
        return {}
    radius, rotation = kinemetry.radius[told], kinemetry.rotation[told]
    weight = np.hypot(kinemetry.pa_err[told], WIGGLE) ** -2
    unit = rotation / (np.hypot(*rotation.T)[:, None] + TINY)
    # Angles from the mean direction, so that there is no step in them at 360 degrees. Our vectors
    # are along and across, and a turn from the one to the other is one from North to East.
    angle = angles_between(weight @ unit, unit)
    away = radius - weight @ radius / weight.sum()
    spread = weight @ away**2
    slope = weight @ (away * angle) / spread
    rest = angle - weight @ angle / weight.sum() - slope * away
    # What wiggles more than its errors is no straight line, and tells the turn less well; and of
    # noise even the mean direction is not told.
    reduced = weight @ rest**2 / max(radius.size - 2, 1)
    _, mean_err = running_means(rotation, kinemetry.rotation_cov[told])
    span = np.ptp(radius)
    turn, turn_err = slope * span, np.hypot(span * np.sqrt(max(reduced, 1) / spread), mean_err[-1])
    significance = (abs(turn) - WARPED) / turn_err
    return {
        "warp": _logistic(WARP_LOGIT, np.arcsinh(significance)),
        "warp_significance": float(significance),
        "warp_turn": turn * u.deg,
        "warp_turn_err": turn_err * u.deg,
    }


def disturbance(kinemetry):
    """
    How the systemic velocities of the rings wander, over the rotation.

    Parameters
    ----------
    kinemetry : `~mangapa.profiles._kinemetry.Kinemetry`
        The rings.

    Returns
    -------
    `dict`
        The fields of `~mangapa.profiles.FieldFeatures` that are about it; empty if there are too
        few rings.
    """
    told = np.flatnonzero(kinemetry.told)
    if told.size < MIN_RINGS:
        return {}
    wander = np.std(kinemetry.v_sys[told]) / (np.median(kinemetry.k1[told]) + TINY)
    return {
        "disturbed": _logistic(DISTURBED_LOGIT, np.log(max(wander, LEAST_WANDER))),
        "wander": float(wander),
    }


def counter_rotation_probability(angle, error):
    """
    Probability that two directions are over 150 degrees apart.

    Parameters
    ----------
    angle, error : `float`
        The angle between them and its 1-sigma error, degrees.

    Returns
    -------
    `float`
        NaN if either is.

    Examples
    --------
    >>> from mangapa.profiles._detections import counter_rotation_probability
    >>> print(f"{counter_rotation_probability(150, 5):.2f}")
    0.50
    >>> print(f"{counter_rotation_probability(180, 5):.2f}")
    1.00
    """

    def below(limit):
        return (1 + math.erf((limit - angle) / (max(error, TINY) * math.sqrt(2)))) / 2

    low = COUNTER_ROTATING.value
    # The error is normal, and wraps around the circle.
    around = (-360, 0, 360)
    return float(sum(below(360 - low + turn) - below(low + turn) for turn in around))


def _logistic(coefficients, *quantities):
    constant, *slopes = coefficients
    logit = np.clip(constant + np.dot(slopes, quantities), -CERTAIN, CERTAIN)
    return float(1 / (1 + np.exp(-logit)))
