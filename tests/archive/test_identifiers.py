import numpy as np
import pytest

from mangapa.archive import is_identifier, is_plateifu
from mangapa.archive._identifiers import did_you_mean


@pytest.mark.parametrize("text", ["8485-1901", "10001-12701", np.str_("8485-1901")])
def test_plateifu(text):
    assert is_plateifu(text)
    assert is_identifier(text)


def test_mangaid():
    assert is_identifier("1-209232")
    assert not is_plateifu("1-209232")


@pytest.mark.promise(14)
@pytest.mark.parametrize(
    ("source", "meant"),
    [
        (" 8485-1901", "8485-1901"),
        ("8485-1901\n", "8485-1901"),
        ("8485-1901\0", "8485-1901"),
        ("../8485-1901", "8485-1901"),
        ("8485-1901/..", "8485-1901"),
        ("8485 1901", "8485-1901"),
        ("8485_1901", "8485-1901"),
        ("8485/1901", "8485-1901"),
        ("8485–1901", "8485-1901"),
        ("8485−1901", "8485-1901"),
        ("08485-1901", "8485-1901"),
        ("8485-01901", "8485-1901"),
        ("manga-8485-1901", "8485-1901"),
        ("MaNGA 8485-1901", "8485-1901"),
        (b"8485-1901", "8485-1901"),
        (np.bytes_(b"8485-1901"), "8485-1901"),
        (("8485", "1901"), "8485-1901"),
        ((8485, 1901), "8485-1901"),
        ("1-209232 ", "1-209232"),
        ("mangaid 1-209232", "1-209232"),
    ],
)
def test_other_spellings_are_refused_with_a_hint(source, meant):
    assert not is_identifier(source)
    assert did_you_mean(source) == f"; did you mean the identifier {meant!r}?"


@pytest.mark.promise(14)
@pytest.mark.parametrize(
    "source",
    [
        *("", "..", "~", "/etc/passwd", "8485-2001", "8485-190", "٨٤٨٥-1901", "a8485-1901"),
        *(None, 8485, 3.5, np.nan, np.ma.masked, ["8485"], {}, object(), b"\xff"),
    ],
)
def test_what_is_no_identifier_has_no_hint(source):
    assert not is_identifier(source)
    assert not is_plateifu(source)
    assert did_you_mean(source) == ""
