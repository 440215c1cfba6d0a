"""Many measurements as one table, with units, descriptions and provenance."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Column as TableColumn
from astropy.table import MaskedColumn, QTable

from mangapa._utils.files import stem
from mangapa.archive.releases import MANGAID, PLATEIFU
from mangapa.catalogue._provenance import provenance
from mangapa.catalogue.columns import STANDARD, catalogue_columns, groups_named, plain_row
from mangapa.fields import TRACERS
from mangapa.flags import PAFlags, UsabilityFlags

if TYPE_CHECKING:
    from mangapa.measurement import Measurement


def tabulate(measurements: "Measurement | Iterable[Measurement]") -> QTable:
    """
    Make a table of measurements.

    Parameters
    ----------
    measurements : `~mangapa.Measurement` or iterable of them
        One for each row.

    Returns
    -------
    `~astropy.table.QTable`
        The columns of `~mangapa.catalogue.columns.catalogue_columns`, with provenance in ``meta``.
        The groups of columns are those that the settings of any measurement ask for.

    Raises
    ------
    TypeError
        If ``measurements`` holds anything else.

    Examples
    --------
    >>> import mangapa
    >>> from mangapa.catalogue import tabulate
    >>> galaxy = mangapa.simulate_galaxy(plateifu="8485-1901", n_fibres=19)
    >>> print(tabulate(mangapa.measure(galaxy))["plateifu"][0])
    8485-1901
    """
    # The class itself is out of reach: mangapa.measurement imports this package.
    many: list[Any] = (
        [measurements] if hasattr(measurements, "misalignment") else list(measurements)
    )
    for one in many:
        if not hasattr(one, "misalignment"):
            msg = f"measurements holds {one!r}; all of them must be Measurement objects"
            raise TypeError(msg)
    groups = {group for one in many for group in groups_named(one.settings.columns)}
    return tabulate_rows(map(plain_row, many), columns=groups)


def tabulate_rows(
    rows: Iterable[dict], *, columns: str | Iterable[str] = STANDARD, created: str | None = None
) -> QTable:
    """
    Make a table of plain values; see `tabulate`.

    Parameters
    ----------
    rows : iterable of `dict`
        Values by column name, without units; a missing value is `None` or left out.
    columns : `str` or iterable of `str`, optional
        Groups of columns; "standard" is always among them.
    created : `str`, optional
        Date of the measurements; now by default.

    Returns
    -------
    `~astropy.table.QTable`
        The catalogue.
    """
    rows = list(rows)
    table = QTable(meta=provenance(created))
    for column in catalogue_columns(columns):
        table[column.name] = _values(column, [row.get(column.name) for row in rows])
        info = table[column.name].info
        info.description, info.format = column.description, column.format
    return table


def failed_row(source):
    """
    Columns of a galaxy that could not be measured: what its source says of it, and flags.

    The source is a path, a pattern of the files of one galaxy or an identifier, as it was given.
    """
    file = re.split(r"[\\/]", source)[-1]
    plateifu, mangaid = PLATEIFU.search(file), MANGAID.fullmatch(file)
    row = {
        "plateifu": plateifu and plateifu.group(),
        "mangaid": None if plateifu else mangaid and mangaid.group(),
        "name": plateifu.group() if plateifu else _common_name(stem(file)),
        "source": source,
    }
    for tracer in TRACERS:
        row[f"{tracer}_flags"] = int(PAFlags.NOT_MEASURED)
        row[f"{tracer}_usability_flags"] = int(UsabilityFlags.NOT_MEASURED)
    return row


def _common_name(name):
    """What the files of a galaxy have in common, if the name is a pattern of them."""
    start, is_pattern, _ = name.partition("*")
    return (start.rstrip("_-. ") if is_pattern else start) or name


def _values(column, values):
    missing = [value is None for value in values]
    if column.kind is float:
        numbers = np.array(values, float)  # None becomes NaN
        return numbers if column.unit is None else numbers * column.unit
    nothing = "" if column.kind is None else column.kind()
    filled = [nothing if value is None else value for value in values]
    if any(missing):
        return MaskedColumn(filled, mask=missing, dtype=column.kind)
    return TableColumn(filled, dtype=column.kind)
