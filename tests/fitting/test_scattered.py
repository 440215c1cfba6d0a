import numpy as np
import pytest

from mangapa.fitting._points import CORRELATION
from mangapa.fitting._scattered import CELLS_ALLOWED, lattice


@pytest.mark.parametrize("length", [CORRELATION, 2 * CORRELATION])
def test_the_lattice_resolves_the_noise(length):
    x, y = np.random.default_rng(1).uniform(-20, 20, (2, 500))
    grid, in_cells = lattice(x, y, length)
    assert in_cells == pytest.approx(CORRELATION)
    assert in_cells * grid.spaxel == pytest.approx(0.5 * length)
    column, row = grid.index(x, y)
    assert column.min() == pytest.approx(0)
    assert row.min() == pytest.approx(0)
    assert column.max() < grid.shape[1]
    assert row.max() < grid.shape[0]


@pytest.mark.promise(22)
@pytest.mark.parametrize("extent", [1e3, 36_000])
def test_the_lattice_of_far_points_is_coarser(extent):
    x, y = np.random.default_rng(1).uniform(-extent, extent, (2, 500))
    grid, in_cells = lattice(x, y, CORRELATION)
    assert np.prod(grid.shape) <= 1.01 * CELLS_ALLOWED
    assert in_cells * grid.spaxel == pytest.approx(0.5 * CORRELATION)
