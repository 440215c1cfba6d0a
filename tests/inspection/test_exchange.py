import csv

import pytest

from mangapa import MangapaWarning
from mangapa._utils.files import printable
from mangapa.inspection import Judgement, JudgementStore, export_flags, import_flags
from mangapa.usability.labels import read_flags
from tests.hostile import NAMES

CSV = """\
plateifu,mangaid,stel_qual,halpha_qual,stel_feature,halpha_feature,halpha_notes
8485-1901,1-209232,2,0,1,0,2
7443-12703,1-3,3,1,0,9,
8000-1901,,,2,0,2,0
"""


#: The second galaxy has a class and a feature that do not exist.
DROPS = "ignore:.*1 in stel_qual, 1 in halpha_feature:mangapa.MangapaWarning"
#: The published catalogue has one stel_qual of 3.
DROPS_ONE = "ignore:.*1 in stel_qual.*stel_qual='3':mangapa.MangapaWarning"


@pytest.fixture
def catalogue(tmp_path):
    path = tmp_path / "published.csv"
    path.write_text(CSV)
    return path


@pytest.mark.filterwarnings(DROPS)
def test_flags_survive_an_import_and_an_export(store, catalogue, tmp_path):
    assert import_flags(store, catalogue, expert="published") == 4
    kept = [(o.galaxy, o.tracer, o.quality, o.feature, o.note) for o in store.history()]
    assert kept == [
        ("8485-1901", "stellar", 2, 1, 0),
        ("8485-1901", "halpha", 0, 0, 2),
        ("7443-12703", "halpha", 1, 0, 0),
        ("8000-1901", "halpha", 2, 2, 0),
    ]
    out = tmp_path / "labels.csv"
    assert export_flags(store, out) == (3, 0)
    assert read_flags(out) == read_flags(catalogue)
    with out.open() as file:
        rows = {row["plateifu"]: row for row in csv.DictReader(file)}
    assert list(rows["8485-1901"].values()) == ["8485-1901", "1-209232", "2", "0", "1", "0", "2"]
    assert rows["7443-12703"]["stel_qual"] == ""
    assert rows["7443-12703"]["mangaid"] == "1-3"


def test_import_reports_cells_that_are_not_codes(store, catalogue):
    expected = (
        r"published\.csv: .*\(1 in stel_qual, 1 in halpha_feature\), .* stel_qual='3' in line 3"
    )
    with pytest.warns(MangapaWarning, match=expected):
        import_flags(store, catalogue, expert="published")


@pytest.mark.filterwarnings(DROPS)
def test_flags_are_imported_once(store, catalogue):
    import_flags(store, catalogue, expert="published")
    assert import_flags(store, catalogue, expert="published") == 0
    assert import_flags(store, catalogue, expert="another") == 4
    catalogue.write_text(CSV.replace("8000-1901,,,2", "8000-1901,,,1"))
    assert import_flags(store, catalogue, expert="published") == 1
    assert len(store.history()) == 9


@pytest.mark.filterwarnings(DROPS_ONE)
def test_shared_catalogue_survives_an_import_and_an_export(store, shared_data, tmp_path):
    path = shared_data / "catalogue.csv"
    number = import_flags(store, path, expert="duckworth2020")
    assert number == len(read_flags(path))
    export_flags(store, tmp_path / "labels.csv", consensus="dawid-skene")
    assert read_flags(tmp_path / "labels.csv") == read_flags(path)


def test_export_follows_the_consensus(store, tmp_path):
    out = tmp_path / "labels.csv"
    for expert, quality in (("a", 2), ("b", 2), ("c", 0)):
        store.add(Judgement(expert=expert, galaxy="8485-1901", tracer="halpha", quality=quality))
    assert export_flags(store, out) == (1, 0)
    assert read_flags(out)["8485-1901", "halpha"][0] == 2
    assert export_flags(store, out, experts=["a", "c"]) == (1, 1)
    assert read_flags(out) == {}
    assert out.read_text().splitlines()[1] == "8485-1901,1-209232,,,,,"


def test_any_names_survive_an_export_and_an_import(store, tmp_path):
    """Spreadsheets take none of them for a formula."""
    hostile = {printable(name): "=1+1" for name in NAMES.values()}
    names = {
        **hostile,
        "a\nb": "-1",
        "\t=1": "@a",
        "\r\n=1": None,
        "a\u2028b": "+1",
        "a\x85b": None,
        "'=1": "1-1",
    }
    store.add_galaxies(names)
    store.add(*(Judgement(expert="a", galaxy=n, tracer="stellar", quality=2) for n in names))
    assert export_flags(store, tmp_path / "labels.csv") == (len(names), 0)
    with (tmp_path / "labels.csv").open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    with JudgementStore(tmp_path / "again.sqlite", create=True) as again:
        assert import_flags(again, tmp_path / "labels.csv", expert="b") == len(names)
        assert again.mangaids() == names
        assert {one.galaxy for one in again.history()} == names.keys()


def test_galaxies_of_other_surveys_are_not_called_plateifu(store, tmp_path):
    store.add_galaxies({"8485-1901 VOR10": "1-209232", "41144 A": None})
    store.add(Judgement(expert="a", galaxy="8485-1901 VOR10", tracer="stellar", quality=2))
    out = tmp_path / "labels.csv"
    export_flags(store, out)
    assert out.read_text().startswith("plateifu,mangaid,stel_qual")
    store.add(Judgement(expert="a", galaxy="41144 A", tracer="stellar", quality=1))
    export_flags(store, out)
    assert out.read_text().startswith("galaxy,mangaid,stel_qual")
    assert {name: found for name, found in read_flags(out).items() if "41144" in name[0]} == {
        ("41144 A", "stellar"): (1, "41144 A")
    }
    with JudgementStore(tmp_path / "again.sqlite", create=True) as again:
        assert import_flags(again, out, expert="b") == 2


def test_wrong_arguments_are_refused(store, tmp_path):
    out = tmp_path / "labels.csv"
    with pytest.raises(ValueError, match="holds no judgements to export"):
        export_flags(store, out)
    with pytest.raises(ValueError, match="consensus='vote' is not known; choose one of majority"):
        export_flags(store, out, consensus="vote")
    assert not out.exists()
    with pytest.raises(FileNotFoundError, match="there is no file"):
        import_flags(store, tmp_path / "absent.csv", expert="a")
    out.write_text("galaxy,class\n1,2\n")
    with pytest.raises(
        ValueError, match="must have a column stel_qual or halpha_qual; it has galaxy, class"
    ):
        import_flags(store, out, expert="a")
    with pytest.raises(ValueError, match="expert='' must be a name"):
        import_flags(store, out, expert="")
