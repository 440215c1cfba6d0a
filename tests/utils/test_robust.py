import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mangapa._utils.robust import median, scatter


@given(arrays(float, st.integers(1, 40), elements=st.floats(-1e6, 1e6)))
def test_median_equals_that_of_numpy(values):
    before = values.copy()
    assert median(values) == np.median(values)
    np.testing.assert_array_equal(values, before)


def test_scatter_of_normal_errors():
    residuals = np.random.default_rng(1).normal(scale=3, size=10_000)
    residuals[::20] = 1e6
    assert scatter(residuals) == pytest.approx(3, rel=0.1)
