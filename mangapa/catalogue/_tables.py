"""Many measurements as one table, with units, meanings and provenance."""

from datetime import datetime, timezone
from importlib.metadata import version

import numpy as np
from astropy.table import Column as TableColumn
from astropy.table import MaskedColumn, QTable

from mangapa.catalogue._citation import CITATION
from mangapa.catalogue.columns import catalogue_columns, plain_row
from mangapa.flags import PAFlags, UsabilityFlags

__all__ = ["FLAG_KINDS", "tabulate", "tabulate_rows"]

#: Meanings of flags, whose bits are numbers.
FLAG_KINDS = {"flags": PAFlags, "usability_flags": UsabilityFlags}


def tabulate(measurements):
    """
    Gather measurements in a table.

    Parameters
    ----------
    measurements : iterable of `~mangapa.Measurement`
        One a row.

    Returns
    -------
    `~astropy.table.QTable`
        The columns of `~mangapa.catalogue.columns.catalogue_columns`, provenance in ``meta``.
    """
    return tabulate_rows(map(plain_row, measurements))


def tabulate_rows(rows, *, created=None):
    """
    Make a catalogue of plain values.

    Parameters
    ----------
    rows : iterable of `dict`
        Values by column name, without units; `None`, or none, where they are missing.
    created : `str`, optional
        Date of the measurements; now if not given.

    Returns
    -------
    `~astropy.table.QTable`
        The columns of `~mangapa.catalogue.columns.catalogue_columns`, provenance in ``meta``.
    """
    rows = list(rows)
    table = QTable()
    for column in catalogue_columns():
        table[column.name] = _values(column, [row.get(column.name) for row in rows])
        table[column.name].info.description = column.description
        if column.decimals is not None:
            table[column.name].info.format = f".{column.decimals}f"
    table.meta["mangapa"] = version("mangapa")
    table.meta["created"] = created or datetime.now(timezone.utc).isoformat(timespec="seconds")
    table.meta["citation"] = CITATION
    for name, kind in FLAG_KINDS.items():
        table.meta[name] = kind.descriptions()
    return table


def _values(column, values):
    missing = [value is None for value in values]
    if column.kind is float:
        numbers = np.array([np.nan if value is None else value for value in values], float)
        return numbers if column.unit is None else numbers * column.unit
    nothing = "" if column.kind is None else column.kind()
    filled = [nothing if value is None else value for value in values]
    if any(missing):
        return MaskedColumn(filled, mask=missing, dtype=column.kind)
    return TableColumn(filled, dtype=column.kind)
