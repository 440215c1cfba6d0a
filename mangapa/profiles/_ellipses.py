"""Ellipses whose axis and flattening are fitted ring by ring (Krajnovic et al. 2006)."""

from dataclasses import dataclass

import numpy as np

from mangapa._utils.robust import TINY, solve_each
from mangapa.profiles._ring_fit import not_spurious, ring_scatter
from mangapa.profiles._rings import BEAM_SIGMA, MIN_DATA, Ellipse, on_rings

#: Range of the axis ratio of a ring: a flatter one would hold too few spaxels (chosen by hand).
AXIS_RATIOS = (0.2, 1.0)
#: Spread of the axis ratios of rings about that of the whole disc, besides the error of that: the
#: best known rings of real MaNGA fields scatter by 0.03 to 0.05, and with 0.07 the pulls in
#: benchmarks/kinemetry.py are near 1.
RATIO_SPREAD = 0.07
#: Rounds in which data and shape follow each other, and further ones on the same data (by hand, as
#: are the limits of the steps).
ROUNDS, HELD_ROUNDS = 8, 4
#: Shares of a Gauss-Newton step that are taken, and the longest steps in angle (radian) and ratio;
#: whole steps oscillate where data enter and leave a ring.
TURN_SHARE, STRETCH_SHARE = 0.8, 0.7
LONGEST_TURN, LONGEST_STRETCH = 0.3, 0.15
#: Square of the radius within which the beam hides how a moment grows, arcsec^2.
CORE = BEAM_SIGMA**2
#: Least radius of a ring, arcsec: data that are all in one place have none.
LEAST_RADIUS = 0.1
#: Ridge of the equations of a ring, over the mean of their diagonal.
RIDGE = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class Moment:
    """How a moment goes around a ring: as cos(t) besides a constant if it is odd, else evenly."""

    is_odd: bool
    slopes: tuple  # range of the logarithmic slope of its amplitude against radius
    harmonics: tuple  # that are fitted on the best ellipse


@dataclass(frozen=True, kw_only=True, eq=False)
class Members:
    """The points on each of n rings, all of which have some."""

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


def growth(moment, square, ring, radius, slope):
    """
    Amplitude at each datum over that of its ring, shape (m,), and its logarithmic slope there.

    It is a power of the radius that the beam makes smooth: an odd moment rises like that of a solid
    body about the centre, an even one is flat there. ``square`` is the squared semi-major axis,
    arcsec^2, (m,). The amplitude is that of the ring at ``radius`` (arcsec), where its logarithmic
    slope is ``slope``, both (n,).
    """
    whole = 1 if moment.is_odd else 0
    radius = np.maximum(radius, LEAST_RADIUS)
    middle = radius * radius + CORE
    power = (slope - whole) * middle / (middle - CORE)
    soft = square + CORE
    value = (soft / middle[ring]) ** (power[ring] / 2)
    if moment.is_odd:
        value *= np.sqrt(square) / radius[ring]
    return value, whole + power[ring] * square / soft


def shape_terms(moment, ellipse, ring, x, y, radius, slope):
    """
    The moment of unit amplitude at each datum, and its derivatives by angle and axis ratio.

    ``ellipse`` has the shapes of the n rings; ``radius`` and ``slope`` are as in `growth`. The
    angle is in radian. Returns an array of shape (3, m).
    """
    angle = np.radians(ellipse.pa_axis)
    sine, cosine, flat = np.sin(angle)[ring], np.cos(angle)[ring], ellipse.axis_ratio[ring]
    along = x * sine + y * cosine
    across = x * cosine - y * sine
    minor = across / flat
    square = along * along + minor * minor + TINY
    # Logarithmic derivatives of the semi-major axis.
    by_angle = along * (across - minor / flat) / square
    by_ratio = -minor * minor / (flat * square)
    value, steepness = growth(moment, square, ring, radius, slope)
    if not moment.is_odd:
        return np.array([value, steepness * by_angle * value, steepness * by_ratio * value])
    size = value / np.sqrt(square)
    value = size * along
    return np.array(
        [
            value,
            (steepness - 1) * by_angle * value + size * across,
            (steepness - 1) * by_ratio * value,
        ]
    )


def log_slopes(moment, radius, amplitude):
    """Logarithmic slopes of the amplitude against radius on n rings, within what is likely."""
    if radius.size == 1:
        return np.full(1, np.mean(moment.slopes))
    slope = np.gradient(np.log(np.abs(amplitude) + TINY), np.log(radius + TINY))
    return np.clip(slope, *moment.slopes)


class EllipseFit:
    """
    Shapes of n rings, fitted by Gauss-Newton steps on the points that are on them.

    ``edges`` are the semi-major axes between which the rings are, ``relative`` is the relative
    error of each point, ``whole`` the `Ellipse` of the whole disc, to which rings return that would
    have too few data, and ``spread`` the prior spread of their axis ratios about it. The moment has
    a constant of its own on each ring if ``has_constant``.
    """

    def __init__(self, points, edges, relative, moment, whole, spread, has_constant):
        self.points, self.edges, self.moment = points, edges, moment
        self.spread, self.has_constant = spread, has_constant
        self._relative = relative
        self._precision = points.weight / (relative * relative)
        self._whole = whole.each(edges.size - 1)
        self._free = np.ones(edges.size - 1, bool)

    def run(self, start, constant, amplitude):
        """
        Fit from an `Ellipse` of arrays (n,), and the moment's constant and amplitude on it, (n,).

        Returns the best `Ellipse`, on whose rings there are enough data, and the slopes there.
        """
        ellipse = Ellipse(pa_axis=start.pa_axis, axis_ratio=np.clip(start.axis_ratio, *AXIS_RATIOS))
        for step in range(ROUNDS + HELD_ROUNDS):
            if step < ROUNDS:
                ellipse, members = self._laid(ellipse)
                x, y = self.points.x[members.point], self.points.y[members.point]
                radius = self._mean_radius(members, ellipse, x, y)
            slope = log_slopes(self.moment, radius, amplitude)
            terms = shape_terms(self.moment, ellipse, members.ring, x, y, radius, slope)
            constant, amplitude, turn, stretch = self._step(
                members, ellipse, terms, constant, amplitude
            )
            ellipse = Ellipse(
                pa_axis=ellipse.pa_axis + np.degrees(turn) * self._free,
                axis_ratio=np.clip(ellipse.axis_ratio + stretch * self._free, *AXIS_RATIOS),
            )
        return self._laid(ellipse)[0], slope

    def _laid(self, ellipse):
        """The ellipses and the points on them; those with too few get the shape of the disc."""
        members = Members.of(self.points, ellipse, self.edges)
        if members.count.min() >= MIN_DATA:
            return ellipse, members
        self._free &= members.count >= MIN_DATA
        ellipse = Ellipse(
            pa_axis=np.where(self._free, ellipse.pa_axis, self._whole.pa_axis),
            axis_ratio=np.where(self._free, ellipse.axis_ratio, self._whole.axis_ratio),
        )
        return ellipse, Members.of(self.points, ellipse, self.edges)

    def _mean_radius(self, members, ellipse, x, y):
        radius, _ = ellipse.of(members.ring).polar(x, y)
        worth = self.points.weight[members.point]
        return members.sum(worth * radius) / members.sum(worth)

    def _step(self, members, ellipse, terms, constant, amplitude):
        """Constants and amplitudes on the ellipses, and the steps in angle and axis ratio."""
        ring, point = members.ring, members.point
        value = self.points.velocity[point]
        residual = (value - constant[ring] - amplitude[ring] * terms[0]) / self._relative[point]
        scale = ring_scatter(residual, members, len(terms) + self.has_constant)
        ratio = residual / scale[ring]
        weight = self._precision[point] * not_spurious(ratio, members) / np.sqrt(1 + ratio * ratio)
        rows = [*terms, value]
        if self.has_constant:
            rows.insert(3, np.ones(value.size))
        # The derivatives are in units of the amplitude, and so is the prior.
        pull = (scale / self.spread) ** 2 / (amplitude * amplitude + TINY)
        towards = amplitude * (self._whole.axis_ratio - ellipse.axis_ratio)
        solution = _least_squares(members, np.array(rows), weight, pull, towards)
        amplitude = solution[:, 0]
        unit = np.where(amplitude < 0, -1, 1) * np.maximum(np.abs(amplitude), TINY)
        turn = np.clip(TURN_SHARE * solution[:, 1] / unit, -LONGEST_TURN, LONGEST_TURN)
        stretch = STRETCH_SHARE * solution[:, 2] / unit
        stretch = np.clip(stretch, -LONGEST_STRETCH, LONGEST_STRETCH)
        return solution[:, 3] if self.has_constant else constant, amplitude, turn, stretch


def _least_squares(members, rows, weight, pull, towards):
    """
    Solve for the terms on each ring; ``rows`` are the terms and the data, shape (terms + 1, m).

    The third term is drawn with the precision ``pull`` to ``towards``, both of shape (n,).
    """
    k, n = len(rows) - 1, members.count.size
    upper = [(i, j) for i in range(k) for j in range(i, k + 1)]
    weighted = rows[:-1] * weight
    sums = members.sum(np.array([weighted[i] * rows[j] for i, j in upper]))
    normal = np.empty((n, k, k + 1))
    for (i, j), one in zip(upper, sums, strict=True):
        normal[:, i, j] = one
        if j < k:
            normal[:, j, i] = one
    normal, right = normal[..., :-1], normal[..., -1]
    diagonal = np.einsum("rii->ri", normal)
    diagonal += RIDGE * diagonal.sum(axis=1, keepdims=True) / k + TINY
    diagonal[:, 2] += pull
    right[:, 2] += pull * towards
    return solve_each(normal, right)
