"""
Kinemetry by least squares: V = v_sys + sum of B_n cos(n t) + A_n sin(n t), n = 1, 3, 5, on rings.

t is the eccentric anomaly from the major axis of the rings, and k_n^2 = A_n^2 + B_n^2. A rotating
disc has B_1 alone if the rings have its shape and axis; a turned axis shows as A_1; the rest is not
rotation (Krajnovic et al. 2006, MNRAS 366, 787). The terms are linear, so that masks and bins are
no obstacle.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mangapa.angles import wrap
from mangapa.profiles._harmonics import (
    KINEMETRY_COVERAGE,
    MIN_COVERAGE,
    RICH,
    amplitudes,
    fit_terms,
    harmonic_terms,
    ratio,
)
from mangapa.profiles._rings import BEAM, BEAM_SIGMA
from mangapa.profiles._vectors import UNIFORM_DIRECTION, direction_error, lengths

__all__ = ["Kinemetry"]

#: Harmonics of odd kinemetry (Krajnovic et al. 2006).
HARMONICS = (1, 3, 5)
#: Systemic velocity and first harmonic.
FIRST_TERMS = 3
#: Error of a ring's angle over what the angle changes within the spread of the beam, besides the
#: noise: beam and fixed shape mix angles there. Fitted to the tilted rings of the simulated fields
#: of shared data, odd and even fields alike.
MIXED = 0.7


@dataclass(frozen=True, kw_only=True, eq=False)
class Kinemetry:
    """
    Kinemetry on the n rings of a field, from the inside out; in degrees, arcsec and km/s.

    Attributes
    ----------
    pa_axis, axis_ratio : `float`
        Shape of the rings.
    radius : `~numpy.ndarray`
        Weighted mean semi-major axes of the data, shape (n,).
    rotation, rotation_cov : `~numpy.ndarray`
        Rotation on the sky along the axis of the rings and, towards East of it, across it, and its
        covariance; shapes (n, 2) and (n, 2, 2).
    k1, k1_err, v_sys, v_sys_err : `~numpy.ndarray`
        Amplitude of the rotation and systemic velocity, shape (n,).
    asymmetry, asymmetry_err : `~numpy.ndarray`
        (k3 + k5) / k1; NaN where too little of the ring is covered, shape (n,).
    field_asymmetry, field_asymmetry_err : `float`
        The same for the whole field.
    n_spaxels, coverage : `~numpy.ndarray`
        Number of spaxels, and the fraction of the azimuth that has any, shape (n,).
    shared : `float`
        Fraction of the noise that neighbouring spaxels share, 0-1.
    """

    pa_axis: float
    axis_ratio: float
    radius: np.ndarray
    rotation: np.ndarray
    rotation_cov: np.ndarray
    k1: np.ndarray
    k1_err: np.ndarray
    v_sys: np.ndarray
    v_sys_err: np.ndarray
    asymmetry: np.ndarray
    asymmetry_err: np.ndarray
    field_asymmetry: float
    field_asymmetry_err: float
    n_spaxels: np.ndarray
    coverage: np.ndarray
    shared: float

    @property
    def covered(self) -> np.ndarray:
        """Which rings are covered well enough to determine their angle, shape (n,)."""
        return self.coverage >= MIN_COVERAGE

    @property
    def pa(self) -> np.ndarray:
        """Position angles of the receding side, shape (n,)."""
        turn = np.degrees(np.arctan2(self.rotation[:, 1], self.rotation[:, 0]))
        return wrap(self.pa_axis + turn)

    @cached_property
    def pa_noise(self) -> np.ndarray:
        """Their 1-sigma errors of the noise alone, shape (n,)."""
        return direction_error(self.rotation, self.rotation_cov)

    @cached_property
    def pa_err(self) -> np.ndarray:
        """Their 1-sigma errors, with what a ring mixes where the angle changes, shape (n,)."""
        noise, near = self.pa_noise, np.flatnonzero(self.covered)
        mixed = np.zeros(noise.size)
        if near.size > 1:
            step = (np.diff(self.pa[near]) + 180) % 360 - 180
            # The noise of both rings holds a part of the step.
            true_square = step**2 - noise[near[1:]] ** 2 - noise[near[:-1]] ** 2
            change = np.sqrt(np.maximum(true_square, 0)) / np.diff(self.radius[near])
            # On both sides: beyond the step of a core, a ring has an angle of its own.
            steady = np.minimum(np.append(change, change[-1]), np.append(change[0], change))
            mixed[near] = MIXED * BEAM_SIGMA * steady
        return np.minimum(np.hypot(noise, mixed), UNIFORM_DIRECTION)


def solve(rings, spaxels):
    """Fit the terms on rings of a field's spaxels, with their errors; returns `Kinemetry`."""
    n_spaxels, coverage = rings.coverage(spaxels)
    radius, fit = fit_rotation(rings)
    solution, cov = best_terms(fit, coverage)
    amplitude, amplitude_cov = solution[:, 1:], cov[:, 1:, 1:]
    k1, k1_err = lengths(amplitude, amplitude_cov)
    rotation, rotation_cov = on_the_sky(rings.ellipse, amplitude, amplitude_cov)
    whole = coverage >= KINEMETRY_COVERAGE
    asymmetry, field_asymmetry = _asymmetries(fit, rings.count, whole)
    return Kinemetry(
        pa_axis=rings.ellipse.pa_axis,
        axis_ratio=rings.ellipse.axis_ratio,
        radius=radius,
        rotation=rotation,
        rotation_cov=rotation_cov,
        k1=k1,
        k1_err=k1_err,
        v_sys=solution[:, 0] + spaxels.first_guess,
        v_sys_err=np.sqrt(cov[:, 0, 0]),
        asymmetry=asymmetry[0],
        asymmetry_err=asymmetry[1],
        field_asymmetry=float(field_asymmetry[0]),
        field_asymmetry_err=float(field_asymmetry[1]),
        n_spaxels=n_spaxels,
        coverage=coverage,
        shared=fit.shared,
    )


def fit_rotation(rings, *, has_constant=True):
    """Mean radii of rings of given shapes, and the terms of the rotation on them, `RingTerms`."""
    radius = rings.mean(rings.radius)
    terms = harmonic_terms(rings, _rise(rings, radius), HARMONICS)
    if has_constant:
        return radius, fit_terms(rings, terms[:FIRST_TERMS], terms)
    fit = fit_terms(rings, terms[1:FIRST_TERMS], terms[1:])
    return radius, fit.with_constant()


def best_terms(fit, coverage):
    """Constant and first harmonic of `RingTerms`, and their covariance."""
    # The higher terms absorb what is not rotation, on rings with enough data to determine them.
    rich = (coverage >= KINEMETRY_COVERAGE) & (fit.n_kept >= RICH)
    solution = np.where(rich[:, None], fit.full[:, :FIRST_TERMS], fit.first)
    full_cov = fit.total_cov[:, :FIRST_TERMS, :FIRST_TERMS]
    return solution, np.where(rich[:, None, None], full_cov, fit.first_cov)


def on_the_sky(ellipse, amplitude, cov):
    """Rotation along the axis of the rings and across it, (n, 2), and its covariance."""
    # V = B cos(t) + A sin(t) at (a cos(t), a q sin(t)) vanishes on a line square to (B, A / q).
    stretch = np.stack(np.broadcast_arrays(1.0, 1 / ellipse.axis_ratio), axis=-1)
    return amplitude * stretch, cov * stretch[..., None] * stretch[..., None, :]


def _rise(rings, radius):
    """The rotation at each datum over that of its ring: within a beam like that of a solid body."""
    rise = rings.radius / np.hypot(rings.radius, BEAM)
    return rise / (radius / np.hypot(radius, BEAM))[rings.ring]


def _asymmetries(fit, count, whole):
    """
    (k3 + k5) / k1 with errors, on each ring and in the whole field, corrected for noise.

    That of the field is the ratio of the means over the rings that are covered well, weighted by
    their number of data.
    """
    observed, amplitude, error = amplitudes(fit.full, fit.full_cov)
    higher, higher_err = amplitude[:, 1:].sum(axis=1), np.hypot(error[:, 1], error[:, 2])
    k1, k1_err = observed[:, 0], error[:, 0]

    of_rings = ratio(higher, higher_err, k1, k1_err)
    of_rings[:, ~whole] = np.nan
    if not whole.any():
        return of_rings, np.full(2, np.nan)
    share = np.where(whole, count, 0) / np.sum(count[whole])
    of_field = ratio(
        share @ higher,
        np.linalg.norm(share * higher_err),
        share @ k1,
        np.linalg.norm(share * k1_err),
    )
    return of_rings, of_field
