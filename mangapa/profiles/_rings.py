"""Elliptical rings about the centre, as narrow as the beam and the data allow."""

from dataclasses import dataclass

import numpy as np

__all__ = ["BEAM", "MIN_AXIS_RATIO", "RING_WIDTH", "Ellipse", "Rings", "ring_numbers"]

#: Full width at half maximum of MaNGA's PSF, arcsec (Law et al. 2016, AJ 152, 83).
BEAM = 2.5
#: Narrowest ring, arcsec: two a beam tell all that passes it.
RING_WIDTH = BEAM / 2
#: Fewest data of a ring: two more than the seven terms of kinemetry.
MIN_DATA = 9
#: Flattest ring: a flatter one is narrower than the beam nearly everywhere.
MIN_AXIS_RATIO = 0.3
#: Sectors by which azimuthal coverage is told; the innermost ring has about 20 spaxels.
SECTORS = 12


@dataclass(frozen=True, kw_only=True)
class Ellipse:
    """
    The shape of the rings.

    Attributes
    ----------
    pa_axis : `float`
        Major axis, degrees North through East; its ends are not told apart.
    axis_ratio : `float`
        Minor over major axis.
    """

    pa_axis: float
    axis_ratio: float

    def polar(self, x, y):
        """
        Where places are on the ellipses through them.

        Parameters
        ----------
        x, y : `~numpy.ndarray`
            Offsets, arcsec, +x East, shape (n,).

        Returns
        -------
        radius : `~numpy.ndarray`
            Semi-major axes, arcsec, shape (n,).
        azimuth : `~numpy.ndarray`
            Eccentric anomalies from the major axis, North through East, radian, shape (n,).
        """
        angle = np.radians(self.pa_axis)
        along = x * np.sin(angle) + y * np.cos(angle)
        across = (x * np.cos(angle) - y * np.sin(angle)) / self.axis_ratio
        return np.hypot(along, across), np.arctan2(across, along)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rings:
    """
    The data of a field in the order of their rings, so that each ring is a slice.

    Attributes
    ----------
    ellipse : `Ellipse`
        The shape of the rings.
    number : `~numpy.ndarray` of `int`
        Ring of each point as they were gathered, -1 where none, shape (p,).
    ring : `~numpy.ndarray` of `int`
        Ring of each point that is in one, ascending, shape (m,).
    start, count : `~numpy.ndarray` of `int`
        First point and number of points of each ring, shape (n,).
    radius, azimuth : `~numpy.ndarray`
        Semi-major axes, arcsec, and eccentric anomalies, radian, shape (m,).
    velocity, weight : `~numpy.ndarray`
        Velocities, km/s, and how much of an independent datum each is, shape (m,).
    relative : `~numpy.ndarray`
        Error of each point over the typical one, shape (m,).
    places : `~numpy.ndarray` or `None`
        Column and row on the map, shape (2, m); `None` where the places are scattered.
    """

    ellipse: Ellipse
    number: np.ndarray
    ring: np.ndarray
    start: np.ndarray
    count: np.ndarray
    radius: np.ndarray
    azimuth: np.ndarray
    velocity: np.ndarray
    weight: np.ndarray
    relative: np.ndarray
    places: np.ndarray | None

    @classmethod
    def of(cls, points, ellipse, width, relative, grid):
        """
        Lay rings over the points of a field.

        Parameters
        ----------
        points : `~mangapa.fitting._points.Points`
            At least `MIN_DATA` of them.
        ellipse : `Ellipse`
            Shape of the rings.
        width : `float`
            Narrowest ring, arcsec.
        relative : `~numpy.ndarray`
            Error of each point over the typical one, shape (p,).
        grid : `~mangapa.fitting._grid.Grid` or `None`
            The grid of the map.

        Returns
        -------
        `Rings`
        """
        radius, azimuth = ellipse.polar(points.x, points.y)
        number = ring_numbers(radius, width)
        order = np.argsort(number, kind="stable")[np.count_nonzero(number < 0) :]
        ring = number[order]
        count = np.bincount(ring)
        places = None if grid is None else np.array(grid.index(points.x, points.y))[:, order]
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
            places=places,
        )

    def sum(self, values):
        """Sum over each ring, of values of shape (..., m); the result has shape (..., n)."""
        # In floats, as a sum of booleans would be a boolean.
        return np.add.reduceat(values, self.start, axis=-1, dtype=float)

    def mean(self, values):
        """Weighted mean over each ring, shape (n,)."""
        return self.sum(values * self.weight) / self.sum(self.weight)

    def slices(self):
        """Where the points of each ring are."""
        return [
            slice(start, start + count) for start, count in zip(self.start, self.count, strict=True)
        ]

    def seen(self, spaxels, bins):
        """
        How well each ring is covered by spaxels.

        Parameters
        ----------
        spaxels : `~mangapa.fitting._methods.Spaxels`
            The good spaxels.
        bins : `~numpy.ndarray` of `int`
            Which point each of them is in.

        Returns
        -------
        n_spaxels : `~numpy.ndarray` of `int`
            Spaxels of each ring, shape (n,).
        coverage : `~numpy.ndarray`
            Fraction of its sectors in which there are any, shape (n,).
        """
        _, azimuth = self.ellipse.polar(spaxels.x, spaxels.y)
        sector = np.floor(azimuth / (2 * np.pi) * SECTORS).astype(int) % SECTORS
        ring = self.number[bins]
        inside = ring >= 0
        cells = (ring * SECTORS + sector)[inside]
        counts = np.bincount(cells, minlength=self.count.size * SECTORS).reshape(-1, SECTORS)
        return counts.sum(axis=1), np.mean(counts > 0, axis=1)


def ring_numbers(radius, width):
    """
    Number the rings inside out; each is as narrow as ``width`` and `MIN_DATA` allow.

    Parameters
    ----------
    radius : `~numpy.ndarray`
        Semi-major axes, arcsec, shape (p,).
    width : `float`
        Of the narrowest rings, arcsec.

    Returns
    -------
    `~numpy.ndarray` of `int`
        Ring of each, shape (p,); -1 for the last few, which are too few for a ring.

    Examples
    --------
    >>> import numpy as np
    >>> from mangapa.profiles._rings import ring_numbers
    >>> radius = np.arange(27) / 5
    >>> ring_numbers(radius, width=2.0)[[0, 10, 20]].tolist()
    [0, 1, -1]
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
