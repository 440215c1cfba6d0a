"""Harmonic terms on all rings of a field: their amplitudes, and what noise leaves of them."""

from dataclasses import dataclass, replace

import numpy as np

from mangapa._utils.robust import TINY
from mangapa.profiles._noise import PairSums, RingNoise, neighbour_kernels
from mangapa.profiles._ring_fit import fit_rings

#: A ring determines its angle if at least this share of its azimuth is covered: the axis on one
#: side at least.
MIN_COVERAGE = 0.5
#: And its higher harmonics above this (Krajnovic et al. 2011, MNRAS 414, 2923).
KINEMETRY_COVERAGE = 0.75
#: Data that determine the seven terms of kinemetry well, three for each.
RICH = 21


@dataclass(frozen=True, kw_only=True, eq=False)
class RingTerms:
    """Two sets of terms that were fitted on n rings, with their covariances."""

    first: np.ndarray  # amplitudes of the few terms of the shape, shape (n, few)
    first_cov: np.ndarray  # shape (n, few, few)
    full: np.ndarray  # amplitudes of all harmonics, shape (n, terms)
    full_cov: np.ndarray  # shape (n, terms, terms)
    total_cov: np.ndarray  # the same, if what the first terms leave is all noise
    quiet_cov: np.ndarray  # that of the few terms, if all harmonics are signal
    shared: float  # fraction of the noise that neighbouring spaxels share, 0-1
    coherent: np.ndarray  # share of the last harmonic's variance that is of shared noise, (n,)
    n_kept: np.ndarray  # data on each ring that are not spurious, shape (n,)

    def with_constant(self, *, in_first=True):
        """The same with a constant that vanishes before the other terms."""

        def padded(values):
            return np.pad(values, [(0, 0)] + [(1, 0)] * (values.ndim - 1))

        names = ["full", "full_cov", "total_cov"]
        names += ["first", "first_cov", "quiet_cov"] if in_first else []
        return replace(self, **{name: padded(getattr(self, name)) for name in names})


def fit_terms(rings, first_terms, full_terms):
    """Fit terms of shapes (few, m) and (terms, m) on rings; returns `RingTerms`."""
    first = fit_rings(rings, first_terms)
    full = fit_rings(rings, full_terms, first.kept)
    kernels = neighbour_kernels(rings)
    # What is not of the shape is noise to the angle, and the signal of the higher harmonics.
    first_sums, full_sums = (PairSums.of(rings, kernels, fit) for fit in (first, full))
    noise, full_noise = RingNoise(rings, first_sums), RingNoise(rings, full_sums)
    return RingTerms(
        first=first.solution,
        first_cov=noise.covariance(first_sums),
        quiet_cov=full_noise.covariance(first_sums),
        full=full.solution,
        full_cov=full_noise.covariance(full_sums),
        total_cov=noise.covariance(full_sums),
        shared=float(noise.shared),
        coherent=_coherent(full_noise.shared, full_sums),
        n_kept=rings.sum(first.kept),
    )


def _coherent(shared, sums):
    white, near = (
        np.einsum("rii->ri", one)[:, -2:].sum(axis=1) for one in (sums.white, sums.correlated)
    )
    near = shared * near
    return near / (near + (1 - shared) * white + TINY**2)


def harmonic_terms(rings, growth, harmonics, *, is_odd=True):
    """
    A constant, and cosine and sine of each harmonic, at each datum; shape (1 + 2 harmonics, m).

    ``growth`` is that across the width of a ring, shape (m,): of the first harmonic of an odd
    moment, and of all terms of an even one.
    """
    terms = [np.ones(rings.radius.size) if is_odd else growth]
    for n in harmonics:
        factor = 1.0 if is_odd and n > 1 else growth
        terms += [factor * np.cos(n * rings.azimuth), factor * np.sin(n * rings.azimuth)]
    return np.array(terms)


def amplitudes(solution, cov):
    """
    Amplitudes of the harmonics on n rings, with and without the noise in them, and their errors.

    The solution holds a constant, and cosine and sine of each harmonic. Returns three arrays of
    shape (n, harmonics): the observed amplitudes, those corrected for noise, and the error of one
    component, which a harmonic that is lost in the noise still has.
    """
    variance = np.einsum("rii->ri", cov)
    power = solution[:, 1::2] ** 2 + solution[:, 2::2] ** 2
    noise = variance[:, 1::2] + variance[:, 2::2]
    return np.sqrt(power), np.sqrt(np.maximum(power - noise, 0)), np.sqrt(noise / 2)


def ratio(top, top_err, bottom, bottom_err):
    """Ratio of two amplitudes and its 1-sigma error, shape (2, ...)."""
    value = top / (bottom + TINY)
    return np.array([value, np.hypot(top_err, value * bottom_err) / (bottom + TINY)])
