"""`spin_vector`: the direction of a galaxy's angular momentum in equatorial coordinates."""

from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from mangapa._utils.positions import sky_position
from mangapa._utils.quantities import scalar
from mangapa._utils.types import ScalarLike
from mangapa.fields import Galaxy, VelocityField, check_tracer
from mangapa.fitting import KinematicPA, fit_pa
from mangapa.fitting._results import THICKNESS, inclination_error
from mangapa.fitting._results import inclination as inclination_of
from mangapa.flags import PAFlags, SpinFlags
from mangapa.kinematics._spin_vector import SpinVector, cartesian, directions

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord

__all__ = ["spin_vector"]

#: Standard deviation of the inclination of randomly oriented discs, sqrt(pi - 3) radian: an error
#: as large as this says nothing.
RANDOM_INCLINATION = np.degrees(np.sqrt(np.pi - 3))
#: A side within this of the major axis, deg, does not say which half is near: two thirds of all
#: directions do.
TOO_CLOSE_TO_AXIS = 30.0
#: Sign of the spin along the line of sight, away from us, by the winding of trailing arms.
WINDINGS = {"S": -1, "Z": 1}
#: Flags of a position angle that say that there is no spin, or a caveat, and those they become.
FLAGS_OF_ANGLE = {
    PAFlags.UNCONSTRAINED: SpinFlags.UNCONSTRAINED,
    PAFlags.RECEDING_SIDE_UNCLEAR: SpinFlags.RECEDING_SIDE_UNCLEAR,
    PAFlags.NOT_A_DISC: SpinFlags.NOT_A_DISC,
}
#: Flags with which there is no solution.
FATAL = {
    SpinFlags.NO_ANGLE,
    SpinFlags.UNCONSTRAINED,
    SpinFlags.RECEDING_SIDE_UNCLEAR,
    SpinFlags.NO_INCLINATION,
    SpinFlags.NO_POSITION,
}


def spin_vector(
    source: Any,
    tracer: str = "stellar",
    *,
    position: "SkyCoord | tuple[float, float] | str | None" = None,
    inclination: ScalarLike | None = None,
    inclination_err: ScalarLike | None = None,
    near_side: ScalarLike | None = None,
    dust_side: ScalarLike | None = None,
    winding: str | None = None,
    thickness: float = THICKNESS,
) -> SpinVector:
    """
    Find the direction of the angular momentum of a disc galaxy in equatorial coordinates.

    The receding side and the inclination leave two directions, because velocities along the line of
    sight do not tell which side of the disc is near. Both are given, with equal weights, unless
    ``near_side``, ``dust_side`` or ``winding`` tells.

    Parameters
    ----------
    source : `~mangapa.KinematicPA`, `~mangapa.Galaxy`, `~mangapa.Measurement` or \
`~mangapa.VelocityField`
        What rotates. Fields are fitted as they are with `~mangapa.fit_pa`.
    tracer : {"stellar", "halpha"}, optional
        Which tracer of a galaxy or a measurement.
    position : `~astropy.coordinates.SkyCoord`, `tuple` of `float` or `str`, optional
        Where the galaxy is, a pair in deg; by default that of the galaxy.
    inclination, inclination_err : `float` or `~astropy.units.Quantity`, optional
        Inclination and its 1-sigma error, deg if unitless; by default those of the best disc.
    near_side : `float` or `~astropy.units.Quantity`, optional
        Position angle of the side that is near, deg if unitless; any direction in that half.
    dust_side : `float` or `~astropy.units.Quantity`, optional
        Position angle of the side on which dust dims the light more, which is the near one.
    winding : {"S", "Z"}, optional
        How the spiral arms wind on the sky, North up and East left; they are taken to trail.
    thickness : `float`, optional
        Axis ratio of the disc seen edge-on, from 0 to below 1, from which its inclination follows.

    Returns
    -------
    `SpinVector`
        Without solutions, and with a flag, where the data do not tell.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of its range.

    References
    ----------
    Lee & Erdogdu 2007, ApJ 671, 1248, for the components of the vector; Hubble 1943, ApJ 97, 112,
    for dust and trailing arms.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=37, pa_stellar=90, inclination=60)
    >>> spin = mangapa.spin_vector(galaxy, position=(150, 2), inclination=60, inclination_err=5)
    >>> spin.weights
    array([0.5, 0.5])
    >>> mangapa.spin_vector(
    ...     galaxy, position=(150, 2), inclination=60, inclination_err=5, winding="S"
    ... )
    <SpinVector towards 329.7 -62.0 +- 5 (1.00) deg>
    """
    check_tracer(tracer)
    pa, centre = _rotation(source, tracer)
    position = centre if position is None else position
    if position is not None:
        position = sky_position("position", position)
    inclination, inclination_err = _inclination(pa, inclination, inclination_err, thickness)
    flags = _flags_of(pa, position, inclination, inclination_err)
    angle, angle_err = (value.to_value(u.deg) for value in (pa.pa, pa.pa_err_total))
    away, about_side = _away_from_us(angle, near_side, dust_side, winding)
    is_known = not any(flags & one for one in FATAL)
    if is_known:
        flags |= about_side
    known = {
        "position_angle": angle * u.deg,
        "position_angle_err": angle_err * u.deg,
        "inclination": inclination * u.deg,
        "inclination_err": inclination_err * u.deg,
        "position": position,
        "flags": flags,
    }
    if not is_known:
        nothing = cartesian(np.zeros((3, 0)))
        return SpinVector(solutions=nothing, weights=np.zeros(0), error=[] * u.deg, **known)
    error = np.hypot(np.sin(np.radians(inclination)) * angle_err, inclination_err)
    return SpinVector(
        solutions=cartesian(directions(position, angle, inclination, away)),
        weights=np.full(away.size, 1 / away.size),
        error=np.full(away.size, error) * u.deg,
        **known,
    )


def _rotation(source, tracer):
    """Position angle of a source, and its place on the sky or `None`."""
    if isinstance(source, KinematicPA):
        return source, None
    if isinstance(source, VelocityField):
        return fit_pa(source), None
    if isinstance(source, Galaxy):
        field = source.tracer(tracer)
        pa = KinematicPA(flags=PAFlags.NO_MAP) if field is None else fit_pa(field)
        return pa, source.centre
    galaxy, pa = getattr(source, "galaxy", None), getattr(source, tracer, None)
    if isinstance(galaxy, Galaxy) and isinstance(pa, KinematicPA):
        return pa, galaxy.centre
    msg = (
        f"source must be a KinematicPA, Galaxy, Measurement or VelocityField, not "
        f"{type(source).__name__}"
    )
    raise TypeError(msg)


def _inclination(pa, inclination, error, thickness):
    """Inclination and its error, deg; NaN where they are unknown."""
    thickness = scalar("thickness", thickness, u.one)
    if not 0 <= thickness < 1:
        msg = f"thickness={thickness:g} must be from 0 to below 1"
        raise ValueError(msg)
    if inclination is None and error is not None:
        msg = "inclination_err needs inclination; give both, or neither for those of the disc"
        raise ValueError(msg)
    if inclination is not None:
        inclination = scalar("inclination", inclination, u.deg, allow_nan=True)
        if not (np.isnan(inclination) or 0 <= inclination <= 90):
            msg = f"inclination={inclination:g} deg must be between 0 and 90"
            raise ValueError(msg)
        error = np.nan if error is None else error
        return inclination, scalar("inclination_err", error, u.deg, positive=True, allow_nan=True)
    if pa.disc is None:
        return np.nan, np.nan
    ratio, ratio_err = pa.disc.axis_ratio, pa.disc.axis_ratio_err
    return float(inclination_of(ratio, thickness)), float(
        inclination_error(ratio, ratio_err, thickness)
    )


def _flags_of(pa, position, inclination, inclination_err):
    """What is missing."""
    flags = SpinFlags.NONE
    if np.isnan(pa.pa) or np.isnan(pa.pa_err_total):
        flags |= SpinFlags.NO_ANGLE
    for flag, ours in FLAGS_OF_ANGLE.items():
        if pa.flags & flag:
            flags |= ours
    if np.isnan(inclination) or not inclination_err < RANDOM_INCLINATION:
        flags |= SpinFlags.NO_INCLINATION
    if position is None:
        flags |= SpinFlags.NO_POSITION
    return flags


def _away_from_us(angle, near_side, dust_side, winding):
    """Signs of the spin along the line of sight, away from us, of each solution; and flags."""
    flags, signs = SpinFlags.NONE, set()
    for name, side in (("near_side", near_side), ("dust_side", dust_side)):
        if side is None:
            continue
        # The near side of a spin that points away from us is a right angle ahead of the angle.
        ahead = np.sin(np.radians(scalar(name, side, u.deg) - angle))
        if abs(ahead) < np.sin(np.radians(TOO_CLOSE_TO_AXIS)):
            flags |= SpinFlags.NEAR_SIDE_UNCLEAR
        elif np.isfinite(ahead):
            signs.add(int(np.sign(ahead)))
    if winding is not None:
        if not isinstance(winding, str) or winding.upper() not in WINDINGS:
            msg = f"winding={winding!r} must be one of {', '.join(WINDINGS)}, as arms wind"
            raise ValueError(msg)
        signs.add(WINDINGS[winding.upper()])
    if len(signs) == 1:
        return np.array([*signs]), flags
    flags |= SpinFlags.CONFLICTING_SIDES if signs else SpinFlags.NEAR_SIDE_UNKNOWN
    return np.array([-1, 1]), flags
