"""Position angles: their receding side, their range, and the misalignment of two of them."""

import reprlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u

from mangapa._directions import probability_apart, unwrapped
from mangapa._utils.html import as_html, as_text
from mangapa._utils.quantities import array
from mangapa._utils.robust import median
from mangapa._utils.types import ArrayLike
from mangapa.flags import PAFlags

if TYPE_CHECKING:
    from mangapa.fitting import KinematicPA

__all__ = ["COUNTER_ROTATING", "MISALIGNED", "Misalignment", "misalignment"]

#: A galaxy is misaligned above this angle (Davis et al. 2011; Duckworth et al. 2020).
MISALIGNED = 30 * u.deg
#: A galaxy is counter-rotating above this angle (Duckworth et al. 2020).
COUNTER_ROTATING = 150 * u.deg
#: An angle with a 1-sigma error (deg) above this is unconstrained: the error is closer to that of a
#: uniformly random axis, 180 / sqrt(12) = 52 deg, than to that of a measured one.
UNCONSTRAINED = 30.0
#: Standard error of a median over that of a mean, for normal errors: sqrt(pi / 2).
MEDIAN_EFFICIENCY = 1.2533


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Misalignment:
    """
    Angle between the rotation of the stars and that of the gas, of one galaxy or of many.

    Attributes
    ----------
    angle : `~astropy.units.Quantity`
        Angle, 0-180 deg, scalar or of any shape; NaN where either position angle is missing.
    error : `~astropy.units.Quantity`
        1-sigma error, deg, same shape; NaN where either error is unknown.
    flags : `~mangapa.PAFlags` or `~numpy.ndarray` of `int`
        Flags of both position angles; the bits of `~mangapa.PAFlags` where ``angle`` is an array.
    """

    angle: u.Quantity
    error: u.Quantity
    flags: PAFlags | np.ndarray = PAFlags.NONE

    @property
    def misaligned(self) -> bool | np.ma.MaskedArray | None:
        """True above 30 deg; `None`, or masked in an array, where the angle is missing."""
        return self._above(MISALIGNED)

    @property
    def counter_rotating(self) -> bool | np.ma.MaskedArray | None:
        """True above 150 deg; `None`, or masked in an array, where the angle is missing."""
        return self._above(COUNTER_ROTATING)

    @property
    def probability_misaligned(self) -> float | np.ndarray:
        """
        Probability that the true angle is above 30 deg, given the error.

        NaN where the angle or its error is missing; 5/6, as for random directions, where the error
        is that of a random axis.
        """
        return self._probability(MISALIGNED)

    @property
    def probability_counter_rotating(self) -> float | np.ndarray:
        """
        Probability that the true angle is above 150 deg, given the error.

        NaN where the angle or its error is missing; 1/6, as for random directions, where the error
        is that of a random axis.
        """
        return self._probability(COUNTER_ROTATING)

    def _probability(self, limit):
        angle, error = self.angle.to_value(u.deg), self.error.to_value(u.deg)
        probability = probability_apart(angle, unwrapped(error), limit.to_value(u.deg))
        return probability if np.ndim(probability) else float(probability)

    def _above(self, limit):
        above = np.ma.masked_array(self.angle > limit, mask=np.isnan(self.angle))
        return above if above.ndim else above.tolist()

    def __repr__(self):
        if self.angle.isscalar:
            return f"<Misalignment {self.angle.value:.1f} +- {self.error.value:.1f} deg>"
        counts = (
            f"{self.misaligned.filled(False).sum()} misaligned",
            f"{self.counter_rotating.filled(False).sum()} counter-rotating",
            f"{np.isnan(self.angle).sum()} missing",
        )
        return f"<Misalignment of {self.angle.size} galaxies: {', '.join(counts)}>"

    def _repr_html_(self):
        if self.angle.isscalar:
            rows = [
                ("Angle", as_text(self.angle, self.error)),
                ("Probability of over 30 deg", as_text(self.probability_misaligned, decimals=2)),
                (
                    "Probability of over 150 deg",
                    as_text(self.probability_counter_rotating, decimals=2),
                ),
                ("Flags", PAFlags(self.flags).description or None),
            ]
        else:
            rows = [
                ("Galaxies", self.angle.size),
                ("Misaligned", self.misaligned.filled(False).sum()),
                ("Counter-rotating", self.counter_rotating.filled(False).sum()),
                ("Missing", np.isnan(self.angle).sum()),
            ]
        return as_html("Misalignment", rows)


def misalignment(a: "KinematicPA | ArrayLike", b: "KinematicPA | ArrayLike") -> Misalignment:
    """
    Angle between two position angles: the smaller one of the two ways around, 0-180 deg.

    Parameters
    ----------
    a, b : `~mangapa.KinematicPA`, array_like or `~astropy.units.Quantity`
        Position angles to the receding side, deg if unitless; scalars, arrays or sequences whose
        shapes broadcast. `~astropy.coordinates.Angle` is a Quantity. Masked angles are missing.

    Returns
    -------
    `Misalignment`
        With the broadcast shape. Its error is that of both angles in quadrature, the noise and the
        departures from a disc of each (``pa_err_total``); plain angles have no error.

    Raises
    ------
    TypeError
        If an argument is not numeric.
    ValueError
        If its unit is not that of an angle, or if the shapes do not broadcast.

    Examples
    --------
    >>> from mangapa import misalignment
    >>> misalignment(350, 20).angle
    <Quantity 30. deg>
    >>> misalignment([10, 40], 195).counter_rotating.tolist()
    [True, True]
    """
    pa_a, error_a, flags_a = _position_angles("a", a)
    pa_b, error_b, flags_b = _position_angles("b", b)
    try:
        apart = np.abs(wrap(pa_a) - wrap(pa_b))
    except ValueError as error:
        msg = f"a has shape {pa_a.shape} and b has shape {pa_b.shape}; they must broadcast"
        raise ValueError(msg) from error
    flags = flags_a | flags_b
    return Misalignment(
        angle=np.minimum(apart, 360 - apart) * u.deg,
        error=np.hypot(error_a, error_b) * u.deg,
        flags=flags if np.ndim(flags) else PAFlags(int(flags)),
    )


def wrap(pa):
    """Wrap angles in degrees to [0, 360); `numpy.mod` alone gives 360 just below zero."""
    pa = np.mod(pa, 360.0)
    return np.where(pa == 360.0, 0.0, pa)[()]


def receding_side(pa_axis, x, y, velocity):
    """
    Choose the end of a kinematic axis (deg) that recedes: the half with the larger median velocity.

    The mean decides a tie (Duckworth et al. 2020). ``x`` and ``y`` (arcsec, +x East) and
    ``velocity`` have shape (n,). Return the position angle in [0, 360), NaN if the halves have the
    same velocity, and flags.
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
        # Only one side was observed: the velocity gradient is all that is left.
        difference, error = np.cov(along, velocity)[0, 1], np.inf
    if difference == 0:
        return np.nan, PAFlags.NO_ROTATION
    flags = PAFlags.NONE if abs(difference) > error else PAFlags.RECEDING_SIDE_UNCLEAR
    return wrap(pa_axis if difference > 0 else pa_axis + 180.0), flags


def _variance(values):
    values = values - values.sum() / values.size
    return values @ values / values.size


def _position_angles(name, value):
    """Degrees, 1-sigma errors in degrees and flags, as arrays of one shape; NaN is missing."""
    if hasattr(value, "pa"):
        angles = value.pa.to_value(u.deg), _error(value).to_value(u.deg), int(value.flags)
        return np.broadcast_arrays(*angles)
    if isinstance(value, np.ndarray) and value.dtype == object:
        value = np.ma.filled(value, np.nan).tolist()
    if isinstance(value, (list, tuple)) and not all(map(_is_number, value)):
        each = [_position_angles(f"{name}[{i}]", item) for i, item in enumerate(value)]
        try:
            return [np.stack(part) for part in zip(*each, strict=True)]
        except ValueError as error:
            msg = f"{name} must be a scalar or a regular array: its items differ in shape"
            raise ValueError(msg) from error
    try:
        degrees, missing = array(name, value, u.deg)
    except (TypeError, ValueError) as error:
        msg = f"{name}={reprlib.repr(value)} is not an angle; give degrees, a Quantity or a "
        msg += "KinematicPA, or an array of them"
        raise type(error)(msg) from error
    degrees = np.where(missing | ~np.isfinite(degrees.value), np.nan, degrees.value)
    return np.broadcast_arrays(degrees, np.nan, 0)


def _error(result):
    """The whole error of a result, or what it has."""
    return getattr(result, "pa_err_total", result.pa_err)


def _is_number(item):
    """True for a real scalar without a unit; `bool` is an `int`, but is not a number here."""
    return isinstance(item, (int, float, np.integer, np.floating)) and not isinstance(item, bool)
