"""Cappellari's ``fit_kinematic_pa``, the published reference (package pafit), with guards."""

import logging
import warnings

import numpy as np

from mangapa.fitting._methods import register_method
from mangapa.fitting._results import PAFit

__all__ = ["fit"]

logger = logging.getLogger("mangapa")


@register_method("pafit", error="3sigma", stepped=True)
def fit(spaxels, *, n_steps):
    """
    Fit the axis with ``pafit.fit_kinematic_pa``.

    The angle that leaves the bi-antisymmetrised map closest to the map (Krajnovic et al. 2006,
    MNRAS 366, 787, Appendix C). The error is the half-width of the 3-sigma interval in chi-square.

    Parameters
    ----------
    spaxels : `~mangapa.fitting._methods.Spaxels`
        What to fit.
    n_steps : `int`
        Number of angles that are tried over 180 deg.

    Returns
    -------
    `~mangapa.fitting.PAFit`

    Raises
    ------
    ImportError
        If pafit is not installed.
    """
    from threadpoolctl import threadpool_limits

    try:
        from pafit.fit_kinematic_pa import fit_kinematic_pa
    except ImportError as error:
        msg = (
            "method='pafit' needs the package pafit, for non-commercial use only: "
            "pip install 'mangapa[pafit]'"
        )
        raise ImportError(msg) from error

    # 7 to 100 times slower with several BLAS threads, those of scipy among them.
    with threadpool_limits(1), warnings.catch_warnings():
        # It divides by the number of mirror points, which may be none.
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            # It measures counter-clockwise from +y; with -x that is North through East.
            pa_axis, error_3sigma, v_sys = fit_kinematic_pa(
                -spaxels.x,
                spaxels.y,
                spaxels.velocity,
                nsteps=n_steps,
                dvel=spaxels.error,
                quiet=True,
                plot=False,
            )
        except (ValueError, RuntimeError, IndexError, ArithmeticError) as error:
            # Such as Qhull's RuntimeError on an awkward set of points.
            logger.info("pafit failed: %s", error)
            return PAFit(pa_axis=np.nan)
    return PAFit(
        pa_axis=float(pa_axis) % 180.0, error_3sigma=float(error_3sigma), v_sys=float(v_sys)
    )
