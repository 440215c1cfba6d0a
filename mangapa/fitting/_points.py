"""Spaxels that share a bin are one measurement: bin them into points."""

from dataclasses import dataclass, replace

import numpy as np

#: Correlation length of the noise of MaNGA's spaxels, which covary as exp(-d^2 / (2 x 1.92^2)) with
#: d in spaxels (Westfall et al. 2019, AJ 158, 231).
CORRELATION = 1.92
#: Side of such a spaxel, arcsec: the scale of positions that are not on a square lattice.
SPAXEL = 0.5
#: Spaxels that share noise, pi x 1.92^2: n spaxels hold n / (n + 12) of an independent datum. The
#: angles of repeat observations hardly depend on it (benchmarks/real_precision.py, run with 3 and
#: with 20).
CORRELATION_AREA = 12.0
#: Pieces of equal velocity are bins unless their second moment exceeds that of a square by more
#: than this factor; a rectangle of 8 to 1 is just accepted, while the isovelocity lines of a
#: noiseless gradient are not.
LONGEST = 4.0
#: Second moment of a square about its centre along both axes, over its area: 2 x 1 / 12.
SQUARE_MOMENT = 1 / 6
#: Neighbours whose mean squared distance is the area of a scattered position: on a square lattice
#: it is that of its cell.
NEIGHBOURS = 4
#: Fewest points that determine an axis, a systemic velocity and an amplitude.
MIN_POINTS = 3
#: Least area of a position over the mean one: places may differ by rounding only.
LEAST_AREA = 1e-3
#: Correlation lengths are rounded to these decimals, in spaxels, so that maps share the kernels.
LENGTH_DECIMALS = 6
#: Bins beyond this number are averaged in cells: six times as many as the largest MaNGA fields have
#: spaxels, and far more than an angle needs.
MOST_POINTS = 30_000
#: Cells grow by this factor until they are few enough.
GROWTH = 1.1
#: Positions are on one line if their spread across it is less than this fraction of that along it.
COLLINEAR = 1e-3
#: Positions within this of each other are one, arcsec: a thousandth of what telescopes resolve.
LEAST_EXTENT = 1e-6
#: Bin ids are renumbered by counting up to this many times the number of spaxels, else by sorting.
COUNTABLE = 100


@dataclass(frozen=True, kw_only=True, eq=False)
class Points:
    """The m bins of a field, or its spaxels where it is not binned; arrays of shape (m,)."""

    x: np.ndarray  # mean offsets, arcsec, +x East
    y: np.ndarray
    velocity: np.ndarray  # mean velocities, km/s
    error: np.ndarray  # their 1-sigma errors, km/s
    n_spaxels: np.ndarray  # area of each, in spaxels; of a scattered one, from its neighbours
    weight: np.ndarray  # fraction of an independent datum that each is worth
    bins: np.ndarray  # point of each of the n spaxels, shape (n,)
    correlation: float  # length over which the noise is shared, spaxels
    spaxel: float  # side of a spaxel, arcsec


def bin_spaxels(spaxels, bins):
    """Average the spaxels of each bin; ``bins`` is what `bins_by_id` or `bins_by_velocity` give."""
    count = np.bincount(bins).astype(float)

    def mean(values):
        return np.bincount(bins, values) / count

    spaxel = (spaxels.spacing or SPAXEL) if spaxels.grid is None else spaxels.grid.spaxel
    scattered = spaxels.grid is None and spaxels.spacing is None
    correlation = CORRELATION
    if spaxels.noise_correlation is not None:
        correlation = round(spaxels.noise_correlation / spaxel, LENGTH_DECIMALS)
    x, y = mean(spaxels.x), mean(spaxels.y)
    n_spaxels = count
    if scattered and bins.size > MOST_POINTS:
        n_spaxels = area_of_each(x, y) / spaxel**2
    elif scattered:
        n_spaxels = np.bincount(bins, area_of_each(spaxels.x, spaxels.y)) / spaxel**2
    shared = CORRELATION_AREA * (correlation / CORRELATION) ** 2
    weight = n_spaxels / (n_spaxels + shared)
    error = mean(spaxels.error)
    if spaxels.own_bins is not None:
        # The noise of a mean falls as its worth as a datum grows.
        own = np.bincount(spaxels.own_bins)[spaxels.own_bins] * (n_spaxels / count)[bins]
        error = error * np.sqrt(mean(own / (own + shared)) / weight)
    return Points(
        x=x,
        y=y,
        velocity=mean(spaxels.velocity),
        error=error,
        n_spaxels=n_spaxels,
        weight=weight,
        bins=bins,
        correlation=correlation,
        spaxel=spaxel,
    )


def in_cells(bins, x, y, grid):
    """
    Put bins whose centres are in one square cell together, if there are more than `MOST_POINTS`.

    ``x`` and ``y`` are the offsets of the spaxels, arcsec, shape (n,) as ``bins`` and the result.
    """
    n_bins = bins.max() + 1
    if n_bins <= MOST_POINTS:
        return bins
    count = np.bincount(bins)
    centres = np.stack([np.bincount(bins, part) / count for part in (x, y)])
    if grid is None:
        from scipy.spatial import ConvexHull

        area = ConvexHull(centres.T).volume
    else:
        centres = np.stack(grid.index(*centres))
        area = n_bins
    centres -= centres.min(axis=1, keepdims=True)
    side = np.sqrt(area / MOST_POINTS)
    while True:
        # Cells of whole spaxels are alike. A row has no more cells than there are bins.
        step = max(side if grid is None else np.ceil(side), np.ptp(centres, axis=1).max() / n_bins)
        column, row = (centres / step).astype(np.int64)
        _, cell = np.unique(row * (column.max() + 1) + column, return_inverse=True)
        if cell.max() < MOST_POINTS:
            return bins_by_id(cell.ravel()[bins])
        side = step * GROWTH


def area_of_each(x, y):
    """
    Area of each scattered position, arcsec^2: the mean squared distance of its neighbours.

    Those at one place, such as the spaxels of a bin at its centre, share its area.
    """
    from scipy.spatial import KDTree

    places, place, count = np.unique(
        np.column_stack([x, y]), axis=0, return_inverse=True, return_counts=True
    )
    distance, _ = KDTree(places).query(places, k=min(NEIGHBOURS + 1, len(places)))
    area = np.mean(distance[:, 1:] ** 2, axis=1)
    area = np.maximum(area, LEAST_AREA * area.mean()) / count
    return area[place.ravel()]


def on_one_line(x, y):
    """Whether positions (arcsec, shape (n,)) are one point or lie on one line."""
    if x.size < MIN_POINTS:
        return True
    dx, dy = x - x.mean(), y - y.mean()
    moments = np.array([[dx @ dx, dx @ dy], [dx @ dy, dy @ dy]])
    short_side, long_side = np.linalg.eigvalsh(moments)
    return short_side <= max(COLLINEAR**2 * long_side, x.size * LEAST_EXTENT**2)


def with_velocity(spaxels, velocity):
    """Replace the velocities (relative to ``first_guess``, km/s, (n,)), but keep the bins."""
    other = replace(spaxels, velocity=velocity)
    vars(other)["bins"] = spaxels.bins
    return other


def bins_by_id(bin_id):
    """Number bins from 0 in the order in which they first appear, whatever their ids are."""
    number = _without_gaps(bin_id)
    first = np.empty(number.max() + 1, np.intp)
    # Of the values assigned to one element the last stays, so that the first spaxel comes last.
    first[number[::-1]] = np.arange(number.size)[::-1]
    rank = np.empty(first.size, np.intp)
    rank[np.argsort(first)] = np.arange(first.size)
    return rank[number]


def _without_gaps(number):
    """Number from 0 without gaps, in the same order."""
    if number.max() > COUNTABLE * number.size:
        return np.unique(number, return_inverse=True)[1].ravel()
    return (np.cumsum(np.bincount(number) > 0) - 1)[number]


def bins_by_velocity(velocity, good):
    """
    Bins recovered from their repeated values.

    They are the compact pieces of connected spaxels of exactly equal velocity; ``good`` places the
    velocities on the map. All other spaxels are bins of their own.
    """
    alone = np.arange(velocity.size)
    pieces = _connected(velocity, good)
    if pieces is None:
        return alone
    row, column = np.nonzero(good)
    size = np.bincount(pieces)
    moment = sum(
        np.bincount(pieces, places**2) / size - (np.bincount(pieces, places) / size) ** 2
        for places in (row.astype(float), column.astype(float))
    )
    compact = moment <= LONGEST * SQUARE_MOMENT * size
    bins = _without_gaps(np.where(compact[pieces], pieces, size.size + alone))
    return bins if bins.max() >= MIN_POINTS - 1 else alone


def _connected(velocity, good):
    """Number of the connected piece of equal velocity of each spaxel; `None` if all are alone."""
    on_map = np.full(good.shape, np.nan)
    on_map[good] = velocity
    number = np.zeros(good.shape, np.intp)
    number[good] = np.arange(velocity.size)
    # NaN equals nothing, so that bad spaxels connect nothing.
    beside = on_map[:, 1:] == on_map[:, :-1]
    above = on_map[1:] == on_map[:-1]
    one = np.concatenate([number[:, 1:][beside], number[1:][above]])
    if one.size == 0:
        return None
    other = np.concatenate([number[:, :-1][beside], number[:-1][above]])
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    n = velocity.size
    # In the form that the search for components needs.
    links = csr_matrix((np.ones(one.size), (one, other)), (n, n))
    return connected_components(links, directed=False)[1]
