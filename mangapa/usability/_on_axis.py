"""A field turned onto the axis of its disc."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mangapa._utils.robust import TINY
from mangapa.fitting._prepared import Spaxels

#: Share of the spaxels within the radius that counts as the field's reach.
REACH_SHARE = 0.9


@dataclass(frozen=True, kw_only=True, eq=False)
class FieldOnAxis:
    """The n good spaxels of a field on a grid, turned onto the axis of their disc."""

    spaxels: Spaxels
    angle: float  # position angle of the disc's receding side, radian
    weight: np.ndarray  # share of the information that each spaxel holds, (n,)
    along: np.ndarray  # positions along the axis, arcsec, (n,)
    across: np.ndarray  # positions perpendicular to it, arcsec, (n,)
    velocity: np.ndarray  # velocities less the systemic one, km/s, (n,)
    reach: float  # radius that holds 90 % of the spaxels, arcsec
    variance: float  # weighted variance of the velocities, (km/s)^2
    middle: float  # median of the original velocities on the scale of the spaxels', km/s

    @classmethod
    def of(cls, spaxels, middle):
        """Turn spaxels that are on a grid onto the axis of their disc, all errors being equal."""
        disc, points = spaxels.unweighted_disc, spaxels.points
        weight = (points.weight / points.n_spaxels)[points.bins]
        weight = weight / weight.sum()
        velocity, angle = spaxels.velocity - disc.v_sys, disc.angle
        along = spaxels.x * np.sin(angle) + spaxels.y * np.cos(angle)
        across = spaxels.x * np.cos(angle) - spaxels.y * np.sin(angle)
        if np.sum(weight * along * velocity) < 0:
            along, across, angle = -along, -across, angle + np.pi
        distance, last = np.hypot(along, across), int(REACH_SHARE * (along.size - 1))
        return cls(
            spaxels=spaxels,
            angle=angle,
            weight=weight,
            along=along,
            across=across,
            velocity=velocity,
            reach=float(np.partition(distance, last)[last]) + TINY,
            variance=np.sum(weight * (velocity - np.sum(weight * velocity)) ** 2) + TINY,
            middle=middle,
        )

    @cached_property
    def amplitude(self):
        """Rotation velocity at the field's reach, km/s."""
        radius, speed = self.spaxels.unweighted_disc.rotation_curve()
        return float(np.interp(self.reach, radius, speed)) + TINY

    @property
    def noise(self):
        """Robust scatter of the points about the disc, km/s."""
        return self.spaxels.unweighted_disc.noise + TINY

    @cached_property
    def model(self):
        """Velocities of the disc less the systemic one, km/s, shape (n,)."""
        points, disc = self.spaxels.points, self.spaxels.unweighted_disc
        return (points.velocity - disc.velocity_residual - disc.v_sys)[points.bins]

    def on_map(self, values):
        """Values of the spaxels on the map, 0 elsewhere."""
        image = np.zeros(self.spaxels.good.shape)
        image.ravel()[self.spaxels.index] = values
        return image

    def local_means(self, side, *values):
        """Means of values over the good spaxels in a square of ``side`` spaxels about each one."""
        from scipy.ndimage import uniform_filter

        maps = np.stack([self.spaxels.good, *map(self.on_map, values)])
        means = uniform_filter(maps, (1, side, side), mode="constant").reshape(len(maps), -1)
        share, *totals = means.take(self.spaxels.index, axis=1)
        return [total / np.maximum(share, TINY) for total in totals]

    def nearest(self, x, y):
        """Which positions (arcsec) are on a good spaxel, and the rows and columns of these."""
        good = self.spaxels.good
        column, row = self.spaxels.grid.nearest(x, y)
        inside = (column >= 0) & (column < good.shape[1]) & (row >= 0) & (row < good.shape[0])
        inside[inside] = good[row[inside], column[inside]]
        return inside, row[inside], column[inside]
