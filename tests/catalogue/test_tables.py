import numpy as np
import pytest
from astropy import units as u

import mangapa
from mangapa.catalogue import tabulate, tabulate_rows
from mangapa.catalogue._tables import failed_row


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


@pytest.mark.parametrize(
    ("source", "plateifu", "mangaid", "name"),
    [
        ("maps/manga-8485-1901-MAPS-VOR10.fits.gz", "8485-1901", None, "8485-1901"),
        ("C:\\maps\\NGC4550.fits", None, None, "NGC4550"),
        ("8485-1901", "8485-1901", None, "8485-1901"),
        ("1-209232", None, "1-209232", "1-209232"),
        ("/a/.hidden", None, None, ".hidden"),
        ("sami/41144_A_*.fits", None, None, "41144_A"),
        ("x/*_kin.fits", None, None, "*_kin"),
    ],
)
def test_a_failed_galaxy_has_what_its_source_says(source, plateifu, mangaid, name):
    row = failed_row(source)
    assert (row["plateifu"], row["mangaid"], row["name"]) == (plateifu, mangaid, name)
    table = tabulate_rows([{**row, "error": "no file"}])
    assert table["source"][0] == source
    assert np.isnan(table["halpha_pa"][0])
    assert table["stellar_flags"][0] == mangapa.PAFlags.NOT_MEASURED
    assert table["halpha_usability_flags"][0] == mangapa.UsabilityFlags.NOT_MEASURED
    assert table["stel_qual"].mask.tolist() == [True]
