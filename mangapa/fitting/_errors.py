"""Calibrated 1-sigma errors: analytic for the disc, by parametric bootstrap for every method."""

from dataclasses import dataclass
from itertools import islice

import numpy as np

from mangapa._directions import UNIFORM_AXIS
from mangapa._utils.robust import inverse
from mangapa.fitting._point_noise import MAX_USED, Noise
from mangapa.fitting._points import with_velocity
from mangapa.fitting._thin_disc import ANGLE, EAST, NORTH, RATIO, fit_disc

#: Squared signal-to-noise of the rotation that noise alone fakes, at which half of the answers are
#: chance, and the width over which that share falls; chosen so that fields of pure noise have
#: errors near 52 deg in benchmarks/error_calibration.py.
CHANCE, CHANCE_WIDTH = 5.5, 1.2
#: Exponents are clipped here, where the share is 0 or 1 but for rounding.
LARGEST_EXPONENT = 50.0
#: Fewest degrees of freedom from which the noise can be estimated (chosen by hand).
MIN_FREEDOM = 4.0
#: Ridge of the normal matrix, for parameters without a prior.
RIDGE = 1e-12
#: Draws of the parametric bootstrap: its error is then known to 11 per cent.
N_DRAWS = 40
#: Spaxels of all draws that are held at once.
SPAXELS_AT_ONCE = 1_000_000
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
    noise: Noise
    variance: float  # of the angle, radian squared, from the noise


def linear_fit(disc, neighbours):
    """Linearise the fit of a disc to points with these `Neighbours`; returns a `LinearFit`."""
    influences, n_effective, _ = _linearise(disc, disc.precision)
    influence = influences[ANGLE]
    noise = Noise(neighbours, disc.bounded, n_effective)
    return LinearFit(
        influence=influence,
        bounded=disc.bounded,
        slope=disc.slope,
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
    _, n_effective, _ = _linearise(disc, disc.precision)
    noise = Noise(spaxels.neighbours, disc.bounded, n_effective)
    smooth = points.velocity - disc.velocity_residual
    # The bounded residuals show how the noise is shared, the residuals nearby how strong it is.
    strength = np.sqrt(np.mean(disc.bounded**2))
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


def shape_error(disc, neighbours):
    """Error of the disc's shape and centre, as `ShapeError`; see `analytic_error`."""
    precision = disc.precision.copy()
    precision[[EAST, NORTH, RATIO]] = 0
    influences, n_effective, covariance = _linearise(disc, precision)
    noise = Noise(neighbours, disc.bounded, n_effective)
    variance = noise.variance(influences[[EAST, NORTH, RATIO]])
    centre, log_ratio = variance[:2, :2], np.sqrt(variance[2, 2])
    # Where the prior held the centre back, the data pull on it as much as the prior does.
    pull = np.zeros_like(precision)
    pull[[EAST, NORTH]] = (disc.precision * disc.parameters)[[EAST, NORTH]]
    offset = (disc.parameters + covariance @ pull * disc.scale**2)[[EAST, NORTH]]
    # Where the fit uses up all points, nothing is left that tells their noise.
    is_used_up = n_effective > MAX_USED * disc.residual.size
    if is_used_up or not np.hypot(*offset) + np.sqrt(np.trace(centre)) < BEYOND:
        offset, centre = np.full_like(offset, np.nan), np.full_like(centre, np.nan)
    return ShapeError(
        log_ratio=float(log_ratio),
        centre=disc.reach**2 * centre,
        offset=disc.reach * offset,
    )


def _linearise(disc, precision):
    """
    Influence of each residual on each parameter, and what follows from it.

    Also returns the freedom used up, and the inverse of the normal matrix.
    """
    normal = disc.slope * disc.normal
    prior = np.diag(disc.scale**2 * precision + RIDGE)
    covariance = inverse(normal + prior)
    influences = (covariance @ disc.jacobian) * disc.points.weight
    return influences, float(np.sum(covariance * normal)), covariance
