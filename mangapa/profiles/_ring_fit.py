"""Robust linear least squares on all rings of a field at once."""

from dataclasses import dataclass

import numpy as np

from mangapa._utils.robust import TINY, scatter

#: The noise of the whole field counts for as much as this many data in the noise of a ring, so that
#: rings with few data have a stable one; the pulls in benchmarks/profiles.py hardly change from 2
#: to 50.
PRIOR_DATA = 10.0
#: Velocities beyond this many standard deviations are spurious, and do not count at all.
GROSS = 6.0
#: Unless more than this share of a ring is: then the terms do not fit, as at the edge of a core.
TOO_MANY = 0.5
#: Rounds of robust weighting; from 4 on, the pulls in benchmarks/profiles.py no longer change.
ROUNDS = 6
#: Residuals count for the scatter of a ring up to this many times that of the field (by hand).
CLIPPED = 3.0
#: Fraction of the mean eigenvalue that stabilises rings whose data do not determine all terms.
RIDGE = 1e-4


@dataclass(frozen=True, kw_only=True, eq=False)
class RingFit:
    """Solutions for m data on n rings, and what their covariance needs."""

    solution: np.ndarray  # amplitudes of the terms on each ring, km/s, shape (n, terms)
    terms: np.ndarray  # the terms in units of the relative errors, shape (terms, m)
    influence: np.ndarray  # derivative of the solution by each bounded residual, (terms, m)
    slope: np.ndarray  # mean derivative of the bounded residuals by the residuals, shape (n,)
    residual: np.ndarray  # bounded residuals in units of the relative errors, km/s, shape (m,)
    kept: np.ndarray  # False for spurious velocities, less than half of each ring, shape (m,)


def fit_rings(rings, terms, kept=None):
    """
    Fit the velocities of each ring with a sum of ``terms``, shape (terms, m), and a soft L1 loss.

    ``kept`` says which data count; by default those that are not spurious.
    """
    trusted = rings.weight if kept is None else rings.weight * kept
    scaled = terms / rings.relative
    data = rings.value / rings.relative
    n_terms = len(terms)
    slices = rings.slices()

    # The data are one more row, so that one product gives normal matrix and right-hand side.
    rows = np.concatenate([scaled, data[None]])
    products = np.empty((len(slices), n_terms, n_terms + 1))
    weighted = np.empty_like(scaled)
    of_rings = [
        (weighted[:, part], rows[:, part].T, product)
        for part, product in zip(slices, products, strict=True)
    ]
    normal, right = products[..., :-1], products[..., -1:]
    diagonal = np.einsum("rii->ri", normal)

    def weigh(weight):
        """Fill in the equations of each ring, with a ridge."""
        np.multiply(scaled, weight, out=weighted)
        for one, other, product in of_rings:
            np.matmul(one, other, out=product)
        diagonal[:] += RIDGE * diagonal.sum(axis=1, keepdims=True) / n_terms + TINY

    weight = trusted
    for _ in range(ROUNDS):
        weigh(weight)
        solution = np.linalg.solve(normal, right)[..., 0]
        residual = data - np.sum(np.repeat(solution.T, rings.count, axis=1) * scaled, axis=0)
        ratio = residual / ring_scatter(residual, rings, n_terms)[rings.ring]
        robust = 1 / np.sqrt(1 + ratio * ratio)
        weight = trusted * robust
    inlying = not_spurious(ratio, rings)
    if kept is None and not inlying.all():
        return fit_rings(rings, terms, inlying)
    weigh(trusted)
    influence = np.empty_like(scaled)
    for one, part in zip(np.linalg.inv(normal), slices, strict=True):
        np.matmul(one, scaled[:, part], out=influence[:, part])
    influence *= trusted
    return RingFit(
        solution=solution,
        terms=scaled,
        influence=influence,
        slope=rings.sum(robust * robust * robust) / rings.count,
        residual=residual * robust,
        kept=inlying,
    )


def not_spurious(ratio, rings):
    """Which data count, from their residuals in standard deviations; both of shape (m,)."""
    inlying = np.abs(ratio) <= GROSS
    return inlying | (rings.sum(inlying) <= TOO_MANY * rings.count)[rings.ring]


def ring_scatter(residual, rings, n_terms):
    """Robust scatter on each ring, drawn to that of the field where data are few, shape (n,)."""
    overall = scatter(residual) + TINY
    clipped = np.minimum(np.abs(residual), CLIPPED * overall) ** 2
    freedom = np.maximum(rings.count - n_terms, 1)
    overall *= np.sqrt(rings.count.sum() / freedom.sum())
    return np.sqrt((rings.sum(clipped) + PRIOR_DATA * overall**2) / (freedom + PRIOR_DATA))
