import numpy as np
import pytest

from mangapa import VelocityField, fit_pa, pa_profile
from mangapa.fitting._points import CORRELATION
from mangapa.fitting._scattered import CELLS_ALLOWED, lattice
from tests.fitting.fields import ROUND, X, Y, disc_velocity


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


@pytest.mark.parametrize("spaxel", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("turn", [0.0, 0.4])
def test_a_list_of_spaxels_has_the_errors_of_their_map(spaxel, turn):
    velocity = disc_velocity(70, noise=40)
    x, y = 2 * spaxel * X, 2 * spaxel * Y
    x, y = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
    map_ = VelocityField.from_arrays(velocity, x, y, mask=~ROUND)
    order = np.random.default_rng(2).permutation(np.flatnonzero(ROUND))
    list_ = VelocityField.from_arrays(*(values.ravel()[order] for values in (velocity, x, y)))
    one, other = fit_pa(map_), fit_pa(list_)
    assert other.pa.value == pytest.approx(one.pa.value, abs=0.1 * one.pa_err.value)
    assert other.pa_err.value == pytest.approx(one.pa_err.value, rel=0.03)
    on_map, on_list = (pa_profile(field)["pa_err"].value for field in (map_, list_))
    assert np.nanmedian(on_list / on_map) == pytest.approx(1, abs=0.05)
