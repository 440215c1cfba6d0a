import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable

import mangapa
from mangapa import MangapaWarning
from mangapa.catalogue import SAMPLES, read_published, sample, share


@pytest.fixture
def published(tmp_path):
    """Some rows as they were published, mistakes included."""
    path = tmp_path / "published.csv"
    path.write_text(
        "plateifu,mangaid,stellar_pa,halpha_pa,pa_offset,stel_qual,stel_feature,halpha_qual,"
        "halpha_feature,halpha_notes,z\n"
        "8485-1901,1-1,360.0,10.0,10.0,2,0,2,0,0,0.03\n"
        "8485-1902,1-2,20.0,70.0,50.0,1,0,2,0,0,0.03\n"
        "8485-3701,1-3,20.0,195.0,175.0,2,0,1,0,0,0.03\n"
        "8485-3702,1-4,20.0,195.0,175.0,3,0,2,0,0,-999\n"
        "8485-6101,1-5,20.0,195.0,175.0,2,1,2,0,0,0.03\n"
        "8485-6102,1-6,,195.0,,0,0,2,0,2,0.03\n"
        "8485-9101,,80.0,90.5,10.5,,,,,,\n"
    )
    with pytest.warns(MangapaWarning, match=r"\(1 in stel_qual\).*stel_qual='3' in line 5"):
        return read_published(path)


def test_mistakes_become_missing_values(published):
    assert published["stellar_pa"][0] == 0 * u.deg
    assert np.isnan(published["stellar_pa"][5])
    assert np.isnan(published["pa_offset"][5])
    assert list(published["stel_qual"].mask) == [False] * 3 + [True] + [False] * 2 + [True]
    assert list(published["mangaid"].mask) == [False] * 6 + [True]
    assert published["plateifu"][3] == "8485-3702"
    assert all(published[name].info.description for name in published.colnames)


def test_samples_of_the_published_catalogue(published):
    names = {name: list(sample(published, name)["plateifu"]) for name in SAMPLES}
    assert names["clean stellar"] == ["8485-1901", "8485-3701"]
    assert names["misalignment"] == ["8485-1901", "8485-1902", "8485-3701"]
    assert names["misaligned"] == ["8485-1902", "8485-3701"]
    assert names["counter-rotators"] == ["8485-3701"]
    with pytest.raises(ValueError, match=r"name='warps' is not known; choose one of 'clean"):
        sample(published, "warps")


def test_share_has_a_binomial_error(published):
    found = share(published, "misaligned", "misalignment")
    assert (found.number, found.total) == (2, 3)
    assert found.fraction == pytest.approx(2 / 3)
    assert 0.3 < found.low < 2 / 3 < found.high < 0.95
    assert repr(found).startswith("<Share 2 of 3: 66.7% +- ")
    assert np.isnan(share(published[:0], "misaligned", "misalignment").fraction)


def test_samples_of_a_measured_catalogue(galaxy):
    row = mangapa.measure(galaxy).row()
    table = QTable({name: [value] for name, value in row.items() if value is not None})
    assert len(sample(table, "misaligned")) == 1
    assert len(sample(table, "clean stellar")) == 1
    assert len(sample(table, "counter-rotators")) == 0


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
