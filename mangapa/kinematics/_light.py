"""Light-weighted sums of the motion over ellipses, and their noise."""

from dataclasses import dataclass

import numpy as np

from mangapa._utils.robust import TINY
from mangapa.kinematics._aperture import Aperture
from mangapa.kinematics._moments import Annuli, Moments, bin_means, folded_mean, folded_slope

#: Velocities with this signal-to-noise ratio tell which way they point; below it, the disc does.
SURE = 2.0
#: Fewest points that have what is needed.
FEWEST_POINTS = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Sums:
    """What an aperture holds."""

    light: np.ndarray  # F of each point, shape (m,)
    moment: np.ndarray  # F R of each point, shape (m,)
    momentum: float  # sum of F R |V|
    motion: float  # sum of F R (V^2 + sigma^2)^(1/2)
    squared_speed: float  # sum of F V^2
    squared_dispersion: float  # sum of F sigma^2
    bias: float  # of the momentum, removed
    area: float  # arcsec^2
    n_spaxels: int

    @property
    def lambda_r(self):
        """Ordered over all motion."""
        return float(max(self.momentum, 0.0) / self.motion) if self.motion > 0 else np.nan

    @property
    def noise_bias(self):
        """What the noise added to lambda_R."""
        return float(self.bias / self.motion) if self.motion > 0 else np.nan

    @property
    def v_over_sigma(self):
        """Root of the ratio of the mean squares."""
        if self.squared_dispersion <= 0:
            return np.nan
        return float(np.sqrt(max(self.squared_speed, 0.0) / self.squared_dispersion))


@dataclass(frozen=True, kw_only=True)
class NoiseErrors:
    """1-sigma errors from the noise."""

    lambda_r: float
    v_over_sigma: float
    squared_dispersion: float  # of the sum of F sigma^2


@dataclass(frozen=True, kw_only=True, eq=False)
class Light:
    """The n spaxels of a field with light and dispersions, and the m points that they belong to."""

    x: np.ndarray  # offsets of the spaxels, arcsec, shape (n,)
    y: np.ndarray
    flux: np.ndarray  # light times area, shape (n,)
    area: np.ndarray  # arcsec^2, shape (n,)
    bins: np.ndarray  # point of each spaxel, shape (n,)
    moments: Moments  # of the points
    points: np.ndarray  # which of the field's points these are, shape (m,)
    rotation: np.ndarray  # of the best disc at them, in any unit, shape (m,)
    systemic: np.ndarray  # influence of each of them on the systemic velocity, shape (m,)
    neighbours: object  # ``Neighbours`` of all points of the field
    shared: float  # part of the noise that neighbours share
    v_sys: float  # km/s, on the scale of the field's velocities
    has_errors: bool
    by_ellipse: bool  # whether R is the semi-major axis, not the distance

    @classmethod
    def of(cls, prepared, aperture, by_ellipse):
        """
        Gather what a prepared field has of light and dispersions; `None` if that is too little.

        The shape of the ``aperture`` says which places are alike.
        """
        field, spaxels = prepared.field, prepared.spaxels
        points = spaxels.points

        def at_good(values):
            return values.ravel().take(spaxels.index)

        square, square_err = (at_good(part) for part in field._dispersion_squared())
        flux, dispersion = at_good(field.flux.value), at_good(field.dispersion.value)
        use = np.isfinite(square) & (flux > 0)
        kept, (square, dispersion, square_err) = bin_means(
            points, use, square, dispersion, square_err
        )
        if kept.size < FEWEST_POINTS:
            return None
        bins = np.searchsorted(kept, points.bins[use])
        with np.errstate(divide="ignore", invalid="ignore"):
            dispersion_err = square_err / (2 * dispersion)
        velocity_err = points.error[kept] if field.ivar is not None else np.full(kept.size, np.nan)
        has_errors = bool(np.isfinite(dispersion_err).any() and np.isfinite(velocity_err).all())
        velocity_err, dispersion_err = np.nan_to_num([velocity_err, dispersion_err])
        disc = spaxels.disc
        x, y = points.x[kept], points.y[kept]
        noise = spaxels.linear_fit.noise
        shared = float(noise.correlated / (noise.white + noise.correlated + TINY))
        moments = Moments.of(
            points.velocity[kept] - disc.v_sys,
            velocity_err,
            square,
            dispersion,
            dispersion_err,
            Annuli(
                aperture.semi_major_axes(x, y),
                np.arctan2(x, y) - disc.angle,
                1 - shared + shared * points.weight[kept],
            ),
        )
        weight = points.weight[kept] / np.maximum(points.error[kept], TINY) ** 2
        area = points.n_spaxels / np.bincount(points.bins) * points.spaxel**2
        area = area[points.bins[use]]
        return cls(
            x=spaxels.x[use],
            y=spaxels.y[use],
            flux=flux[use] / flux[use].max() * area,
            area=area,
            bins=bins,
            moments=moments,
            points=kept,
            rotation=(disc.model * disc.relative)[kept],
            systemic=weight / weight.sum(),
            neighbours=spaxels.neighbours,
            shared=shared,
            v_sys=spaxels.first_guess + disc.v_sys,
            has_errors=has_errors,
            by_ellipse=by_ellipse,
        )

    def sums(self, aperture: Aperture) -> Sums:
        """Sum over an aperture."""
        semi_major_axes = aperture.semi_major_axes(self.x, self.y)
        inside = np.flatnonzero(semi_major_axes <= aperture.semi_major)
        flux, bins, size = self.flux[inside], self.bins[inside], self.points.size
        if self.by_ellipse:
            distance = semi_major_axes[inside]
        else:
            distance = aperture.distances(self.x[inside], self.y[inside])
        light = np.bincount(bins, flux, size)
        moment = np.bincount(bins, flux * distance, size)
        of = self.moments
        return Sums(
            light=light,
            moment=moment,
            momentum=moment @ of.speed,
            motion=moment @ of.motion,
            squared_speed=light @ of.squared_speed,
            squared_dispersion=light @ of.squared_dispersion,
            bias=moment @ of.bias,
            area=self.area[inside].sum(),
            n_spaxels=inside.size,
        )

    def curve(self, aperture, edges):
        """lambda_R within ellipses of ascending semi-major axes, and how far they are covered."""
        semi_major_axes = aperture.semi_major_axes(self.x, self.y)
        distance = semi_major_axes if self.by_ellipse else aperture.distances(self.x, self.y)
        moment = self.flux * distance
        place = np.searchsorted(edges, semi_major_axes)

        def within(values):
            return np.cumsum(np.bincount(place, values, edges.size + 1)[:-1])

        ordered = within(moment * self.moments.speed[self.bins])
        total = within(moment * self.moments.motion[self.bins])
        area = within(self.area) / (np.pi * aperture.axis_ratio * edges**2)
        return np.maximum(ordered, 0.0) / np.where(total > 0, total, np.nan), area

    def noise(self, sums: Sums) -> NoiseErrors:
        """Errors of the sums over an aperture."""
        if not self.has_errors:
            return NoiseErrors(lambda_r=np.nan, v_over_sigma=np.nan, squared_dispersion=0.0)
        of = self.moments
        sign = np.where(np.abs(of.velocity) > SURE * of.velocity_err, of.velocity, self.rotation)
        sign = np.sign(sign)
        slope = folded_slope(of.typical_speed, of.velocity_err)
        # A point's own velocity also tells how large its bias is.
        ordered = sums.moment * sign * (slope + (1 - slope) * of.own)
        total = sums.moment / of.scale
        by_velocity = (ordered - sums.lambda_r * total * sign * of.typical_speed) / sums.motion
        by_dispersion = -sums.lambda_r * total * of.dispersion / sums.motion
        variance = self._variance(by_velocity, of.velocity_err, relative_to_systemic=True)
        variance += self._variance(by_dispersion, of.dispersion_err)
        # What the size of a velocity scatters beyond its slope.
        second = of.typical_speed**2 + of.velocity_err**2
        rest = second - folded_mean(of.typical_speed, of.velocity_err) ** 2
        rest = np.maximum(rest - (slope * of.velocity_err) ** 2, 0.0)
        variance += self._variance_of_squares(sums.moment / sums.motion * np.sqrt(rest))
        # The error of the bias that was removed is common to an annulus.
        common = np.bincount(of.annulus, sums.moment * of.bias_err) / sums.motion
        variance += common @ common
        ratio_err, dispersion_err = self._ratio_error(sums, sign)
        return NoiseErrors(
            lambda_r=float(np.sqrt(variance)),
            v_over_sigma=ratio_err,
            squared_dispersion=dispersion_err,
        )

    def _ratio_error(self, sums, sign):
        """Error of V/sigma, and of the sum of F sigma^2."""
        of = self.moments
        of_speed = self._variance(
            2 * sums.light * sign * of.typical_speed, of.velocity_err, relative_to_systemic=True
        )
        of_speed += 2 * self._variance_of_squares(sums.light * of.velocity_err**2)
        of_dispersion = self._variance(2 * sums.light * of.dispersion, of.dispersion_err)
        of_dispersion += 2 * self._variance_of_squares(sums.light * of.dispersion_err**2)
        dispersion_err = float(np.sqrt(of_dispersion))
        if sums.squared_dispersion <= 0:
            return np.nan, dispersion_err
        square = max(sums.squared_speed, 0.0) / sums.squared_dispersion
        error = np.sqrt(of_speed + square**2 * of_dispersion) / sums.squared_dispersion
        low, high = np.sqrt(np.maximum([square - error, square + error], 0.0))
        return float((high - low) / 2), dispersion_err

    def _variance(self, weights, error, *, relative_to_systemic=False):
        """Variance of a weighted sum whose noise neighbours share in part."""
        if relative_to_systemic:
            weights = weights - weights.sum() * self.systemic
        return self._quadratic(weights * error, self.shared)

    def _variance_of_squares(self, parts):
        """The same of what is even in the noise: it correlates as the square of that."""
        return self._quadratic(parts, self.shared**2, narrower=1 / np.sqrt(2))

    def _quadratic(self, parts, shared, narrower=1.0):
        white = parts @ parts
        if shared == 0 or self.neighbours.length == 0:
            return white
        spread = np.zeros(self.neighbours.column.size)
        spread[self.points] = parts
        return (1 - shared) * white + shared * self.neighbours.product(spread, narrower)
