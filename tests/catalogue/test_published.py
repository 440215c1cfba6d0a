import numpy as np
import pytest
from astropy import units as u

from mangapa import MangapaWarning
from mangapa.catalogue import read_published, share


def test_mistakes_become_missing_values(published):
    assert published["stellar_pa"][0] == 0 * u.deg
    assert np.isnan(published["stellar_pa"][5])
    assert np.isnan(published["pa_offset"][5])
    assert list(published["stel_qual"].mask) == [False] * 3 + [True] + [False] * 2 + [True]
    assert list(published["mangaid"].mask) == [False] * 6 + [True]
    assert published["plateifu"][3] == "8485-3702"
    assert all(published[name].info.description for name in published.colnames)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        read_published(tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("plateifu,z\n8485-1901,0.1\n")
    with pytest.raises(
        ValueError,
        match="must have a column stellar_pa, and a column halpha_pa, and a column pa_offset",
    ):
        read_published(tmp_path / "other.csv")


def test_shared_catalogue_gives_the_published_numbers(shared_data):
    with pytest.warns(MangapaWarning, match=r"catalogue\.csv: cells that cannot be used"):
        table = read_published(shared_data / "catalogue.csv")
    assert len(table) == 4794
    usable = table[
        (table["stel_qual"] > 0).filled(False) & (table["halpha_qual"] > 0).filled(False)
    ]
    usable = usable[np.isfinite(usable["pa_offset"])]
    assert (len(usable), np.count_nonzero(usable["pa_offset"] >= 30 * u.deg)) == (2229, 261)
    assert share(table, "misaligned", "misalignment").fraction == pytest.approx(0.11, abs=0.02)


@pytest.mark.promise(18)
@pytest.mark.parametrize("cell", ["-999", "-999.0", "-9999", "nan", "inf", "-inf", "", " "])
def test_sentinels_are_missing(tmp_path, cell):
    path = tmp_path / "published.csv"
    path.write_text(
        f"plateifu,stellar_pa,halpha_pa,pa_offset\n8485-1901,{cell},370,{cell}\n"
        "8485-1902,-10,360,5\n"
    )
    table = read_published(path)
    np.testing.assert_array_equal(table["stellar_pa"].value, [np.nan, 350])
    np.testing.assert_array_equal(table["halpha_pa"].value, [10, 0])
    np.testing.assert_array_equal(table["pa_offset"].value, [np.nan, 5])


def test_a_cell_that_is_not_an_angle_is_named(tmp_path):
    path = tmp_path / "published.csv"
    path.write_text("plateifu,stellar_pa,halpha_pa,pa_offset\n8485-1901,East,1,1\n")
    with pytest.raises(ValueError, match=r"published\.csv has stellar_pa='East', which is not an"):
        read_published(path)
