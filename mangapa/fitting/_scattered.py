"""Scattered points, such as the centres of bins, for what needs a grid."""

from dataclasses import replace

import numpy as np

from mangapa._utils.grid import Grid, is_sparse
from mangapa.fitting._points import CORRELATION, MOST_POINTS, SPAXEL, on_one_line

#: Grid cells for each scattered point within their hull, enough to keep neighbours apart.
CELLS_PER_POINT = 4
#: Most grid cells for each scattered point, so that memory does not grow with empty space.
MOST_CELLS_PER_POINT = 64
#: Cells of the lattice of the noise that are allowed whatever the number of points: 32 MB.
CELLS_ALLOWED = 4_000_000


def on_a_grid(spaxels, weight):
    """
    Interpolate scattered spaxels and their weights, shape (n,), linearly to a grid.

    Spaxels that are on a grid are returned as they are, unless they stand alone on it: what uses
    the grid needs neighbours. Of very many, the points are interpolated.
    """
    if spaxels.grid is not None and not is_sparse(spaxels.good):
        return spaxels, weight
    data, points = spaxels, spaxels.points if spaxels.velocity.size > MOST_POINTS else None
    if points is not None and not on_one_line(points.x, points.y):
        weight = np.bincount(points.bins, weight) / np.bincount(points.bins)
        data = points
    from scipy.interpolate import LinearNDInterpolator
    from scipy.spatial import ConvexHull, Delaunay

    places = np.column_stack([data.x, data.y])
    step = np.sqrt(ConvexHull(places).volume / (CELLS_PER_POINT * len(places)))
    x, y = lattice_about_centre(places, step)
    values = np.column_stack([data.velocity, data.error, weight])
    interpolate = LinearNDInterpolator(Delaunay(places), values)
    velocity, error, weight = np.moveaxis(interpolate(x, y), -1, 0)
    good = np.isfinite(velocity)
    grid = Grid(
        origin=np.array([x[0, 0], y[0, 0]]), steps=step * np.diag([-1.0, 1.0]), shape=x.shape
    )
    gridded = replace(
        spaxels,
        x=x[good],
        y=y[good],
        velocity=velocity[good],
        error=error[good],
        good=good,
        bin_id=None,
        own_bins=None,
        grid=grid,
    )
    return gridded, weight[good]


def lattice(x, y, correlation, spaxel=SPAXEL):
    """
    Grid to which scattered positions are rounded, as fine for their noise as spaxels are.

    ``correlation`` is the length over which the noise is shared, in units of ``spaxel``, which is
    in arcsec. Returns the grid, which is coarser where it would take too many cells, and the length
    in its cells.
    """
    step = spaxel * correlation / CORRELATION
    most = max(MOST_CELLS_PER_POINT * x.size, CELLS_ALLOWED)
    step = max(step, np.sqrt(np.ptp(x) * np.ptp(y) / most))
    shape = int(np.ptp(y) / step) + 1, int(np.ptp(x) / step) + 1
    grid = Grid(origin=np.array([x.min(), y.min()]), steps=step * np.eye(2), shape=shape)
    return grid, spaxel * correlation / step


def lattice_about_centre(places, step):
    """
    Positions of a grid that holds all places, and of which one is the centre or in line with it.

    It is centred on the object, but where that takes too many cells it reaches from the first place
    to the last, with a wider step if need be.
    """
    most = MOST_CELLS_PER_POINT * len(places)
    half = int(np.ceil(np.abs(places).max() / step)) + 1
    first, last = np.array([[-half, -half], [half, half]])
    if (2 * half + 1) ** 2 > most:
        low, high = places.min(axis=0), places.max(axis=0)
        step = max(step, np.sqrt(np.prod(high - low) / most))
        first, last = np.floor(low / step).astype(int) - 1, np.ceil(high / step).astype(int) + 1
    columns = step * np.arange(-last[0], -first[0] + 1)
    return np.meshgrid(-columns, step * np.arange(first[1], last[1] + 1))
