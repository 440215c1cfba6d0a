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

from mangapa._utils.grid import Grid
from mangapa._utils.robust import median
from mangapa.fitting._scattered import on_a_grid

#: Azimuths on a ring; the axis is tried at half their distance, in steps of one degree.
N_AZIMUTHS = 180
#: Innermost ring, within which the azimuth means nothing, and distance of the rings, spaxels.
FIRST_RING, RING_STEP = 1.5, 2.0
#: A polar sample counts if at least this share of its bilinear weight is on good spaxels (chosen by
#: hand, as are the next and the limit of outliers).
COVERED = 0.6
#: Angles with less than this fraction of the pairs of the best covered angle do not compete.
ENOUGH_PAIRS = 0.1
#: The same for the pairs that give the systemic velocity: only a guard against dividing by none.
ANY_PAIRS = 1e-9
#: A spaxel is an outlier beyond this many standard deviations from the median of its neighbours.
OUTLIER = 7.0
#: Distance of these neighbours, spaxels: the noise of adjacent ones is shared.
NEIGHBOUR = 2
#: The spread of the deviations is the value that 80 % of them do not exceed: 1.28 standard
#: deviations of a normal distribution.
SPREAD_SHARE, SPREAD_SIGMAS = 0.8, 1.28
#: Least spread, over the median velocity, so that a noiseless field has no outliers by rounding.
MIN_SPREAD = 1e-5
#: Positions on the grids are rounded to these decimals, in spaxels, so that most maps share an
#: operator.
ORIGIN_DECIMALS, STEP_DECIMALS = 2, 4
#: Fields of one grid that are worked on at once: enough to share the work, few enough for the
#: cache.
TRANSFORMS_AT_ONCE = 8
VANISHING = 1e-30
#: The 3-sigma rule of pafit: chi-square of one parameter, and standard deviations of chi-square.
DELTA_CHI2, CHI2_SIGMAS = 9.0, 3.0
#: Least half-width of that interval, degrees: the published step.
MIN_WIDTH = 0.5
#: Exchanges that put the median of nine values in the middle (Devillard 1998).
MEDIAN_EXCHANGES = (
    *((1, 2), (4, 5), (7, 8), (0, 1), (3, 4), (6, 7), (1, 2), (4, 5), (7, 8), (0, 3)),
    *((5, 8), (4, 7), (3, 6), (1, 4), (2, 5), (4, 7), (4, 2), (6, 4), (4, 2)),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """How far a field is from bi-antisymmetric about each axis."""

    #: Mean squared mismatch of mirror pairs, (km/s)^2, at each degree, shape (180,); infinite where
    #: there are too few pairs.
    mismatch: np.ndarray
    #: Sum of the inverse variances of the field's points, over 4, (km/s)^-2: a pair's difference is
    #: twice the part that symmetry removes, so its square is four times as large.
    information: float
    pa_axis: float  # best axis modulo 180, refined below the steps, deg; NaN without pairs
    v_sys: float  # systemic velocity there, km/s

    @property
    def chi2(self):
        """Chi-square of the field against its symmetrised self, shape (180,)."""
        return self.mismatch * self.information


def symmetry_curves(spaxels):
    """Compute the `Curve` of each of several fields; those on the same grid share steps."""
    maps, numbers = {}, {}
    for number, one in enumerate(spaxels):
        points = one.points
        on_grid = on_a_grid(one, (points.weight / points.n_spaxels)[points.bins])
        key = _geometry(on_grid[0].grid)
        maps.setdefault(key, []).append(on_grid)
        numbers.setdefault(key, []).append(number)
    curves = [None] * len(spaxels)
    for key, of_grid in maps.items():
        for start in range(0, len(of_grid), TRANSFORMS_AT_ONCE):
            batch = slice(start, start + TRANSFORMS_AT_ONCE)
            mismatch, v_sys = mirror_mismatch(*_polar(key, _maps(of_grid[batch])))
            for i, number in enumerate(numbers[key][batch]):
                curves[number] = curve_of(mismatch[i], v_sys[i], spaxels[number].points)
    return curves


def three_sigma(chi2, n_points):
    """
    Half-width of the 3-sigma interval in chi-square by the rule of pafit, degrees.

    ``chi2`` is given at angles evenly spaced over 180 degrees, without the last. An angle counts if
    its chi-square is above the minimum by at most 9 plus 3 sqrt(2 n).
    """
    inside = chi2 <= chi2.min() + DELTA_CHI2 + CHI2_SIGMAS * np.sqrt(2 * n_points)
    return float(max(90.0 * np.count_nonzero(inside) / chi2.size, MIN_WIDTH))


def _geometry(grid):
    """What the polar operator depends on, in spaxels, rounded so that most maps share it."""
    return (
        grid.shape,
        tuple(np.round(grid.origin / grid.spaxel, ORIGIN_DECIMALS)),
        tuple(np.round(grid.steps.ravel() / grid.spaxel, STEP_DECIMALS)),
    )


def _maps(on_grid):
    """Weight, weighted velocity and coverage of inliers on each map, shape (ny nx, fields, 3)."""
    fields = [spaxels for spaxels, _ in on_grid]
    maps = np.zeros((fields[0].good.size, len(fields), 3))
    for i, ((spaxels, weight), kept) in enumerate(zip(on_grid, _inliers(fields), strict=True)):
        weight = weight * kept
        columns = np.stack([weight, weight * spaxels.velocity, kept], axis=1)
        maps[spaxels.index, i] = columns
    return maps


def _polar(geometry, maps):
    """Velocities and weights on rings, shape (fields, rings, azimuths), and the radii."""
    operator, radius = _polar_operator(*geometry)
    sampled = operator @ maps.reshape(len(maps), -1)
    sampled = sampled.T.reshape(maps.shape[1], 3, radius.size, N_AZIMUTHS)
    weight = np.where(sampled[:, 2] > COVERED, sampled[:, 0], 0.0)
    velocity = np.where(weight > 0, sampled[:, 1] / np.maximum(weight, VANISHING), 0.0)
    return velocity, weight, radius


@lru_cache(maxsize=64)
def _polar_operator(shape, origin, steps):
    """Bilinear interpolation from the spaxels to the rings, as a sparse matrix; and the radii."""
    from scipy.sparse import csr_matrix

    grid = Grid(origin=np.array(origin), steps=np.reshape(steps, (2, 2)), shape=shape)
    ny, nx = shape
    corners = np.hypot(*grid.places(np.array([0, nx, 0, nx]), np.array([0, 0, ny, ny])))
    radius = np.arange(FIRST_RING, corners.max() / np.sqrt(2), RING_STEP)
    # All rings of a field about the centre; only those within its reach of one far from it.
    diagonal = np.hypot(nx, ny)
    radius = radius[radius > corners.max() - diagonal - RING_STEP]
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


def mirror_mismatch(velocity, weight, radius):
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
    v_sys = linear_across / np.maximum(count_across, ANY_PAIRS * most + VANISHING)
    total = count + count_across
    mismatch = (
        2 * (square - product + square_across + product_across)
        - 8 * v_sys * linear_across
        + 4 * v_sys**2 * count_across
    ) / np.maximum(total, VANISHING)
    enough = total > ENOUGH_PAIRS * total.max(axis=-1, keepdims=True)
    return np.where(enough, np.maximum(mismatch, 0), np.inf), v_sys


def curve_of(mismatch, v_sys, points):
    """Make a `Curve`, whose best angle is refined by a parabola through its neighbours."""
    information = np.sum(points.error**-2.0) / 4
    best = int(np.argmin(mismatch))
    before, at, after = mismatch[[best - 1, best, (best + 1) % N_AZIMUTHS]]
    pa_axis = np.nan
    if np.isfinite(at):
        shift = 0.0
        if np.isfinite(before) and np.isfinite(after) and before + after > 2 * at:
            shift = 0.5 * (before - after) / (before - 2 * at + after)
        pa_axis = float((best + shift) * 180.0 / N_AZIMUTHS % 180.0)
    return Curve(
        mismatch=mismatch,
        information=information,
        pa_axis=pa_axis,
        v_sys=float(v_sys[best]) if np.isfinite(at) else np.nan,
    )


def _inliers(fields):
    """
    Which spaxels are near the median of themselves and eight others a small distance away.

    The fields have maps of one shape; returns an array of shape (n,) for each.
    """
    ny, nx = fields[0].good.shape
    wide_shape = (ny + 2 * NEIGHBOUR, nx + 2 * NEIGHBOUR)
    wide = np.full((len(fields), *wide_shape), np.nan, np.float32).ravel()
    # Place of the first of the nine, from which the others are the same steps ahead on all maps.
    size = wide.size // len(fields)
    first = np.arange(size).reshape(wide_shape)[:ny, :nx].ravel()
    first = np.concatenate([i * size + first[one.index] for i, one in enumerate(fields)])
    steps = NEIGHBOUR * np.add.outer(np.arange(3) * wide_shape[1], np.arange(3)).ravel()
    velocity = np.concatenate([one.velocity for one in fields])
    wide[steps[4] + first] = velocity
    nine = np.stack([wide[step:].take(first) for step in steps])
    # Very high and very low values stand in turn for missing neighbours, so that the median is of
    # the others. Where an odd number is missing, the spaxel itself stands for the last.
    edge = np.flatnonzero(np.isnan(nine).any(axis=0))
    some = nine[:, edge]
    absent = np.isnan(some)
    odd = np.logical_xor.accumulate(absent, axis=0)
    some[absent] = np.where(odd[absent], np.inf, -np.inf)
    unpaired = np.flatnonzero(odd[-1])
    last = len(absent) - 1 - absent[::-1, unpaired].argmax(axis=0)
    some[last, unpaired] = some[4, unpaired]
    nine[:, edge] = some
    off = np.abs(velocity - _median_of_nine(nine))
    off[~np.isfinite(off)] = 0.0
    ends = np.cumsum([one.velocity.size for one in fields])[:-1]
    return [_near(*pair) for pair in zip(np.split(off, ends), fields, strict=True)]


def _near(off, spaxels):
    """Which deviations from the neighbours are not those of outliers."""
    share = int(SPREAD_SHARE * (off.size - 1))
    spread = np.partition(off, share)[share]
    floor = MIN_SPREAD * median(np.abs(spaxels.velocity))
    return off <= OUTLIER * max(spread / SPREAD_SIGMAS, floor)


def _median_of_nine(nine):
    """Median along the first axis, by sorting exchanges: three times faster than a partition."""
    # Rows change places with a spare one, since new arrays cost more than comparing.
    nine, spare = list(nine), np.empty_like(nine[0])
    for i, j in MEDIAN_EXCHANGES:
        np.minimum(nine[i], nine[j], out=spare)
        np.maximum(nine[i], nine[j], out=nine[j])
        nine[i], spare = spare, nine[i]
    return nine[4]
