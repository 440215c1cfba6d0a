"""
The closed form: symmetry under reflection is a circular convolution on each ring.

Reflection about an axis at angle t maps the azimuth p to 2 t - p. The sum over mirror pairs of
V(p) V(2 t - p) is therefore a circular autoconvolution of the ring at 2 t: one Fourier transform a
ring, one inverse transform in all, give every angle at once. With masks, the same is done for the
weights, the weighted velocities and their squares; dividing by the pairs keeps an uneven footprint
from mattering, and the systemic velocity follows at each angle.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mangapa.fitting._methods import register_method
from mangapa.fitting._points import gather
from mangapa.fitting._results import PAFit
from mangapa.fitting._scattered import on_a_grid

__all__ = ["chi_square_curves", "fit", "fit_many", "three_sigma"]

#: Azimuths a ring; the axis is tried at steps of half their distance, here a degree.
N_AZIMUTHS = 180
#: First ring and distance of rings, spaxels; within the first the azimuth means nothing.
FIRST_RING, RING_STEP = 1.5, 2.0
#: A polar sample counts if so much of its bilinear weight is on good spaxels.
COVERED = 0.6
#: Angles with less than this fraction of the pairs of the best covered angle do not compete.
ENOUGH_PAIRS = 0.1
#: A spaxel is an outlier beyond so many standard deviations from its neighbours at two spaxels.
OUTLIER, NEIGHBOUR = 7.0, 2
#: Share of the deviations, and how many standard deviations it is of normal ones: the spread.
SPREAD_SHARE, SPREAD_SIGMAS = 0.8, 1.28
#: Places on the grids are rounded to this, in spaxels, so that most maps share an operator.
ORIGIN_DECIMALS, STEP_DECIMALS = 2, 4
#: Fields that are transformed at once: enough to share the work, few enough for the cache.
BATCH = 8
TINY = 1e-30
#: Exchanges that put the median of nine in the middle (Devillard 1998).
MEDIAN_EXCHANGES = (
    *((1, 2), (4, 5), (7, 8), (0, 1), (3, 4), (6, 7), (1, 2), (4, 5), (7, 8), (0, 3)),
    *((5, 8), (4, 7), (3, 6), (1, 4), (2, 5), (4, 7), (4, 2), (6, 4), (4, 2)),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """
    How far the field is from bi-antisymmetric at each angle.

    Attributes
    ----------
    chi2 : `~numpy.ndarray`
        Chi-square of the field against its symmetrised self, shape (N_AZIMUTHS,); infinite where
        there are too few pairs.
    pa_axis : `float`
        Best axis, degrees modulo 180, refined below the grid; NaN where there are no pairs.
    v_sys : `float`
        Systemic velocity there, km/s.
    """

    chi2: np.ndarray
    pa_axis: float
    v_sys: float


def fit_many(spaxels, *, n_steps):
    """
    Fit a list of fields at once; fields of the same grid share their transforms.

    Parameters
    ----------
    spaxels : sequence of `~mangapa.fitting._methods.Spaxels`
        What to fit.
    n_steps : `int`
        Not used: every degree is tried, and the best angle refined.

    Returns
    -------
    `list` of `~mangapa.fitting.PAFit`
    """
    points = [gather(one) for one in spaxels]
    return [
        PAFit(
            pa_axis=curve.pa_axis,
            error_3sigma=three_sigma(curve.chi2, one.weight.size),
            v_sys=curve.v_sys,
            chi2=float(curve.chi2.min()),
        )
        for curve, one in zip(chi_square_curves(spaxels, points), points, strict=True)
    ]


@register_method("harmonic", fit_many=fit_many)
def fit(spaxels, *, n_steps):
    """
    Find the axis of bi-antisymmetry from ring harmonics, in closed form.

    Parameters
    ----------
    spaxels : `~mangapa.fitting._methods.Spaxels`
        What to fit.
    n_steps : `int`
        Not used: every degree is tried, and the best angle refined.

    Returns
    -------
    `~mangapa.fitting.PAFit`

    References
    ----------
    Krajnovic et al. 2006, MNRAS 366, 787, Appendix C, for the objective.
    """
    return fit_many([spaxels], n_steps=n_steps)[0]


def chi_square_curves(spaxels, points):
    """
    The objective at every angle, for each of several fields.

    Parameters
    ----------
    spaxels : sequence of `~mangapa.fitting._methods.Spaxels`
        The good spaxels of each field.
    points : sequence of `~mangapa.fitting._points.Points`
        Their bins.

    Returns
    -------
    `list` of `Curve`
    """
    maps, numbers = {}, {}
    for number, (one, bins) in enumerate(zip(spaxels, points, strict=True)):
        gridded, weight = on_a_grid(one, (bins.weight / bins.n_spaxels)[bins.bins])
        key = _geometry(gridded.grid)
        maps.setdefault(key, []).append(_maps(gridded, weight))
        numbers.setdefault(key, []).append(number)
    curves = [None] * len(points)
    for key, of_grid in maps.items():
        for start in range(0, len(of_grid), BATCH):
            batch = slice(start, start + BATCH)
            mismatch, v_sys = _mismatch(*_polar(key, of_grid[batch]))
            for i, number in enumerate(numbers[key][batch]):
                curves[number] = _curve(mismatch[i], v_sys[i], points[number])
    return curves


def three_sigma(chi2, n_points):
    """
    Half-width of the 3-sigma interval in chi-square, degrees.

    The rule of pafit: chi-square at most 9 above its minimum, and 3 standard deviations of
    chi-square itself more; at least half a degree.

    Parameters
    ----------
    chi2 : `~numpy.ndarray`
        At angles that are evenly spaced over 180 degrees, without the last.
    n_points : `int`
        Number of data.

    Returns
    -------
    `float`
    """
    inside = chi2 <= chi2.min() + 9 + 3 * np.sqrt(2 * n_points)
    return float(max(90.0 * np.count_nonzero(inside) / chi2.size, 0.5))


def _geometry(grid):
    """What the polar operator depends on, in spaxels, rounded so that most maps share it."""
    return (
        grid.shape,
        tuple(np.round(grid.origin / grid.spaxel, ORIGIN_DECIMALS)),
        tuple(np.round(grid.steps.ravel() / grid.spaxel, STEP_DECIMALS)),
    )


def _maps(spaxels, weight):
    """Weight, weighted velocity and cover of the spaxels that are no outliers, shape (ny nx, 3)."""
    kept = _inliers(spaxels)
    weight = weight * kept
    maps = np.zeros((spaxels.good.size, 3))
    maps[spaxels.index, 0] = weight
    maps[spaxels.index, 1] = weight * spaxels.velocity
    maps[spaxels.index, 2] = kept
    return maps


def _polar(geometry, maps):
    """Velocities and weights on rings, shape (fields, rings, azimuths), and the radii."""
    operator, radius = _polar_operator(*geometry)
    sampled = operator @ np.concatenate(maps, axis=1)
    sampled = sampled.T.reshape(len(maps), 3, radius.size, N_AZIMUTHS)
    weight = np.where(sampled[:, 2] > COVERED, sampled[:, 0], 0.0)
    velocity = np.where(weight > 0, sampled[:, 1] / np.maximum(weight, TINY), 0.0)
    return velocity, weight, radius


@lru_cache(maxsize=64)
def _polar_operator(shape, origin, steps):
    """Bilinear interpolation from the spaxels to the rings, as a sparse matrix; and the radii."""
    from scipy.sparse import csr_matrix

    from mangapa.fitting._grid import Grid

    grid = Grid(origin=np.array(origin), steps=np.reshape(steps, (2, 2)), shape=shape)
    ny, nx = shape
    corners = np.hypot(*grid.places(np.array([0, nx, 0, nx]), np.array([0, 0, ny, ny])))
    radius = np.arange(FIRST_RING, corners.max() / np.sqrt(2), RING_STEP)
    azimuth = 2 * np.pi * np.arange(N_AZIMUTHS) / N_AZIMUTHS
    column, row = grid.index(
        (radius[:, None] * np.sin(azimuth)).ravel(), (radius[:, None] * np.cos(azimuth)).ravel()
    )
    first_column, first_row = np.floor(column).astype(int), np.floor(row).astype(int)
    sample = np.arange(column.size)
    entries = []
    for i in (0, 1):
        for j in (0, 1):
            r, c = first_row + i, first_column + j
            share = (1 - np.abs(row - r)) * (1 - np.abs(column - c))
            inside = (r >= 0) & (r < ny) & (c >= 0) & (c < nx)
            entries.append((share[inside], sample[inside], (r * nx + c)[inside]))
    share, sample, spaxel = (np.concatenate(part) for part in zip(*entries, strict=True))
    return csr_matrix((share, (sample, spaxel)), shape=(column.size, ny * nx)), radius


def _mismatch(velocity, weight, radius):
    """
    Mean squared mismatch of mirror pairs at each angle, the systemic velocity profiled out.

    About the axis V(p) = V(2 t - p), and V(p) + V(2 t + 180 - p) = 2 v_sys across it.
    """
    from scipy.fft import irfft, rfft

    weighted = weight * velocity
    one, first, second = rfft(np.stack([weight, weighted, weighted * velocity]))
    products = (one * one, one * first, one * second, first * first)
    pairs = irfft(np.array([radius @ product for product in products]), N_AZIMUTHS)
    count, _, square, product = pairs
    half = N_AZIMUTHS // 2
    opposite = np.concatenate([pairs[..., half:], pairs[..., :half]], axis=-1)
    count_across, linear_across, square_across, product_across = opposite
    most = count.max(axis=-1, keepdims=True)
    v_sys = linear_across / np.maximum(count_across, 1e-9 * most + TINY)
    total = count + count_across
    mismatch = (
        2 * (square - product + square_across + product_across)
        - 8 * v_sys * linear_across
        + 4 * v_sys**2 * count_across
    ) / np.maximum(total, TINY)
    enough = total > ENOUGH_PAIRS * total.max(axis=-1, keepdims=True)
    return np.where(enough, np.maximum(mismatch, 0), np.inf), v_sys


def _curve(mismatch, v_sys, points):
    """Chi-square, and the best angle refined by a parabola through its neighbours."""
    best = int(np.argmin(mismatch))
    before, at, after = mismatch[[best - 1, best, (best + 1) % N_AZIMUTHS]]
    if not np.isfinite(at):
        return Curve(chi2=mismatch, pa_axis=np.nan, v_sys=np.nan)
    shift = 0.0
    if np.isfinite(before) and np.isfinite(after) and before + after > 2 * at:
        shift = 0.5 * (before - after) / (before - 2 * at + after)
    # A pair's difference is twice the part that symmetry removes, and its square four times.
    scale = np.sum(points.error**-2.0) / 4
    return Curve(
        chi2=mismatch * scale,
        pa_axis=float((best + shift) * 180.0 / N_AZIMUTHS % 180.0),
        v_sys=float(v_sys[best]),
    )


def _inliers(spaxels):
    """Which spaxels are near the median of themselves and eight others a small distance away."""
    ny, nx = spaxels.good.shape
    width = nx + 2 * NEIGHBOUR
    wide = np.full((ny + 2 * NEIGHBOUR) * width, np.nan, np.float32)
    row, column = np.divmod(spaxels.index, nx)
    at = (row + NEIGHBOUR) * width + column + NEIGHBOUR
    wide[at] = spaxels.velocity
    steps = NEIGHBOUR * np.array([-1, 0, 1])
    nine = wide.take(np.add.outer(steps * width, steps).reshape(9, 1) + at)
    # In place of missing neighbours, very high and very low in turn: the median is of the others.
    # Where their number is odd, the spaxel itself stands for the last, so that high and low count
    # alike.
    edge = np.flatnonzero(np.isnan(nine).any(axis=0))
    some = nine[:, edge]
    absent = np.isnan(some)
    odd = np.logical_xor.accumulate(absent, axis=0)
    some[absent] = np.where(odd[absent], np.inf, -np.inf)
    unpaired = np.flatnonzero(odd[-1])
    last = len(absent) - 1 - absent[::-1, unpaired].argmax(axis=0)
    some[last, unpaired] = some[4, unpaired]
    nine[:, edge] = some
    off = np.abs(spaxels.velocity - _median_of_nine(nine))
    off[~np.isfinite(off)] = 0.0
    share = int(SPREAD_SHARE * (off.size - 1))
    spread = np.partition(off, share)[share]
    return off <= OUTLIER * max(spread / SPREAD_SIGMAS, 1e-3)


def _median_of_nine(nine):
    """Median along the first axis, by sorting exchanges: three times faster than a partition."""
    nine = list(nine)
    for i, j in MEDIAN_EXCHANGES:
        nine[i], nine[j] = np.minimum(nine[i], nine[j]), np.maximum(nine[i], nine[j])
    return nine[4]
