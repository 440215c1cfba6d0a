"""One reader serves the published catalogue, training labels and imported judgements."""

import pytest

from mangapa import MangapaWarning
from mangapa.catalogue import read_published
from mangapa.catalogue._flag_table import CODES, MEANINGS, read_flag_table
from mangapa.inspection import JudgementStore, import_flags
from mangapa.usability.labels import read_flags

HEAD = "plateifu,mangaid,stellar_pa,halpha_pa,pa_offset,stel_qual,halpha_qual,halpha_notes\n"


@pytest.fixture
def table(tmp_path):
    """Write a table of one galaxy, whose classes are given as text."""

    def write(stel_qual, halpha_qual="", *, encoding="utf-8"):
        path = tmp_path / "flags.csv"
        row = f"8485-1901,1-209232,10,20,10,{stel_qual},{halpha_qual},\n"
        path.write_text(HEAD + row, encoding=encoding)
        return path

    return write


def classes(path, tmp_path):
    """The stellar class of the galaxy by each of the three functions that read flags."""
    with JudgementStore(tmp_path / "judgements.sqlite", create=True) as store:
        import_flags(store, path, expert="published")
        judged = [one.quality for one in store.history() if one.tracer == "stellar"]
    published = read_published(path)["stel_qual"].tolist()
    labelled = read_flags(path).get(("8485-1901", "stellar"), (None,))
    return judged, published, [labelled[0]]


@pytest.mark.parametrize("cell", ["2", "2.0", " 2", "2 ", "2.", '" 2 "'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_every_reader_accepts_the_same_numbers(table, tmp_path, cell, encoding):
    assert classes(table(cell, encoding=encoding), tmp_path) == ([2], [2], [2])


@pytest.mark.parametrize("cell", ["3", "2.5", "x", "-1", "nan", "inf", "-999"])
def test_every_reader_reports_what_it_drops(table, tmp_path, cell):
    path = table(cell, "1")
    with pytest.warns(MangapaWarning) as warned:
        assert classes(path, tmp_path) == ([], [None], [None])
    (message,) = {str(one.message) for one in warned}
    assert len(warned) == 3
    assert message == (
        f"{path}: cells that cannot be used are ignored (1 in stel_qual), for example "
        f"stel_qual='{cell}' in line 2, which must be one of 0, 1, 2"
    )


def test_empty_cells_are_not_reported(table, tmp_path):
    assert classes(table("", "1"), tmp_path) == ([], [None], [None])


def test_dropped_cells_are_counted_by_column(tmp_path):
    path = tmp_path / "flags.csv"
    path.write_text(
        "galaxy, stel_qual ,stel_feature\n a ,7,9\n,1,1\nb,x,3.0\nc,1\n", encoding="utf-8-sig"
    )
    expected = r"\(2 in stel_qual, 1 in stel_feature, 1 in galaxy\), for example stel_qual='7'"
    with pytest.warns(MangapaWarning, match=expected):
        names, rows = read_flag_table(path)
    assert names == ["galaxy", "stel_qual", "stel_feature"]
    assert [row["plateifu"] for row in rows] == ["a", "b", "c"]
    assert [row["stel_qual"] for row in rows] == [None, None, 1]
    assert [row["stel_feature"] for row in rows] == [None, 3, None]


def test_other_cells_stay_text(tmp_path):
    path = tmp_path / "flags.csv"
    path.write_text('plateifu,halpha_notes,remark\n8485-1901,3,"a, b"\n')
    assert read_flag_table(path)[1] == [
        {"plateifu": "8485-1901", "halpha_notes": 3, "remark": "a, b"}
    ]


def test_missing_columns_are_named(tmp_path):
    path = tmp_path / "flags.csv"
    with pytest.raises(FileNotFoundError, match=r"there is no file .*flags\.csv; check the name"):
        read_flag_table(path)
    path.write_text("id,stel_qual\n")
    expected = "must have a column plateifu or galaxy or name, and a column z; it has id, stel_qual"
    with pytest.raises(ValueError, match=expected):
        read_flag_table(path, ("stel_qual", "halpha_qual"), ("z",))
    path.write_text("")
    with pytest.raises(ValueError, match="it has none"):
        read_flag_table(path)


def test_each_code_has_a_meaning():
    assert CODES == {"quality": (0, 1, 2), "feature": (0, 1, 2, 3), "note": (0, 1, 2, 3)}
    assert MEANINGS["quality"][0] == "do not use"


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_other_encodings_are_refused_by_name(tmp_path, encoding):
    path = tmp_path / "flags.csv"
    path.write_text("plateifu,stel_qual,comment\n8485-1901,2,f\xfcr\n", encoding=encoding)
    with pytest.raises(ValueError, match=r"flags\.csv is not a CSV table in UTF-8"):
        read_flag_table(path)


def test_cells_without_end_are_refused_in_words(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("plateifu,stel_qual\n" + "x" * 200_000 + ",1\n")
    with pytest.raises(ValueError, match=r"is not a CSV table \(field larger than field limit"):
        read_flag_table(path)
