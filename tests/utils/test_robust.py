import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mangapa._utils.robust import inverse, median, percentile, scatter, solve, solve_each


@given(arrays(float, st.integers(1, 40), elements=st.floats(-1e6, 1e6)))
def test_median_equals_that_of_numpy(values):
    before = values.copy()
    assert median(values) == np.median(values)
    np.testing.assert_array_equal(values, before)


@given(
    arrays(float, st.integers(1, 40), elements=st.floats(-1e6, 1e6)), st.floats(0, 100, width=32)
)
def test_percentile_equals_that_of_numpy(values, share):
    before = values.copy()
    assert percentile(values, share) == pytest.approx(np.percentile(values, share), abs=1e-9)
    np.testing.assert_array_equal(values, before)


def test_scatter_of_normal_errors():
    residuals = np.random.default_rng(1).normal(scale=3, size=10_000)
    residuals[::20] = 1e6
    assert scatter(residuals) == pytest.approx(3, rel=0.1)


def test_inverse_and_solution_of_a_regular_matrix():
    terms = np.random.default_rng(1).normal(size=(5, 40)) * [[1e-3], [1], [1], [1e2], [1]]
    normal = terms @ terms.T
    right = normal @ np.arange(5.0)
    np.testing.assert_allclose(inverse(normal), np.linalg.inv(normal), rtol=1e-6)
    np.testing.assert_allclose(inverse(normal) @ right, np.arange(5), atol=1e-6)
    np.testing.assert_array_equal(solve(normal, right), np.linalg.solve(normal, right))


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_a_singular_matrix_gives_the_terms_that_are_determined(rank):
    """The others vanish from the solution, and have a variance that says so."""
    normal = np.diag(np.where(np.arange(4) < rank, 2.0, 0.0))
    right = np.where(np.arange(4) < rank, 6.0, 0.0)
    expected = np.where(np.arange(4) < rank, 3.0, 0.0)
    np.testing.assert_allclose(solve(normal, right), expected, atol=1e-6)
    variance = np.diagonal(inverse(normal))
    np.testing.assert_allclose(variance[:rank], 0.5, rtol=1e-6)
    assert (variance[rank:] > 1e9).all()


def test_terms_that_cannot_be_told_apart_share_what_they_explain():
    normal = np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]])
    np.testing.assert_allclose(inverse(normal) @ [4.0, 4, 1], [2, 2, 1], atol=1e-5)
    assert np.diagonal(inverse(normal))[:2].min() > 1e9


@pytest.mark.parametrize("ranks", [(3, 3), (3, 1), (0, 2)])
def test_systems_are_solved_at_once_as_one_by_one(ranks):
    normal = np.array([np.diag(np.where(np.arange(3) < rank, 2.0, 0.0)) for rank in ranks])
    right = np.array([np.where(np.arange(3) < rank, 6.0, 0.0) for rank in ranks])
    expected = [solve(*one) for one in zip(normal, right, strict=True)]
    np.testing.assert_allclose(solve_each(normal, right), expected, atol=1e-9)
