"""Ellipses whose axis and flattening are fitted ring by ring (Krajnovic et al. 2006)."""

from dataclasses import dataclass

import numpy as np

from mangapa._utils.robust import TINY, solve_each
from mangapa.profiles._ring_fit import not_spurious, ring_scatter
from mangapa.profiles._rings import MIN_DATA, Ellipse, on_rings

#: Range of the axis ratio: as the published code takes it by default.
AXIS_RATIOS = (0.2, 1.0)
#: Prior spread of a ring's axis ratio about that of the whole disc.
RATIO_SPREAD = 0.25
#: Rounds in which ring and data follow each other, and further ones with the data held.
ROUNDS, HELD_ROUNDS = 8, 4
#: Shares of a Gauss-Newton step that are taken, and the longest steps in angle (radian) and ratio.
TURN_SHARE, STRETCH_SHARE = 0.8, 0.7
LONGEST_TURN, LONGEST_STRETCH = 0.3, 0.15
#: Range of the logarithmic slope of the amplitude against radius.
SLOPES = (-0.3, 0.9)
#: Ridge on the shape's terms, over the mean of the diagonal.
RIDGE = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class Moment:
    """How a moment goes around a ring."""

    is_odd: bool  # as cos(t), with a constant besides; else constant
    slopes: tuple  # range of the logarithmic slope of the amplitude against radius
    has_constant: bool  # besides


VELOCITY_MOMENT = Moment(is_odd=True, slopes=SLOPES, has_constant=True)


def shape_terms(moment, ellipse, ring, x, y, radius, slope):
    """
    The moment of unit amplitude at each datum, and its derivatives by angle and axis ratio.

    ``ellipse`` has the shapes of the n rings, ``radius`` (arcsec) is where the amplitude is that of
    the ring and ``slope`` its logarithmic slope there, both (n,). The angle is in radian. Returns
    an array of shape (3, m).
    """
    angle, flat = np.radians(ellipse.pa_axis), ellipse.axis_ratio
    sine, cosine, flat = np.sin(angle)[ring], np.cos(angle)[ring], flat[ring]
    along = x * sine + y * cosine
    across = x * cosine - y * sine
    minor = across / flat
    square = along * along + minor * minor + TINY
    # Logarithmic derivatives of the semi-major axis.
    by_angle = along * (across - minor / flat) / square
    by_ratio = -minor * minor / (flat * square)
    slope = slope[ring]
    growth = (square / (radius * radius)[ring]) ** (slope / 2)
    if not moment.is_odd:
        return np.array([growth, slope * by_angle * growth, slope * by_ratio * growth])
    size = growth / np.sqrt(square)
    value = size * along
    return np.array(
        [value, (slope - 1) * by_angle * value + size * across, (slope - 1) * by_ratio * value]
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Members:
    """The points on each of n rings that have any."""

    ring: np.ndarray  # ring of each datum, ascending, shape (m,)
    point: np.ndarray  # the point that it is, shape (m,)
    start: np.ndarray  # first datum of each ring, shape (n,)
    count: np.ndarray  # number of data of each ring, shape (n,)

    @classmethod
    def of(cls, points, ellipse, edges):
        """Find the points on rings of one shape each."""
        ring, point = on_rings(points.x, points.y, ellipse, edges)
        count = np.bincount(ring, minlength=edges.size - 1)
        return cls(ring=ring, point=point, start=np.cumsum(count) - count, count=count)

    def sum(self, values):
        """Sum over each ring of values of shape (..., m); the result has shape (..., n)."""
        return np.add.reduceat(values, self.start, axis=-1, dtype=float)


def fit_ellipses(points, start, edges, relative, moment, amplitude, constant, whole, spread):
    """
    Fit the shapes of n rings by Gauss-Newton steps on the points that are on them.

    ``start`` is an `Ellipse` of arrays (n,), ``edges`` are the semi-major axes between which the
    rings are, ``relative`` the relative errors of the points, ``amplitude`` and ``constant`` those
    of the moment on the rings, and ``whole`` the `Ellipse` of the whole disc, to which rings
    return that would have too few data. Returns an `Ellipse`, and the slopes of the amplitude.
    """
    n = edges.size - 1
    common = whole.each(n)
    ellipse = Ellipse(
        pa_axis=start.pa_axis.copy(), axis_ratio=np.clip(start.axis_ratio, *AXIS_RATIOS)
    )
    free = np.ones(n, bool)
    precision = points.weight / (relative * relative)
    for step in range(ROUNDS + HELD_ROUNDS):
        if step < ROUNDS:
            members = Members.of(points, ellipse, edges)
            poor = members.count < MIN_DATA
            if poor.any():
                free &= ~poor
                ellipse = _where(free, ellipse, common)
                members = Members.of(points, ellipse, edges)
            ring, point = members.ring, members.point
            x, y, value = points.x[point], points.y[point], points.velocity[point]
            worth = points.weight[point]
            weight_0 = precision[point]
            noise = relative[point]
            radius = members.sum(worth * ellipse.of(ring).polar(x, y)[0]) / members.sum(worth)
        slope = log_slopes(radius, amplitude, moment)
        terms = shape_terms(moment, ellipse, ring, x, y, radius, slope)
        residual = (value - constant[ring] - amplitude[ring] * terms[0]) / noise
        scale = ring_scatter(residual, members, len(terms) + moment.has_constant)
        ratio = residual / scale[ring]
        weight = weight_0 * not_spurious(ratio, members) / np.sqrt(1 + ratio * ratio)
        prior = (scale / spread) ** 2 / (amplitude**2 + TINY)
        solution = _solve(members, terms, value, weight, moment, prior, amplitude * (whole.axis_ratio - ellipse.axis_ratio))
        amplitude = solution[:, 0]
        if moment.has_constant:
            constant = solution[:, 3]
        unit = np.where(amplitude < 0, -1, 1) * np.maximum(np.abs(amplitude), TINY)
        turn, stretch = solution[:, 1] / unit, solution[:, 2] / unit
        turn = np.clip(TURN_SHARE * turn, -LONGEST_TURN, LONGEST_TURN)
        stretch = np.clip(STRETCH_SHARE * stretch, -LONGEST_STRETCH, LONGEST_STRETCH)
        ellipse = Ellipse(
            pa_axis=ellipse.pa_axis + np.degrees(turn) * free,
            axis_ratio=np.clip(ellipse.axis_ratio + stretch * free, *AXIS_RATIOS),
        )
    return ellipse, log_slopes(radius, amplitude, moment)


def log_slopes(radius, amplitude, moment):
    """Logarithmic slopes of the amplitude against radius on n rings, within what is likely."""
    if radius.size == 1:
        return np.full(1, np.mean(moment.slopes))
    slope = np.gradient(np.log(np.abs(amplitude) + TINY), np.log(radius + TINY))
    return np.clip(slope, *moment.slopes)


def _solve(members, terms, value, weight, moment, prior, expected):
    rows = [*terms, *([np.ones(value.size)] if moment.has_constant else []), value]
    k = len(rows) - 1
    rows = np.array(rows)
    upper = [(i, j) for i in range(k) for j in range(i, k + 1)]
    weighted = rows[:-1] * weight
    products = np.array([weighted[i] * rows[j] for i, j in upper])
    sums = members.sum(products)
    normal = np.empty((members.count.size, k, k))
    right = np.empty((members.count.size, k))
    for (i, j), one in zip(upper, sums, strict=True):
        if j == k:
            right[:, i] = one
        else:
            normal[:, i, j] = normal[:, j, i] = one
    diagonal = np.einsum("rii->ri", normal)
    diagonal[:] += RIDGE * diagonal.sum(axis=1, keepdims=True) / k + TINY
    diagonal[:, 2] += prior
    right[:, 2] += prior * expected
    return solve_each(normal, right)


def _where(free, one, other):
    return Ellipse(
        pa_axis=np.where(free, one.pa_axis, other.pa_axis),
        axis_ratio=np.where(free, one.axis_ratio, other.axis_ratio),
    )
