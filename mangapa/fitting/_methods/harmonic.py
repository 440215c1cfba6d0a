"""The axis of bi-antisymmetry from ring harmonics, in closed form."""

from mangapa.fitting._curves import three_sigma
from mangapa.fitting._methods import register_method
from mangapa.fitting._prepared import fill_curves
from mangapa.fitting._results import PAFit


def fit_many(spaxels, *, n_steps):
    """
    Fit a list of fields; fields on the same grid share their transforms.

    ``n_steps`` is not used: every degree is tried, and the best angle refined.
    """
    fill_curves(spaxels)
    return [
        PAFit(
            pa_axis=one.curve.pa_axis,
            error_3sigma=three_sigma(one.curve.chi2, one.points.weight.size),
            v_sys=one.curve.v_sys,
            chi2=float(one.curve.chi2.min()),
        )
        for one in spaxels
    ]


@register_method("harmonic", fit_many=fit_many)
def fit(spaxels, *, n_steps):
    """Fit one field (Krajnovic et al. 2006, MNRAS 366, 787, Appendix C, for the objective)."""
    return fit_many([spaxels], n_steps=n_steps)[0]
