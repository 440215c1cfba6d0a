"""Probabilities of kinematic classes from rings, features and dispersions, as plain numbers."""

import numpy as np

from mangapa._directions import probability_apart
from mangapa._utils.robust import TINY
from mangapa.angles import COUNTER_ROTATING

#: k5/k1 of a regular rotator at most (Krajnovic et al. 2011, MNRAS 414, 2923).
REGULAR = 0.04
#: Rotation that a galaxy with a low-level velocity never reaches, km/s (Krajnovic et al. 2008,
#: MNRAS 390, 93).
LOW_LEVEL = 5.0
#: Turn of a kinematic twist, degrees (Krajnovic et al. 2008).
TWIST = 10.0
#: Added to the error of a turn, degrees, and logistic coefficients of a twist: constant, excess
#: over the error; fitted to simulated fields by benchmarks/classes.py, as are all logistic
#: coefficients here.
TWIST_SCATTER, TWIST_LOGIT = 1.0, (-2.74, 0.99)
#: Of a core: constant, and the logit of the probability that the expert flags it with this share of
#: asinh(significance). The significance finds more simulated cores; with more of it, the flags of
#: the expert would be ranked less well.
CORE_LOGIT, OF_SIGNIFICANCE = (0.56, 0.62), 0.5
#: Of a double maximum: constant, asinh(significance of the minimum).
MAXIMA_LOGIT = (-5.71, 7.02)
#: Share of k1 by which rings of real discs differ without a cause (chosen by hand).
WIGGLES = 0.05
#: Of two peaks of the dispersion, and of two discs because of them: constant, asinh of the
#: significances of the peaks and of the pattern.
PEAKS_LOGIT, DISCS_LOGIT = (-3.14, 4.72, 0.05), (-2.26, 2.13, 1.51)
#: Logits beyond this are as good as certain.
CERTAIN = 50.0


def logistic(coefficients, *quantities):
    """Probability with these logistic coefficients; NaN if any quantity is."""
    constant, *slopes = coefficients
    logit = np.clip(constant + np.dot(slopes, quantities), -CERTAIN, CERTAIN)
    return float(1 / (1 + np.exp(-logit)))


def regular_rotator(k51, error):
    """Probability that k5/k1 is below `REGULAR`, from its value and error."""
    return _below(k51, error, REGULAR)


def low_level_velocity(k1, error):
    """
    Probability that the rotation stays below `LOW_LEVEL` on all rings, shape (n,), km/s.

    It is that of the ring that exceeds the limit most significantly. Rings whose errors are larger
    than the limit itself count only if they exceed it by one error, or if there are no others.
    """
    # Noise adds to the length of a vector, in two dimensions.
    true = np.sqrt(np.maximum(k1**2 - 2 * error**2, 0))
    significance = (true - LOW_LEVEL) / np.maximum(error, TINY)
    tells = (error <= LOW_LEVEL) | (significance > 1)
    fastest = np.where(tells | ~tells.any(), significance, -np.inf).argmax()
    return _below(true[fastest], error[fastest], LOW_LEVEL)


def kinematic_twist(features):
    """Probability that a straight line through the angles turns by more than `TWIST`."""
    return logistic(TWIST_LOGIT, twist_excess(features))


def twist_excess(features):
    """Standard deviations by which the turn of that line exceeds `TWIST`; NaN if unknown."""
    turn, error = features.warp_turn.value, features.warp_turn_err.value
    return (abs(turn) - TWIST) / np.hypot(error, TWIST_SCATTER)


def decoupled_core(features):
    """Probability of a decoupled core, from what `FieldFeatures` tell of it."""
    return logistic(CORE_LOGIT, of_core(features))


def of_core(features):
    """What the probability of a core rests on."""
    flagged = np.clip(features.kdc, TINY, 1 - TINY)
    logit = np.log(flagged / (1 - flagged))
    return logit + OF_SIGNIFICANCE * np.arcsinh(features.kdc_significance)


def counter_rotating(features):
    """Probability that the turn of a core, if there is one, is over 150 degrees."""
    turn, error = features.kdc_turn.value, features.kdc_turn_err.value
    return float(probability_apart(turn, error, COUNTER_ROTATING.value))


def double_maximum(k1, error):
    """Probability of a minimum of k1 between two maxima, from its value on rings, shape (n,)."""
    return logistic(MAXIMA_LOGIT, np.arcsinh(dip_significance(k1, error)))


def dip_significance(k1, error):
    """
    Standard deviations by which k1 drops below rings further in and further out; 0 if nowhere.

    It is that against the weaker side, of the most significant minimum.
    """
    error = np.hypot(error, WIGGLES * k1)
    above = (k1[:, None] - k1) / (np.hypot(error[:, None], error) + TINY)
    # Against the best ring inside and outside of each.
    inside = np.triu(above, 1).max(axis=0)
    outside = np.tril(above, -1).max(axis=0)
    return float(np.minimum(inside, outside).max())


def two_sigma(peaks):
    """Probability of two peaks, from `DispersionPeaks`."""
    return logistic(PEAKS_LOGIT, *of_peaks(peaks))


def of_peaks(peaks):
    """What the probability of two peaks rests on."""
    return np.arcsinh([peaks.significance, peaks.pattern])


def counter_rotating_discs(peaks, counter_rotating_core):
    """
    Probability of counter-rotating discs: by `DispersionPeaks`, or by that of such a core.

    The latter may be NaN.
    """
    by_peaks = logistic(DISCS_LOGIT, *of_peaks(peaks))
    return 1 - (1 - by_peaks) * (1 - np.nan_to_num(counter_rotating_core))


def groups_of(classes):
    """
    Probabilities of the groups a to f of Krajnovic et al. (2011), which add up to 1.

    ``classes`` are the probabilities of the classes. The first that applies in the order of the
    paper decides: two peaks of the dispersion, no rotation, a core, and the rest by k5/k1. All are
    NaN where peaks of the dispersion cannot be judged; where it is not known whether there is a
    core, or without k5/k1, the rest is unclassified.
    """
    names = "abcdef"
    two_peaks, low, core, regular = (
        classes[name]
        for name in ("two_sigma", "low_level_velocity", "decoupled_core", "regular_rotator")
    )
    if not np.isfinite([two_peaks, low]).all():
        return dict.fromkeys(names, np.nan)
    rest = 1 - two_peaks
    groups = dict.fromkeys(names, 0.0)
    groups["d"] = two_peaks
    groups["a"] = rest * low
    if np.isnan(core):
        groups["f"] = rest * (1 - low)
        return groups
    groups["c"] = rest * (1 - low) * core
    rest *= (1 - low) * (1 - core)
    if np.isnan(regular):
        groups["f"] = rest
    else:
        groups["e"], groups["b"] = rest * regular, rest * (1 - regular)
    return groups


def _below(value, error, limit):
    """Probability that a value with a normal error is below a limit; NaN if any is."""
    from scipy.special import ndtr

    return float(ndtr((limit - value) / max(error, TINY)))
