"""Directions: which half recedes, how angles wrap, how far apart two of them are."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u

from mangapa._utils.robust import median
from mangapa.flags import PAFlags

__all__ = ["COUNTER_ROTATING", "MISALIGNED", "Misalignment", "misalignment"]

#: A galaxy is called misaligned above this angle (Davis et al. 2011; Duckworth et al. 2020).
MISALIGNED = 30 * u.deg
#: And counter-rotating above this one.
COUNTER_ROTATING = 150 * u.deg
#: An error above this, degrees, is closer to that of a uniformly random axis, 52 degrees, than to
#: that of a measured one.
UNCONSTRAINED = 30.0
#: Standard error of a median over that of a mean, for normal errors: sqrt(pi / 2).
MEDIAN_EFFICIENCY = 1.2533


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Misalignment:
    """
    The angle between the rotation of the stars and that of the gas.

    Attributes
    ----------
    angle : `~astropy.units.Quantity`
        0-180 deg; NaN where either position angle is missing.
    error : `~astropy.units.Quantity`
        1-sigma error, deg; NaN where either error is unknown.
    flags : `~mangapa.PAFlags`
        The flags of both position angles.
    """

    angle: u.Quantity
    error: u.Quantity
    flags: PAFlags = PAFlags.NONE

    @property
    def misaligned(self):
        """Whether the angle is above 30 deg; `None` where it is missing."""
        return None if np.isnan(self.angle) else bool(self.angle > MISALIGNED)

    @property
    def counter_rotating(self):
        """Whether the angle is above 150 deg; `None` where it is missing."""
        return None if np.isnan(self.angle) else bool(self.angle > COUNTER_ROTATING)

    def __repr__(self):
        return f"<Misalignment {self.angle.value:.1f} +- {self.error.value:.1f} deg>"


def misalignment(a, b):
    """
    The angle between two position angles: the smaller one of the two ways around, 0-180 deg.

    Parameters
    ----------
    a, b : `~mangapa.KinematicPA`, `~astropy.units.Quantity` or `float`
        Position angles to the receding side, deg if unitless; `~astropy.coordinates.Angle` is
        a Quantity.

    Returns
    -------
    `Misalignment`
        Its error is that of both in quadrature.

    Raises
    ------
    TypeError
        If an argument is no angle.
    ValueError
        If its unit is not an angle's.

    Examples
    --------
    >>> from mangapa import misalignment
    >>> misalignment(350, 20).angle
    <Quantity 30. deg>
    >>> misalignment(10, 195).counter_rotating
    True
    """
    pa_a, error_a, flags_a = _angle("a", a)
    pa_b, error_b, flags_b = _angle("b", b)
    apart = abs(wrap(pa_a) - wrap(pa_b))
    return Misalignment(
        angle=min(apart, 360 - apart) * u.deg,
        error=np.hypot(error_a, error_b) * u.deg,
        flags=flags_a | flags_b,
    )


def wrap(pa):
    """Bring an angle in degrees into [0, 360), which a plain remainder just misses below zero."""
    pa = np.mod(pa, 360.0)
    return np.where(pa == 360.0, 0.0, pa)[()]


def receding_side(pa_axis, x, y, velocity):
    """
    Choose the end of the kinematic axis that recedes.

    The published rule: the half with the larger median velocity, or mean on a tie (Duckworth et
    al. 2020).

    Parameters
    ----------
    pa_axis : `float`
        Direction of the axis modulo 180, degrees North through East.
    x, y : `~numpy.ndarray`
        Offsets of the spaxels, arcsec, +x East, shape (n,).
    velocity : `~numpy.ndarray`
        Their velocities, shape (n,).

    Returns
    -------
    pa : `float`
        In [0, 360); NaN where the halves have the same velocity.
    flags : `~mangapa.PAFlags`
        Set where the choice is impossible or uncertain.
    """
    angle = np.radians(pa_axis)
    along = x * np.sin(angle) + y * np.cos(angle)
    ahead, behind = velocity[along > 0], velocity[along < 0]
    if ahead.size and behind.size:
        difference = median(ahead) - median(behind)
        error = MEDIAN_EFFICIENCY * np.sqrt(
            _variance(ahead) / ahead.size + _variance(behind) / behind.size
        )
        if difference == 0:
            difference = np.mean(ahead) - np.mean(behind)
    else:
        # Only one side was observed: all that is left is which way the velocity rises.
        difference, error = np.cov(along, velocity)[0, 1], np.inf
    if difference == 0:
        return np.nan, PAFlags.NO_ROTATION
    flags = PAFlags.NONE if abs(difference) > error else PAFlags.RECEDING_SIDE_UNCLEAR
    return wrap(pa_axis if difference > 0 else pa_axis + 180.0), flags


def _variance(values):
    values = values - values.sum() / values.size
    return values @ values / values.size


def _angle(name, value):
    """Degrees, 1-sigma error in degrees and flags of whatever names a position angle."""
    if hasattr(value, "pa"):
        return value.pa.to_value(u.deg), value.pa_err.to_value(u.deg), value.flags
    if value is None:
        msg = f"{name} must be a KinematicPA or an angle, not None"
        raise TypeError(msg)
    try:
        angle = u.Quantity(value, None if hasattr(value, "unit") else u.deg, dtype=float)
        degrees = angle.to_value(u.deg)
    except u.UnitConversionError as error:
        msg = f"{name}={value!r} is no angle; give it in degrees"
        raise ValueError(msg) from error
    except TypeError as error:
        msg = f"{name} must be a KinematicPA or an angle, not {type(value).__name__}"
        raise TypeError(msg) from error
    if np.ndim(degrees):
        msg = f"{name} must be a single angle, not an array of shape {np.shape(degrees)}"
        raise ValueError(msg)
    return float(degrees), np.nan, PAFlags.NONE
