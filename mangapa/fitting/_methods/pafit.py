"""Cappellari's ``fit_kinematic_pa``, the published reference (package pafit), with guards."""

import logging
import warnings

import numpy as np

from mangapa._utils.imports import import_extra
from mangapa._utils.threads import thread_pools
from mangapa.fitting._methods import register_method
from mangapa.fitting._results import PAFit

logger = logging.getLogger("mangapa")


@register_method("pafit", error="3sigma", stepped=True)
def fit(spaxels, *, n_steps):
    """
    Fit the axis with ``pafit.fit_kinematic_pa``.

    The angle that leaves the bi-antisymmetrised map closest to the map (Krajnovic et al. 2006,
    MNRAS 366, 787, Appendix C), of ``n_steps``. The error is the half-width of the 3-sigma interval
    in chi-square; a third of it is about half of the 1-sigma error that repeat observations show.
    """
    pafit = import_extra(
        "pafit.fit_kinematic_pa", "pafit", "method='pafit' (non-commercial use only)"
    )

    # It is 7 to 100 times slower with several BLAS threads, scipy's included.
    with thread_pools().limit(limits=1), warnings.catch_warnings():
        # It divides by the number of mirror points, which may be none.
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            # It measures counter-clockwise from +y; with -x that is North through East.
            pa_axis, error_3sigma, v_sys = pafit.fit_kinematic_pa(
                -spaxels.x,
                spaxels.y,
                spaxels.velocity,
                nsteps=n_steps,
                dvel=spaxels.error,
                quiet=True,
                plot=False,
            )
        except (ValueError, RuntimeError, IndexError, ArithmeticError) as error:
            # Such as Qhull's RuntimeError for an awkward set of points.
            logger.info("pafit failed: %s", error)
            return PAFit(pa_axis=np.nan)
    return PAFit(
        pa_axis=float(pa_axis) % 180.0, error_3sigma=float(error_3sigma), v_sys=float(v_sys)
    )
