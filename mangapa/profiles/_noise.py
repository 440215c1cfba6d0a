"""Noise on rings, its strength and correlation estimated from the residuals."""

import numpy as np

from mangapa._utils.robust import TINY
from mangapa.profiles._ring_fit import PRIOR_DATA

#: Rounds in which the scale of the noise on each ring and its shared part settle.
SCALE_ROUNDS = 3
#: The two parts of the noise are solved for if the determinant of their equations over the squared
#: trace is above this; below, the rings do not distinguish the parts.
MIN_DETERMINANT = 1e-6
#: Least power that a fit is assumed to leave of the noise, as a fraction of what it leaves of white
#: noise (chosen by hand).
LEAST_LEFT = 0.1
#: On rings with more data than this, only pairs within this many correlation lengths count.
DENSE, WINDOW = 1000, 4.0


class RingNoise:
    """
    Covariance of bounded noise on each ring: s^2 ((1 - c) 1 + c K), K = exp(-d^2 / (2 l^2)).

    d is the distance of two data and l the length over which they share noise, by default 1.92
    spaxels (Westfall et al. 2019, AJ 158, 231). The share c, one
    for the field, and the scales s, one for each ring, are those for which a fit leaves the power
    of the bounded residuals and the products of neighbouring ones that are observed. ``kernels``
    come from `neighbour_kernels`.
    """

    def __init__(self, rings, kernels, fit):
        self._slices, self._kernels = rings.slices(), kernels
        #: The share c, 0-1, and the scales s, km/s, shape (n,).
        self.shared, self.scale = self._settle(rings, fit)

    def covariance(self, fit):
        """Covariance of the solution on each ring, (km/s)^2, shape (n, terms, terms)."""
        cov = []
        scales = self.scale / fit.slope
        for part, kernel, scale in zip(self._slices, self._kernels, scales, strict=True):
            influence = fit.influence[:, part]
            one = (1 - self.shared) * influence @ influence.T
            if self.shared > 0:
                near = influence @ kernel
                one = one + self.shared * near @ influence.T
            cov.append(scale**2 * one)
        return np.array(cov)

    def _settle(self, rings, fit):
        """Share and scales: two linear equations for the parts, then the power on each ring."""
        power = rings.sum(fit.residual**2)
        left, of_kernel, both, near_power = np.zeros((4, rings.count.size))
        for i, (part, kernel) in enumerate(zip(self._slices, self._kernels, strict=True)):
            # The fit absorbs its part: residuals are (1 - H) noise, with H = terms^T influence.
            terms, influence, residual = (
                fit.terms[:, part],
                fit.influence[:, part],
                fit.residual[part],
            )
            left[i] = max(rings.count[i] - np.sum(terms * influence), 1.0)
            if kernel is not None:
                # The trace of K - terms^T near, and of its square, without either matrix.
                near = influence @ kernel
                absorbed = near @ terms.T
                of_kernel[i] = rings.count[i] - np.trace(absorbed)
                both[i] = (
                    square_sum(kernel)
                    - 2 * np.sum((near @ kernel) * terms)
                    + np.sum(absorbed * absorbed.T)
                )
                near_power[i] = residual @ (kernel @ residual)
        shared, scale = 0.0, np.sqrt(power / left + TINY)
        system = np.array([[left.sum(), of_kernel.sum()], [of_kernel.sum(), both.sum()]])
        solvable = np.linalg.det(system) > MIN_DETERMINANT * np.trace(system) ** 2
        for _ in range(SCALE_ROUNDS):
            if solvable:
                found = [power @ scale**-2, near_power @ scale**-2]
                white, correlated = np.maximum(np.linalg.solve(system, found), 0)
                shared = correlated / (white + correlated + TINY)
            expected = np.maximum((1 - shared) * left + shared * of_kernel, LEAST_LEFT * left)
            prior = PRIOR_DATA * expected / rings.count
            overall = power.sum() / expected.sum()
            scale = np.sqrt((power + prior * overall) / (expected + prior) + TINY)
        return shared, scale


def neighbour_kernels(rings):
    """K of `RingNoise` on each ring, shape (data, data); `None` where the noise is white."""
    if rings.correlation == 0:
        return [None] * rings.count.size
    return [_kernel(rings.places[:, part], rings.correlation) for part in rings.slices()]


def _kernel(places, correlation):
    column, row = places
    if column.size > DENSE:
        return _sparse_kernel(places.T, correlation)
    distance = (column[:, None] - column) ** 2 + (row[:, None] - row) ** 2
    return np.exp(distance * (-0.5 / correlation**2))


def _sparse_kernel(places, correlation):
    """The same without what is further apart than `WINDOW`, so that it grows with the data."""
    from scipy.sparse import csr_array
    from scipy.spatial import KDTree

    tree = KDTree(places)
    found = tree.sparse_distance_matrix(tree, WINDOW * correlation, output_type="ndarray")
    values = np.exp(found["v"] ** 2 * (-0.5 / correlation**2)).astype(np.float32)
    pairs = found["i"].astype(np.int32), found["j"].astype(np.int32)
    return csr_array((values, pairs), shape=2 * (len(places),))


def square_sum(kernel):
    """Sum of the squares of the elements of a dense or sparse matrix."""
    values = kernel if isinstance(kernel, np.ndarray) else kernel.data
    return np.vdot(values, values)
