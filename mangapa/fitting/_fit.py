"""`fit_pa`: check the field, call a method, choose the receding side."""

from functools import lru_cache

import numpy as np
from astropy import units as u

from mangapa._utils.robust import median
from mangapa.angles import UNCONSTRAINED, receding_side
from mangapa.fields import VELOCITY, VelocityField
from mangapa.fitting._errors import bootstrap_error
from mangapa.fitting._grid import grid_of
from mangapa.fitting._methods import Spaxels, method_named
from mangapa.fitting._results import KinematicPA
from mangapa.flags import PAFlags

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
#: Fields of a list that are worked on at once, so that memory does not grow with the list.
AT_ONCE = 64
#: What ``error`` may be.
ERRORS = ("default", "analytic", "bootstrap", None)
#: Methods disagree beyond so many standard deviations of their difference.
DISAGREEMENT = 3.0
#: No method tells angles apart by less than this, degrees: half of the published step.
STEP = 0.25
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
    error : {"default", "analytic", "bootstrap", None}, optional
        How ``pa_err`` is found: from the fit itself, which the method must support; from 40 fields
        drawn from the best disc with the noise of this one; or not at all. The default is what is
        calibrated for the method.
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
    >>> mangapa.fit_pa(galaxy.stellar)
    <KinematicPA 120.1 +- 0.1 deg, disc, 397 spaxels>
    """
    options = _checked_options(method, error, n_steps, velocity_error, v_sys)
    if isinstance(field, VelocityField):
        return _fit([field], **options)[0]
    if isinstance(field, (list, tuple)):
        for i, one in enumerate(field):
            _check_field(f"field[{i}]", one)
        starts = range(0, len(field), AT_ONCE)
        return [one for i in starts for one in _fit(field[i : i + AT_ONCE], **options)]
    return _check_field("field", field)


def _fit(fields, method, error, n_steps, velocity_error, v_sys):
    inputs = [good_spaxels(field, velocity_error, v_sys) for field in fields]
    good = [spaxels for spaxels, flags in inputs if not flags]
    results = []
    with one_blas_thread():
        found = iter(method.fit_all(good, n_steps=n_steps))
        for field, (spaxels, flags) in zip(fields, inputs, strict=True):
            fit = None if flags else next(found)
            results.append(_result(field, spaxels, fit, flags, method, error, n_steps))
    return results


def one_blas_thread():
    """A context: the matrices are so small that several BLAS threads make fits ten times slower."""
    return _blas().limit(limits=1, user_api="blas")


@lru_cache(maxsize=1)
def _blas():
    """Control of the BLAS threads; kept, as finding the libraries takes longer than a fit."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _result(field, spaxels, found, flags, method, error, n_steps):
    missing = {"n_spaxels": field.n_spaxels, "method": method.name, "field": field}
    if flags:
        return KinematicPA(flags=flags, **missing)
    if not np.isfinite(found.pa_axis):
        return KinematicPA(flags=PAFlags.FIT_FAILED, **missing)
    pa, flags = receding_side(found.pa_axis, spaxels.x, spaxels.y, spaxels.velocity)
    if np.isnan(pa):
        return KinematicPA(flags=flags, **missing)
    pa_err = np.nan if error is None else _error(found, spaxels, method, error, n_steps)
    if pa_err > UNCONSTRAINED:
        flags |= PAFlags.UNCONSTRAINED
    if _disagree(found.pa_axis, found.other_axis, pa_err):
        flags |= PAFlags.METHODS_DISAGREE
    return KinematicPA(
        pa=pa * u.deg,
        pa_err=pa_err * u.deg,
        pa_err_3sigma=found.error_3sigma * u.deg,
        v_sys=(spaxels.first_guess + found.v_sys) * VELOCITY,
        n_spaxels=field.n_spaxels,
        chi2=found.chi2,
        method=method.name,
        flags=flags,
        field=field,
        disc=found.disc,
    )


def _error(found, spaxels, method, error, n_steps):
    """1-sigma error in degrees, of the kind that is asked for."""
    kind = method.error if error == "default" else error
    if kind == "3sigma":
        return found.error_3sigma / 3
    if kind == "analytic":
        if np.isnan(found.error):
            msg = f"method={method.name!r} has no analytic error; choose error='bootstrap'"
            raise ValueError(msg)
        return found.error

    def axes(spaxels):
        return [fit.pa_axis for fit in method.fit_all(spaxels, n_steps=n_steps)]

    # Always the same draws: the same field has the same error, whoever asks and in any order.
    scatter = bootstrap_error(spaxels, found.pa_axis, axes, np.random.default_rng(0))
    step = 180 / (n_steps - 1) if method.stepped else 0.0
    return np.hypot(scatter, step / np.sqrt(12))


def _disagree(axis, other_axis, error):
    """Whether two axes differ by more than their errors, of which the other's is not known."""
    apart = abs((axis - other_axis + 90) % 180 - 90)
    return apart > DISAGREEMENT * np.hypot(error, max(error, STEP))


def good_spaxels(field, velocity_error=None, v_sys=None):
    """
    The good spaxels of a field, as a method takes them.

    Parameters
    ----------
    field : `~mangapa.VelocityField`
        What is to be fitted.
    velocity_error : `float`, optional
        One error for all velocities, km/s; the field's own if not given.
    v_sys : `float`, optional
        Velocity to subtract first, km/s; the median if not given.

    Returns
    -------
    spaxels : `~mangapa.fitting._methods.Spaxels` or `None`
        `None` where there is nothing to fit.
    flags : `~mangapa.PAFlags`
        Why.
    """
    good = field.good
    index = np.flatnonzero(good)
    if index.size == 0:
        return None, PAFlags.NO_GOOD_SPAXELS
    if index.size < MIN_SPAXELS:
        return None, PAFlags.TOO_FEW_SPAXELS

    def at_good(values):
        """Several times faster than by a mask."""
        return values.ravel().take(index)

    x, y = at_good(field.x.value), at_good(field.y.value)
    dx, dy = x - x.mean(), y - y.mean()
    moments = np.array([[dx @ dx, dx @ dy], [dx @ dy, dy @ dy]])
    short_side, long_side = np.linalg.eigvalsh(moments)
    if short_side <= COLLINEAR**2 * long_side:
        return None, PAFlags.NO_EXTENT
    velocity = at_good(field.velocity.value)
    if np.ptp(velocity) <= ROUNDING * np.abs(velocity).max():
        return None, PAFlags.CONSTANT_VELOCITY
    if velocity_error is None:
        velocity_error = (
            TYPICAL_VELOCITY_ERROR if field.ivar is None else at_good(field.ivar.value) ** -0.5
        )
    first_guess = median(velocity) if v_sys is None else v_sys
    return Spaxels(
        x=x,
        y=y,
        velocity=velocity - first_guess,
        first_guess=first_guess,
        error=np.broadcast_to(np.asarray(velocity_error, float), velocity.shape),
        good=good,
        bin_id=None if field.bin_id is None else at_good(field.bin_id),
        grid=grid_of(field.x.value, field.y.value, good),
    ), PAFlags.NONE


def _checked_options(method, error, n_steps, velocity_error, v_sys):
    if error not in ERRORS:
        msg = f"error={error!r} is not known; choose one of {', '.join(map(repr, ERRORS))}"
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
