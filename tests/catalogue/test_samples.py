import numpy as np
import pytest
from astropy import units as u
from astropy.table import MaskedColumn, QTable, Table
from astropy.utils.masked import Masked

import mangapa
from mangapa.catalogue import SAMPLES, sample, share, tabulate


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


def test_unusable_fields_are_never_clean():
    table = QTable({"stel_qual": [0, 0]})
    assert len(sample(table, "clean stellar")) == 0
    assert len(sample(table[:0], "clean stellar")) == 0
    table["stel_qual"][1] = 1
    assert len(sample(table, "clean stellar")) == 1


def test_catalogue_without_flags_has_no_usable_fields(published):
    few = published["plateifu", "pa_offset"]
    assert [len(sample(few, name)) for name in SAMPLES] == [0, 0, 0, 0]


QUALITIES = {"stel_qual": [1, 1, 1], "halpha_qual": [1, 1, 1]}


@pytest.mark.promise(18)
@pytest.mark.parametrize(
    "offsets",
    [
        MaskedColumn([10.0, 170.0, 40.0], mask=[False, True, False]),
        MaskedColumn([10, 170, 40], mask=[False, True, False]),
        Masked([10.0, 170.0, 40.0] * u.deg, mask=[False, True, False]),
        [10.0, np.nan, 40.0] * u.deg,
        np.array([10.0, -999.0, 40.0]),
        np.array([10.0, None, 40.0], object),
    ],
)
@pytest.mark.parametrize("kind", [Table, QTable])
def test_a_missing_misalignment_is_in_no_sample(offsets, kind):
    table = kind({"pa_offset": offsets, **QUALITIES})
    found = share(table, "misaligned", of="misalignment")
    assert (found.number, found.total) == (1, 2)
    assert len(sample(table, "counter-rotators")) == 0


@pytest.mark.promise(18)
def test_a_missing_class_is_not_usable():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"pa_offset": [10.0, 40.0, 50.0], **QUALITIES})
    frame["stel_qual"] = pandas.array([1, None, 1], dtype="Int64")
    found = share(frame, "misaligned", of="misalignment")
    assert (found.number, found.total) == (1, 2)
    assert len(sample(frame, "clean stellar")) == 2


@pytest.mark.promise(19)
def test_each_galaxy_counts_once():
    table = Table(
        {
            "plateifu": ["1-1", "1-1", "1-2", "1-3", ""],
            "release": ["DR17"] * 5,
            "daptype": ["VOR10", "HYB10", "HYB10", "VOR10", "HYB10"],
            "pa_offset": [10.0, 40.0, 50.0, 5.0, 60.0],
            "stel_qual": [1] * 5,
            "halpha_qual": [1] * 5,
        }
    )
    found = share(table, "misaligned", of="misalignment")
    assert (found.number, found.total, found.left_out) == (3, 4, 1)
    assert found.analyses == ("DR17 HYB10", "DR17 VOR10")
    assert repr(found).endswith("; DR17 HYB10, DR17 VOR10, 1 other rows left out>")
    assert len(sample(table, "misaligned")) == 3
    once = share(table[1:], "misaligned", of="misalignment")
    assert (once.number, once.total, once.left_out) == (3, 4, 0)
    assert once.low == found.low


def test_rows_without_a_name_are_galaxies_of_their_own():
    table = QTable({"pa_offset": [10, 40, 50] * u.deg, **QUALITIES})
    assert share(table, "misaligned", of="misalignment").total == 3


def test_an_empty_table_has_an_empty_sample():
    empty = tabulate([])
    assert [len(sample(empty, name)) for name in SAMPLES] == [0, 0, 0, 0]
    found = share(empty, "misaligned", of="misalignment")
    assert (found.number, found.total) == (0, 0)
    with pytest.raises(ValueError, match="table has no column 'pa_offset'; it has none"):
        share(QTable(), "misaligned", of="misalignment")
    with pytest.raises(TypeError, match="table must be an astropy Table or a pandas DataFrame"):
        sample(None, "misaligned")
