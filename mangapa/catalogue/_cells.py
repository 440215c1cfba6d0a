"""Columns of any table as plain values, in which what is missing stays missing."""

import numpy as np
from astropy import units as u
from astropy.table import QTable, Table

from mangapa.catalogue._flag_table import IDENTIFIERS

#: Numbers from here on down stand for a missing value, as in the files of the DAP.
SENTINEL = -999.0


def as_table(name, value):
    """A table as it is, or made from a pandas DataFrame; ``name`` is the argument's."""
    if isinstance(value, Table):
        return value
    if hasattr(value, "columns") and hasattr(value, "iloc"):
        return QTable.from_pandas(value)
    msg = f"{name} must be an astropy Table or a pandas DataFrame, not {type(value).__name__}"
    raise TypeError(msg)


def is_missing(values):
    """True where a column is masked, or holds `None`, NaN or pandas' NA."""
    missing = np.array(np.ma.getmaskarray(values) | getattr(values, "mask", False), bool)
    plain = np.ma.getdata(getattr(values, "unmasked", values))
    if plain.dtype.kind == "O":
        # All of these differ from themselves, or cannot tell.
        missing |= np.array([one is None or _differs(one) for one in plain], bool)
    elif plain.dtype.kind == "f":
        missing |= np.isnan(np.asarray(plain))
    return missing


def texts(table, name):
    """A column as an array of `str` without surrounding blanks; "" where it is missing."""
    if name not in table.colnames:
        return np.full(len(table), "", object)
    values, missing = table[name], is_missing(table[name])
    plain = np.ma.getdata(getattr(values, "unmasked", values))
    found = np.full(len(table), "", object)
    for row in np.flatnonzero(~missing):
        one = plain[row]
        found[row] = (
            one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one)
        ).strip()
    return found


def degrees(table, name, argument="table"):
    """
    A column of angles as an array in degrees, NaN where it is missing; deg if it has no unit.

    A ValueError names the column if it holds anything but angles.
    """
    if name not in table.colnames:
        msg = f"{argument} has no column {name!r}; it has {', '.join(table.colnames) or 'none'}"
        raise ValueError(msg)
    values, missing = table[name], is_missing(table[name])
    unit = values.info.unit or u.deg
    plain = np.ma.getdata(getattr(values, "unmasked", values))
    if plain.dtype.kind not in "iufO" or plain.ndim != 1:
        msg = f"column {name!r} of {argument} must hold angles, not {plain.dtype}"
        raise ValueError(msg)
    plain = getattr(plain, "value", plain)
    try:
        numbers = np.where(missing, np.nan, np.where(missing, 0, plain).astype(float))
        numbers[(numbers <= SENTINEL) | np.isinf(numbers)] = np.nan
        return u.Quantity(numbers, unit).to_value(u.deg)
    except (TypeError, ValueError, u.UnitConversionError) as error:
        msg = f"column {name!r} of {argument} must hold angles ({error})"
        raise ValueError(msg) from error


def galaxies(table, argument="table", *, needed=True):
    """
    The galaxy of each row: its plate-IFU or else its name; "" if the row has neither.

    If it is ``needed``, a table without columns of names is a ValueError.
    """
    names = [name for name in (*IDENTIFIERS, "name") if name in table.colnames]
    if needed and not names:
        msg = f"{argument} has no column 'plateifu' or 'name', which say what each row is"
        raise ValueError(msg)
    found = np.full(len(table), "", object)
    for name in names:
        found = np.where(found == "", texts(table, name), found)
    return found


def _differs(value):
    try:
        return not bool(value == value)
    except TypeError:  # as pandas' NA
        return True
