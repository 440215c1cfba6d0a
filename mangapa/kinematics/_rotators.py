"""Fast and slow rotators, each with the probability that errors leave."""

import numpy as np

#: Factor of the root of the ellipticity (Emsellem et al. 2011, MNRAS 414, 888, within 1 R_e).
EMSELLEM = 0.31
#: Slow rotators have lambda_R below a + b ellipticity, and an ellipticity below c (Cappellari 2016,
#: ARA&A 54, 597, eq. 19).
CAPPELLARI = 0.08, 0.25, 0.4
#: Ellipticities over which a probability is averaged, in standard deviations.
N_SHAPES = 41
REACH = 3.0


def emsellem2011(ellipticity):
    """lambda_R below which rotators are slow."""
    return EMSELLEM * np.sqrt(ellipticity)


def cappellari2016(ellipticity):
    """lambda_R below which rotators are slow; none is among flat galaxies."""
    start, slope, flattest = CAPPELLARI
    return np.where(ellipticity < flattest, start + slope * ellipticity, -np.inf)


#: The limits by name.
SLOW_ROTATORS = {"emsellem2011": emsellem2011, "cappellari2016": cappellari2016}


def probability_fast(limit, lambda_r, error, ellipticity, ellipticity_err):
    """Probability that lambda_R is above the limit, with both errors; NaN if a value is."""
    from scipy.special import ndtr

    if np.isnan([lambda_r, error, ellipticity, ellipticity_err]).any():
        return np.nan
    step = np.linspace(-REACH, REACH, N_SHAPES)
    weight = np.exp(-(step**2) / 2)
    shapes = np.clip(ellipticity + step * ellipticity_err, 0, 1)
    above = ndtr((lambda_r - limit(shapes)) / max(error, np.finfo(float).tiny))
    return float(weight @ above / weight.sum())
