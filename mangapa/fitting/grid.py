"""Where the spaxels of a map lie: a grid in any orientation, or scattered points."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Grid", "grid_of"]

#: A grid's spaxels lie within this fraction of a step from where the grid puts them.
REGULAR = 0.02


@dataclass(frozen=True, kw_only=True)
class Grid:
    """
    An affine grid: the place of the spaxel in row i and column j is origin + steps @ (j, i).

    Attributes
    ----------
    origin : `~numpy.ndarray`
        Place of the first spaxel, arcsec, shape (2,).
    steps : `~numpy.ndarray`
        Columns are the step to the next column and to the next row, arcsec, shape (2, 2).
    shape : `tuple` of `int`
        Rows and columns.
    """

    origin: np.ndarray
    steps: np.ndarray
    shape: tuple

    @property
    def spaxel(self):
        """Side of a spaxel, arcsec: that of a square of the same area."""
        return float(np.sqrt(abs(np.linalg.det(self.steps))))

    def index(self, x, y):
        """Column and row, as fractions, of any places."""
        (a, b), (c, d) = np.linalg.inv(self.steps)
        x, y = x - self.origin[0], y - self.origin[1]
        return a * x + b * y, c * x + d * y

    def places(self, column, row):
        """Place of any columns and rows, which may be fractions or beyond the map."""
        (a, b), (c, d) = self.steps
        return (
            self.origin[0] + a * column + b * row,
            self.origin[1] + c * column + d * row,
        )


def grid_of(x, y, good):
    """
    Recognise the grid of a map.

    Parameters
    ----------
    x, y : `~numpy.ndarray`
        Offsets, arcsec, shape (ny, nx).
    good : `~numpy.ndarray` of `bool`
        Spaxels whose offsets are finite, shape (ny, nx).

    Returns
    -------
    `Grid` or `None`
        `None` where the places are not those of a grid.
    """
    row, column = np.nonzero(good)
    if min(x.shape) < 2 or row.size < 3:
        return None
    # Three unknowns, many spaxels: the normal equations are small and well conditioned.
    design = np.stack([np.ones(row.size), column - column.mean(), row - row.mean()])
    places = np.stack([x[good], y[good]])
    normal = design @ design.T
    if np.linalg.cond(normal) > 1e12:
        return None
    solution = np.linalg.solve(normal, design @ places.T)
    steps = solution[1:].T
    off = np.abs(places - solution.T @ design).max()
    size = np.abs(np.linalg.det(steps))
    if size == 0 or off > REGULAR * np.sqrt(size):
        return None
    origin = solution[0] - steps @ (column.mean(), row.mean())
    return Grid(origin=origin, steps=steps, shape=x.shape)
