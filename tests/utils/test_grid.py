import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangapa._utils.grid import grid_of, is_sparse
from mangapa.fitting._scattered import on_a_grid
from tests.fitting.fields import spaxels

ROW, COLUMN = np.indices((7, 9))
ALL = np.ones(ROW.shape, bool)


@pytest.mark.promise(17)
@given(st.floats(0, 360), st.booleans(), st.floats(0.1, 10))
def test_grids_of_any_orientation(turn, mirror, step):
    angle = np.radians(turn)
    sign = -1 if mirror else 1
    x = step * (np.cos(angle) * COLUMN - np.sin(angle) * ROW) - 3
    y = sign * step * (np.sin(angle) * COLUMN + np.cos(angle) * ROW) + 2
    grid = grid_of(x, y, ALL)
    assert grid.spaxel == pytest.approx(step)
    column, row = grid.index(x, y)
    np.testing.assert_allclose(column, COLUMN, atol=1e-9)
    np.testing.assert_allclose(row, ROW, atol=1e-9)
    np.testing.assert_allclose(grid.places(COLUMN, ROW), [x, y], atol=1e-9)


def test_positions_of_bad_spaxels_do_not_matter():
    good = (ROW > 1) & (COLUMN < 7)
    x, y = np.where(good, 0.5 * COLUMN, np.nan), np.where(good, 0.5 * ROW, np.nan)
    grid = grid_of(x, y, good)
    np.testing.assert_allclose(grid.origin, 0, atol=1e-9)
    np.testing.assert_allclose(grid.steps, 0.5 * np.eye(2))


def test_float32_offsets_are_a_grid(real_maps):
    import mangapa

    field = mangapa.read_maps(real_maps).stellar
    assert grid_of(field.x.value, field.y.value, field.good).spaxel == pytest.approx(0.5)


def test_scattered_points_are_not_a_grid():
    x, y = np.random.default_rng(1).normal(size=(2, *ROW.shape))
    assert grid_of(x, y, ALL) is None
    assert grid_of(1.0 * COLUMN, 1.0 * ROW**2, ALL) is None
    assert grid_of(1.0 * COLUMN[:1], 1.0 * ROW[:1], ALL[:1]) is None


def test_scattered_points_are_interpolated():
    rng = np.random.default_rng(2)
    x, y = rng.uniform(-5, 5, size=(2, 1, 400))
    gridded, weight = on_a_grid(spaxels(3 * x - 2 * y, x, y), np.full(400, 0.5))
    assert gridded.grid is not None
    plane = 3 * gridded.x - 2 * gridded.y - np.median(3 * x - 2 * y)
    np.testing.assert_allclose(gridded.velocity, plane, atol=1e-9)
    np.testing.assert_allclose(weight, 0.5)
    places = gridded.grid.places(*np.nonzero(gridded.good)[::-1])
    np.testing.assert_allclose(places, [gridded.x, gridded.y], atol=1e-9)


@pytest.mark.parametrize(
    ("turn", "aligned"), [(0, True), (90, False), (180, True), (0.3, True), (1, False)]
)
def test_aligned_to_half_a_spaxel(turn, aligned):
    angle = np.radians(turn)
    row, column = np.indices((40, 30))
    x, y = (
        np.cos(angle) * column - np.sin(angle) * row,
        np.sin(angle) * column + np.cos(angle) * row,
    )
    assert grid_of(x, y, np.ones(x.shape, bool)).is_aligned == aligned


def test_nodes_of_bins_are_sparse_and_maps_with_bad_spaxels_are_not():
    rng = np.random.default_rng(1)
    assert not is_sparse(rng.random((60, 60)) > 0.3)
    nodes = rng.random((60, 60)) > 0.8  # one spaxel for every bin of five
    assert is_sparse(nodes)
    # A block, and a little more than the limit of spaxels that stand alone.
    mixed = np.zeros((60, 60), bool)
    mixed[:20, :21] = True
    mixed[24::4, ::4] = True
    alone = mixed[24:].sum() / mixed.sum()
    assert 0.2 < alone < 0.25
    assert is_sparse(mixed)
