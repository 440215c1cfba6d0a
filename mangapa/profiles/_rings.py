"""Elliptical rings about the centre, as narrow as the beam and the data allow."""

from dataclasses import dataclass

import numpy as np

from mangapa._utils.robust import FWHM

#: Full width at half maximum of MaNGA's PSF, arcsec (Law et al. 2016, AJ 152, 83).
BEAM = 2.5
#: Standard deviation of a Gaussian beam of this width, arcsec.
BEAM_SIGMA = BEAM / FWHM
#: Narrowest ring, arcsec: two rings in a beam sample all that it resolves.
RING_WIDTH = BEAM / 2
#: Fewest data on a ring: two more than the seven terms of kinemetry.
MIN_DATA = 9
#: Flattest ring: a flatter one is narrower than the beam nearly everywhere.
MIN_AXIS_RATIO = 0.3
#: Sectors in which the coverage of the azimuth is counted; the innermost ring has some 20 spaxels.
SECTORS = 12
#: Pairs of rings and points that are tried at once: 32 MB.
PAIRS_AT_ONCE = 4_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Ellipse:
    """The shape of all rings, or of each: the fields are numbers, or arrays of one shape."""

    pa_axis: float | np.ndarray  # major axis modulo 180, deg, North through East
    axis_ratio: float | np.ndarray  # minor over major axis

    def polar(self, x, y):
        """
        Position on the ellipse through each offset (arcsec, +x East, shape (n,)).

        Returns the semi-major axes, arcsec, and the eccentric anomalies from the major axis, North
        through East, radian. Arrays of shapes must broadcast with the offsets.
        """
        angle = np.radians(self.pa_axis)
        along = x * np.sin(angle) + y * np.cos(angle)
        across = (x * np.cos(angle) - y * np.sin(angle)) / self.axis_ratio
        return np.hypot(along, across), np.arctan2(across, along)

    def each(self, n):
        """The shapes of n rings as arrays, shape (n,)."""
        return Ellipse(
            pa_axis=np.full(n, self.pa_axis, float), axis_ratio=np.full(n, self.axis_ratio, float)
        )

    def of(self, ring):
        """The shape of the ring of each datum, (m,), where each ring has its own."""
        if np.ndim(self.pa_axis) == 0:
            return self
        return Ellipse(pa_axis=self.pa_axis[ring], axis_ratio=self.axis_ratio[ring])


@dataclass(frozen=True, kw_only=True, eq=False)
class Rings:
    """
    The data of a field ordered by ring, so that each of the n rings is a slice.

    A point is a datum of each ring that it is on: rings of different shapes overlap.
    """

    ellipse: Ellipse
    edges: np.ndarray  # semi-major axes between which the rings are, arcsec, shape (n + 1,)
    point: np.ndarray  # point of the field that each datum is, shape (m,)
    ring: np.ndarray  # ring of each datum, ascending, shape (m,)
    start: np.ndarray  # first datum of each ring, shape (n,)
    count: np.ndarray  # number of data of each ring, shape (n,)
    radius: np.ndarray  # semi-major axes, arcsec, shape (m,)
    azimuth: np.ndarray  # eccentric anomalies, radian, shape (m,)
    value: np.ndarray  # velocities, km/s, or what else is measured, shape (m,)
    weight: np.ndarray  # fraction of an independent datum that each is worth, shape (m,)
    relative: np.ndarray  # error of each datum over the typical one, shape (m,)
    places: np.ndarray  # column and row on the map, or offsets in spaxels, shape (2, m)
    correlation: float  # length over which the noise is shared, spaxels; 0 where it is white

    @classmethod
    def of(cls, points, ellipse, width, relative, grid):
        """
        Lay rings of one shape, at least ``width`` (arcsec) wide, over at least `MIN_DATA` points.

        ``relative`` is the error of each point over the typical one, shape (p,).
        """
        radius, _ = ellipse.polar(points.x, points.y)
        number, edges = ring_numbers(radius, width)
        order = np.argsort(number, kind="stable")[np.count_nonzero(number < 0) :]
        return cls._with(points, ellipse, edges, number[order], order, relative, grid)

    @classmethod
    def between(cls, points, ellipse, edges, relative, grid):
        """Lay rings of one shape each between ``edges``, shape (n + 1,), on which there is data."""
        ring, point = on_rings(points.x, points.y, ellipse, edges)
        return cls._with(points, ellipse, edges, ring, point, relative, grid)

    @classmethod
    def _with(cls, points, ellipse, edges, ring, point, relative, grid):
        count = np.bincount(ring, minlength=edges.size - 1)
        x, y = points.x[point], points.y[point]
        radius, azimuth = ellipse.of(ring).polar(x, y)
        places = np.stack([x, y]) / points.spaxel if grid is None else np.array(grid.index(x, y))
        return cls(
            ellipse=ellipse,
            edges=edges,
            point=point,
            ring=ring,
            start=np.cumsum(count) - count,
            count=count,
            radius=radius,
            azimuth=azimuth,
            value=points.velocity[point],
            weight=points.weight[point],
            relative=relative[point],
            places=places,
            correlation=points.correlation,
        )

    def sum(self, values):
        """Sum over each ring of values of shape (..., m); the result has shape (..., n)."""
        # As floats, since the sum of booleans would be a boolean.
        return np.add.reduceat(values, self.start, axis=-1, dtype=float)

    def mean(self, values):
        """Weighted mean over each ring, shape (n,)."""
        return self.sum(values * self.weight) / self.sum(self.weight)

    def slices(self):
        """Slice of the data of each ring."""
        return [
            slice(start, start + count) for start, count in zip(self.start, self.count, strict=True)
        ]

    def spaxels_of(self, bins):
        """
        Rings and spaxels of all pairs of both; a spaxel is on the rings of its bin.

        ``bins`` is the bin of each spaxel.
        """
        count = np.bincount(bins)
        n = count[self.point]
        first = (np.cumsum(count) - count)[self.point] - (np.cumsum(n) - n)
        in_order = np.repeat(first, n) + np.arange(n.sum())
        return np.repeat(self.ring, n), np.argsort(bins, kind="stable")[in_order]

    def coverage(self, spaxels):
        """Number of spaxels on each ring, and the fraction of its sectors that has any, (n,)."""
        ring, spaxel = self.spaxels_of(spaxels.bins)
        _, azimuth = self.ellipse.of(ring).polar(spaxels.x[spaxel], spaxels.y[spaxel])
        sector = np.floor(azimuth / (2 * np.pi) * SECTORS).astype(int) % SECTORS
        counts = np.bincount(ring * SECTORS + sector, minlength=self.count.size * SECTORS)
        counts = counts.reshape(-1, SECTORS)
        return counts.sum(axis=1), np.mean(counts > 0, axis=1)


def on_rings(x, y, ellipse, edges):
    """
    Rings and points of all pairs of both, ordered by ring, for rings of one shape each.

    ``x`` and ``y`` are the offsets of the points, arcsec, shape (p,).
    """
    angle, flat = np.radians(ellipse.pa_axis), ellipse.axis_ratio**-2.0
    sine, cosine = np.sin(angle), np.cos(angle)
    # The squared semi-major axis is a quadratic form of the offsets.
    form = np.stack(
        [sine**2 + flat * cosine**2, 2 * (1 - flat) * sine * cosine, cosine**2 + flat * sine**2]
    ).T
    squares = np.stack([x * x, x * y, y * y])
    low, high = (edges[:-1, None] ** 2, edges[1:, None] ** 2)
    at_once = max(PAIRS_AT_ONCE // x.size, 1)
    found = []
    for first in range(0, len(form), at_once):
        part = slice(first, first + at_once)
        square = form[part] @ squares
        ring, point = np.nonzero((square >= low[part]) & (square < high[part]))
        found.append((ring + first, point))
    ring, point = zip(*found, strict=True)
    return np.concatenate(ring), np.concatenate(point)


def ring_numbers(radius, width):
    """
    Number rings of semi-major axes (arcsec, shape (p,)) from the inside out.

    Each ring is as narrow as ``width`` and `MIN_DATA` allow; the last few points, which are too few
    for a ring, are given -1. Returns the numbers, and the edges of the n rings, shape (n + 1,).
    """
    steps, fine, count = np.unique(
        np.floor(radius / width), return_inverse=True, return_counts=True
    )
    number = np.full(count.size, -1)
    n_rings, held, first = 0, 0, 0
    edges = [0.0]
    for last, n in enumerate(count):
        held += n
        if held >= MIN_DATA:
            number[first : last + 1] = n_rings
            edges.append(width * (steps[last] + 1))
            n_rings, held, first = n_rings + 1, 0, last + 1
    return number[fine.ravel()], np.array(edges)
