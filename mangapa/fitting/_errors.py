"""Calibrated 1-sigma errors: analytic for the disc, by parametric bootstrap for every method."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from mangapa.fitting._points import CORRELATION, gather
from mangapa.fitting._thin_disc import ANGLE, fit_points

__all__ = ["UNIFORM", "analytic_error", "bootstrap_error"]

#: Standard deviation of an axis that may point anywhere, 180 / sqrt(12) degrees.
UNIFORM = 180 / np.sqrt(12)
#: Mean squared signal-to-noise of the rotation that noise alone fakes, at which half of the answers
#: are chance, and how fast that share falls; from simulated fields of pure noise.
CHANCE, CHANCE_WIDTH = 5.5, 1.2
#: Correlated noise is told from white where neighbours within reach add so many per point.
MIN_NEIGHBOURS = 0.3
#: And with fewer than this it is hard to tell from a misfit; unbinned spaxels have 22.
FEW_NEIGHBOURS = 8.0
#: Fewest degrees of freedom that tell the noise.
MIN_FREEDOM = 4.0
#: A correlated part below so many of its own standard deviations is shrunk towards none.
SIGNIFICANT = 3.0
N_DRAWS = 40


def analytic_error(state, grid):
    """
    Error of the disc's angle from its linearised, robust, correlated least squares.

    The sandwich estimate u^T C u, with u the influence of each residual on the angle, and C the
    residuals' own covariance: a white part and one that falls as exp(-d^2 / (2 x 1.92^2)), as
    MaNGA's noise does (Westfall et al. 2019), told apart by the products of neighbouring residuals.
    Where the rotation is hardly significant the error grows to that of a uniform angle.

    Parameters
    ----------
    state : `~mangapa.fitting._thin_disc.DiscState`
        The fit.
    grid : `~mangapa.fitting._grid.Grid` or `None`
        Where the spaxels lie; noise is taken for white where there is none.

    Returns
    -------
    `float`
        1-sigma error, degrees.
    """
    influence, bounded, slope, n_effective = _linearise(state)
    noise = _Noise(state.points, grid, bounded, n_effective)
    variance = noise.variance(influence)
    # How significant the rotation is: its weighted power over that which the noise would have.
    rotation = state.model - state.model.mean()
    power = np.sum((rotation * state.weight) ** 2) ** 2
    significance = power / noise.variance(state.weight**2 * rotation) * slope**2
    chance = 1 / (1 + np.exp(np.clip((significance - CHANCE) / CHANCE_WIDTH, -50, 50)))
    # The fitted rotation holds one part of noise, so that its true significance is less.
    error = np.degrees(np.sqrt(variance)) * np.sqrt(significance / max(significance - 1, 1.0))
    error = min(error, UNIFORM)
    if bounded.size - n_effective < MIN_FREEDOM:
        chance = 1.0
    return float(np.sqrt((1 - chance) * error**2 + chance * UNIFORM**2))


def bootstrap_error(spaxels, axis, fit, rng, n_draws=N_DRAWS):
    """
    Error of any method's axis by parametric bootstrap.

    The method fits fields drawn from the best disc, with noise that has the covariance of the
    residuals from it.

    Parameters
    ----------
    spaxels : `~mangapa.fitting._methods.Spaxels`
        What was fitted.
    axis : `float`
        What the method found, degrees.
    fit : callable
        From a list of `~mangapa.fitting._methods.Spaxels` to their axes, degrees.
    rng : `~numpy.random.Generator`
        Source of the noise.
    n_draws : `int`, optional
        Number of draws.

    Returns
    -------
    `float`
        1-sigma error, degrees.
    """
    points = gather(spaxels)
    _, state, _, _ = fit_points(points, axis)
    _, bounded, _, n_effective = _linearise(state)
    noise = _Noise(points, spaxels.grid, bounded, n_effective)
    smooth = points.velocity - state.velocity_residual
    # The bounded residuals tell how the noise is shared, the robust scale how large it is.
    unit = state.relative * state.velocity_unit * state.scale / np.sqrt(np.mean(bounded**2))
    draws = [
        replace(spaxels, velocity=(smooth + unit * noise.draw(rng))[points.bins])
        for _ in range(n_draws)
    ]
    off = np.radians(2 * (np.array(fit(draws)) - axis))
    off = off[np.isfinite(off)]
    if off.size == 0:
        return UNIFORM
    # About the mean axis, so that a method's bias does not count as scatter.
    off = np.angle(np.exp(1j * (off - np.angle(np.mean(np.exp(1j * off)))))) / 2
    return float(min(np.degrees(np.sqrt(np.mean(off**2))), UNIFORM))


def _linearise(state):
    """Influence of each residual on the angle, bounded residuals, mean slope, parameters told."""
    ratio = state.residual / state.scale
    bounded = state.residual / np.sqrt(1 + ratio**2)
    slope = np.mean((1 + ratio**2) ** -1.5)
    normal = slope * (state.jacobian * state.weight) @ state.jacobian.T
    prior = np.diag(state.scale**2 * state.precision + 1e-12)
    inverse = np.linalg.inv(normal + prior)
    influence = (inverse[ANGLE] @ state.jacobian) * state.weight
    return influence, bounded, slope, float(np.sum(inverse * normal))


class _Noise:
    """Covariance of the residuals: white plus correlated over neighbouring spaxels."""

    def __init__(self, points, grid, residual, n_effective):
        self._grid = grid
        count = self._size = residual.size
        freedom = min(n_effective / count, 0.9)
        power = np.mean(residual**2)
        self.white, self.correlated = power / (1 - freedom), 0.0
        if grid is None:
            return
        column, row = np.rint(grid.index(points.x, points.y)).astype(int)
        self._column, self._row = column - column.min(), row - row.min()
        self._shape = self._row.max() + 1, self._column.max() + 1
        ones = np.ones(count)
        neighbours = self._smoothed_power(ones) - count
        if neighbours <= MIN_NEIGHBOURS * count:
            return
        # Mean products of residuals: with themselves, and with those within reach. The fit has
        # taken ``freedom`` of their variance away, from all of them within reach together.
        area = neighbours / count
        nearby = (self._smoothed_power(residual) - count * power) / neighbours
        narrow = self._smoothed_power(ones, CORRELATION / np.sqrt(2)) - count
        decay = narrow / neighbours
        matrix = np.array([[1 - freedom, -freedom * area], [-freedom, decay - freedom * area]])
        determinant = np.linalg.det(matrix)
        if area < FEW_NEIGHBOURS and freedom * area > 0.4 * decay:
            # So few bins that a correlation cannot be told from a misfit.
            return
        if determinant > 0.1 * decay:
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

    def draw(self, rng):
        """One draw of noise for all points."""
        if self._grid is None or self.correlated == 0:
            return np.sqrt(self.white) * rng.normal(size=self._size)
        ny, nx = self._shape
        field = _root(ny) @ rng.normal(size=self._shape) @ _root(nx).T
        noise = np.sqrt(self.correlated) * field[self._row, self._column]
        return noise + np.sqrt(self.white) * rng.normal(size=noise.size)

    def _smoothed_power(self, values, length=CORRELATION):
        """Sum of the products of all values, weighted by exp(-d^2 / 2 length^2)."""
        ny, nx = self._shape
        on_map = np.bincount(self._row * nx + self._column, values, ny * nx).reshape(ny, nx)
        return np.sum(on_map * (_kernel(ny, length) @ on_map @ _kernel(nx, length)))


@lru_cache(maxsize=256)
def _kernel(size, length):
    step = np.arange(size)
    return np.exp(-((step[:, None] - step) ** 2) / (2 * length**2))


@lru_cache(maxsize=256)
def _root(size):
    """A square root of the kernel: noise times this has its covariance."""
    values, vectors = np.linalg.eigh(_kernel(size, CORRELATION))
    return vectors * np.sqrt(np.maximum(values, 0))
