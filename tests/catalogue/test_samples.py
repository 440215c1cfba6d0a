import numpy as np
import pytest
from astropy.table import QTable

import mangapa
from mangapa.catalogue import SAMPLES, sample, share


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
