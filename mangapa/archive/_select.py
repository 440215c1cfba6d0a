"""Select rows of a table by a condition in SQL, which can neither write nor run for ever."""

import contextlib
import difflib
import re
import sqlite3
import time

import numpy as np
from astropy.table import Table

#: SQL that a condition may use: it opens no file and changes nothing.
READING = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION)
#: Functions that make values of any size.
REFUSED = ("format", "printf", "randomblob", "zeroblob")
#: Seconds that a condition may take; one on all galaxies of MaNGA takes less than 0.1 s.
LONGEST = 60.0
#: Instructions of SQLite between two looks at the clock.
INSTRUCTIONS = 10_000
#: Text and comments, in which quotes and parentheses mean nothing; then quoted names; parentheses.
TOKEN = re.compile(
    r"""'(?:[^']|'')*' | --[^\n]* | /\*.*?(?:\*/|\Z) | \[[^\]]*\] | `[^`]*`
    | "(?P<name>(?:[^"]|"")*)" | (?P<parenthesis>[()])""",
    re.VERBOSE | re.DOTALL,
)
#: Type of a column by the kind of its dtype; text is compared as text, and numbers as numbers.
TYPES = {"b": "integer", "i": "integer", "u": "integer", "f": "real", "U": "text", "O": ""}
TYPES["S"] = TYPES["U"]
#: What a column of objects may hold.
PLAIN = (str, int, float, type(None))


def select(table: Table, where: str) -> Table:
    """
    Select the rows of a table that meet a condition in SQL.

    Parameters
    ----------
    table : `~astropy.table.Table`
        With plain columns, such as that of `release_table`. Columns of other kinds are kept in the
        result, but cannot be used in the condition.
    where : `str`
        Condition on its columns, as after ``WHERE``: ``"z < 0.03 and axis_ratio > 0.5"``. Missing
        values are NULL, ``drp_quality & 4`` tests a bit, ``plateifu like '8485-%'`` a pattern. Text
        is in single quotes, and a column whose name has blanks in double quotes.

    Returns
    -------
    `~astropy.table.Table`
        The selected rows, in their order.

    Raises
    ------
    TypeError
        If the arguments are not a table and text.
    ValueError
        If the condition is not valid, or takes more than a minute.

    Examples
    --------
    >>> from astropy.table import Table
    >>> from mangapa.archive import select
    >>> galaxies = Table({"plateifu": ["8485-1901", "7443-12703"], "z": [0.04, 0.02]})
    >>> select(galaxies, "z < 0.03")["plateifu"].tolist()
    ['7443-12703']
    """
    if not isinstance(table, Table):
        msg = f"table must be an astropy Table, not {type(table).__name__}"
        raise TypeError(msg)
    if not isinstance(where, str):
        msg = f"where={where!r} must be text, such as 'z < 0.03', not {type(where).__name__}"
        raise TypeError(msg)
    columns = {
        name: values for name in table.colnames if (values := _plain(table[name])) is not None
    }
    try:
        _check_tokens(where, columns)
        rows = _rows(columns, where)
    # Python refuses text that is not Unicode, and SQLite whole numbers of more than 64 bits.
    except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
        msg = (
            f"where={where!r} is not valid ({error}{_near(str(error), columns)}); it must be a "
            f'condition in SQL on the columns {", ".join(columns)}, such as "z < 0.03 and '
            'axis_ratio > 0.5"'
        )
        raise ValueError(msg) from error
    return table[rows]


def _plain(column):
    """The values of a column for SQLite, masked where they are missing; None if it has no place."""
    values = np.ma.asarray(getattr(column, "value", None))
    if values.ndim != 1 or values.dtype.kind not in TYPES:
        return None
    if values.dtype.kind == "S":
        text = np.char.decode(values.data, "utf-8", "replace")
        return np.ma.array(text, mask=values.mask)
    if values.dtype.kind == "O" and not all(isinstance(one, PLAIN) for one in values.tolist()):
        return None
    return values


def _check_tokens(where, columns):
    """
    Refuse what ends the condition early, and a name in double quotes that is no column.

    SQLite takes such a name for text, and every row may meet the condition.
    """
    if "\0" in where:
        msg = "it has a NUL byte"
        raise ValueError(msg)
    known = {name.casefold() for name in columns}
    depth = 0
    for token in TOKEN.finditer(where):
        name = token["name"]
        if name is not None and name.replace('""', '"').casefold() not in known:
            msg = f"no such column: {name}; text is written in single quotes"
            raise ValueError(msg)
        depth += {"(": 1, ")": -1}.get(token["parenthesis"], 0)
        if depth < 0:
            break
    if depth:
        msg = "its parentheses do not match"
        raise ValueError(msg)


def _rows(columns, where):
    """Numbers of the rows that meet a condition."""
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        quoted = ", ".join(
            '"{}" {}'.format(name.replace('"', '""'), TYPES[values.dtype.kind])
            for name, values in columns.items()
        )
        database.execute(f"create table galaxies ({quoted})")
        places = ", ".join("?" * len(columns))
        # Masked values become None, and SQLite stores None and NaN as NULL.
        rows = zip(*(values.tolist() for values in columns.values()), strict=True)
        database.executemany(f"insert into galaxies values ({places})", rows)
        database.set_authorizer(_authorize)
        end = time.monotonic() + LONGEST
        database.set_progress_handler(lambda: time.monotonic() > end, INSTRUCTIONS)
        try:
            # A comment ends with the line.
            found = database.execute(
                f"select rowid from galaxies where (\n{where}\n) order by rowid"
            )
            return [row - 1 for (row,) in found]
        except sqlite3.OperationalError as error:
            if str(error) != "interrupted":
                raise
            if time.monotonic() <= end:
                # Ctrl-C raised it in the handler, where SQLite takes it for "stop".
                raise KeyboardInterrupt from None
            msg = f"it takes more than {LONGEST:g} s"
            raise ValueError(msg) from error


def _authorize(action, _table, name, *_):
    is_refused = action == sqlite3.SQLITE_FUNCTION and name in REFUSED
    return sqlite3.SQLITE_DENY if is_refused or action not in READING else sqlite3.SQLITE_OK


def _near(message, columns):
    """A hint if an error names a column that does not exist."""
    name = re.match(r"no such column: ([^;]*)", message)
    close = name and difflib.get_close_matches(name[1].casefold(), columns, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(close)}?" if close else ""
