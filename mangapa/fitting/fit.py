"""`fit_pa`: check the field, call a method, choose the receding side."""

import numpy as np
from astropy import units as u

from mangapa.angles import receding_side
from mangapa.fields import VELOCITY, VelocityField
from mangapa.fitting.methods import Spaxels, method_named
from mangapa.fitting.results import KinematicPA
from mangapa.quality import PAFlags

__all__ = ["fit_pa"]

#: Fewest spaxels that are fitted: 0.5 arcsec spaxels in one resolution element of MaNGA, whose
#: PSF has a full width at half maximum of 2.5 arcsec (Law et al. 2016).
MIN_SPAXELS = 20
#: Velocity error where the inverse variance is not known, km/s (Duckworth et al. 2020).
TYPICAL_VELOCITY_ERROR = 10.0
#: Steps of the angle over 180 degrees (ibid.).
N_STEPS = 361
#: Positions whose spread in one direction is so much smaller than in the other are on one line.
COLLINEAR = 1e-3
#: Velocities that differ by less than this, relative to their size, are equal but for rounding.
ROUNDING = 1e-9


def fit_pa(
    field,
    *,
    method="default",
    error="default",
    n_steps=N_STEPS,
    velocity_error=None,
    v_sys="median",
):
    """
    Fit the global kinematic position angle of a velocity field, 0-360 deg to the receding side.

    The field is taken as it is: `~mangapa.clean` it first. The axis comes from ``method``; of its
    two ends the receding one is that of the half with the larger median velocity.

    Parameters
    ----------
    field : `~mangapa.VelocityField` or sequence of them
        What to fit; a sequence gives a list.
    method : `str`, optional
        One of `~mangapa.fitting.available_methods`, or "default".
    error : {"default", None}, optional
        `None` leaves ``pa_err`` out.
    n_steps : `int`, optional
        Number of angles that are tried over 180 deg; 361 gives half a degree.
    velocity_error : `float` or `~astropy.units.Quantity`, optional
        One 1-sigma error for all velocities, km/s if unitless. If not given it comes from the
        field's inverse variance, or is 10 km/s (the published choice) where there is none.
    v_sys : "median", `float` or `~astropy.units.Quantity`, optional
        First guess of the systemic velocity, which is subtracted before the fit: the median of the
        good spaxels, or a value, km/s if unitless (0 is the published choice).

    Returns
    -------
    `~mangapa.KinematicPA`
        NaN and a flag where the field cannot be fitted.

    Raises
    ------
    TypeError
        If ``field`` is no field.
    ValueError
        If an option is out of its range.
    ImportError
        If the method needs a package that is not installed.

    References
    ----------
    Krajnovic et al. 2006, MNRAS 366, 787, Appendix C; Duckworth et al. 2020, MNRAS 492, 1869.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=19, pa_stellar=120, seed=1)
    >>> mangapa.fit_pa(galaxy.stellar, method="pafit").pa
    <Quantity 120. deg>
    """
    options = _checked_options(method, error, n_steps, velocity_error, v_sys)
    if isinstance(field, VelocityField):
        return _fit_one(field, **options)
    if isinstance(field, (list, tuple)):
        for i, one in enumerate(field):
            _check_field(f"field[{i}]", one)
        return [_fit_one(one, **options) for one in field]
    return _check_field("field", field)


def _fit_one(field, method, error, n_steps, velocity_error, v_sys):
    name, function = method
    spaxels, flags = _spaxels(field, velocity_error, v_sys)
    missing = {"n_spaxels": field.n_spaxels, "method": name, "field": field}
    if flags:
        return KinematicPA(flags=flags, **missing)
    found = function(spaxels, n_steps=n_steps)
    if not np.isfinite(found.pa_axis):
        return KinematicPA(flags=PAFlags.FIT_FAILED, **missing)
    pa, flags = receding_side(found.pa_axis, spaxels.x, spaxels.y, spaxels.velocity)
    if np.isnan(pa):
        return KinematicPA(flags=flags, **missing)
    return KinematicPA(
        pa=pa * u.deg,
        pa_err=(np.nan if error is None else found.error_3sigma / 3) * u.deg,
        pa_err_3sigma=found.error_3sigma * u.deg,
        v_sys=(spaxels.first_guess + found.v_sys) * VELOCITY,
        n_spaxels=field.n_spaxels,
        chi2=found.chi2,
        method=name,
        flags=flags,
        field=field,
    )


def _spaxels(field, velocity_error, v_sys):
    """The good spaxels for a method, or the flag that says why there is nothing to fit."""
    good = field.good
    n_good = field.n_spaxels
    if n_good == 0:
        return None, PAFlags.NO_GOOD_SPAXELS
    if n_good < MIN_SPAXELS:
        return None, PAFlags.TOO_FEW_SPAXELS
    x, y = field.x[good].value, field.y[good].value
    long_side, short_side = np.linalg.svd(
        np.column_stack([x - x.mean(), y - y.mean()]), compute_uv=False
    )
    if short_side <= COLLINEAR * long_side:
        return None, PAFlags.NO_EXTENT
    velocity = field.velocity[good].value
    if np.ptp(velocity) <= ROUNDING * np.abs(velocity).max():
        return None, PAFlags.CONSTANT_VELOCITY
    if velocity_error is None:
        velocity_error = (
            TYPICAL_VELOCITY_ERROR if field.ivar is None else field.ivar[good].value ** -0.5
        )
    first_guess = np.median(velocity) if v_sys is None else v_sys
    return Spaxels(
        x=x,
        y=y,
        velocity=velocity - first_guess,
        first_guess=first_guess,
        error=np.broadcast_to(np.asarray(velocity_error, float), velocity.shape),
        good=good,
        bin_id=None if field.bin_id is None else field.bin_id[good],
    ), PAFlags.NONE


def _checked_options(method, error, n_steps, velocity_error, v_sys):
    if error not in ("default", None):
        msg = f"error={error!r} is not known; choose 'default' or None"
        raise ValueError(msg)
    if not (isinstance(n_steps, (int, np.integer)) and n_steps >= 3):
        msg = f"n_steps={n_steps!r} must be an integer of at least 3"
        raise ValueError(msg)
    if velocity_error is not None:
        velocity_error = _velocity("velocity_error", velocity_error).value
        if velocity_error <= 0:
            msg = f"velocity_error={velocity_error} km/s must be positive"
            raise ValueError(msg)
    by_median = isinstance(v_sys, str) and v_sys == "median"
    return {
        "method": method_named(method),
        "error": error,
        "n_steps": int(n_steps),
        "velocity_error": velocity_error,
        "v_sys": None if by_median else _velocity("v_sys", v_sys).value,
    }


def _velocity(name, value):
    """A single finite velocity as a Quantity."""
    try:
        velocity = u.Quantity(value, None if hasattr(value, "unit") else VELOCITY, dtype=float)
        velocity = velocity.to(VELOCITY)
    except (TypeError, ValueError) as error:
        msg = f"{name}={value!r} is no velocity; give a number in km/s"
        raise ValueError(msg) from error
    if velocity.ndim or not np.isfinite(velocity):
        msg = f"{name}={value!r} must be one finite velocity"
        raise ValueError(msg)
    return velocity


def _check_field(name, value):
    if not isinstance(value, VelocityField):
        msg = (
            f"{name} must be a VelocityField, not {type(value).__name__}; "
            "make one with VelocityField.from_arrays or read_maps"
        )
        raise TypeError(msg)
