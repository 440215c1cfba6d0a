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
