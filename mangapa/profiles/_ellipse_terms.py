"""Kinemetry on rings of any shapes, as plain arrays: what `kinemetry` puts in its table."""

from dataclasses import dataclass, replace

import numpy as np

from mangapa._utils.robust import TINY
from mangapa.profiles._ellipses import EllipseFit, Moment, growth, log_slopes, shape_terms
from mangapa.profiles._harmonics import (
    KINEMETRY_COVERAGE,
    RICH,
    amplitudes,
    fit_terms,
    harmonic_terms,
)
from mangapa.profiles._kinemetry import HARMONICS, best_terms, fit_rotation, on_the_sky
from mangapa.profiles._ring_fit import fit_rings
from mangapa.profiles._rings import Ellipse, Rings
from mangapa.profiles._vectors import UNIFORM_DIRECTION, direction_error, lengths

__all__ = ["EllipseTerms"]

#: The moments, with the slopes that their amplitudes may have within a ring (by hand: those of
#: rotation curves, and of the light of discs). The first harmonic of an even one is an asymmetry.
MOMENTS = {
    "velocity": Moment(is_odd=True, slopes=(-0.3, 0.9), harmonics=HARMONICS),
    "dispersion": Moment(is_odd=False, slopes=(-1.0, 0.5), harmonics=(1, 2, 4)),
    "flux": Moment(is_odd=False, slopes=(-4.0, -0.1), harmonics=(1, 2, 4)),
}
#: Standard deviation of the axis ratios of thin discs in random directions, which are uniform.
UNIFORM_RATIO = 1 / np.sqrt(12)
#: Terms of the shape before the constant: amplitude, and derivatives by angle and axis ratio.
SHAPE_TERMS = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class EllipseTerms:
    """
    Shapes and harmonics of a moment on the n rings of a field, from the inside out.

    Attributes
    ----------
    rings : ``Rings``
        The rings and the data on them.
    is_free : `bool`
        Whether the shapes were fitted.
    radius : `~numpy.ndarray`
        Mean semi-major axes of the data, arcsec, shape (n,), as all that follow unless they say so.
    n_spaxels, coverage : `~numpy.ndarray`
        Number of spaxels, and the fraction of the azimuth that has any.
    pa, pa_err : `~numpy.ndarray`
        Position angle of the receding side of an odd moment, of one end of the major axis of an
        even one, and its 1-sigma error, deg.
    axis_ratio, axis_ratio_err : `~numpy.ndarray`
        Minor over major axis, and its error, NaN where the shape was given.
    constant, constant_err : `~numpy.ndarray`
        k0 and its error, in the unit of the moment.
    k1, k1_err : `~numpy.ndarray`
        First amplitude, from few terms where there are few data, and its error, with what the shape
        adds.
    harmonic : `~numpy.ndarray`
        Cosine and sine term of each harmonic, from the major axis, shape (n, 3, 2).
    observed, amplitude, error : `~numpy.ndarray`
        Amplitudes of the harmonics with their noise, the same corrected for noise, and the error of
        one component, shape (n, 3).
    correlation : `~numpy.ndarray`
        Of the noise of the last harmonic between rings, shape (n, n).
    """

    rings: Rings
    is_free: bool
    radius: np.ndarray
    n_spaxels: np.ndarray
    coverage: np.ndarray
    pa: np.ndarray
    pa_err: np.ndarray
    axis_ratio: np.ndarray
    axis_ratio_err: np.ndarray
    constant: np.ndarray
    constant_err: np.ndarray
    k1: np.ndarray
    k1_err: np.ndarray
    harmonic: np.ndarray
    observed: np.ndarray
    amplitude: np.ndarray
    error: np.ndarray
    correlation: np.ndarray

    def in_units(self, unit: float) -> "EllipseTerms":
        """
        Change the unit of the moment.

        Parameters
        ----------
        unit : `float`
            The present unit in the new one.

        Returns
        -------
        `EllipseTerms`
        """
        names = ("constant", "constant_err", "k1", "k1_err", "harmonic", "observed", "amplitude")
        return replace(self, **{name: unit * getattr(self, name) for name in (*names, "error")})


def on_given_shapes(rings, spaxels, moment, *, has_constant):
    """Fit the harmonics on rings whose shapes are given; returns `EllipseTerms`."""
    n_spaxels, coverage = rings.coverage(spaxels)
    shape = rings.ellipse.each(rings.count.size)
    if moment.is_odd:
        radius, fit = fit_rotation(rings, has_constant=has_constant)
        solution, cov = best_terms(fit, coverage)
        vector, vector_cov = on_the_sky(shape, solution[:, 1:], cov[:, 1:, 1:])
        turn = np.degrees(np.arctan2(vector[:, 1], vector[:, 0]))
        pa, pa_err = shape.pa_axis + turn, direction_error(vector, vector_cov)
        constant, variance = solution[:, 0], cov[:, 0, 0]
        k1, k1_err = lengths(solution[:, 1:], cov[:, 1:, 1:])
    else:
        radius = rings.mean(rings.radius)
        slope = log_slopes(moment, radius, rings.mean(rings.value))
        rise, _ = growth(moment, rings.radius**2, rings.ring, radius, slope)
        fit = _harmonic_fit(rings, moment, rise, rise[None])
        pa, pa_err = shape.pa_axis, np.full(radius.size, np.nan)
        constant, variance = fit.full[:, 0], fit.full_cov[:, 0, 0]
    observed, amplitude, error = amplitudes(fit.full, fit.full_cov)
    if not moment.is_odd:
        k1, k1_err = amplitude[:, 0], error[:, 0]
    return EllipseTerms(
        rings=rings,
        radius=radius,
        n_spaxels=n_spaxels,
        coverage=coverage,
        pa=pa,
        pa_err=pa_err,
        axis_ratio=shape.axis_ratio,
        axis_ratio_err=np.full(radius.size, np.nan),
        is_free=False,
        constant=constant,
        constant_err=np.sqrt(variance),
        harmonic=fit.full[:, 1:].reshape(radius.size, -1, 2),
        observed=observed,
        amplitude=amplitude,
        error=error,
        correlation=_between_rings(rings, radius, fit.coherent, spaxels.points.spaxel),
        k1=k1,
        k1_err=k1_err,
    )


def on_free_shapes(common, spaxels, relative, moment, spread, *, has_constant):
    """
    Fit the shape of each ring, and the harmonics on it; returns `EllipseTerms`.

    ``common`` are the rings on the shape of the whole disc, ``relative`` the relative errors of the
    points, and ``spread`` the prior spread of axis ratios about that of the disc.
    """
    points, whole = spaxels.points, common.ellipse
    start = _start(common, moment, has_constant)
    # Rings across the disc, as in some cores, are not parts of it.
    across = np.sin(np.radians(start[0].pa_axis - whole.pa_axis))
    spread = np.hypot(spread, UNIFORM_RATIO * across**2)
    fit = EllipseFit(points, common.edges, relative, moment, whole, spread, has_constant)
    shape, slope = fit.run(*start)
    rings = Rings.between(points, shape, common.edges, relative, spaxels.grid)
    n_spaxels, coverage = rings.coverage(spaxels)
    radius = rings.mean(rings.radius)
    x, y = points.x[rings.point], points.y[rings.point]
    terms = shape_terms(moment, shape, rings.ring, x, y, radius, slope)
    # Terms of one size, so that the ridge of the fit does not hide the smaller ones.
    size = np.sqrt(rings.mean(terms**2)) + TINY
    first = [*(terms / size[:, rings.ring])]
    if has_constant:
        first.append(np.ones(rings.radius.size))
    rise, _ = growth(moment, rings.radius**2, rings.ring, radius, slope)
    found = _harmonic_fit(rings, moment, rise, np.array(first), has_constant=has_constant)
    observed, amplitude, error = amplitudes(found.full, found.full_cov)
    is_rich = (coverage >= KINEMETRY_COVERAGE) & (found.n_kept >= RICH)
    leading = observed[:, 0] if moment.is_odd else np.abs(found.full[:, 0])
    leading = np.where(is_rich, leading, np.abs(found.first[:, 0] / size[0]))
    cov = np.where(is_rich[:, None, None], found.quiet_cov, found.first_cov)
    size = np.concatenate([size, np.ones((cov.shape[1] - SHAPE_TERMS, len(cov)))]).T
    cov = _with_prior(cov / size[:, :, None] / size[:, None, :], leading * spread)
    variance = np.einsum("rii->ri", cov)
    if moment.is_odd:
        # Around gaps on the major axis, higher harmonics take the place of the first.
        among = np.where(is_rich, found.full_cov[:, 1, 1], 0.0)
        variance[:, 0] = np.maximum(variance[:, 0], among)
    # The amplitude holds noise itself, so that the true one is less.
    true = np.sqrt(np.maximum(leading**2 - 2 * variance[:, 0], TINY))
    pa_err = np.minimum(np.degrees(np.sqrt(variance[:, 1]) / true), UNIFORM_DIRECTION)
    receding = np.where(found.full[:, 1] < 0, 180.0, 0.0) if moment.is_odd else 0.0
    constant, constant_variance = found.full[:, 0], variance[:, 0]
    if moment.is_odd and has_constant:
        constant = np.where(is_rich, constant, found.first[:, SHAPE_TERMS])
        constant_variance = variance[:, SHAPE_TERMS]
    return EllipseTerms(
        rings=rings,
        radius=radius,
        n_spaxels=n_spaxels,
        coverage=coverage,
        pa=shape.pa_axis + receding,
        pa_err=pa_err,
        axis_ratio=shape.axis_ratio,
        axis_ratio_err=np.minimum(np.sqrt(variance[:, 2]) / true, spread),
        is_free=True,
        constant=constant,
        constant_err=np.sqrt(constant_variance),
        harmonic=found.full[:, 1:].reshape(radius.size, -1, 2),
        observed=observed,
        amplitude=amplitude,
        error=error,
        correlation=_between_rings(rings, radius, found.coherent, points.spaxel),
        k1=leading if moment.is_odd else amplitude[:, 0],
        k1_err=np.sqrt(variance[:, 0]) if moment.is_odd else error[:, 0],
    )


def _start(rings, moment, has_constant):
    """Shapes, constants and amplitudes from which the shapes are fitted."""
    shape = rings.ellipse.each(rings.count.size)
    if not moment.is_odd:
        return shape, np.zeros(rings.count.size), rings.mean(rings.value)
    cosine, sine = np.cos(rings.azimuth), np.sin(rings.azimuth)
    terms = [cosine, sine]
    if has_constant:
        terms.insert(0, np.ones(rings.radius.size))
    solution = fit_rings(rings, np.array(terms)).solution
    vector, _ = on_the_sky(shape, solution[:, -2:], np.zeros((rings.count.size, 2, 2)))
    turn = np.degrees(np.arctan2(vector[:, 1], vector[:, 0]))
    constant = solution[:, 0] if has_constant else np.zeros(rings.count.size)
    turned = Ellipse(pa_axis=shape.pa_axis + turn, axis_ratio=shape.axis_ratio)
    return turned, constant, np.hypot(*vector.T)


def _harmonic_fit(rings, moment, rise, first, *, has_constant=True):
    """`RingTerms` of these first terms and all harmonics; ``rise`` as `growth` gives it."""
    terms = harmonic_terms(rings, rise, moment.harmonics, is_odd=moment.is_odd)
    if has_constant or not moment.is_odd:
        return fit_terms(rings, first, terms)
    return fit_terms(rings, first, terms[1:]).with_constant(in_first=False)


def _between_rings(rings, radius, coherent, spaxel):
    """Correlation of the noise of n rings, (n, n), of which they share a part; see `RingNoise`."""
    # Two rings share noise over its length and their own width, as a Gaussian of both variances.
    variance = (rings.correlation * spaxel) ** 2 + np.diff(rings.edges).min() ** 2 / 6
    near = np.exp(-((radius[:, None] - radius) ** 2) / (2 * variance))
    share = np.sqrt(coherent)
    correlation = share[:, None] * share * near
    np.fill_diagonal(correlation, 1.0)
    return correlation


def _with_prior(cov, width):
    """Covariances of n rings with a prior of this width, (n,), on the term of the axis ratio."""
    column = cov[:, :, 2]
    gain = 1 / (cov[:, 2, 2] + width**2 + TINY)
    return cov - gain[:, None, None] * column[:, :, None] * column[:, None, :]
