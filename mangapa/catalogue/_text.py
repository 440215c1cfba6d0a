r"""
Text cells that every format can hold, and that are the same when they are read back.

Names come from headers and file names, and may hold anything. What cannot be printed is written as
in Python, such as ``\x1b``, and in FITS all that is not ASCII. In CSV a cell that a spreadsheet
would take for a formula has an apostrophe before it, which spreadsheets do not show.
"""

import re

import numpy as np
from astropy.table import Column, MaskedColumn

from mangapa._utils.csv_cells import from_cell, to_cell
from mangapa.catalogue._cells import is_missing

#: What `_escape` writes, and `restored` reads.
ESCAPE = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
#: A character that may need one, a backslash that looks like the beginning of one, and blanks at
#: the ends, which most formats lose.
DOUBTFUL = re.compile(rf"[^ -~]|\\(?={ESCAPE.pattern[2:]})|^ | $")


def with_text(table, form):
    """A copy of a table with text columns that the format can hold."""
    table = table.copy(copy_data=False)
    for name in table.colnames:
        values = table[name]
        kind = getattr(values, "dtype", np.dtype("V")).kind
        if kind in "SUO" and values.ndim == 1:
            table.replace_column(name, _writable(values, form))
        if form == "fits" and values.info.description:
            table[name].info.description = _escaped(values.info.description, ascii_only=True)
    return table


def _writable(values, form):
    missing = is_missing(values)
    plain = np.ma.getdata(values)
    cells = ["" if gone else one for gone, one in zip(missing, plain, strict=True)]
    cells = [
        one.decode("utf-8", "surrogateescape") if isinstance(one, bytes) else one for one in cells
    ]
    if all(isinstance(one, str) for one in cells):
        cells = [_escaped(one, ascii_only=form == "fits") for one in cells]
        if form == "ascii.csv":
            cells = [to_cell(one) for one in cells]
        kind = str
    else:
        # Objects that are not text can only be numbers.
        cells = [np.nan if gone else one for gone, one in zip(missing, plain, strict=True)]
        kind = float
    about = {"description": values.info.description, "meta": values.info.meta}
    if kind is str and missing.any():
        return MaskedColumn(np.array(cells, str), mask=missing, **about)
    return Column(np.array(cells, kind), **about)


def restored(texts, form):
    """An array of text as it was before `with_text`."""
    return np.array([_restored(one, form) for one in texts.ravel()], str).reshape(texts.shape)


def _restored(text, form):
    if form == "ascii.csv":
        text = from_cell(text)
    return ESCAPE.sub(lambda found: chr(int(found[0][2:], 16)), text) if "\\" in text else text


def _escaped(text, *, ascii_only):
    def escape(found):
        character = found[0]
        if character.isprintable() and character not in " \\" and not ascii_only:
            return character
        digits = f"{ord(character):x}"
        kind, length = next(one for one in (("x", 2), ("u", 4), ("U", 8)) if len(digits) <= one[1])
        return f"\\{kind}{digits:0>{length}}"

    return DOUBTFUL.sub(escape, text)
