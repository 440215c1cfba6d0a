"""Fields of any sampling, resampled like those that the networks were trained on."""

from dataclasses import replace

import numpy as np

from mangapa._utils.grid import Grid, is_sparse
from mangapa._utils.robust import median
from mangapa.fitting._points import NEIGHBOURS, SPAXEL
from mangapa.fitting._prepared import binned_by_velocity

#: Most spaxels across a field; no field of MaNGA has more than 74.
MOST_ACROSS = 80
#: Percentiles of the rows and columns between which a field is measured: strays do not count.
INNER = (1, 99)
#: Velocities of averaged spaxels are rounded to these decimals, km/s, so that bins, which have
#: equal velocities, still have them.
VELOCITY_DECIMALS = 4
#: Distance to which a position is spread out, over its distance from its neighbours: half the
#: diagonal of a square cell is 0.71.
FILL_RADIUS = 0.8
#: Largest distance from the neighbours, over the median one: no island fills the space around it.
FARTHEST = 3.0
#: Sides of spaxels that differ by less than this share are the same.
SAME_SCALE = 1e-3


def resampled(spaxels):
    """
    Spaxels on a grid whose sampling says nothing about the survey.

    Large fields are averaged in squares. Where only the nodes of bins or few spaxels have a value,
    each is spread out to the places nearest to it. Lengths are in units of the spaxel, which counts
    as half an arcsec. Fields of MaNGA stay as they are.
    """
    spaxels = binned_by_velocity(spaxels)
    spaxels = _spread_out(_averaged(spaxels))
    scale = SPAXEL / spaxels.grid.spaxel
    return spaxels if abs(scale - 1) < SAME_SCALE else _scaled(spaxels, scale)


def _averaged(spaxels):
    """Means over squares of spaxels where there are too many across."""
    row, column = np.nonzero(spaxels.good)
    first_row, first_column = row.min(), column.min()
    if max(np.ptp(row), np.ptp(column)) < MOST_ACROSS:
        return spaxels
    across = max(np.ptp(np.percentile(places, INNER)) for places in (row, column)) + 1
    side = -(-int(across) // MOST_ACROSS)
    if side == 1:
        return spaxels
    row, column = (row - first_row) // side, (column - first_column) // side
    shape = int(row.max()) + 1, int(column.max()) + 1
    count, total = (
        np.bincount(row * shape[1] + column, values, np.prod(shape)).reshape(shape)
        for values in (None, spaxels.velocity)
    )
    good = count > 0
    middle = (side - 1) / 2
    origin = spaxels.grid.places(first_column + middle, first_row + middle)
    grid = Grid(origin=np.array(origin), steps=side * spaxels.grid.steps, shape=shape)
    mean = np.round(total[good] / count[good], VELOCITY_DECIMALS)
    return _on_grid(spaxels, grid, good, mean)


def _spread_out(spaxels):
    """Give each place near a good spaxel the velocity of the nearest, where these are sparse."""
    good = spaxels.good
    if not is_sparse(good):
        return spaxels
    from scipy.spatial import KDTree

    nodes = np.argwhere(good)
    tree = KDTree(nodes)
    distance, _ = tree.query(nodes, k=min(NEIGHBOURS + 1, len(nodes)))
    spacing = np.sqrt(np.mean(distance[:, 1:] ** 2, axis=1))
    radius = FILL_RADIUS * np.minimum(spacing, FARTHEST * median(spacing))
    distance, nearest = tree.query(np.argwhere(np.ones(good.shape, bool)))
    filled = (distance <= radius[nearest]).reshape(good.shape)
    return _on_grid(spaxels, spaxels.grid, filled, spaxels.velocity[nearest[filled.ravel()]])


def _on_grid(spaxels, grid, good, velocity):
    """Spaxels with other velocities, (n,), on other places of a grid."""
    row, column = np.nonzero(good)
    x, y = grid.places(column, row)
    error = np.broadcast_to(spaxels.error[0], velocity.shape)
    maps = {"x": x, "y": y, "velocity": velocity, "error": error, "good": good, "grid": grid}
    return replace(spaxels, **maps, bin_id=None, own_bins=None)


def _scaled(spaxels, scale):
    """Spaxels with all lengths multiplied by a factor."""
    grid, spread = spaxels.grid, spaxels.centre_spread
    scaled = replace(
        spaxels,
        x=scale * spaxels.x,
        y=scale * spaxels.y,
        grid=replace(grid, origin=scale * grid.origin, steps=scale * grid.steps),
        centre=tuple(scale * offset for offset in spaxels.centre),
        centre_spread=None if spread is None else scale * spread,
    )
    vars(scaled)["bins"] = spaxels.bins
    return scaled
