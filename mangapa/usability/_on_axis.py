"""A field with its disc, turned onto its axis."""

from dataclasses import dataclass

import numpy as np

from mangapa.fitting._errors import analytic_error
from mangapa.fitting._harmonic import chi_square_curves
from mangapa.fitting._methods import Spaxels
from mangapa.fitting._thin_disc import fit_points

__all__ = ["TINY", "FittedField", "fit_field", "nearest"]

TINY = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedField:
    """
    One field with its disc, turned onto its axis: what all groups of evidence start from.

    Attributes
    ----------
    spaxels, points : `~mangapa.fitting._methods.Spaxels`, `~mangapa.fitting._points.Points`
        What was fitted.
    state, disc, curve
        What `~mangapa.fitting._thin_disc.fit_points` and
        `~mangapa.fitting._harmonic.chi_square_curves` give.
    angle, error : `float`
        Of the disc, to its receding side, radian; and the 1-sigma error of its axis, degrees.
    weight : `~numpy.ndarray`
        Share of the information that each spaxel has, shape (n,).
    along, across : `~numpy.ndarray`
        Places along the axis and at right angles to it, arcsec, shape (n,).
    velocity : `~numpy.ndarray`
        Less the systemic velocity, km/s, shape (n,).
    reach : `float`
        Radius that holds 90 % of the spaxels, arcsec.
    variance : `float`
        Of the velocities.
    """

    spaxels: Spaxels
    points: object
    state: object
    disc: object
    curve: object
    angle: float
    error: float
    weight: np.ndarray
    along: np.ndarray
    across: np.ndarray
    velocity: np.ndarray
    reach: float
    variance: float

    @property
    def amplitude(self):
        """Rotation velocity at the radius that holds 90 % of the spaxels, km/s."""
        disc = self.disc
        return float(np.interp(self.reach, disc.radius.value, disc.rotation_velocity.value)) + TINY

    @property
    def noise(self):
        """What the disc leaves, km/s: the robust scatter of the points."""
        return self.state.scale * self.state.velocity_unit + TINY

    @property
    def systemic(self):
        """The systemic velocity, km/s, relative to what the spaxels' velocities are relative to."""
        return self.spaxels.velocity[0] - self.velocity[0]

    @property
    def model(self):
        """Velocities of the disc less the systemic one, km/s, one a spaxel."""
        model = self.points.velocity - self.state.velocity_residual - self.systemic
        return model[self.points.bins]

    def on_map(self, values):
        """Values of the spaxels on the map, 0 elsewhere."""
        image = np.zeros(self.spaxels.good.shape)
        image.ravel()[self.spaxels.index] = values
        return image

    def local_mean(self, values, side):
        """Mean of the good spaxels in a square about each spaxel."""
        from scipy.ndimage import uniform_filter

        share = uniform_filter(self.spaxels.good.astype(float), side, mode="constant")
        total = uniform_filter(self.on_map(values), side, mode="constant")
        return (total / np.maximum(share, TINY)).ravel()[self.spaxels.index]


def fit_field(spaxels, points):
    """
    Fit the disc, and turn the field onto its axis.

    Parameters
    ----------
    spaxels : `~mangapa.fitting._methods.Spaxels`
        The good spaxels, on a grid.
    points : `~mangapa.fitting._points.Points`
        Their bins.

    Returns
    -------
    `FittedField`
    """
    (curve,) = chi_square_curves([spaxels], [points])
    disc, state, angle, v_sys = fit_points(points, np.nan_to_num(curve.pa_axis))
    error = analytic_error(state, spaxels.grid)
    weight = (points.weight / points.n_spaxels)[points.bins]
    weight = weight / weight.sum()
    velocity = spaxels.velocity - v_sys
    along = spaxels.x * np.sin(angle) + spaxels.y * np.cos(angle)
    across = spaxels.x * np.cos(angle) - spaxels.y * np.sin(angle)
    if np.sum(weight * along * velocity) < 0:
        along, across, angle = -along, -across, angle + np.pi
    return FittedField(
        spaxels=spaxels,
        points=points,
        state=state,
        disc=disc,
        curve=curve,
        angle=angle,
        error=error,
        weight=weight,
        along=along,
        across=across,
        velocity=velocity,
        reach=_quantile(np.hypot(along, across), 0.9) + TINY,
        variance=np.sum(weight * (velocity - np.sum(weight * velocity)) ** 2) + TINY,
    )


def nearest(spaxels, x, y):
    """Which places are on a good spaxel, and the rows and columns of these."""
    column, row = (np.rint(index).astype(int) for index in spaxels.grid.index(x, y))
    n_rows, n_columns = spaxels.good.shape
    inside = (column >= 0) & (column < n_columns) & (row >= 0) & (row < n_rows)
    inside[inside] = spaxels.good[row[inside], column[inside]]
    return inside, row[inside], column[inside]


def _quantile(values, share):
    place = int(share * (values.size - 1))
    return float(np.partition(values, place)[place])
