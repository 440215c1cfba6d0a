"""Find that a catalogue measures its angles another way: turned, mirrored or from another axis."""

import numpy as np
from astropy.table import Table

#: What the angles b are in terms of the angles a, by whether they are mirrored and the constant.
HYPOTHESES = {
    (1, 90): "offset by 90 deg (a + 90)",
    (1, 180): "turned by 180 deg (a + 180)",
    (1, 270): "offset by -90 deg (a - 90)",
    (-1, 0): "mirrored (360 - a)",
    (-1, 90): "mirrored and offset by 90 deg (90 - a)",
    (-1, 180): "mirrored and turned by 180 deg (180 - a)",
    (-1, 270): "mirrored and offset by -90 deg (270 - a)",
}
#: Angles that differ by less than this (deg) are alike, as one of six random ones is. It is the
#: angle from which a galaxy is misaligned, so that poor angles count too.
NEAR = 30.0
#: Largest probability that catalogues that have nothing to do with each other look alike, with the
#: number of hypotheses that are tried: constants 2 * NEAR apart and half-way between, and mirrors.
CHANCE, TRIALS = 1e-4, 24
#: Part of the galaxies that must agree better with a hypothesis than without it, and the largest
#: probability that so many do if the receding sides are random.
LEAST_SHARE, RANDOM_SIDES = 0.6, 0.005
#: Of the galaxies that are alike, the part that may be alike without the hypothesis, and how much
#: smaller a constant below NEAR must make the median difference.
MOST_ALIKE, LEAST_GAIN = 0.5, 2.0
#: A constant is a multiple of 90 deg if it is within this (deg), or within so many standard errors.
SNAP, ERRORS = 5.0, 6.0
#: The standard error of a median over the median absolute deviation, for normal errors, times the
#: root of the number.
MEDIAN_ERROR = 1.858


def conventions_of(angles):
    """
    Table of conventions that differ between two catalogues; see `Comparison`.

    ``angles`` are pairs of arrays in deg, by name of the angle.
    """
    names = ("angle", "hypothesis", "n", "median", "median_undone", "share")
    rows = [(name, *found) for name, (a, b) in angles.items() if (found := _found(a, b))]
    return Table(rows=rows or None, names=names, dtype=(str, str, int, float, float, float))


def _found(a, b):
    """The hypothesis that holds for one angle, and its figures; None if there is none."""
    known = np.isfinite(a) & np.isfinite(b)
    a, b = a[known], b[known]
    if not a.size:
        return None
    plain = best = np.abs(_wrapped(b - a))
    chosen = None
    # A mirror must be better than a constant alone: of angles that are all alike, both are true.
    for sign in (1, -1):
        constant, off = _constant(b - sign * a)
        if _is_another(off, best) or (sign > 0 and _is_shifted(off, plain)):
            chosen, best = (sign, constant), off
    if chosen is None:
        return None
    medians = float(np.median(plain)), float(np.median(best))
    return _text(*chosen), a.size, *medians, float(np.mean(best < plain))


def _constant(residual):
    """The constant (deg) around which differences lie, a multiple of 90 if it can be; the rest."""
    mean = np.degrees(np.angle(np.exp(1j * np.radians(residual)).mean()))
    constant = mean + np.median(_wrapped(residual - mean))
    off = np.abs(_wrapped(residual - constant))
    right = 90 * np.round(constant / 90)
    right_off = np.abs(_wrapped(residual - right))
    error = MEDIAN_ERROR * np.median(off) / np.sqrt(off.size)
    is_right = abs(constant - right) <= max(ERRORS * error, SNAP)
    return (right % 360, right_off) if is_right else (constant % 360, off)


def _is_another(off, than):
    """Whether a hypothesis makes alike, for most galaxies and not by chance, what is not so now."""
    n_near, n_better = np.sum(off < NEAR), np.sum(off < than)
    return bool(
        TRIALS * _tail(n_near, off.size, NEAR / 180) < CHANCE
        and np.sum(than < NEAR) < MOST_ALIKE * n_near
        and n_better >= LEAST_SHARE * off.size
        and _tail(n_better, off.size, 0.5) < RANDOM_SIDES
    )


def _is_shifted(off, than):
    """Whether a constant makes catalogues that are alike already agree better, not by chance."""
    n_better = np.sum(off < than)
    return bool(
        _tail(np.sum(off < NEAR), off.size, NEAR / 180) < CHANCE
        and LEAST_GAIN * np.median(off) < np.median(than)
        and n_better >= LEAST_SHARE * off.size
        and _tail(n_better, off.size, 0.5) < CHANCE
    )


def _tail(k, n, probability):
    """Probability of ``k`` or more successes of ``n``."""
    from scipy.special import bdtrc

    return float(bdtrc(k - 1, n, probability)) if k > 0 else 1.0


def _wrapped(angle):
    return (angle + 180) % 360 - 180


def _text(sign, constant):
    named = HYPOTHESES.get((sign, constant))
    if named or sign < 0:
        return named or f"mirrored and offset ({constant:.1f} - a)"
    return f"offset by {_wrapped(constant):.1f} deg"
