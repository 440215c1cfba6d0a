"""Scattered points, such as the centres of bins, for the methods that need a grid."""

from dataclasses import replace

import numpy as np

from mangapa._utils.grid import Grid

#: Grid cells for each scattered point, enough to keep neighbours apart.
CELLS_PER_POINT = 4


def on_a_grid(spaxels, weight):
    """
    Interpolate scattered spaxels and their weights, shape (n,), linearly to a grid.

    Spaxels that are on a grid are returned as they are.
    """
    if spaxels.grid is not None:
        return spaxels, weight
    from scipy.interpolate import LinearNDInterpolator
    from scipy.spatial import ConvexHull, Delaunay

    places = np.column_stack([spaxels.x, spaxels.y])
    step = np.sqrt(ConvexHull(places).volume / (CELLS_PER_POINT * len(places)))
    half = int(np.ceil(np.abs(places).max() / step)) + 1
    offsets = step * np.arange(-half, half + 1)
    x, y = np.meshgrid(-offsets, offsets)
    values = np.column_stack([spaxels.velocity, spaxels.error, weight])
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
        grid=grid,
    )
    return gridded, weight[good]
