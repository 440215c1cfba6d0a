"""Missing values of pandas are missing in every function that takes numbers."""

import numpy as np
import pytest

import mangapa
from mangapa import VelocityField, misalignment

pd = pytest.importorskip("pandas")

Y, X = np.mgrid[-5:5.5:0.5, 5:-5.5:-0.5]
V = 20 * X + np.random.default_rng(1).normal(scale=2, size=X.shape)
BAD = np.hypot(X - 3, Y - 3) < 2
ONES = np.ones(X.shape)


def with_na(values, kind):
    return pd.DataFrame(values).astype(kind).mask(BAD, pd.NA)


@pytest.mark.promise(18)
@pytest.mark.parametrize(
    "given",
    [
        {"velocity": with_na(V, "Float64")},
        {"velocity": with_na(V, object)},
        {"velocity": with_na(V, "Float64").to_numpy()},
        {"y": with_na(Y, "Float64")},
        {"ivar": with_na(ONES, "Float64")},
        {"bin_id": with_na(np.arange(X.size).reshape(X.shape), "Int64")},
        {"mask": pd.DataFrame(BAD)},
        {"mask": with_na(0 * ONES, "boolean")},
        {"mask": with_na(0 * ONES, "Int64")},
    ],
)
def test_missing_spaxels_are_bad(given):
    wrong = np.where(BAD, 900.0, V)
    field = VelocityField.from_arrays(**{"velocity": wrong, "x": X, "y": Y, **given})
    np.testing.assert_array_equal(field.mask, BAD)
    assert mangapa.fit_pa(field).pa.value == pytest.approx(90, abs=1)


def test_a_frame_of_numbers_is_an_array():
    field = VelocityField.from_arrays(*map(pd.DataFrame, (V, X, Y)))
    assert field.n_spaxels == V.size
    series = VelocityField.from_arrays(*(pd.Series(part.ravel()) for part in (V, X, Y)))
    assert series.velocity.shape == (1, V.size)


@pytest.mark.promise(18)
@pytest.mark.parametrize(
    "angles",
    [
        [pd.NA, 40],
        np.array([pd.NA, 40], object),
        pd.Series([pd.NA, 40], dtype="Int64"),
        pd.Series([None, 40.0], dtype="Float64"),
        pd.Series([pd.NA, 40], dtype=object),
    ],
)
def test_missing_angles(angles):
    np.testing.assert_array_equal(misalignment(angles, 195).angle.value, [np.nan, 155])
    assert np.isnan(misalignment(pd.Series(angles)[0], 195).angle)


@pytest.mark.parametrize("name", ["v_sys", "velocity_error", "n_steps"])
def test_options_are_not_missing(name):
    with pytest.raises(ValueError, match=f"{name}=<NA> must be"):
        mangapa.fit_pa(VelocityField.from_arrays(V, X, Y), **{name: pd.NA})
