import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mangapa._utils.files import as_path, printable, replacing, stem


class Named:
    """An object that stands for a path, here in bytes."""

    def __fspath__(self):
        return b"a/b.fits"


@pytest.mark.parametrize(
    "value",
    [
        "a/b.fits",
        b"a/b.fits",
        np.str_("a/b.fits"),
        np.bytes_("a/b.fits", "ascii"),
        Path("a/b.fits"),
        Named(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_kind_of_path(value):
    path = as_path("path", value)
    assert path == Path("a", "b.fits")
    assert isinstance(path, Path)


def test_home_is_expanded_at_the_beginning_only():
    home = Path(os.environ["HOME"])
    assert as_path("path", "~/maps/a.fits") == home / "maps" / "a.fits"
    assert as_path("path", Path("~")) == as_path("path", b"~") == home
    assert as_path("path", "maps/~") == Path("maps", "~")
    assert as_path("path", "a.fits~") == Path("a.fits~")


def test_name_that_is_not_utf8_is_kept():
    assert os.fsencode(as_path("path", b"latin\xe9")) == b"latin\xe9"
    assert as_path("path", os.fsdecode(b"latin\xe9")) == as_path("path", b"latin\xe9")


@pytest.mark.parametrize("value", [5, 1.5, True, None, ["a"], bytearray(b"a")])
def test_other_types_are_not_paths(value):
    with pytest.raises(TypeError, match=f"^out must be a path, not {type(value).__name__}: "):
        as_path("out", value)


@pytest.mark.parametrize(
    ("value", "match"),
    [
        ("", "^out is empty; name a file or a folder$"),
        (b"", "^out is empty; name a file or a folder$"),
        ("a\0b", r"^out='a\\x00b' has a NUL byte, .*; remove it$"),
        (b"a\0b", r"^out=b'a\\x00b' has a NUL byte, .*; remove it$"),
        ("\ud800", r"^out='\\ud800' is not the name of a file \(surrogates.*; correct it$"),
    ],
)
def test_names_of_no_file(value, match):
    with pytest.raises(ValueError, match=match):
        as_path("out", value)


def test_printable_text_of_any_path():
    assert printable(Path("a b/ümlaut [1].fits")) == "a b/ümlaut [1].fits"
    assert printable(os.fsdecode(b"latin\xe9\n\x1b[31m")) == r"latin\udce9\n\x1b[31m"


def test_file_is_replaced_in_one_step(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with replacing(path) as unfinished:
        unfinished.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.promise(9)
def test_failure_keeps_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write_half():
        with replacing(path) as unfinished:
            unfinished.write_text("ne")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        write_half()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("manga-1-MAPS-X.fits.gz", "manga-1-MAPS-X"),
        ("NGC 1.v2.FITS.bz2", "NGC 1.v2"),
        ("cube.fit", "cube"),
        ("cube", "cube"),
        (".fits", ".fits"),
    ],
)
def test_stem(name, expected):
    assert stem(Path("a.b") / name) == expected


def write(path, text="new"):
    with replacing(path) as unfinished:
        unfinished.write_text(text)


def test_places_where_no_file_can_be(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder; name a file in it"):
        write(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no file can be written .*absent \(No such file"):
        write(tmp_path / "absent" / "a")
    (tmp_path / "file").touch()
    with pytest.raises(
        NotADirectoryError, match=r"no file can be written .*file \(Not a directory"
    ):
        write(tmp_path / "file" / "a")


def test_long_name(tmp_path):
    write(tmp_path / ("a" * 255))
    assert (tmp_path / ("a" * 255)).read_text() == "new"


KILLED = """
import os, signal, sys
from mangapa._utils.files import replacing
with replacing(sys.argv[1]) as unfinished:
    unfinished.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no locks on folders")
@pytest.mark.promise(9)
def test_what_a_killed_process_left_is_removed(tmp_path):
    path = tmp_path / "a[1].txt"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2
    with replacing(path) as unfinished:
        unfinished.write_text("new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_only_left_overs_of_the_same_file_are_removed(tmp_path):
    path = tmp_path / "a.txt"
    others = [tmp_path / ".a.txt.notes", tmp_path / ".b.txt.abcdefgh", tmp_path / "a.txt.abcdefgh"]
    for other in others:
        other.mkdir()
    (tmp_path / ".a.txt.12345678").write_text("a file")
    with replacing(path) as unfinished, replacing(path) as another:
        unfinished.write_text("first")
        another.write_text("second")
    assert path.read_text() == "first"
    assert len(list(tmp_path.iterdir())) == len(others) + 2
