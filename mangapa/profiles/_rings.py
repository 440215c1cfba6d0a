"""Elliptical rings about the centre, as narrow as the beam and the data allow."""

from dataclasses import dataclass

import numpy as np

#: Full width at half maximum of MaNGA's PSF, arcsec (Law et al. 2016, AJ 152, 83).
BEAM = 2.5
#: Standard deviation of a Gaussian beam of this width, arcsec.
BEAM_SIGMA = BEAM / np.sqrt(8 * np.log(2))
#: Narrowest ring, arcsec: two rings in a beam sample all that it resolves.
RING_WIDTH = BEAM / 2
#: Fewest data on a ring: two more than the seven terms of kinemetry.
MIN_DATA = 9
#: Flattest ring: a flatter one is narrower than the beam nearly everywhere.
MIN_AXIS_RATIO = 0.3
#: Sectors in which the coverage of the azimuth is counted; the innermost ring has some 20 spaxels.
SECTORS = 12


@dataclass(frozen=True, kw_only=True)
class Ellipse:
    """The shape of the rings."""

    pa_axis: float  # major axis modulo 180, deg, North through East
    axis_ratio: float  # minor over major axis

    def polar(self, x, y):
        """
        Position on the ellipse through each offset (arcsec, +x East, shape (n,)).

        Returns the semi-major axes, arcsec, and the eccentric anomalies from the major axis, North
        through East, radian.
        """
        angle = np.radians(self.pa_axis)
        along = x * np.sin(angle) + y * np.cos(angle)
        across = (x * np.cos(angle) - y * np.sin(angle)) / self.axis_ratio
        return np.hypot(along, across), np.arctan2(across, along)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rings:
    """The points of a field ordered by ring, so that each of the n rings is a slice."""

    ellipse: Ellipse
    number: np.ndarray  # ring of each point in the order of the field, -1 for none, shape (p,)
    ring: np.ndarray  # ring of each point that is on one, ascending, shape (m,)
    start: np.ndarray  # first point of each ring, shape (n,)
    count: np.ndarray  # number of points of each ring, shape (n,)
    radius: np.ndarray  # semi-major axes, arcsec, shape (m,)
    azimuth: np.ndarray  # eccentric anomalies, radian, shape (m,)
    velocity: np.ndarray  # km/s, shape (m,)
    weight: np.ndarray  # fraction of an independent datum that each is worth, shape (m,)
    relative: np.ndarray  # error of each point over the typical one, shape (m,)
    places: np.ndarray  # column and row on the map, or offsets in spaxels, shape (2, m)
    correlation: float  # length over which the noise is shared, spaxels; 0 where it is white

    @classmethod
    def of(cls, points, ellipse, width, relative, grid):
        """
        Lay rings at least ``width`` (arcsec) wide over at least `MIN_DATA` points.

        ``relative`` is the error of each point over the typical one, shape (p,).
        """
        radius, azimuth = ellipse.polar(points.x, points.y)
        number = ring_numbers(radius, width)
        order = np.argsort(number, kind="stable")[np.count_nonzero(number < 0) :]
        ring = number[order]
        count = np.bincount(ring)
        offsets = np.stack([points.x, points.y])
        places = offsets / points.spaxel if grid is None else np.array(grid.index(*offsets))
        return cls(
            ellipse=ellipse,
            number=number,
            ring=ring,
            start=np.cumsum(count) - count,
            count=count,
            radius=radius[order],
            azimuth=azimuth[order],
            velocity=points.velocity[order],
            weight=points.weight[order],
            relative=relative[order],
            places=places[:, order],
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
        """Slice of the points of each ring."""
        return [
            slice(start, start + count) for start, count in zip(self.start, self.count, strict=True)
        ]

    def coverage(self, spaxels):
        """Number of spaxels on each ring, and the fraction of its sectors that has any, (n,)."""
        _, azimuth = self.ellipse.polar(spaxels.x, spaxels.y)
        sector = np.floor(azimuth / (2 * np.pi) * SECTORS).astype(int) % SECTORS
        ring = self.number[spaxels.bins]
        inside = ring >= 0
        cells = (ring * SECTORS + sector)[inside]
        counts = np.bincount(cells, minlength=self.count.size * SECTORS).reshape(-1, SECTORS)
        return counts.sum(axis=1), np.mean(counts > 0, axis=1)


def ring_numbers(radius, width):
    """
    Number rings of semi-major axes (arcsec, shape (p,)) from the inside out.

    Each ring is as narrow as ``width`` and `MIN_DATA` allow; the last few points, which are too few
    for a ring, are given -1.
    """
    _, fine, count = np.unique(np.floor(radius / width), return_inverse=True, return_counts=True)
    number = np.full(count.size, -1)
    n_rings, held, first = 0, 0, 0
    for last, n in enumerate(count):
        held += n
        if held >= MIN_DATA:
            number[first : last + 1] = n_rings
            n_rings, held, first = n_rings + 1, 0, last + 1
    return number[fine.ravel()]
