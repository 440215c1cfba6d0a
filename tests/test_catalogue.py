import numpy as np
import pytest
from astropy.table import QTable

import mangapa
from mangapa.catalogue import tabulate
from mangapa.columns import catalogue_columns


@pytest.fixture(scope="module")
def table(galaxy):
    fields = {"stellar": galaxy.stellar, "plateifu": galaxy.plateifu}
    return tabulate(
        mangapa.Measurement(
            galaxy=mangapa.Galaxy(**fields),
            stellar=mangapa.KinematicPA(pa=pa, method="none"),
            halpha=mangapa.KinematicPA(flags=mangapa.PAFlags.NO_MAP),
            misalignment=mangapa.misalignment(pa, np.nan),
        )
        for pa in np.array([10.25, 350]) * mangapa.KinematicPA().pa.unit
    )


def test_columns_have_units_and_meanings(table):
    for column in catalogue_columns():
        assert table[column.name].info.description == column.description
        assert table[column.name].info.unit == column.unit
    assert "MNRAS" in table.meta["citation"]
    assert table.meta["mangapa"] == mangapa.__version__


def test_round_trip(table, tmp_path):
    path = mangapa.write_catalogue(table, tmp_path / "all.ecsv")
    back = mangapa.read_catalogue(path)
    assert back.colnames == table.colnames
    assert back.meta == table.meta
    for name in table.colnames:
        assert np.array_equal(np.ma.getmaskarray(back[name]), np.ma.getmaskarray(table[name]))
        np.testing.assert_array_equal(back[name], table[name])
        assert back[name].info.unit == table[name].info.unit
        assert back[name].info.description == table[name].info.description


def test_no_galaxy_gives_an_empty_table():
    empty = tabulate([])
    assert len(empty) == 0
    assert empty.colnames == [column.name for column in catalogue_columns()]


def test_failing_write_leaves_the_old_one(table, tmp_path, monkeypatch):
    path = mangapa.write_catalogue(table, tmp_path / "all.ecsv")
    before = path.read_bytes()

    def write_half(self, target, **options):
        target.write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(QTable, "write", write_half)
    with pytest.raises(OSError, match="disk full"):
        mangapa.write_catalogue(table, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_other_files(table, tmp_path):
    with pytest.raises(ValueError, match=r"all.xls' must end in .ecsv"):
        mangapa.write_catalogue(table, tmp_path / "all.xls")
    with pytest.raises(FileNotFoundError, match=r"there is no catalogue .*none\.ecsv"):
        mangapa.read_catalogue(tmp_path / "none.ecsv")
    (tmp_path / "no.ecsv").write_text("<html>")
    with pytest.raises(OSError, match=r"no.ecsv is no ECSV catalogue .*write it anew"):
        mangapa.read_catalogue(tmp_path / "no.ecsv")
