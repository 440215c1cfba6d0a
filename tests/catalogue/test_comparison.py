import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable

from mangapa.catalogue import compare


def catalogue(names, stellar, halpha):
    stellar, halpha = np.array(stellar, float), np.array(halpha, float)
    return QTable({"plateifu": names, "stellar_pa": stellar * u.deg, "halpha_pa": halpha * u.deg})


A = catalogue(["1", "2", "3", "4"], [359, 90, 10, 20], [10, 20, np.nan, 30])
B = catalogue(["4", "2", "1", "9"], [20.5, 270, 2, 1], [30, 32, 10, 1])


def test_differences_are_wrapped_and_matched():
    found = compare(A, B)
    assert list(found.table["plateifu"]) == ["1", "2", "4"]
    np.testing.assert_allclose(found.table["stellar_pa_difference"].value, [3, -180, 0.5])
    assert (found.only_a, found.only_b) == (["3"], ["9"])
    stars, gas = found.numbers
    assert (stars["n"], stars["median"]) == (3, 3)
    assert stars["within_5"] == pytest.approx(2 / 3)
    assert stars["reversed"] == pytest.approx(1 / 3)
    assert gas["within_10"] == pytest.approx(2 / 3)
    assert repr(found) == (
        "<Comparison of 3 galaxies: stellar_pa 66.7% within 5 deg, halpha_pa 66.7% within 5 deg; "
        "1 only in a, 1 only in b>"
    )


def test_outliers_are_sorted_by_difference():
    found = compare(A, B)
    assert list(found.outliers("stellar_pa", 1 * u.deg)["plateifu"]) == ["2", "1"]
    assert list(found.outliers("halpha_pa")["plateifu"]) == ["2"]
    assert list(found.outliers("stellar_pa", 0.02 * u.rad)["plateifu"]) == ["2", "1"]
    assert list(found.outliers("stellar_pa", 10)["plateifu"]) == ["2"]
    with pytest.raises(ValueError, match="name='warp' must be one of stellar_pa, halpha_pa"):
        found.outliers("warp")
    with pytest.raises(ValueError, match="beyond="):
        found.outliers("stellar_pa", 3 * u.km)


def test_catalogues_with_nothing_in_common_are_refused():
    with pytest.raises(ValueError, match="no galaxy in common"):
        compare(A, catalogue(["7"], [1], [1]))
    with pytest.raises(ValueError, match="no column of stellar_pa, halpha_pa, pa_offset in common"):
        compare(A, QTable({"plateifu": ["1"]}))


def test_catalogues_without_a_finite_angle():
    nothing = catalogue(["1"], [np.nan], [np.nan])
    found = compare(nothing, nothing)
    assert found.numbers["n"].tolist() == [0, 0]
    assert np.isnan([found.numbers["median"][0], found.numbers["within_5"][0]]).all()
    assert len(found.outliers("stellar_pa")) == 0


@pytest.mark.needs_matplotlib
def test_plot_draws_angles_and_differences():
    figure = compare(A, B).plot()
    assert len(figure.axes) == 4
    figure.canvas.draw()
