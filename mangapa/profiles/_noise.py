"""Noise on rings, its strength and correlation estimated from the residuals."""

from dataclasses import dataclass

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


@dataclass(frozen=True, kw_only=True, eq=False)
class PairSums:
    """
    Sums over the pairs of data on each ring that the noise of a fit needs, each of shape (n,).

    The fit absorbs its part of the noise: residuals are (1 - H) noise, with H = terms^T influence.
    """

    slope: np.ndarray  # as that of the fit
    power: np.ndarray  # of the bounded residuals, (km/s)^2
    near_power: np.ndarray  # products of the residuals, weighted by K
    left: np.ndarray  # trace of 1 - H
    of_kernel: np.ndarray  # trace of (1 - H) K
    both: np.ndarray  # of the square of that matrix
    white: np.ndarray  # influence influence^T, shape (n, terms, terms)
    correlated: np.ndarray  # influence K influence^T

    @classmethod
    def of(cls, rings, kernels, fit):
        """Sums of a `RingFit`; ``kernels`` come from `neighbour_kernels`."""
        n_terms, n = len(fit.terms), rings.count.size
        # The residuals are one more row, so that one product serves them as well.
        rows = np.concatenate([fit.influence, fit.residual[None]])
        near, twice = np.zeros_like(rows), np.zeros_like(fit.influence)
        white, correlated, absorbed = np.zeros((3, n, n_terms, n_terms))
        squares = np.zeros(n)
        for i, (part, kernel) in enumerate(zip(rings.slices(), kernels, strict=True)):
            influence = fit.influence[:, part]
            np.matmul(influence, influence.T, out=white[i])
            if kernel is not None:
                near[:, part] = rows[:, part] @ kernel
                influence_near = near[:-1, part]
                np.matmul(influence_near, influence.T, out=correlated[i])
                np.matmul(influence_near, fit.terms[:, part].T, out=absorbed[i])
                twice[:, part] = influence_near @ kernel
                squares[i] = square_sum(kernel)
        has_kernel = np.array([kernel is not None for kernel in kernels])
        by_terms = np.stack([fit.influence, near[:-1], twice]) * fit.terms
        products = np.concatenate([by_terms.sum(axis=1), rows[-1] * [rows[-1], near[-1]]])
        used, used_near, used_twice, power, near_power = rings.sum(products)
        # The trace of K - terms^T near, and of its square, without either matrix.
        return cls(
            slope=fit.slope,
            power=power,
            near_power=near_power,
            left=np.maximum(rings.count - used, 1.0),
            of_kernel=np.where(has_kernel, rings.count - used_near, 0.0),
            both=squares - 2 * used_twice + np.einsum("rij,rji->r", absorbed, absorbed),
            white=white,
            correlated=correlated,
        )


class RingNoise:
    """
    Covariance of bounded noise on each ring: s^2 ((1 - c) 1 + c K), K = exp(-d^2 / (2 l^2)).

    d is the distance of two data and l the length over which they share noise, by default 1.92
    spaxels (Westfall et al. 2019, AJ 158, 231). The share c, one
    for the field, and the scales s, one for each ring, are those for which a fit leaves the power
    of the bounded residuals and the products of neighbouring ones that are observed. ``sums`` are
    the `PairSums` of that fit.
    """

    def __init__(self, rings, sums):
        #: The share c, 0-1, and the scales s, km/s, shape (n,).
        self.shared, self.scale = _settle(rings, sums)

    def covariance(self, sums):
        """Covariance of the solution on each ring, (km/s)^2, shape (n, terms, terms)."""
        one = (1 - self.shared) * sums.white + self.shared * sums.correlated
        return ((self.scale / sums.slope) ** 2)[:, None, None] * one


def _settle(rings, sums):
    """Share and scales: two linear equations for the parts, then the power on each ring."""
    power, left, of_kernel = sums.power, sums.left, sums.of_kernel
    shared, scale = 0.0, np.sqrt(power / left + TINY)
    system = np.array([[left.sum(), of_kernel.sum()], [of_kernel.sum(), sums.both.sum()]])
    solvable = np.linalg.det(system) > MIN_DETERMINANT * np.trace(system) ** 2
    for _ in range(SCALE_ROUNDS):
        if solvable:
            found = [power @ scale**-2, sums.near_power @ scale**-2]
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
    distance, other = column[:, None] - column, row[:, None] - row
    distance *= distance
    other *= other
    distance += other
    distance *= -0.5 / correlation**2
    return np.exp(distance, out=distance)


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
