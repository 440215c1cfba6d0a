import numpy as np
import pytest
from astropy import units as u

import mangapa
from mangapa.catalogue import tabulate, tabulate_rows


def test_missing_values_are_masked_or_nan():
    table = tabulate_rows([{"plateifu": "8485-1901", "stellar_pa": 10.0}, {"error": "no file"}])
    assert table["stellar_pa"][0] == 10 * u.deg
    assert np.isnan(table["stellar_pa"][1])
    assert table["plateifu"].mask.tolist() == [False, True]
    assert table["error"].mask.tolist() == [True, False]
    assert table["stellar_n_spaxels"].mask.all()


def test_date_of_the_measurements_is_kept():
    assert tabulate_rows([], created="2024-01-02").meta["created"] == "2024-01-02"


def test_one_measurement_is_a_table_of_one_row(galaxy):
    measurement = mangapa.measure(galaxy)
    one, many = tabulate(measurement), tabulate([measurement, measurement])
    assert (len(one), len(many)) == (1, 2)
    assert one["stellar_pa"][0] == many["stellar_pa"][1] == measurement.stellar.pa
    assert one["stel_qual"].dtype.kind == "i"


@pytest.mark.parametrize("wrong", [3, "8485-1901", [None], np.arange(2)])
def test_other_objects_are_refused(wrong):
    with pytest.raises(TypeError):
        tabulate(wrong)
