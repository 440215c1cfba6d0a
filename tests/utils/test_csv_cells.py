import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangapa._utils.csv_cells import from_cell, to_cell


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''=1"])
def test_formulas_are_quoted(text):
    assert to_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "8485-1901", "M 31", "'t Hooft", "a=b", " =1"])
def test_other_text_stays_as_it_is(text):
    assert to_cell(text) == from_cell(text) == text


@given(st.text(alphabet="'=+-@\t\ra1", max_size=6) | st.text())
def test_text_is_the_same_when_it_is_read_back(text):
    assert from_cell(to_cell(text)) == text
