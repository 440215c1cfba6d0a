"""Where the spaxels of a map lie: a grid in any orientation, or scattered points."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Grid", "grid_of"]

#: A grid's spaxels lie within this fraction of a step from where the grid puts them.
REGULAR = 0.02
#: Spaxels that are looked at.
SAMPLE = 200


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
    if row.size < 3:
        return None
    # Four spaxels far from each other give the grid; these and a sample must lie on it.
    far = np.array([0, column.argmin(), column.argmax(), row.size - 1])
    sample = np.concatenate([far, np.arange(0, row.size, 1 + row.size // SAMPLE)])
    column, row = column[sample], row[sample]
    places = np.stack([x[row, column], y[row, column]])
    index = np.stack([column, row])
    design = np.stack([np.ones(4), *index[:, :4]])
    normal = design @ design.T
    if np.linalg.det(normal) < 1:
        return None
    solution = np.linalg.solve(normal, design @ places[:, :4].T)
    origin, steps = solution[0], solution[1:].T
    size = abs(np.linalg.det(steps))
    off = np.abs(places - steps @ index - origin[:, None]).max()
    if size == 0 or off > REGULAR * np.sqrt(size):
        return None
    return Grid(origin=origin, steps=steps, shape=x.shape)
