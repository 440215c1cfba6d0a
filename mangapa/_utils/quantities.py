"""Numbers that users give with or without a unit."""

import numpy as np
from astropy import units as u


def scalar(name, value, unit, *, positive=False, allow_nan=False):
    """Convert one finite number, in ``unit`` if it has none of its own, to a float in ``unit``."""
    what = f"a number in {unit}" if unit != u.one else "a number"
    if isinstance(value, (bool, np.bool_)) or value is np.ma.masked:
        msg = f"{name}={value!r} must be {what}"
        raise ValueError(msg)
    try:
        number = u.Quantity(value, None if hasattr(value, "unit") else unit, dtype=float)
        number = number.to_value(unit)
    except (TypeError, ValueError) as error:
        msg = f"{name}={value!r} must be {what}"
        raise ValueError(msg) from error
    if np.ndim(number) or not (np.isfinite(number) or (allow_nan and np.isnan(number))):
        msg = f"{name}={value!r} must be one finite number"
        raise ValueError(msg)
    if positive and number <= 0:
        msg = f"{name}={value!r} must be positive"
        raise ValueError(msg)
    return float(number)


def numbers(name, values, shape=None, *, kinds="iuf"):
    """Copy values of these numpy ``kinds`` to a native-endian array without unit and mask."""
    # A Marvin Map is a Quantity on which ufuncs raise; a Masked Quantity hides its values.
    values = getattr(values, "unmasked", values)
    if getattr(values, "unit", None) is not None:
        values = values.value
    what = f"{name} must be an array of {'numbers' if 'f' in kinds else 'integers'}"
    try:
        copy = np.array(np.ma.getdata(values), subok=False)
        copy = copy.astype(copy.dtype.newbyteorder("="))
    except (TypeError, ValueError) as error:
        msg = f"{what}, not {type(values).__name__}"
        raise TypeError(msg) from error
    if copy.dtype.kind not in kinds:
        msg = f"{what}, not of {copy.dtype}"
        raise TypeError(msg)
    if shape not in (None, copy.shape):
        msg = f"{name} has shape {copy.shape}, but must have shape {shape}"
        raise ValueError(msg)
    return copy


def array(name, values, unit, shape=None):
    """Copy ``values``, in ``unit`` if they have none of their own, to a float Quantity in it."""
    given = getattr(values, "unit", None) or unit
    try:
        return u.Quantity(numbers(name, values, shape).astype(float), given).to(unit)
    except u.UnitConversionError as error:
        msg = f"{name} is in {given}, which is not a unit of {unit.physical_type}; use {unit}"
        raise ValueError(msg) from error


def mask_of(values):
    """Mask of a masked array of numpy, astropy or Marvin; `None` for anything else."""
    mask = getattr(values, "mask", None)
    # For pandas, ``mask`` is a method.
    return None if callable(mask) else mask
