"""Numbers that users give with or without a unit or a mask."""

import operator
import sys
from numbers import Real

import numpy as np
from astropy import units as u

#: What a mask of text holds, as the logical values of FITS and of Python are written.
TRUTHS = {"T": True, "TRUE": True, "F": False, "FALSE": False}


def decimals(error, most=3):
    """Decimals with which an error, or a value with this error, has two digits; one if unknown."""
    if not (np.isfinite(error) and error > 0):
        return 1
    return int(np.clip(1 - np.floor(np.log10(error)), 0, most))


def scalar(name, value, unit, *, positive=False, allow_nan=False):
    """Convert one finite number, in ``unit`` if it has none of its own, to a float in ``unit``."""
    what = f"a number in {unit}" if unit != u.one else "a number"
    if is_missing(value) or np.asarray(value).dtype.kind in "bc":
        msg = f"{name}={value!r} must be {what}"
        raise ValueError(msg)
    value = getattr(value, "unmasked", value)
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


def fraction(name, value):
    """Convert a number above 0 and at most 1 to a float."""
    number = scalar(name, value, u.one)
    if not 0 < number <= 1:
        msg = f"{name}={number} must be above 0 and at most 1"
        raise ValueError(msg)
    return number


def whole_number(name, value, least):
    """Convert an integer of any type, of at least ``least``, to an `int`."""
    try:
        number = None if is_missing(value) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least:
        msg = f"{name}={value!r} must be an integer of at least {least}"
        raise ValueError(msg)
    return number


def is_missing(value):
    """Whether a scalar is masked, or the missing value of pandas."""
    mask = mask_of(value)
    return _is_na(value) or (np.ndim(mask) == 0 and bool(mask))


def numbers(name, values, shape=None, *, kinds="iuf"):
    """
    Copy values of these numpy ``kinds`` to a native-endian array without unit and mask.

    Returns the array, and where values are missing: masked, or `None` or the missing value of
    pandas among objects. Both have the same shape.
    """
    mask = mask_of(values)
    if isinstance(values, (list, tuple)) and any(mask_of(item) is not None for item in values):
        mask = [np.ma.getmaskarray(np.ma.asanyarray(item)) for item in values]
        values = [np.ma.getdata(getattr(item, "unmasked", item)) for item in values]
    # A Marvin Map is a Quantity on which ufuncs raise; a Masked Quantity hides its values.
    values = getattr(values, "unmasked", values)
    if getattr(values, "unit", None) is not None:
        values = values.value
    what = f"{name} must be an array of {'numbers' if 'f' in kinds else 'integers'}"
    try:
        copy = np.array(np.ma.getdata(values), subok=False)
        missing = np.zeros(copy.shape, bool)
        if mask is not None:
            missing |= np.asarray(mask) != 0
        if copy.dtype == object:
            copy, missing = _from_objects(copy, missing, "b" in kinds)
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
    return copy, missing


def array(name, values, unit, shape=None):
    """
    Copy ``values``, in ``unit`` if they have none of their own, to floats in it.

    Returns a Quantity, and where values are missing, as `numbers` does.
    """
    given = getattr(values, "unit", None) or unit
    copy, missing = numbers(name, values, shape)
    try:
        # What overflows becomes infinite.
        with np.errstate(over="ignore"):
            return u.Quantity(copy.astype(float), given).to(unit), missing
    except u.UnitConversionError as error:
        msg = f"{name} is in {given}, which is not a unit of {unit.physical_type}; use {unit}"
        raise ValueError(msg) from error


def is_set(name, mask, shape):
    """Where a mask of logical values, bits or text (T or F) is set, or missing; a new array."""
    text = np.asarray(np.ma.getdata(mask))
    if text.dtype.kind in "SU":
        words = np.char.upper(np.char.strip(text.astype(str)))
        unknown = sorted({*words.ravel().tolist()} - {*TRUTHS})
        if unknown:
            msg = f"{name} holds {unknown[0]!r}; text in a mask must be one of {', '.join(TRUTHS)}"
            raise ValueError(msg)
        values = np.isin(words, [word for word, truth in TRUTHS.items() if truth])
        mask = np.ma.array(values, mask=np.ma.getmaskarray(mask))
    values, missing = numbers(name, mask, shape, kinds="biuf")
    # NaN differs from 0.
    return missing | (values != 0)


def mask_of(values):
    """Mask of a masked array of numpy, astropy or Marvin; `None` for anything else."""
    mask = getattr(values, "mask", None)
    # For pandas, ``mask`` is a method.
    return None if callable(mask) else mask


def _is_na(value):
    # Whoever has a missing value of pandas has imported pandas.
    pandas = sys.modules.get("pandas")
    return pandas is not None and value is pandas.NA


def _from_objects(objects, missing, take_bool):
    """Real numbers among objects as floats, NaN where one is missing, and where that is."""
    copy, missing = np.full(objects.shape, np.nan), missing.copy()
    for place, one in enumerate(objects.flat):
        if is_missing(one) or (one is None and objects.ndim):
            missing.flat[place] = True
        elif isinstance(one, (bool, np.bool_)) and not take_bool:
            msg = "a logical value is not a number"
            raise TypeError(msg)
        elif isinstance(one, (Real, np.bool_)):
            copy.flat[place] = one
        elif not missing.flat[place]:
            msg = f"{type(one).__name__} is not a number"
            raise TypeError(msg)
    return copy, missing
