"""Text in the cells of CSV files, which spreadsheets must not take for formulas."""

import re

#: What spreadsheets take for a formula (OWASP, "CSV Injection"), quoted already or not.
FORMULA = re.compile(r"'*[=+\-@\t\r]")
QUOTED_FORMULA = re.compile(r"'+[=+\-@\t\r]")


def to_cell(text):
    """Put an apostrophe, which spreadsheets hide, before what they would take for a formula."""
    return f"'{text}" if FORMULA.match(text) else text


def from_cell(cell):
    """The text that `to_cell` made this cell of."""
    return cell[1:] if QUOTED_FORMULA.match(cell) else cell
