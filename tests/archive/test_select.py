"""Conditions in SQL, of which none may change, run for ever, or select by mistake."""

import signal

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Column, MaskedColumn, QTable, Table

from mangapa.archive import _select as module
from mangapa.archive import select


@pytest.fixture
def galaxies():
    """A table such as `release_table` gives."""
    table = QTable(
        {
            "plateifu": ["7443-12703", "7443-1901", "8312-12703", "8485-1901"],
            "mangaid": ["12-193481", "1-1", "12-193481", "1-209232"],
            "dec": [-4, 5, 0, -5] * u.deg,
            "z": [0.02, np.nan, 0.02, 0.04],
            "axis_ratio": [0.1, np.nan, 0.5, 0.9],
            "drp_quality": [0, 4, 5, 0],
        }
    )
    bits = [1 << 30, 0, 0, 0]
    table["dap_quality"] = MaskedColumn(bits, mask=[False, True, True, False])
    return table


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("z < 0.03", ["7443-12703", "8312-12703"]),
        ("z is null", ["7443-1901"]),
        ("plateifu like '8%' and axis_ratio > 0.1", ["8312-12703", "8485-1901"]),
        ("dap_quality & 1073741824 = 0", ["8485-1901"]),
        ("dap_quality is null", ["7443-1901", "8312-12703"]),
        ("abs(dec) > 4 or mangaid = '1-1'", ["7443-1901", "8485-1901"]),
        ("0", []),
    ],
)
def test_select(galaxies, where, expected):
    assert list(select(galaxies, where)["plateifu"]) == expected


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("zed < 0.03", "no such column: zed; did you mean z"),
        ("axis_ration > 0.5", "did you mean axis_ratio"),
        ('"nsa_z" > 0', "no such column: nsa_z; text is written in single quotes"),
        ('plateifu = "8485-1901"', "single quotes"),
        ("z <", "syntax error"),
        ("", "syntax error"),
        ("z > ?", "bind"),
        ("1); drop table galaxies; --", "parentheses do not match"),
        ("1=0) union all select 'abc' --", "parentheses do not match"),
        ("1=0) or (1", "parentheses do not match"),
        ("(z > 0", "parentheses do not match"),
        ("1; drop table galaxies", "syntax error"),
        ("1 /* z", "(syntax error|incomplete input)"),
        ("z in (select load_extension('x'))", "not authorized"),
        ("z in (select name from pragma_database_list)", "(prohibited|not authorized)"),
        ("length(zeroblob(1000000000)) > 0", "not authorized"),
        (
            "z in (with recursive n(x) as (select 1 union all select x+1 from n) select x from n)",
            "",
        ),
        ("z > 0\0", "NUL byte"),
        ("z > '\ud800'", "surrogates not allowed"),
        ("(" * 2000 + "z" + ")" * 2000, "stack overflow|too large"),
        ("z" + " + z" * 3000, "too large"),
    ],
)
def test_select_refuses_anything_but_conditions(galaxies, where, reason):
    with pytest.raises(ValueError, match=rf"is not valid .*({reason}).*columns plateifu, mangaid"):
        select(galaxies, where)


def test_parentheses_in_text_and_comments_do_not_count(galaxies):
    assert len(select(galaxies, "mangaid <> '(' -- (")) == 4
    assert len(select(galaxies, "mangaid <> 'a''(' /* ) */ and (z > 0)")) == 3


def test_double_quotes_are_for_columns(galaxies):
    assert len(select(galaxies, '"z" > 0.03')) == 1
    table = Table({"a b": [1, 2], 'c"d': [1, 2], "select": [1, 2]})
    assert len(select(table, '"a b" > 1 and "c""d" > 1 and "SELECT" > 1')) == 1


def test_text_and_numbers_are_compared_by_the_type_of_the_column(galaxies):
    assert len(select(galaxies, "z < '0.03'")) == 2
    assert len(select(Table({"plate": ["8485", "900"]}), "plate = 900")) == 1


def test_columns_of_any_kind():
    """What SQLite cannot hold is kept, and cannot be asked for."""
    table = QTable(
        {
            "name": np.array([b"a", b"b"]),
            "map": np.zeros((2, 3)),
            "place": SkyCoord([1, 2], [3, 4], unit="deg"),
            "any": Column(["x", None], dtype=object),
            "lists": Column([[1], {}], dtype=object),
            "good": [True, False],
        }
    )
    selected = select(table, "name = 'b' and any is null and not good")
    assert selected.colnames == table.colnames
    assert len(selected) == 1
    with pytest.raises(ValueError, match="columns name, any, good, such"):
        select(table, "map > 0")


@pytest.mark.parametrize("where", [None, 3, b"z > 0", ["z > 0"], np.array("z > 0")])
def test_condition_of_another_type(galaxies, where):
    with pytest.raises(TypeError, match=r"where=.* must be text"):
        select(galaxies, where)


def test_only_a_table_is_selected_from():
    with pytest.raises(TypeError, match="table must be an astropy Table, not dict"):
        select({"z": [1]}, "z > 0")


#: A condition on many rows that takes hours.
ENDLESS = "0 < (select count(*) from galaxies a, galaxies b, galaxies c, galaxies d)"


@pytest.mark.promise(22)
def test_endless_condition_is_limited(monkeypatch):
    monkeypatch.setattr(module, "LONGEST", 0.1)
    with pytest.raises(ValueError, match=r"it takes more than 0\.1 s"):
        select(Table({"z": np.arange(2000.0)}), ENDLESS)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs signal.setitimer")
def test_endless_condition_can_be_interrupted():
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(KeyboardInterrupt):
            select(Table({"z": np.arange(2000.0)}), ENDLESS)
    finally:
        signal.signal(signal.SIGALRM, before)
