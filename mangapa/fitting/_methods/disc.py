"""The robust thin disc: best at low signal-to-noise and on damaged maps; the default method."""

import numpy as np

from mangapa.fitting._curves import three_sigma
from mangapa.fitting._methods import register_method, symmetry
from mangapa.fitting._points import MIN_POINTS
from mangapa.fitting._results import PAFit

#: Above this error, degrees, the axis is as good as random: a uniformly random one has 52, and
#: three in four fields of pure noise in benchmarks/error_calibration.py are above 50.
NO_SIGNAL = 50.0


@register_method("disc", error="analytic")
def fit(spaxels, *, n_steps):
    """
    Fit a thin disc by robust least squares, starting from the harmonic angle.

    The inclination and the rotation curve come with the result. Where the rotation is not
    distinguishable from noise, and no angle is better than another, the axis is that of the
    published objective, tried at ``n_steps`` angles.
    """
    if spaxels.points.velocity.size < MIN_POINTS:
        return PAFit(pa_axis=np.nan)
    disc, points, error = spaxels.disc, spaxels.points, spaxels.disc_error
    pa_axis = np.degrees(disc.angle) % 180.0
    if error > NO_SIGNAL:
        pa_axis = symmetry.fit(spaxels, n_steps=n_steps).pa_axis
    return PAFit(
        pa_axis=pa_axis,
        error_3sigma=three_sigma(spaxels.curve.chi2, points.weight.size),
        v_sys=disc.v_sys,
        chi2=float(np.sum((disc.velocity_residual / points.error) ** 2)),
        other_axis=spaxels.curve.pa_axis,
        disc=disc,
        error=error,
    )
