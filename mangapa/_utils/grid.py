"""Positions of the spaxels of a map: a grid in any orientation, or scattered points."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

#: The spaxels of a grid are within this fraction of a step of where the grid puts them; the offsets
#: in MAPS files are rounded to less.
REGULAR = 0.02
#: Number of spaxels that are checked.
SAMPLE = 200
#: Rows and columns that enclose less than this fraction of a right angle are one line.
FLAT = 1e-6
#: Decimals of a column or row that are not rounding errors.
DECIMALS = 6
#: A map is sparse if more than this share of its spaxels have at most one good neighbour of four.
#: In cleaned fields of MaNGA none is; where three in ten spaxels are bad at random, 8 % are.
SPARSE = 0.2
#: Fewest spaxels that can determine a grid.
FEWEST_ON_A_GRID = 3


@dataclass(frozen=True, kw_only=True)
class Grid:
    """An affine grid: the spaxel in row i and column j is at origin + steps @ (j, i)."""

    origin: np.ndarray  # position of the first spaxel, arcsec, shape (2,)
    steps: np.ndarray  # columns: steps to the next column and row, arcsec, shape (2, 2)
    shape: tuple  # rows and columns

    @cached_property
    def spaxel(self):
        """Side of a square with the area of a spaxel, arcsec."""
        return float(np.sqrt(abs(np.linalg.det(self.steps))))

    @cached_property
    def _to_index(self):
        """Columns and rows for each arcsec, the inverse of ``steps``."""
        return np.linalg.inv(self.steps).tolist()

    @property
    def is_aligned(self):
        """Whether rows and columns follow the axes, to half a spaxel over the whole map."""
        rows, columns = self.shape
        (_, across_x), (across_y, _) = np.abs(self.steps)
        return max(across_x * rows, across_y * columns) < self.spaxel / 2

    def index(self, x, y):
        """Column and row, which may be fractions, of any positions."""
        (a, b), (c, d) = self._to_index
        x, y = x - self.origin[0], y - self.origin[1]
        return a * x + b * y, c * x + d * y

    def nearest(self, x, y):
        """
        Column and row of the spaxel nearest to any position.

        Half-way between two, such as at the middle of a bin, it must not depend on the last digit,
        which differs between processors.
        """
        places = np.array(self.index(x, y)).round(DECIMALS)
        places += 0.5
        return np.floor(places, out=places).astype(int)

    def places(self, column, row):
        """Positions of columns and rows, which may be fractions or beyond the map."""
        (a, b), (c, d) = self.steps
        return (
            self.origin[0] + a * column + b * row,
            self.origin[1] + c * column + d * row,
        )


def grid_of(x, y, good):
    """
    Recognise the grid of a map; `None` if the positions are not on one.

    ``x`` and ``y`` are offsets in arcsec; they must be finite where ``good`` is true; all (ny, nx).
    """
    index = np.flatnonzero(good)
    if index.size < FEWEST_ON_A_GRID:
        return None
    column = index % good.shape[1]
    # Four spaxels far apart determine the grid; these and a sample must be on it.
    far = np.array([0, column.argmin(), column.argmax(), index.size - 1])
    sample = np.concatenate([far, np.arange(0, index.size, 1 + index.size // SAMPLE)])
    row, column = index[sample] // good.shape[1], column[sample]
    places = np.stack([x[row, column], y[row, column]])
    index = np.stack([column, row])
    design = np.stack([np.ones(4), *index[:, :4]])
    normal = design @ design.T
    if np.linalg.det(normal) < 1:
        return None
    # Positions may be as large as numbers can be.
    with np.errstate(over="ignore", invalid="ignore"):
        solution = np.linalg.solve(normal, design @ places[:, :4].T)
        origin, steps = solution[0], solution[1:].T
        size = abs(np.linalg.det(steps))
        off = np.abs(places - steps @ index - origin[:, None]).max()
        is_grid = size > FLAT * np.prod(np.hypot(*steps)) and off <= REGULAR * np.sqrt(size)
    if not is_grid:
        return None
    return Grid(origin=origin, steps=steps, shape=x.shape)


def is_sparse(good):
    """Whether many of a map's good spaxels, (ny, nx), stand alone, such as the nodes of bins."""
    beside = np.zeros(good.shape, np.int8)
    for ahead, behind in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        beside[ahead] += good[behind]
        beside[behind] += good[ahead]
    return bool(np.count_nonzero(good & (beside <= 1)) > SPARSE * np.count_nonzero(good))
