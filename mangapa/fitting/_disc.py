"""The robust thin disc: best at low signal-to-noise and on damaged maps; the default."""

import numpy as np

from mangapa.fitting import _symmetry as symmetry
from mangapa.fitting._errors import analytic_error
from mangapa.fitting._harmonic import chi_square_curves, three_sigma
from mangapa.fitting._methods import register_method
from mangapa.fitting._points import MIN_POINTS, gather
from mangapa.fitting._results import PAFit
from mangapa.fitting._thin_disc import fit_points

__all__ = ["fit"]

#: The error of an angle that may be any is 52 degrees; above this, nine in ten are.
NO_SIGNAL = 50.0


@register_method("disc", error="analytic")
def fit(spaxels, *, n_steps):
    """
    Fit a thin disc by robust least squares.

    It starts from the harmonic angle; `~mangapa.fitting._thin_disc.fit_points` has the model. The
    inclination and the rotation curve come with the result. Where the rotation is not told from
    noise, and no angle is better than another, it is that of the published objective.

    Parameters
    ----------
    spaxels : `~mangapa.fitting._methods.Spaxels`
        What to fit.
    n_steps : `int`
        Angles that are tried where the field shows no rotation; else the angle is continuous.

    Returns
    -------
    `~mangapa.fitting.PAFit`
    """
    points = gather(spaxels)
    if points.velocity.size < MIN_POINTS:
        return PAFit(pa_axis=np.nan)
    (curve,) = chi_square_curves([spaxels], [points])
    disc, state, angle, v_sys = fit_points(points, np.nan_to_num(curve.pa_axis))
    error = analytic_error(state, spaxels.grid)
    pa_axis = np.degrees(angle) % 180.0
    if error > NO_SIGNAL:
        pa_axis = symmetry.fit(spaxels, n_steps=n_steps).pa_axis
    return PAFit(
        pa_axis=pa_axis,
        error_3sigma=three_sigma(curve.chi2, points.weight.size),
        v_sys=v_sys,
        chi2=float(np.sum((state.velocity_residual / points.error) ** 2)),
        other_axis=curve.pa_axis,
        disc=disc,
        error=error,
    )
