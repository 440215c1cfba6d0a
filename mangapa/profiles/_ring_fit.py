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
    data = rings.velocity / rings.relative
    n_terms = len(terms)
    slices = rings.slices()

    def inverse(weight):
        """Inverse of the normal matrix of each ring, shape (n, terms, terms)."""
        weighted = scaled * weight
        normal = np.array([weighted[:, part] @ scaled[:, part].T for part in slices])
        ridge = RIDGE * np.trace(normal, axis1=1, axis2=2) / n_terms + TINY
        return np.linalg.inv(normal + ridge[:, None, None] * np.eye(n_terms))

    weight = trusted
    for _ in range(ROUNDS):
        solution = np.einsum("rij,jr->ri", inverse(weight), rings.sum(scaled * data * weight))
        residual = data - np.sum(solution[rings.ring].T * scaled, axis=0)
        ratio = residual / _scale(residual, rings, n_terms)[rings.ring]
        weight = trusted / np.sqrt(1 + ratio**2)
    inlying = np.abs(ratio) <= GROSS
    inlying |= (rings.sum(inlying) <= TOO_MANY * rings.count)[rings.ring]
    if kept is None and not inlying.all():
        return fit_rings(rings, terms, inlying)
    return RingFit(
        solution=solution,
        terms=scaled,
        influence=np.concatenate(
            [one @ scaled[:, part] for one, part in zip(inverse(trusted), slices, strict=True)],
            axis=1,
        )
        * trusted,
        slope=rings.sum((1 + ratio**2) ** -1.5) / rings.count,
        residual=residual / np.sqrt(1 + ratio**2),
        kept=inlying,
    )


def _scale(residual, rings, n_terms):
    """Robust scatter on each ring, drawn to that of the field where data are few, shape (n,)."""
    overall = scatter(residual) + TINY
    clipped = np.minimum(np.abs(residual), CLIPPED * overall) ** 2
    freedom = np.maximum(rings.count - n_terms, 1)
    overall *= np.sqrt(rings.count.sum() / freedom.sum())
    return np.sqrt((rings.sum(clipped) + PRIOR_DATA * overall**2) / (freedom + PRIOR_DATA))
