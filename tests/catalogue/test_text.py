import csv

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, QTable

import mangapa
from mangapa.catalogue import tabulate_rows
from tests.catalogue.test_formats import FORMATS

pytestmark = pytest.mark.filterwarnings("ignore:.*CSV keeps no units")

#: Names of galaxies and files, as headers and folders may hold them.
NAMES = (
    *("plain", "M\xe9chain", "Me\u0301chain", "NGC 4550", "\u03b1 Cen", "\U0001f52d", "a\xa0b"),
    *("'", '"a,b"', "\x1b[31mred", "a\x00b", "\x7f", "a\nb", "a\r\nb", "\ttab", "line\u2028end"),
    *("\x85", "\ufffe", "latin\udce9", " both ends ", "a  b", "<b>&amp;</b>", "]]>"),
    *("\\", "\\x1b", "\\\\x1b", "\\u00e9", "\\x5c", "C:\\new\\x"),
    *("=1+1", "+1", "-1", "@SUM(A1)", "'=1", "''=1", "'plain", "\t=1", "\r=1", " =1", "=\x1b"),
    *("007", "1e5", "nan", "True", "N/A", "--", "None", "8485-1901", "0", "%d"),
)


def table_of(names):
    return tabulate_rows([{"name": name, "stellar_pa": -1.5} for name in names])


@pytest.mark.promise(19)
@pytest.mark.parametrize("suffix", FORMATS)
def test_any_name_is_read_back(tmp_path, suffix):
    path = mangapa.write_catalogue(table_of(NAMES), tmp_path / f"all.{suffix}")
    assert mangapa.read_catalogue(path)["name"].tolist() == list(NAMES)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("name", ["007", "1e5", "nan", "--", "-1", "\x1b"])
def test_one_name_alone_is_read_back(tmp_path, suffix, name):
    """Where other cells cannot widen the column or decide its type."""
    path = mangapa.write_catalogue(table_of([name]), tmp_path / f"all.{suffix}")
    assert mangapa.read_catalogue(path)["name"].tolist() == [name]


@pytest.mark.parametrize("suffix", FORMATS)
def test_missing_names_stay_missing(tmp_path, suffix):
    table = QTable({"name": MaskedColumn(["=a", "-b", "c"], mask=[False, True, False])})
    table["note"] = np.array(["M\xe9chain", None, b"M\xc3\xa9chain"], object)
    back = mangapa.read_catalogue(mangapa.write_catalogue(table, tmp_path / f"all.{suffix}"))
    assert back["name"].tolist() == ["=a", None, "c"]
    assert back["note"].tolist() == ["M\xe9chain", None, "M\xe9chain"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_missing_numbers_stay_missing(tmp_path, suffix):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"name": ["a", "b"], "stellar_pa": [10.0, None]})
    frame["note"] = pandas.array([1, None], dtype="Int64")
    table = QTable.from_pandas(frame)
    table["mixed"] = np.array([1, None], object)
    for given in (table, frame):
        back = mangapa.read_catalogue(mangapa.write_catalogue(given, tmp_path / f"all.{suffix}"))
        np.testing.assert_array_equal(back["stellar_pa"].value, [10, np.nan])
        assert back["note"].tolist() == [1, None]
    assert len(back) == 2


def test_a_spreadsheet_sees_no_formula(tmp_path):
    path = mangapa.write_catalogue(table_of(NAMES), tmp_path / "all.csv")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(NAMES)
    for row in rows:
        assert row["stellar_pa"] == "-1.5"
        assert row["name"][:1] not in ("=", "+", "-", "@", "\t", "\r")
    assert rows[NAMES.index("=1+1")]["name"] == "'=1+1"
    assert rows[NAMES.index("8485-1901")]["name"] == "8485-1901"


def test_fits_holds_ascii(tmp_path):
    table = QTable({"name": ["M\xe9chain", "\u03b1"]})
    table["name"].info.description = "H\u03b1"
    path = mangapa.write_catalogue(table, tmp_path / "all.fits")
    with fits.open(path) as hdus:
        assert hdus[1].data["name"].tolist() == ["M\\xe9chain", "\\u03b1"]
    assert table["name"].tolist() == ["M\xe9chain", "\u03b1"]
    assert table["name"].info.description == "H\u03b1"
    back = mangapa.read_catalogue(path)
    assert (
        back["name"].info.description
        == mangapa.catalogue.columns.catalogue_columns()[4].description
    )
