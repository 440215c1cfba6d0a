"""`fit_pa`: check the field, call a method, choose the receding side."""

import numpy as np
from astropy import units as u

from mangapa._directions import UNIFORM_AXIS, axes_apart
from mangapa._utils.options import UnsuitableOptionError
from mangapa._utils.threads import one_blas_thread
from mangapa._utils.types import ScalarLike
from mangapa.angles import UNCONSTRAINED, receding_side
from mangapa.fields import OFFSET, VELOCITY, VelocityField
from mangapa.fitting._errors import bootstrap_error
from mangapa.fitting._methods import method_named
from mangapa.fitting._points import MIN_POINTS
from mangapa.fitting._prepared import checked_fields, prepare
from mangapa.fitting._results import Disc, KinematicPA
from mangapa.fitting._settings import N_STEPS, FitSettings
from mangapa.fitting._thin_disc import DiscSolution
from mangapa.fitting._views import view_of
from mangapa.flags import PAFlags

#: Fields of a list that are fitted at once, so that memory does not grow with the list.
FIELDS_AT_ONCE = 64
#: Methods disagree beyond this many errors of the angle, which is more than in 97 % of the plain
#: discs of the simulated fields in shared data: the two share their noise.
DISAGREEMENT = 3.0
#: Difference that is never one of the methods, degrees: half the published step.
RESOLUTION = 0.25
#: Cleaning that removes more than this share of the good spaxels is flagged: 2 of the 9,545 real
#: fields of shared data, which were cleaned before.
MUCH = 0.2


def fit_pa(
    field: VelocityField | list[VelocityField] | tuple[VelocityField, ...],
    *,
    method: str = "default",
    error: str | None = "default",
    n_steps: int = N_STEPS,
    velocity_error: ScalarLike | None = None,
    v_sys: ScalarLike | str = "median",
    noise_correlation: ScalarLike | str = "auto",
    centre: str = "given",
) -> KinematicPA | list[KinematicPA]:
    """
    Fit the global kinematic position angle of a velocity field, 0-360 deg to the receding side.

    The field is fitted as it is: `~mangapa.clean` it first. The axis comes from ``method``; its
    receding end is that of the half with the larger median velocity.

    Parameters
    ----------
    field : `~mangapa.VelocityField`, or `list` or `tuple` of them
        The field; several give a list.
    method : `str`, optional
        One of `~mangapa.fitting.available_methods`, or "default".
    error : {"default", "analytic", "bootstrap", None}, optional
        How ``pa_err`` is found: analytically, if the method supports it; from 40 fields drawn from
        the best disc with the noise of this one; or not at all. The default is what is calibrated
        for the method. ``pa_err_sys`` comes with it, from the best disc, whatever the method.
    n_steps : `int`, optional
        Number of angles that are tried over 180 deg; 361 gives half a degree.
    velocity_error : `float` or `~astropy.units.Quantity`, optional
        One 1-sigma error for all velocities, km/s if unitless. By default it comes from the field's
        inverse variance, or is 10 km/s (the published choice) if there is none.
    v_sys : "median", `float` or `~astropy.units.Quantity`, optional
        First guess of the systemic velocity, which is subtracted before the fit: the median of the
        good spaxels, or a value, km/s if unitless (0 is the published choice).
    noise_correlation : "auto", `float` or `~astropy.units.Quantity`, optional
        Length L over which neighbours share their noise, arcsec if unitless: it covaries as
        exp(-d^2 / 2 L^2) with their distance d. The default is that of MaNGA, 1.92 spaxels of a map
        or of a list of positions on a square lattice (Westfall et al. 2019, AJ 158, 231), and 0.96
        arcsec for any other list; 0 is independent noise.
    centre : {"given", "fit"}, optional
        What the angle is measured about: the origin of the field's offsets, or the kinematic
        centre, which is fitted first and may be many arcsec off. With a given centre, the flag
        ``OFF_CENTRE`` is set where the two differ.

    Returns
    -------
    `~mangapa.KinematicPA`
        NaN and a flag where the field cannot be fitted.

    Raises
    ------
    TypeError
        If ``field`` is not a field.
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
    <KinematicPA 120.1 +- 0.1 (noise) +- 0.1 (shape) deg, disc, 397 spaxels>
    """
    settings = FitSettings(
        method=method,
        error=error,
        n_steps=n_steps,
        velocity_error=velocity_error,
        v_sys=v_sys,
        noise_correlation=noise_correlation,
        centre=centre,
    )
    fields, is_list = checked_fields(field)
    batches = (fields[i : i + FIELDS_AT_ONCE] for i in range(0, len(fields), FIELDS_AT_ONCE))
    results = [
        result
        for batch in batches
        for result in fit_prepared([prepare_for(one, settings) for one in batch], settings)
    ]
    return results if is_list else results[0]


def prepare_for(field, settings):
    """Prepare a field with what `FitSettings` say of its velocities and their noise."""
    correlation = settings.noise_correlation
    return prepare(
        field,
        velocity_error=settings.velocity_error,
        v_sys=settings.v_sys,
        noise_correlation=None if correlation == "auto" else correlation,
    )


def fit_prepared(prepared, settings):
    """Fit a list of prepared fields; returns a list of `KinematicPA`."""
    method = method_named(settings.method)
    with one_blas_thread():
        views = [None if one.flags else view_of(one.spaxels, method, settings) for one in prepared]
        good = [view.spaxels for view in views if view is not None]
        found = iter(method.fit_all(good, n_steps=settings.n_steps))
        return [
            _result(one, view, view and next(found), method, settings)
            for one, view in zip(prepared, views, strict=True)
        ]


def _result(prepared, view, found, method, settings):
    common = {
        "n_spaxels": prepared.field.n_spaxels,
        "method": method.name,
        "field": prepared.field,
    }
    caveats = prepared.caveats | _cleaning_caveats(prepared.field)
    if prepared.flags:
        return KinematicPA(flags=prepared.flags | caveats, **common)
    spaxels = view.spaxels
    common |= {
        "n_spaxels": spaxels.velocity.size,
        "contaminated": view.contaminated,
        "x": spaxels.centre[0] * OFFSET,
        "y": spaxels.centre[1] * OFFSET,
    }
    if not np.isfinite(found.pa_axis):
        return KinematicPA(flags=PAFlags.FIT_FAILED | caveats, **common)
    pa, flags = receding_side(found.pa_axis, spaxels.x, spaxels.y, spaxels.velocity)
    flags |= caveats
    if np.isnan(pa):
        return KinematicPA(flags=flags, **common)
    flags |= view.flags
    pa_err = _error(found, spaxels, method, settings)
    pa_err_sys = _departure_error(spaxels, pa_err)
    if np.hypot(pa_err, np.nan_to_num(pa_err_sys)) > UNCONSTRAINED:
        flags |= PAFlags.UNCONSTRAINED
    if axes_disagree(found.pa_axis, found.other_axis, pa_err):
        flags |= PAFlags.METHODS_DISAGREE
    if np.isfinite(pa_err_sys) and spaxels.departures.not_a_disc:
        flags |= PAFlags.NOT_A_DISC
    return KinematicPA(
        pa=pa * u.deg,
        pa_err=pa_err * u.deg,
        pa_err_sys=pa_err_sys * u.deg,
        pa_err_3sigma=found.error_3sigma * u.deg,
        v_sys=(spaxels.first_guess + found.v_sys) * VELOCITY,
        chi2=found.chi2,
        flags=flags,
        disc=_with_units(found.disc, view),
        **common,
    )


def _cleaning_caveats(field):
    """Flag of a field that lost much to cleaning."""
    removed = np.count_nonzero(field._cleaned_away)
    much = removed > MUCH * (removed + field.n_spaxels)
    return PAFlags.MUCH_REMOVED if much else PAFlags.NONE


def _with_units(disc, view):
    """Attach units to the disc of a method, and its errors where they are known."""
    if not isinstance(disc, DiscSolution):
        return disc
    return Disc.from_solution(disc, centre=view.spaxels.centre, error=view.shape_error)


def _error(found, spaxels, method, settings):
    """1-sigma error, degrees, of the kind that the settings ask for."""
    kind = method.error if settings.error == "default" else settings.error
    if kind is None:
        return np.nan
    if kind == "3sigma":
        return found.error_3sigma / 3
    if kind == "analytic":
        if np.isnan(found.error):
            msg = f"method={method.name!r} has no analytic error; choose error='bootstrap'"
            raise UnsuitableOptionError(msg)
        return found.error

    def axes(draws):
        return [fit.pa_axis for fit in method.fit_all(draws, n_steps=settings.n_steps)]

    # Fixed seed: the error of a field depends neither on the caller nor on the order of the fields.
    scatter = bootstrap_error(spaxels, found.pa_axis, axes, np.random.default_rng(0))
    step = 180 / (settings.n_steps - 1) if method.stepped else 0.0
    # The rounding to steps is uniform, with this standard deviation.
    return np.hypot(scatter, step / np.sqrt(12))


def _departure_error(spaxels, pa_err):
    """1-sigma error, degrees, beyond the noise; NaN where there is no error of the noise."""
    if np.isnan(pa_err) or spaxels.points.velocity.size < MIN_POINTS:
        return np.nan
    # Both together are at most the error of a random axis.
    most = np.sqrt(max(UNIFORM_AXIS**2 - pa_err**2, 0.0))
    return min(spaxels.departures.error, most)


def axes_disagree(axis, other_axis, error):
    """Whether two axes of one field differ by more than their noise explains."""
    return axes_apart(axis, other_axis) > DISAGREEMENT * np.hypot(error, RESOLUTION)
