"""Numbers that users give with or without a unit."""

import numpy as np
from astropy import units as u


def scalar(name, value, unit, *, positive=False, allow_nan=False):
    """
    Convert one finite number, in ``unit`` if it has none of its own, to a float in ``unit``.

    ``name`` is the argument that a ValueError names. NaN is refused unless ``allow_nan``.
    """
    what = f"a number in {unit}" if unit != u.one else "a number"
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
