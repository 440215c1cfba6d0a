import numpy as np
import pytest
from astropy import units as u
from astropy.table import MaskedColumn, QTable, Table
from astropy.utils.masked import Masked

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
    with pytest.raises(ValueError, match="galaxy in common: a names '1', for example, and b '7'"):
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


@pytest.mark.needs_matplotlib
def test_axes_bear_the_names_of_the_catalogues():
    figure = compare(A, B, names=("published", "ours")).plot()
    labels = [text for ax in figure.axes for text in (ax.get_xlabel(), ax.get_ylabel())]
    assert labels[:2] == ["published (deg)", "ours (deg)"]
    assert any(label.startswith("ours less published (deg)") for label in labels)


def test_statistics_have_units_and_few_digits():
    numbers = compare(A, B).numbers
    assert numbers["median"].unit == u.deg
    printed = numbers.pformat()
    assert "%" in printed[-1]
    assert max(map(len, printed[-1].split())) < 12


def rows(*rows, names=("plateifu", "name", "release", "daptype", "stellar_pa")):
    return Table(rows=[*rows], names=names)


def unmatched(found):
    return [tuple(row)[:2] for row in found.unmatched]


def pairs(found):
    return [[row["stellar_pa_a"].value, row["stellar_pa_b"].value] for row in found.table]


TWICE = rows(
    ("8485-1901", "8485-1901", "DR17", "HYB10", 10.0),
    ("8485-1901", "8485-1901", "DR17", "VOR10", 20.0),
    ("8485-1901", "8485-1901", "DR15", "VOR10", 30.0),
    ("8485-1902", "8485-1902", "DR17", "HYB10", 40.0),
)


@pytest.mark.promise(19)
def test_analyses_of_a_galaxy_are_matched_one_by_one():
    found = compare(TWICE, TWICE[::-1])
    assert pairs(found) == [[10, 10], [20, 20], [30, 30], [40, 40]]
    assert found.table["plateifu"].tolist() == ["8485-1901"] * 3 + ["8485-1902"]
    assert found.table["daptype_a"].tolist() == ["HYB10", "VOR10", "VOR10", "HYB10"]
    assert found.table["release_b"].tolist() == ["DR17", "DR17", "DR15", "DR17"]
    assert len(found.unmatched) == 0


@pytest.mark.promise(19)
def test_rows_without_one_partner_are_listed():
    published = Table({"plateifu": ["8485-1901", "8485-1902"], "stellar_pa": [1.0, 41.0]})
    found = compare(TWICE, published)
    assert pairs(found) == [[40, 41]]
    assert unmatched(found) == [("a", 0), ("a", 1), ("a", 2), ("b", 0)]
    assert set(found.unmatched["reason"]) == {"several rows could be its partner"}
    assert found.unmatched["daptype"].tolist() == ["HYB10", "VOR10", "VOR10", ""]
    assert (found.only_a, found.only_b) == ([], [])
    assert repr(found).endswith("0 only in a, 0 only in b, 4 rows not matched>")
    few = compare(TWICE, TWICE[[0, 3]])
    assert pairs(few) == [[10, 10], [40, 40]]
    assert unmatched(few) == [("a", 1), ("a", 2)]
    assert few.unmatched["reason"][0] == "the other catalogue has no such analysis of the galaxy"


@pytest.mark.promise(19)
def test_repeats_of_a_galaxy_stay_apart():
    names = ("name", "observation", "stellar_pa")
    a = rows(("1001", "A", 10.0), ("1001", "B", 12.0), ("1002", "A", 30.0), names=names)
    b = rows(("1001", "B", 13.0), ("1001", "A", 9.0), ("1002", "", 31.0), names=names)
    found = compare(a, b)
    assert pairs(found) == [[10, 9], [12, 13], [30, 31]]
    assert found.table["observation_a"].tolist() == ["A", "B", "A"]
    assert found.table["observation_b"].tolist() == ["A", "B", ""]
    assert "plateifu" not in found.table.colnames
    found = compare(a, b[[0, 2]])
    assert pairs(found) == [[12, 13], [30, 31]]
    assert found.unmatched["observation"].tolist() == ["A"]
    without = compare(a, b["name", "stellar_pa"])
    assert pairs(without) == [[30, 31]]
    assert set(without.unmatched["reason"]) == {"several rows could be its partner"}


def test_spellings_of_a_name_are_one_galaxy():
    a = Table({"name": ["NGC0628", "UGC 01234", "8485-01901", "A_1"], "stellar_pa": [1.0] * 4})
    b = Table({"name": ["ngc 628", "UGC1234", "8485-1901", "a1"], "stellar_pa": [2.0] * 4})
    found = compare(a, b)
    assert found.table["name"].tolist() == ["A_1", "NGC0628", "UGC 01234"]
    assert (found.only_a, found.only_b) == (["8485-01901"], ["8485-1901"])
    twice = compare(a, Table({"name": ["NGC628", "NGC 628", "A1"], "stellar_pa": [1.0] * 3}))
    assert twice.table["name"].tolist() == ["A_1"]
    assert len(twice.unmatched) == 3


def test_one_row_on_each_side_is_a_pair_whatever_the_analysis():
    assert pairs(compare(TWICE[:1], TWICE[1:2])) == [[10, 20]]


@pytest.mark.promise(19)
def test_galaxies_without_a_plateifu_go_by_their_name():
    a = rows(("", "cubeA", "", "", 1.0), ("", "cubeB", "", "", 2.0), ("", "", "", "", 3.0))
    b = rows(("", "", "", "", 6.0), ("", "cubeB", "", "", 5.0), ("", "cubeA", "", "", 4.0))
    found = compare(a, b)
    assert pairs(found) == [[1, 4], [2, 5]]
    assert found.table["plateifu"].tolist() == ["cubeA", "cubeB"]
    assert unmatched(found) == [("a", 2), ("b", 0)]
    with pytest.raises(ValueError, match="common: 2 rows have no plate-IFU and no name"):
        compare(a[2:], b[:1])


@pytest.mark.promise(18)
@pytest.mark.parametrize(
    "angles",
    [
        np.ma.array([359.0, 7.0], mask=[False, True]),
        MaskedColumn([359.0, 7.0], mask=[False, True], unit="deg"),
        MaskedColumn([359, 7], mask=[False, True]),
        Masked([359.0, 7.0] * u.deg, mask=[False, True]),
        [359.0, np.nan] * u.deg,
        np.array([359.0, -999.0]),
        np.array([359.0, np.inf]),
        np.array([359.0, -9999.0], ">f4"),
        np.array([359, None], object),
        np.radians([359.0, np.nan]) * u.rad,
    ],
)
@pytest.mark.parametrize("kind", [Table, QTable])
def test_what_is_missing_stays_missing(angles, kind):
    one = kind({"plateifu": ["1", "2"], "stellar_pa": angles})
    found = compare(one, catalogue(["1", "2"], [2, 9], [1, 1]))
    np.testing.assert_allclose(found.table["stellar_pa_difference"].value, [3, np.nan], atol=1e-4)
    assert found.numbers["n"].tolist() == [1]


@pytest.mark.promise(18)
def test_tables_of_pandas_are_catalogues():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"plateifu": ["1", None, "3"]})
    frame["stellar_pa"] = pandas.array([359, 1, None], dtype="Int64")
    found = compare(frame, A)
    np.testing.assert_allclose(found.table["stellar_pa_difference"].value, [0, np.nan])
    assert unmatched(found) == [("a", 1)]


def test_names_may_be_bytes_or_masked():
    for names in (np.array([b"1", b"2"]), MaskedColumn(["1", "2"]), np.array(["1", b"2"], object)):
        found = compare(Table({"plateifu": names, "stellar_pa": [1.0, 2.0]}), A)
        assert found.table["plateifu"].tolist() == ["1", "2"]
    masked = MaskedColumn(["1", "2"], mask=[False, True])
    assert compare(Table({"plateifu": masked, "stellar_pa": [1.0, 2.0]}), A).only_b == list("234")


@pytest.mark.parametrize(
    ("table", "error", "message"),
    [
        (Table({"stellar_pa": [1.0]}), ValueError, "a has no column 'plateifu' or 'name'"),
        (Table({"plateifu": ["1"], "stellar_pa": ["x"]}), ValueError, "'stellar_pa' of a must"),
        (Table({"plateifu": ["1"], "stellar_pa": [b"1"]}), ValueError, "'stellar_pa' of a must"),
        (Table({"plateifu": ["1"], "stellar_pa": [1] * u.km}), ValueError, "'stellar_pa' of a mus"),
        ({"plateifu": ["1"]}, TypeError, "a must be an astropy Table or a pandas DataFrame"),
        ("catalogue.ecsv", TypeError, "a must be an astropy Table or a pandas DataFrame, not str"),
    ],
)
def test_what_cannot_be_compared_is_named(table, error, message):
    with pytest.raises(error, match=message):
        compare(table, A)


def test_a_notebook_shows_the_numbers_and_calls_the_catalogues_by_name():
    a = QTable({"plateifu": ["8485-1901", "8485-1902"], "stellar_pa": [10, np.nan] * u.deg})
    b = QTable({"plateifu": ["8485-1901", "8485-1903"], "stellar_pa": [12, 90] * u.deg})
    shown = compare(a, b, names=("<mine>", "published"))._repr_html_()
    assert "Only in &lt;mine&gt;" in shown
    assert "n = 1, median difference 2.0 deg, 100.0% within 5 deg" in shown


@pytest.mark.parametrize("names", ["ab", ("mine",), ("a", "b", "c")])
def test_there_are_two_names(names):
    with pytest.raises(ValueError, match="must be two names, one for each catalogue"):
        compare(A, B, names=names)
