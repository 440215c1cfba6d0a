import pytest

from mangapa._utils.files import printable
from mangapa._utils.lists import read_list, write_list
from tests.hostile import NAMES


def test_lists_hold_any_names(tmp_path):
    names = ["8485-1901", "a b, 'c' \"d\" # e", " blanks ", "#", *map(printable, NAMES.values())]
    path = write_list(tmp_path / "list", names)
    assert read_list(path, known=names) == names


def test_names_with_line_breaks_stay_in_one_line(tmp_path):
    path = write_list(tmp_path / "list", ["a\nb", "c\rd"])
    assert read_list(path, known=()) == ["a\\nb", "c\\rd"]


def test_lists_of_other_editors_are_read(tmp_path):
    path = tmp_path / "list"
    path.write_bytes("\ufeff8485-1901 \r\n\r\n  7443-12703\r\nM 31".encode())
    assert read_list(path, known=["M 31"]) == ["8485-1901", "7443-12703", "M 31"]
    path.write_bytes(b"M\xe9ssier")
    with pytest.raises(ValueError, match="is not a list of names in UTF-8"):
        read_list(path, known=())
    with pytest.raises(FileNotFoundError, match="name a list of galaxies, one in each line"):
        read_list(tmp_path / "absent", known=())


def test_comments_and_blanks(tmp_path):
    path = tmp_path / "list"
    path.write_text("# mergers\n\n 8485-1901\n  # more\nmy maps/M 31.fits\n#1\n #1\n")
    assert read_list(path) == ["8485-1901", "my maps/M 31.fits"]
    assert read_list(path, known=["#1"])[2:] == ["#1", "#1"]
