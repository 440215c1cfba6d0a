"""Calibrated 1-sigma errors: analytic for the disc, by parametric bootstrap for every method."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import numpy as np

from mangapa._directions import UNIFORM_AXIS
from mangapa._utils.robust import inverse
from mangapa.fitting._points import with_velocity
from mangapa.fitting._scattered import lattice
from mangapa.fitting._thin_disc import ANGLE, EAST, NORTH, RATIO, fit_disc

#: Squared signal-to-noise of the rotation that noise alone fakes, at which half of the answers are
#: chance, and the width over which that share falls; chosen so that fields of pure noise have
#: errors near 52 deg in benchmarks/error_calibration.py.
CHANCE, CHANCE_WIDTH = 5.5, 1.2
#: Exponents are clipped here, where the share is 0 or 1 but for rounding.
LARGEST_EXPONENT = 50.0
#: Correlated noise is distinguished from white noise where the neighbours within reach, weighted by
#: their correlation, add at least this many per point.
MIN_NEIGHBOURS = 0.3
#: With fewer neighbours than this, correlated noise is hard to distinguish from a misfit; unbinned
#: spaxels have 22.
FEW_NEIGHBOURS = 8.0
#: It cannot be distinguished if the fit absorbs more than this share of what decays with distance.
ABSORBED = 0.4
#: The equations for the two parts of the noise are singular if their determinant is below this
#: fraction of what decays with distance.
SINGULAR = 0.1
#: Largest fraction of the degrees of freedom that a fit is assumed to use.
MAX_USED = 0.9
#: Fewest degrees of freedom from which the noise can be estimated (chosen by hand, as are the three
#: above and the next).
MIN_FREEDOM = 4.0
#: A correlated part that is less significant than this many of its own standard deviations is
#: shrunk towards none.
SIGNIFICANT = 3.0
#: Ridge of the normal matrix, for parameters without a prior.
RIDGE = 1e-12
#: Draws of the parametric bootstrap: its error is then known to 11 per cent.
N_DRAWS = 40
#: Spaxels of all draws that are held at once.
SPAXELS_AT_ONCE = 1_000_000
#: Maps with sides longer than this are smoothed by a window of this many correlation lengths to
#: each side, and not by a matrix whose size is that of the side squared.
LONG_SIDE, WINDOW = 256, 6
#: Nothing is known of a centre that is, with its error, further away than this many times the
#: radius that holds 90 % of the field (chosen by hand).
BEYOND = 3.0


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearFit:
    """The robust least squares of a disc at its solution, with the noise of its residuals."""

    influence: np.ndarray  # of each residual on the angle, shape (m,)
    bounded: np.ndarray  # residuals, outliers bounded, shape (m,)
    slope: float  # mean derivative of a bounded residual by the residual
    n_effective: float  # degrees of freedom that the fit used
    noise: "Noise"
    variance: float  # of the angle, radian squared, from the noise


def linear_fit(disc, grid):
    """
    Linearise the fit of a disc; returns a `LinearFit`.

    Without a ``grid``, the positions are rounded to one.
    """
    influences, bounded, slope, n_effective, _ = _linearise(disc, disc.precision)
    influence = influences[ANGLE]
    noise = Noise(disc.points, grid, bounded, n_effective)
    return LinearFit(
        influence=influence,
        bounded=bounded,
        slope=slope,
        n_effective=n_effective,
        noise=noise,
        variance=noise.variance(influence),
    )


def analytic_error(disc, linear):
    """
    1-sigma error of the disc's angle, degrees, from its linearised robust least squares.

    The sandwich estimate u^T C u, with u the influence of each residual on the angle, and C the
    residuals' own covariance: a white part and one that falls as exp(-d^2 / (2 x 1.92^2)), as
    MaNGA's noise does (Westfall et al. 2019, AJ 158, 231), distinguished by the products of
    neighbouring residuals. Where the rotation is hardly significant the error grows to that of a
    uniformly random axis. ``linear`` is the `LinearFit` of the disc.
    """
    # Significance of the rotation: its weighted power over that which the noise would have.
    weight = disc.points.weight
    rotation = disc.model - disc.model.mean()
    power = np.sum((rotation * weight) ** 2) ** 2
    significance = power / linear.noise.variance(weight**2 * rotation) * linear.slope**2
    exponent = (significance - CHANCE) / CHANCE_WIDTH
    chance = 1 / (1 + np.exp(np.clip(exponent, -LARGEST_EXPONENT, LARGEST_EXPONENT)))
    # The fitted rotation holds one part of noise, so that its true significance is less.
    error = np.degrees(np.sqrt(linear.variance)) * np.sqrt(
        significance / max(significance - 1, 1.0)
    )
    error = min(error, UNIFORM_AXIS)
    if linear.bounded.size - linear.n_effective < MIN_FREEDOM:
        chance = 1.0
    return float(np.sqrt((1 - chance) * error**2 + chance * UNIFORM_AXIS**2))


def bootstrap_error(spaxels, axis, fit, rng):
    """
    1-sigma error of any method's axis, degrees, by parametric bootstrap.

    The method fits fields drawn from the best disc near its ``axis`` (degrees), with noise that has
    the covariance of the residuals from it and is as strong at each place as they are nearby: that
    holds what a galaxy has beyond a disc, which disturbs other methods more than the robust disc.
    ``fit`` turns a list of spaxels into their axes.
    """
    points = spaxels.points
    if points.velocity.size == 1:  # There is nothing to draw from.
        return UNIFORM_AXIS
    _, disc = fit_disc(points, axis)
    _, bounded, _, n_effective, _ = _linearise(disc, disc.precision)
    noise = Noise(points, spaxels.grid, bounded, n_effective)
    smooth = points.velocity - disc.velocity_residual
    # The bounded residuals show how the noise is shared, the residuals nearby how strong it is.
    strength = np.sqrt(np.mean(bounded**2))
    unit = noise.rms_nearby(disc.velocity_residual) / strength if strength > 0 else 0.0
    order = _order_of_ids(spaxels)
    draws = (
        with_velocity(spaxels, (smooth + unit * noise.draw(rng, order))[points.bins])
        for _ in range(N_DRAWS)
    )
    at_once = max(SPAXELS_AT_ONCE // spaxels.velocity.size, 1)
    axes = []
    while batch := list(islice(draws, at_once)):
        axes += fit(batch)
    off = np.radians(2 * (np.array(axes) - axis))
    off = off[np.isfinite(off)]
    if off.size == 0:
        return UNIFORM_AXIS
    # About the mean axis, so that a method's bias does not count as scatter.
    off = np.angle(np.exp(1j * (off - np.angle(np.mean(np.exp(1j * off)))))) / 2
    return float(min(np.degrees(np.sqrt(np.mean(off**2))), UNIFORM_AXIS))


def _order_of_ids(spaxels):
    """Rank of each point by bin id, or by position without ids; noise is drawn in this order."""
    points = spaxels.points
    ids = np.arange(points.n_spaxels.size)
    if spaxels.bin_id is not None:
        ids[points.bins] = spaxels.bin_id
    return np.argsort(np.argsort(ids))


@dataclass(frozen=True, kw_only=True)
class ShapeError:
    """
    What a disc's shape and centre are known to, without priors on them.

    The centre is NaN if the field does not tell where it is.
    """

    log_ratio: float  # 1-sigma error of ln(1 / q^2), q the axis ratio
    centre: np.ndarray  # covariance of the centre, arcsec^2, shape (2, 2)
    offset: np.ndarray  # where the centre is, to first order, arcsec, shape (2,)

    def significance_of(self, offset):
        """How many standard errors an offset is long, arcsec, shape (2,)."""
        return float(np.sqrt(max(offset @ inverse(self.centre) @ offset, 0.0)))

    @property
    def significance(self):
        """How many standard errors the centre is from the origin."""
        return self.significance_of(self.offset)


def shape_error(disc, grid):
    """Error of the disc's shape and centre, as `ShapeError`; see `analytic_error`."""
    precision = disc.precision.copy()
    precision[[EAST, NORTH, RATIO]] = 0
    influences, bounded, _, n_effective, covariance = _linearise(disc, precision)
    noise = Noise(disc.points, grid, bounded, n_effective)
    east, north = noise.variance(influences[EAST]), noise.variance(influences[NORTH])
    both = (noise.variance(influences[EAST] + influences[NORTH]) - east - north) / 2
    # Where the prior held the centre back, the data pull on it as much as the prior does.
    pull = np.zeros_like(precision)
    pull[[EAST, NORTH]] = (disc.precision * disc.parameters)[[EAST, NORTH]]
    offset = (disc.parameters + covariance @ pull * disc.scale**2)[[EAST, NORTH]]
    centre = np.array([[east, both], [both, north]])
    # Where the fit uses up all points, nothing is left that tells their noise.
    is_used_up = n_effective > MAX_USED * disc.residual.size
    if is_used_up or not np.hypot(*offset) + np.sqrt(east + north) < BEYOND:
        offset, centre = np.full_like(offset, np.nan), np.full_like(centre, np.nan)
    return ShapeError(
        log_ratio=float(np.sqrt(noise.variance(influences[RATIO]))),
        centre=disc.reach**2 * centre,
        offset=disc.reach * offset,
    )


def _linearise(disc, precision):
    """
    Influence of each residual on each parameter, and what follows from it.

    Also returns the bounded residuals, their mean slope, the freedom used up, and the inverse of
    the normal matrix.
    """
    ratio = disc.residual / disc.scale
    bounded = disc.residual / np.sqrt(1 + ratio**2)
    slope = np.mean((1 + ratio**2) ** -1.5)
    weighted = disc.jacobian * disc.points.weight
    normal = slope * weighted @ disc.jacobian.T
    prior = np.diag(disc.scale**2 * precision + RIDGE)
    covariance = inverse(normal + prior)
    influences = (covariance @ disc.jacobian) * disc.points.weight
    return influences, bounded, slope, float(np.sum(covariance * normal)), covariance


class Noise:
    """Covariance of the residuals: white plus correlated over neighbouring spaxels."""

    def __init__(self, points, grid, residual, n_effective):
        self._length = points.correlation
        count = self._size = residual.size
        freedom = min(n_effective / count, MAX_USED)
        power = np.mean(residual**2)
        self.white, self.correlated = power / (1 - freedom), 0.0
        if self._length == 0:
            return
        if grid is None:
            grid, self._length = lattice(points.x, points.y, self._length, points.spaxel)
        column, row = grid.nearest(points.x, points.y)
        self._column, self._row = column - column.min(), row - row.min()
        self._shape = self._row.max() + 1, self._column.max() + 1
        ones = np.ones(count)
        neighbours = self._smoothed_power(ones) - count
        if neighbours <= MIN_NEIGHBOURS * count:
            return
        # Mean products of residuals: with themselves, and with those within reach. The fit has
        # absorbed the share ``freedom`` of their variance.
        area = neighbours / count
        nearby = (self._smoothed_power(residual) - count * power) / neighbours
        narrow = self._smoothed_power(ones, 1 / np.sqrt(2)) - count
        decay = narrow / neighbours
        matrix = np.array([[1 - freedom, -freedom * area], [-freedom, decay - freedom * area]])
        determinant = np.linalg.det(matrix)
        if area < FEW_NEIGHBOURS and freedom * area > ABSORBED * decay:
            # With so few bins a correlation looks like a misfit.
            return
        if determinant > SINGULAR * decay:
            total, correlated = np.linalg.solve(matrix, [power, nearby])
            chance = 2 * (max(total, power) / determinant) ** 2 * narrow / neighbours**2
            correlated = max(correlated, 0.0)
            correlated *= correlated**2 / (correlated**2 + SIGNIFICANT**2 * chance)
        else:
            total = correlated = power + max(nearby, 0.0)
        correlated = min(correlated, max(total, power))
        total = max(total, self.white, correlated)
        self.white, self.correlated = total - correlated, correlated

    def variance(self, weights):
        """Variance of a weighted sum of residuals."""
        variance = self.white * np.sum(weights**2)
        if self.correlated > 0:
            variance += self.correlated * self._smoothed_power(weights)
        return variance

    def draw(self, rng, order):
        """One draw of noise for all points; ``order`` is the rank in which each is drawn."""
        if self.correlated == 0:
            return np.sqrt(self.white) * rng.normal(size=self._size)[order]
        field = rng.normal(size=self._shape)
        for axis in (0, 1):
            field = _along(_root, field, axis, self._length)
        noise = np.sqrt(self.correlated) * field[self._row, self._column]
        return noise + np.sqrt(self.white) * rng.normal(size=noise.size)[order]

    def rms_nearby(self, values):
        """Root mean square of the values about each point, weighted by exp(-d^2 / 2 length^2)."""
        if self._length == 0:
            return np.full(self._size, np.sqrt(np.mean(values**2)))
        power, weight = (self._smoothed(part)[1] for part in (values**2, np.ones(self._size)))
        at = self._row, self._column
        return np.sqrt(power[at] / weight[at])

    def _smoothed_power(self, values, narrower=1.0):
        """Sum of the products of all values, weighted by exp(-d^2 / 2 length^2)."""
        on_map, smooth = self._smoothed(values, narrower)
        return np.sum(on_map * smooth)

    def _smoothed(self, values, narrower=1.0):
        """Sums of the values in each cell, and the same smoothed."""
        length = self._length * narrower
        ny, nx = self._shape
        on_map = np.bincount(self._row * nx + self._column, values, ny * nx).reshape(ny, nx)
        return on_map, _along(_kernel, _along(_kernel, on_map, 0, length), 1, length)


def _along(matrix, image, axis, length):
    """Multiply an image along an axis with the `_kernel` or with its `_root`."""
    if image.shape[axis] <= LONG_SIDE:
        operator = matrix(image.shape[axis], length)
        return operator @ image if axis == 0 else image @ operator.T
    from scipy.ndimage import convolve1d

    step = np.arange(-int(WINDOW * length), int(WINDOW * length) + 1)
    if matrix is _kernel:
        return convolve1d(image, np.exp(-(step**2) / (2 * length**2)), axis, mode="constant")
    # The root of a Gaussian kernel far from its ends is one of 1 / sqrt(2) of the length.
    window = np.exp(-(step**2) / length**2)
    return convolve1d(image, window / np.linalg.norm(window), axis, mode="wrap")


@lru_cache(maxsize=256)
def _kernel(size, length):
    step = np.arange(size)
    return np.exp(-((step[:, None] - step) ** 2) / (2 * length**2))


@lru_cache(maxsize=256)
def _root(size, length):
    """A square root of the kernel: noise times this has its covariance."""
    values, vectors = np.linalg.eigh(_kernel(size, length))
    return vectors * np.sqrt(np.maximum(values, 0))
