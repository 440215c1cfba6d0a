"""The noise of a field's points: white, and correlated over neighbouring spaxels."""

from functools import lru_cache

import numpy as np

from mangapa.fitting._scattered import lattice

#: Correlated noise is distinguished from white noise where the neighbours within reach, weighted by
#: their correlation, add at least this many per point.
MIN_NEIGHBOURS = 0.3
#: With fewer neighbours than this, correlated noise is hard to distinguish from a misfit; unbinned
#: spaxels have 22.
FEW_NEIGHBOURS = 8.0
#: It cannot be distinguished if the fit absorbs more than this share of what decays with distance
#: (chosen by hand, as are the three below).
ABSORBED = 0.4
#: The equations for the two parts of the noise are singular if their determinant is below this
#: fraction of what decays with distance.
SINGULAR = 0.1
#: Largest fraction of the degrees of freedom that a fit is assumed to use.
MAX_USED = 0.9
#: A correlated part that is less significant than this many of its own standard deviations is
#: shrunk towards none.
SIGNIFICANT = 3.0
#: Maps with sides longer than this are smoothed by a window of this many correlation lengths to
#: each side, and not by a matrix whose size is that of the side squared.
LONG_SIDE, WINDOW = 256, 6


class Neighbours:
    """Which points are near each other, for all the noise that is estimated on them."""

    def __init__(self, points, grid):
        """Without a ``grid``, the positions are rounded to one."""
        #: Length over which noise is shared, in cells.
        self.length = points.correlation
        #: Sums over all pairs of the correlation, without that of a point with itself, and of its
        #: square.
        self.sum = self.square_sum = 0.0
        if self.length == 0:
            return
        if grid is None:
            grid, self.length = lattice(points.x, points.y, self.length, points.spaxel)
        column, row = grid.nearest(points.x, points.y)
        self.column, self.row = column - column.min(), row - row.min()
        self.shape = int(self.row.max()) + 1, int(self.column.max()) + 1
        self._cell = self.row * self.shape[1] + self.column
        ones = np.ones(points.x.size)
        self.sum = self.product(ones) - ones.size
        self.square_sum = self.product(ones, 1 / np.sqrt(2)) - ones.size

    def product(self, values, narrower=1.0):
        """
        Products of all pairs of values, weighted by exp(-d^2 / 2 length^2) and summed.

        A number for values of shape (m,), and the matrix (k, k) for (k, m).
        """
        on_map, smooth = (
            part.reshape(*values.shape[:-1], -1) for part in self.smoothed(values, narrower)
        )
        return on_map @ smooth.T

    def smoothed(self, values, narrower=1.0):
        """Sums of the values in each cell, and the same smoothed, shape (..., ny, nx)."""
        length = self.length * narrower
        ny, nx = self.shape
        rows = np.atleast_2d(values)
        on_map = np.array([np.bincount(self._cell, one, ny * nx) for one in rows])
        on_map = on_map.reshape(*values.shape[:-1], ny, nx)
        return on_map, _along(_kernel, _along(_kernel, on_map, -2, length), -1, length)


class Noise:
    """Covariance of the residuals: white plus correlated over neighbouring spaxels."""

    def __init__(self, neighbours, residual, n_effective):
        self._neighbours = neighbours
        count = residual.size
        freedom = min(n_effective / count, MAX_USED)
        power = residual @ residual / count
        self.white, self.correlated = power / (1 - freedom), 0.0
        if neighbours.sum <= MIN_NEIGHBOURS * count:
            return
        # Mean products of residuals: with themselves, and with those within reach. The fit has
        # absorbed the share ``freedom`` of their variance.
        area = neighbours.sum / count
        nearby = (neighbours.product(residual) - count * power) / neighbours.sum
        decay = neighbours.square_sum / neighbours.sum
        # [[1 - freedom, -freedom area], [-freedom, left]] (total, correlated) = (power, nearby)
        left = decay - freedom * area
        determinant = (1 - freedom) * left - freedom**2 * area
        if area < FEW_NEIGHBOURS and freedom * area > ABSORBED * decay:
            # With so few bins a correlation looks like a misfit.
            return
        if determinant > SINGULAR * decay:
            total = (left * power + freedom * area * nearby) / determinant
            correlated = ((1 - freedom) * nearby + freedom * power) / determinant
            chance = 2 * (max(total, power) / determinant) ** 2 * decay / neighbours.sum
            correlated = max(correlated, 0.0)
            correlated *= correlated**2 / (correlated**2 + SIGNIFICANT**2 * chance)
        else:
            total = correlated = power + max(nearby, 0.0)
        correlated = min(correlated, max(total, power))
        total = max(total, self.white, correlated)
        self.white, self.correlated = total - correlated, correlated

    def variance(self, weights):
        """Variance of a weighted sum of residuals, or covariance of k such, shape (k, k)."""
        variance = self.white * (weights @ weights.T)
        if self.correlated > 0:
            variance = variance + self.correlated * self._neighbours.product(weights)
        return variance

    def draw(self, rng, order):
        """One draw of noise for all points; ``order`` is the rank in which each is drawn."""
        if self.correlated == 0:
            return np.sqrt(self.white) * rng.normal(size=order.size)[order]
        near = self._neighbours
        field = rng.normal(size=near.shape)
        for axis in (-2, -1):
            field = _along(_root, field, axis, near.length)
        noise = np.sqrt(self.correlated) * field[near.row, near.column]
        return noise + np.sqrt(self.white) * rng.normal(size=noise.size)[order]

    def rms_nearby(self, values):
        """Root mean square of the values about each point, weighted by exp(-d^2 / 2 length^2)."""
        near = self._neighbours
        if near.length == 0:
            return np.full(values.size, np.sqrt(np.mean(values**2)))
        _, (power, weight) = near.smoothed(np.array([values**2, np.ones(values.size)]))
        at = near.row, near.column
        return np.sqrt(power[at] / weight[at])


def _along(matrix, image, axis, length):
    """Multiply images along axis -2 or -1 with the `_kernel` or with its `_root`."""
    if image.shape[axis] <= LONG_SIDE:
        operator = matrix(image.shape[axis], length)
        return operator @ image if axis == -2 else image @ operator.T
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
