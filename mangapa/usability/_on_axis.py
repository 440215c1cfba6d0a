"""A field turned onto the axis of its disc."""

from dataclasses import dataclass

import numpy as np

from mangapa.fitting._prepared import Spaxels

TINY = 1e-9
#: Share of the spaxels within the radius that counts as the field's reach.
REACH_SHARE = 0.9


@dataclass(frozen=True, kw_only=True, eq=False)
class FieldOnAxis:
    """
    One field with its disc, turned onto its axis: what all groups of descriptors start from.

    Attributes
    ----------
    spaxels : `~mangapa.fitting.Spaxels`
        The n good spaxels, on a grid.
    angle : `float`
        Position angle of the disc's receding side, radian.
    weight : `~numpy.ndarray`
        Share of the information that each spaxel holds, shape (n,).
    along, across : `~numpy.ndarray`
        Positions along the axis and perpendicular to it, arcsec, shape (n,).
    velocity : `~numpy.ndarray`
        Velocities less the systemic one, km/s, shape (n,).
    reach : `float`
        Radius that holds 90 % of the spaxels, arcsec.
    variance : `float`
        Weighted variance of the velocities, (km/s)^2.
    middle : `float`
        Median of the velocities as the field has them, on the scale of the spaxels', km/s.
    """

    spaxels: Spaxels
    angle: float
    weight: np.ndarray
    along: np.ndarray
    across: np.ndarray
    velocity: np.ndarray
    reach: float
    variance: float
    middle: float

    @classmethod
    def of(cls, spaxels, middle):
        """Turn spaxels that are on a grid onto the axis of their disc, all errors being equal."""
        disc, points = spaxels.unweighted_disc, spaxels.points
        weight = (points.weight / points.n_spaxels)[points.bins]
        weight = weight / weight.sum()
        velocity = spaxels.velocity - disc.v_sys
        angle = disc.angle
        along = spaxels.x * np.sin(angle) + spaxels.y * np.cos(angle)
        across = spaxels.x * np.cos(angle) - spaxels.y * np.sin(angle)
        if np.sum(weight * along * velocity) < 0:
            along, across, angle = -along, -across, angle + np.pi
        return cls(
            spaxels=spaxels,
            angle=angle,
            weight=weight,
            along=along,
            across=across,
            velocity=velocity,
            reach=_quantile(np.hypot(along, across), REACH_SHARE) + TINY,
            variance=np.sum(weight * (velocity - np.sum(weight * velocity)) ** 2) + TINY,
            middle=middle,
        )

    @property
    def points(self):
        """The bins of the field."""
        return self.spaxels.points

    @property
    def disc(self):
        """The best disc, all errors being equal."""
        return self.spaxels.unweighted_disc

    @property
    def amplitude(self):
        """Rotation velocity at the field's reach, km/s."""
        return float(np.interp(self.reach, *self.disc.rotation_curve())) + TINY

    @property
    def noise(self):
        """Robust scatter of the points about the disc, km/s."""
        return self.disc.noise + TINY

    @property
    def model(self):
        """Velocities of the disc less the systemic one, km/s, shape (n,)."""
        model = self.points.velocity - self.disc.velocity_residual - self.disc.v_sys
        return model[self.points.bins]

    def on_map(self, values):
        """Values of the spaxels on the map, 0 elsewhere."""
        image = np.zeros(self.spaxels.good.shape)
        image.ravel()[self.spaxels.index] = values
        return image

    def local_mean(self, values, side):
        """Mean of the good spaxels in a square of ``side`` spaxels about each spaxel."""
        from scipy.ndimage import uniform_filter

        share = uniform_filter(self.spaxels.good.astype(float), side, mode="constant")
        total = uniform_filter(self.on_map(values), side, mode="constant")
        return (total / np.maximum(share, TINY)).ravel()[self.spaxels.index]


def nearest(spaxels, x, y):
    """Which positions (arcsec) are on a good spaxel, and the rows and columns of these."""
    column, row = (np.rint(index).astype(int) for index in spaxels.grid.index(x, y))
    n_rows, n_columns = spaxels.good.shape
    inside = (column >= 0) & (column < n_columns) & (row >= 0) & (row < n_rows)
    inside[inside] = spaxels.good[row[inside], column[inside]]
    return inside, row[inside], column[inside]


def _quantile(values, share):
    index = int(share * (values.size - 1))
    return float(np.partition(values, index)[index])
