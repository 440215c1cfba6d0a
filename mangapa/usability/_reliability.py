"""The probability that a position angle is right, from its error and the usability of its field."""

import numpy as np

from mangapa.usability._network import SURE, sigmoid

#: An angle is reliable if it is within this of the truth, modulo 180, degrees.
RELIABLE = 10.0
#: Probability that a random axis is.
RANDOM = RELIABLE / 90
#: Logistic coefficients of an axis that is not random: constant, logit of the score, ln(error /
#: deg); fitted to repeat observations and photometric axes by benchmarks/reliability.py.
RELIABILITY_LOGIT = (2.45, 0.42, -1.83)
#: Errors outside of this range, degrees, count as its ends.
ERRORS = (0.1, 90.0)


def terms(score, pa_err):
    """Terms of the logit: one, the logit of the score, and the logarithm of the error."""
    score = np.clip(np.asarray(score, float), SURE, 1 - SURE)
    pa_err = np.clip(np.asarray(pa_err, float), *ERRORS)
    return np.ones(np.shape(score)), np.log(score / (1 - score)), np.log(pa_err)


def reliability(score, pa_err):
    """
    Probability that an axis is within 10 degrees of the truth; NaN if an argument is NaN.

    ``score`` is the usability and ``pa_err`` the error due to noise, degrees. An axis that is not
    measured is random, and within 10 degrees by chance in one of nine cases.
    """
    constant, of_score, of_error = RELIABILITY_LOGIT
    one, score_logit, log_error = terms(score, pa_err)
    right = sigmoid(constant * one + of_score * score_logit + of_error * log_error)
    return right + (1 - right) * RANDOM
