"""Elliptical apertures: which spaxels are in them, and how much of them is covered."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Aperture:
    """An ellipse on the sky; lengths in arcsec."""

    semi_major: float
    pa: float  # of the major axis, deg, North through East
    axis_ratio: float
    x: float = 0.0  # centre
    y: float = 0.0

    @classmethod
    def of_area(cls, radius, pa, axis_ratio):
        """The ellipse with the area of a circle of this radius (arcsec)."""
        return cls(semi_major=radius / np.sqrt(axis_ratio), pa=pa, axis_ratio=axis_ratio)

    @property
    def area(self):
        """Area, arcsec^2."""
        return np.pi * self.semi_major**2 * self.axis_ratio

    def semi_major_axes(self, x, y):
        """Semi-major axes, arcsec, of the ellipses of this shape through offsets (arcsec)."""
        angle = np.radians(self.pa)
        sine, cosine = np.sin(angle), np.cos(angle)
        x, y = x - self.x, y - self.y
        along, across = x * sine + y * cosine, (x * cosine - y * sine) / self.axis_ratio
        # Several times faster than numpy.hypot.
        return np.sqrt(along * along + across * across)

    def distances(self, x, y):
        """Distances of offsets from the centre, arcsec."""
        x, y = x - self.x, y - self.y
        return np.sqrt(x * x + y * y)


def covered(area, aperture):
    """Fraction of an aperture that an area (arcsec^2) covers; whole spaxels may exceed it."""
    return float(min(area / aperture.area, 1.0))
