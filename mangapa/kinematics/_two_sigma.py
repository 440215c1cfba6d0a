"""
Two peaks of the velocity dispersion on the major axis: the signs of two counter-rotating discs.

Where two discs overlap that rotate against each other, their velocities +V and -V widen the lines,
sigma^2 = s^2 + 4 f (1 - f) V^2 for a share f of the light. V vanishes in the centre and on the
minor axis, so that the dispersion has two peaks on the major axis, one on either side (the 2-sigma
galaxies of Krajnovic et al. 2011, MNRAS 414, 2923). All is measured on sigma^2, which adds up.
"""

from dataclasses import dataclass

import numpy as np

from mangapa._utils.robust import TINY, inverse, median, scatter
from mangapa.fitting._prepared import LEAST_RELATIVE_ERROR, TYPICAL_VELOCITY_ERROR
from mangapa.kinematics._moments import bin_means
from mangapa.profiles._rings import BEAM_SIGMA, MIN_AXIS_RATIO

#: Distances from the centre at which peaks are looked for, evenly spaced in their logarithm.
N_RADII = 8
#: Peaks are more than half an effective radius apart (Krajnovic et al. 2011).
SEPARATION = 0.5
#: And further from the centre than this, arcsec: half of MaNGA's beam.
LEAST_RADIUS = 1.25
#: Standard deviation of the weights of a place along its radius and across it, over the radius, and
#: over the spread of the beam: a peak is as wide as the rotation curve bends.
ALONG, ACROSS, OF_BEAM = 0.15, 0.3, 0.8
#: A place is covered if this share of its weights falls on data.
COVERED = 0.35
#: The major axis is followed to the outermost data within this many spreads of the beam.
NEAR_AXIS, OUTERMOST = 2.0, 98.0
#: Residuals are bounded at this many errors, in this many rounds.
BOUND, ROUNDS = 2.0, 2
#: Dispersions of real galaxies wander by this share of sigma^2 from place to place without a cause,
#: in the places and in the pattern, and no less than that of this dispersion, km/s.
WANDER, WANDER_OF_PATTERN, LEAST_DISPERSION = 0.1, 0.05, 20.0
#: Knots of the radial profile under the pattern, and the radii, over that of the field, at which
#: its rotation curve bends.
KNOTS, BENDS = 5, (0.1, 0.25, 0.6)


@dataclass(frozen=True, kw_only=True, eq=False)
class Dispersions:
    """The m bins of a field whose dispersion is known, as arrays of shape (m,)."""

    x: np.ndarray  # mean offsets, arcsec, +x East
    y: np.ndarray
    square: np.ndarray  # squares of the intrinsic dispersions, (km/s)^2; noise makes some negative
    error: np.ndarray  # their 1-sigma errors
    linear_error: np.ndarray  # errors of the dispersions themselves, km/s
    area: np.ndarray  # arcsec^2
    weight: np.ndarray  # fraction of an independent datum that each is worth
    errors_known: bool  # whether the file states the errors, or only the scatter tells them
    instrument_known: bool = True  # whether they are free of the instrument's part


@dataclass(frozen=True, kw_only=True)
class DispersionPeaks:
    """
    The best pair of peaks on an axis, and the pattern of two discs in the whole field.

    Significances are in standard deviations, contrasts are differences in sigma^2 over that on the
    minor axis; both are those of the weaker side.
    """

    radius: float  # distance of both peaks from the centre, arcsec
    over_minor: float  # significance against the minor axis at the same radius
    over_centre: float  # against the centre
    contrast_minor: float
    contrast_centre: float
    pattern: float  # significance of the pattern
    pattern_contrast: float

    @property
    def significance(self):
        """Significance of the peaks: the lesser of the two."""
        return min(self.over_minor, self.over_centre)


def dispersions_of(prepared):
    """`Dispersions` of a prepared field; `None` if it has none."""
    field, spaxels = prepared.field, prepared.spaxels
    squares = field._dispersion_squared()
    if spaxels is None or squares is None:
        return None
    square, error, measured = (
        np.asarray(values, float).ravel()[spaxels.index]
        for values in (*squares, field.dispersion.value)
    )
    instrument_known = bool(np.isfinite(square).any())
    if not instrument_known:
        # It cancels in differences.
        square = measured**2
    errors_known = bool(np.isfinite(error).any())
    if not errors_known:
        error = 2 * np.maximum(measured, LEAST_DISPERSION) * TYPICAL_VELOCITY_ERROR
    known = np.isfinite(square) & np.isfinite(error)
    points = spaxels.points
    kept, (square, error, measured) = bin_means(points, known, square, error, measured)
    if not kept.size:
        return None
    linear = error / (2 * np.maximum(measured, LEAST_DISPERSION))
    floor = LEAST_RELATIVE_ERROR * median(linear)
    return Dispersions(
        x=points.x[kept],
        y=points.y[kept],
        square=square,
        error=np.maximum(error, 2 * LEAST_DISPERSION * floor + TINY),
        linear_error=np.maximum(linear, floor + TINY),
        area=points.n_spaxels[kept] * points.spaxel**2,
        weight=points.weight[kept],
        errors_known=errors_known,
        instrument_known=instrument_known,
    )


def dispersion_axis(data, axis_ratio=1.0, axis=0.0):
    """
    Axis of the pattern in the dispersions alone, deg modulo 180: of the largest second harmonic.

    ``axis_ratio`` and ``axis`` describe the shape of the rings on which it is measured.
    """
    along, across = _turned(data, axis)
    across = across / max(axis_ratio, MIN_AXIS_RATIO)
    radius, angle = np.hypot(along, across), np.arctan2(across, along)
    hats = _hats(radius, radius.max())
    terms = np.column_stack([hats, np.cos(2 * angle), np.sin(2 * angle)])
    solution, *_ = _fitted(terms, data)
    return float((axis + np.degrees(np.arctan2(solution[-1], solution[-2])) / 2) % 180)


def dispersion_peaks(data, axis, axis_ratio, effective_radius):
    """
    Look for two peaks of the dispersion on an axis.

    ``axis`` is in deg, North through East; ``effective_radius`` in arcsec, NaN where it is unknown:
    how far the peaks are apart is then not limited. Returns `DispersionPeaks`, or `None` if the
    field does not reach them, or has no dispersions on either side or in the centre.
    """
    along, across = _turned(data, axis)
    axis_ratio = float(np.clip(axis_ratio, MIN_AXIS_RATIO, 1))
    on_axis = np.abs(across) < NEAR_AXIS * BEAM_SIGMA
    if not on_axis.any():
        return None
    first = max(LEAST_RADIUS, np.nan_to_num(SEPARATION * effective_radius / 2))
    last = np.percentile(np.abs(along[on_axis]), OUTERMOST)
    if last <= first:
        return None
    radius = np.geomspace(first, last, N_RADII)
    places = _places(along, across, radius, axis_ratio)
    weights, covered = _weights(places, data)
    mean, variance = _means(weights, data)
    receding, approaching, minor = (slice(i * N_RADII, (i + 1) * N_RADII) for i in range(3))
    usable = covered[receding] & covered[approaching] & covered[minor] & covered[-1]
    if not usable.any():
        return None
    level = np.maximum(np.abs(mean[minor]), LEAST_DISPERSION**2)

    def excess(over):
        """Significance and contrast of the weaker side over a reference."""
        sides = [
            (
                mean[side] - mean[over],
                np.sqrt(variance[side] + variance[over] + (WANDER * level) ** 2),
            )
            for side in (receding, approaching)
        ]
        found = [(above / error, above / level) for above, error in sides]
        return np.minimum(*(one[0] for one in found)), np.minimum(*(one[1] for one in found))

    over_minor, contrast_minor = excess(minor)
    over_centre, contrast_centre = excess(-1)
    best = np.where(usable, np.minimum(over_minor, over_centre), -np.inf).argmax()
    pattern, pattern_contrast = _pattern(along, across / axis_ratio, data)
    return DispersionPeaks(
        radius=float(radius[best]),
        over_minor=float(over_minor[best]),
        over_centre=float(over_centre[best]),
        contrast_minor=float(contrast_minor[best]),
        contrast_centre=float(contrast_centre[best]),
        pattern=pattern,
        pattern_contrast=pattern_contrast,
    )


def _turned(data, axis):
    """Offsets along an axis (deg, North through East) and across it."""
    angle = np.radians(axis)
    sine, cosine = np.sin(angle), np.cos(angle)
    return data.x * sine + data.y * cosine, data.x * cosine - data.y * sine


def _places(along, across, radius, axis_ratio):
    """
    Weights of each datum in each place, without its error, and their integrals, arcsec^2.

    The places, in this order: at each radius on the major axis, on one side and on the other; on
    both sides of the minor axis at the same elliptical radius; the centre. Shape (3 n + 1, m).
    """
    beam = OF_BEAM * BEAM_SIGMA
    minor_radius = axis_ratio * radius
    long, wide = np.hypot(beam, ALONG * radius), np.hypot(beam, ACROSS * minor_radius)
    minor_wide, minor_long = np.hypot(beam, ACROSS * radius), np.hypot(beam, ALONG * minor_radius)

    def bell(offset, width):
        scaled = offset / width[:, None]
        scaled *= scaled
        scaled *= -0.5
        return np.exp(scaled, out=scaled)

    near_axis = bell(across, wide)
    weights = [
        bell(along - radius[:, None], long) * near_axis,
        bell(along + radius[:, None], long) * near_axis,
        bell(along, minor_wide)
        * (
            bell(across - minor_radius[:, None], minor_long)
            + bell(across + minor_radius[:, None], minor_long)
        ),
        bell(np.hypot(along, across), np.array([beam])),
    ]
    areas = [long * wide, long * wide, 2 * minor_long * minor_wide, [beam**2]]
    return np.concatenate(weights), 2 * np.pi * np.concatenate(areas)


def _weights(places, data):
    """Weights with the errors, shape (n, m), and which places are covered, shape (n,)."""
    weights, whole = places
    covered = weights @ data.area > COVERED * whole
    return weights * (data.weight / data.linear_error**2), covered


def _means(weights, data):
    """Robust means of sigma^2 in the places, and their variances."""
    whole = weights.sum(axis=1) + TINY**2
    mean, robust, total = weights @ data.square / whole, weights, whole
    for _ in range(ROUNDS):
        square = data.square - mean[:, None]
        square /= data.error
        square *= square
        bounded = np.minimum(square, (1.5 * BOUND) ** 2)
        scale = median(np.sqrt(np.einsum("ij,ij->i", weights, bounded) / whole))
        if data.errors_known:
            scale = max(scale, 1.0)
        square *= (BOUND * scale + TINY) ** -2
        square += 1
        robust = np.sqrt(square, out=square)
        np.divide(weights, robust, out=robust)
        total = robust.sum(axis=1) + TINY**2
        mean = robust @ data.square / total
    noise = data.error**2
    variance = (robust * robust) @ (noise / data.weight) / total**2
    # Data that share their noise are worth at least one.
    variance = np.minimum(variance, robust @ noise / total)
    return mean, variance * scale**2


def _pattern(along, across, data):
    """
    Significance and contrast of the pattern of two discs, of the weaker side.

    The pattern (1 - exp(-r^2 / (2 bend^2))) cos^2 t, one for either side, is fitted together with a
    free radial profile; t is the azimuth in the plane of the disc, where ``across`` is measured.
    """
    radius = np.hypot(along, across)
    outermost = np.percentile(radius, OUTERMOST)
    hats = _hats(radius, outermost)
    cosine_square = (along / (radius + TINY)) ** 2
    best = -np.inf, 0.0
    for bend in BENDS:
        rise = cosine_square * -np.expm1(-((radius / (bend * outermost)) ** 2) / 2)
        terms = np.column_stack([hats, rise * (along > 0), rise * (along <= 0)])
        solution, cov, scale = _fitted(terms, data)
        level = max(np.mean(hats @ solution[:KNOTS]), LEAST_DISPERSION**2)
        heights = solution[KNOTS:]
        error = np.sqrt(scale**2 * np.diag(cov)[KNOTS:] + (WANDER_OF_PATTERN * level) ** 2)
        best = max(best, (float(np.min(heights / error)), float(heights.min() / level)))
    return best


def _hats(radius, outermost):
    """Basis of a piecewise linear radial profile, shape (m, `KNOTS`)."""
    step = outermost / (KNOTS - 1) + TINY
    place = np.minimum(radius / step, KNOTS - 1)
    return np.maximum(1 - np.abs(place[:, None] - np.arange(KNOTS)), 0)


def _fitted(terms, data):
    """Robust linear fit to sigma^2: solution, covariance of noise as stated, and its scale."""
    weight = data.weight / data.linear_error**2
    robust = weight
    for _ in range(ROUNDS + 1):
        weighted = terms * robust[:, None]
        inverted = inverse(weighted.T @ terms)
        solution = inverted @ (weighted.T @ data.square)
        ratio = (data.square - terms @ solution) / data.error
        scale = scatter(ratio) + TINY
        if data.errors_known:
            scale = max(scale, 1.0)
        robust = weight / np.sqrt(1 + (ratio / (BOUND * scale)) ** 2)
    influence = inverted @ weighted.T
    return solution, (influence * (data.error**2 / data.weight)) @ influence.T, scale
