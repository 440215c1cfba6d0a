"""Signs of cores, warps and disturbance on the rings of a field, as plain numbers."""

import numpy as np

from mangapa._directions import probability_apart
from mangapa._utils.robust import TINY, median
from mangapa.angles import COUNTER_ROTATING
from mangapa.profiles._core_model import CoreModel, turn_significance
from mangapa.profiles._vectors import angles_between, running_means

#: A core ends within this fraction of the last ring's radius; else it is the outside that differs
#: (chosen by hand).
CORE = 0.6
#: The beam smears a core, so that one is looked for with a model of the beam where the means of the
#: rings inside and outside differ by more than this, degrees and standard deviations; a tenth of
#: the plain discs of another simulator do, and all its cores of over 2 arcsec but one.
CANDIDATE_TURN, CANDIDATE_SIGNIFICANCE = 12.0, 2.4
#: And where the axis outside is known this well, degrees: in noise any model finds a core.
CANDIDATE_ERROR = 10.0
#: A warp turns the axis by more than this from the first ring to the last, degrees: what the expert
#: of Duckworth et al. (2020) flagged; spirals, bars and lopsidedness turn it less.
WARPED = 20.0
#: A warp is looked for above this turn, degrees: fewer than 1 % of the plain discs of another
#: simulator turn by more, beyond `FOUND_WARP` errors.
LEAST_WARP = 10.0
#: Intrinsic wiggles of a ring's angle in real discs, degrees, besides the noise (chosen by hand).
WIGGLE = 1.0
#: Fewest rings for an inside and an outside, and for a straight line with an error of its own.
MIN_RINGS, MIN_RINGS_OF_A_WARP = 2, 3
#: Logistic coefficients of a core: constant, asinh(significance), turn / 180 deg; fitted to the
#: flag of cores in usable stellar fields (Duckworth et al. 2020) by benchmarks/real_features.py, as
#: are the next two.
KDC_LOGIT = (-6.34, 1.51, 4.51)
#: Of a warp: constant, asinh((turn - `WARPED`) / error); fitted to the flag of warps in usable
#: fields.
WARP_LOGIT = (-4.50, 1.30)
#: That the angle turns by more than 20 degrees: constant, asinh(excess over its error), with this
#: much added to the error, degrees; fitted to the simulated fields of shared data, odd and even
#: fields alike.
WARPED_LOGIT, WARPED_SCATTER = (-2.10, 1.54), 3.0
#: Of disturbance: constant, ln(wander); fitted to the flag of mergers, of any quality, among usable
#: fields.
DISTURBED_LOGIT = (0.21, 1.74)
#: Smallest wander that is distinguishable from none.
LEAST_WANDER = 0.01
#: Logits beyond this are as good as certain.
CERTAIN = 50.0


def decoupled_core(kinemetry):
    """
    The core, turned by over 30 degrees, that describes the rotation of the rings best.

    The means of the rings on either side of each boundary give the probability, and where to look
    for a core; a model of the core and the beam then gives its turn, radius and significance. Where
    there is nothing to look for, they are those of the boundary with the most significant turn.
    Returns the fields of `FieldFeatures` that describe cores, in degrees and arcsec; empty if there
    are too few rings.
    """
    covered = np.flatnonzero(kinemetry.covered)
    if covered.size < MIN_RINGS:
        return {}
    radius, k1 = kinemetry.radius[covered], kinemetry.k1[covered]
    rotation, cov = kinemetry.rotation[covered], kinemetry.rotation_cov[covered]
    inside, inside_err = running_means(rotation, cov)
    outside, outside_err = (part[::-1] for part in running_means(rotation[::-1], cov[::-1]))
    turns = np.abs(angles_between(inside[:-1], outside[1:]))
    errors = np.maximum(np.hypot(inside_err[:-1], outside_err[1:]), TINY)
    significances = turn_significance(turns, errors)
    allowed = radius[:-1] <= CORE * radius[-1]
    allowed[0] = True
    best = np.where(allowed, significances, -np.inf).argmax()

    turn, error, significance = turns[best], errors[best], significances[best]
    probability = _logistic(KDC_LOGIT, np.arcsinh(significance), turn / 180)
    end = (radius[best] + radius[best + 1]) / 2
    turned = (turns > CANDIDATE_TURN) & (turns > CANDIDATE_SIGNIFICANCE * errors)
    turned &= outside_err[1:] < CANDIDATE_ERROR
    if covered.size > MIN_RINGS and np.any(turned & allowed):
        found = CoreModel(kinemetry).fit(max(CORE * radius[-1], radius[:2].mean()))
        turn, error, end = found.turn, found.turn_err, found.radius
        significance = found.significance
    at_boundary = k1[max(best - 1, 0) : best + 2].min()
    lower_peak = min(k1[: best + 1].max(), k1[best + 1 :].max())
    return {
        "kdc": probability,
        "kdc_significance": float(significance),
        "kdc_turn": turn,
        "kdc_turn_err": error,
        "kdc_radius": end,
        "k1_dip": float(1 - at_boundary / (lower_peak + TINY)),
        "counter_rotating_core": probability
        * float(probability_apart(turn, error, COUNTER_ROTATING.value)),
    }


def warp(kinemetry):
    """
    How far a straight line through PA(R) turns, and by how many errors beyond `LEAST_WARP`.

    Returns the fields of `FieldFeatures` that describe warps, in degrees; empty if there are too
    few rings.
    """
    covered = np.flatnonzero(kinemetry.covered)
    if covered.size < MIN_RINGS_OF_A_WARP:
        return {}
    radius, rotation = kinemetry.radius[covered], kinemetry.rotation[covered]
    weight = np.hypot(kinemetry.pa_noise[covered], WIGGLE) ** -2
    unit = rotation / (np.hypot(*rotation.T)[:, None] + TINY)
    # Angles from the mean direction have no step at 360 degrees. A turn from "along" to "across" is
    # one from North to East.
    angle = angles_between(weight @ unit, unit)
    away = radius - weight @ radius / weight.sum()
    spread = weight @ away**2
    slope = weight @ (away * angle) / spread
    rest = angle - weight @ angle / weight.sum() - slope * away
    # Where PA(R) wiggles more than its errors, a straight line determines the turn less well; in
    # pure noise even the mean direction is undetermined.
    reduced = weight @ rest**2 / max(radius.size - 2, 1)
    _, mean_err = running_means(rotation, kinemetry.rotation_cov[covered])
    span = np.ptp(radius)
    turn, turn_err = slope * span, np.hypot(span * np.sqrt(max(reduced, 1) / spread), mean_err[-1])
    return {
        "warp": _logistic(WARP_LOGIT, np.arcsinh((abs(turn) - WARPED) / turn_err)),
        "warp_significance": float((abs(turn) - LEAST_WARP) / turn_err),
        "warp_turn": turn,
        "warp_turn_err": turn_err,
    }


def warped_probability(turn, error):
    """Probability that an angle that seems to turn by this much, degrees, turns by over 20."""
    excess = (abs(turn) - WARPED) / np.hypot(error, WARPED_SCATTER)
    return _logistic(WARPED_LOGIT, np.arcsinh(excess))


def disturbance(kinemetry):
    """
    How much the systemic velocities of the rings wander, over the rotation.

    Returns the fields of `FieldFeatures` that describe it; empty if there are too few rings.
    """
    covered = np.flatnonzero(kinemetry.covered)
    if covered.size < MIN_RINGS:
        return {}
    wander = np.std(kinemetry.v_sys[covered]) / (median(kinemetry.k1[covered]) + TINY)
    return {
        "disturbed": _logistic(DISTURBED_LOGIT, np.log(max(wander, LEAST_WANDER))),
        "wander": float(wander),
    }


def _logistic(coefficients, *quantities):
    constant, *slopes = coefficients
    logit = np.clip(constant + np.dot(slopes, quantities), -CERTAIN, CERTAIN)
    return float(1 / (1 + np.exp(-logit)))
