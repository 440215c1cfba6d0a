"""The misaligned fraction of a sample, with the errors of the angles accounted for."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.table import Table

from mangapa._directions import density_apart, probability_apart, unwrapped
from mangapa.angles import COUNTER_ROTATING, MISALIGNED, UNCONSTRAINED
from mangapa.catalogue._cells import as_table, degrees
from mangapa.catalogue._matching import one_row_each
from mangapa.catalogue._samples import SAMPLES, sample

#: First guess of the logits of random and counter-rotating galaxies relative to aligned ones, and
#: of the logarithms of the scatter, deg, of both groups.
START = (-2.0, -3.0, np.log(8.0), np.log(8.0))
#: Bounds of the same: a scatter beyond 20 deg would take the place of the random directions.
BOUNDS = ((-12, 6), (-12, 6), (np.log(0.5), np.log(20)), (np.log(0.5), np.log(20)))
#: Standard deviations of a weak normal prior about the first guess, for small samples.
PRIOR = (10.0, 10.0, 2.0, 0.5)
#: Step of the second derivatives.
STEP = 1e-2
#: Columns of the errors of the two angles.
ERRORS = ("stellar_pa_err", "halpha_pa_err")


@dataclass(frozen=True, kw_only=True, repr=False)
class TrueShare:
    """
    The fraction of a sample whose true misalignment exceeds a limit.

    Attributes
    ----------
    fraction, error : `float`
        The fraction, and its 1-sigma error; NaN if no galaxy can be used.
    number : `int`
        Number of galaxies that were used.
    unconstrained : `int`
        Number of galaxies of the sample that were left out, because the angle has no error, or
        the error of the angle or of one of its position angles is over 30 deg.
    scatter : `~astropy.units.Quantity`
        Intrinsic scatter of the aligned galaxies about zero, deg.
    """

    fraction: float = np.nan
    error: float = np.nan
    number: int = 0
    unconstrained: int = 0
    scatter: u.Quantity = np.nan * u.deg

    def __repr__(self):
        return (
            f"<TrueShare {self.fraction:.1%} +- {self.error:.1%} of {self.number}, "
            f"{self.unconstrained} unconstrained left out>"
        )


def true_share(table: Table, name: str, of: str = "misalignment") -> TrueShare:
    """
    Estimate the fraction of misaligned or counter-rotating galaxies, free of the errors' bias.

    Most galaxies are aligned, so that errors move more of them above 30 deg than below, and the
    count of `share` is too high. Here the distribution of the true angles is fitted: aligned and
    counter-rotating galaxies that scatter about 0 and 180 deg, and random directions. Each galaxy
    enters with its own error, and the likelihood of all measured angles is maximised.

    Parameters
    ----------
    table : `~astropy.table.Table` or ``pandas.DataFrame``
        A catalogue with ``pa_offset`` and ``pa_offset_err``.
    name : {"misaligned", "counter-rotators"}
        The part of the sample.
    of : `str`, optional
        The sample, from ``SAMPLES``. Each galaxy counts once, as in `share`.

    Returns
    -------
    `TrueShare`

    Raises
    ------
    TypeError, ValueError
        If ``table`` is not a table or lacks a column, or a name is not known.

    Examples
    --------
    >>> import numpy as np
    >>> from astropy.table import QTable
    >>> from mangapa.catalogue import true_share
    >>> rng = np.random.default_rng(1)
    >>> true = np.where(np.arange(1000) < 50, 90, 0)
    >>> offset = np.abs(true + rng.normal(scale=15, size=1000))
    >>> table = QTable({"pa_offset": offset, "pa_offset_err": np.full(1000, 15.0)})
    >>> table["stel_qual"] = table["halpha_qual"] = 1
    >>> print(f"{np.mean(offset > 30):.3f}")
    0.092
    >>> print(f"{true_share(table, 'misaligned').fraction:.2f}")
    0.05
    """
    limits = {"misaligned": MISALIGNED, "counter-rotators": COUNTER_ROTATING}
    if name not in limits:
        msg = f"name={name!r} is not known; choose one of {', '.join(map(repr, limits))}"
        raise ValueError(msg)
    if of not in SAMPLES:
        msg = f"of={of!r} is not known; choose one of {', '.join(map(repr, SAMPLES))}"
        raise ValueError(msg)
    table = as_table("table", table)
    rows, _ = one_row_each(table)
    whole = sample(table[rows], of)
    angle, error = degrees(whole, "pa_offset"), degrees(whole, "pa_offset_err")
    largest = [error, *(degrees(whole, one) for one in ERRORS if one in whole.colnames)]
    known = np.all([one <= UNCONSTRAINED for one in largest], axis=0) & np.isfinite(angle)
    unconstrained = int(np.sum(~known))
    if not known.any():
        return TrueShare(unconstrained=unconstrained)
    fraction, deviation, scatter = _fit(
        angle[known], unwrapped(error[known]), limits[name].to_value(u.deg)
    )
    return TrueShare(
        fraction=fraction,
        error=deviation,
        number=int(known.sum()),
        unconstrained=unconstrained,
        scatter=scatter * u.deg,
    )


def _fit(angle, error, limit):
    """Fraction of true angles above a limit, its error, and the scatter of the aligned ones."""
    from scipy.optimize import minimize

    def loss(parameters):
        weights, scatters = _parts(parameters)
        density = weights[1] / 180
        for weight, centre, scatter in zip(weights[::2], (0, 180), scatters, strict=True):
            density = density + weight * density_apart(angle, centre, np.hypot(scatter, error))
        pull = (np.asarray(parameters) - START) / PRIOR
        return -np.log(density).sum() + 0.5 * pull @ pull

    def fraction(parameters):
        weights, scatters = _parts(parameters)
        above = [probability_apart(c, s, limit) for c, s in zip((0, 180), scatters, strict=True)]
        return float(weights @ [above[0], 1 - limit / 180, above[1]])

    best = minimize(loss, START, bounds=BOUNDS, method="L-BFGS-B").x
    gradient = _derivative(fraction, best)
    hessian = _derivative(lambda parameters: _derivative(loss, parameters), best)
    variance = gradient @ np.linalg.pinv(hessian, hermitian=True) @ gradient
    return fraction(best), float(np.sqrt(max(variance, 0))), float(_parts(best)[1][0])


def _parts(parameters):
    """Weights of aligned, random and counter-rotating galaxies, and the scatter of the outer two."""
    logits = np.array([0, *parameters[:2]])
    weights = np.exp(logits - logits.max())
    return weights / weights.sum(), np.exp(parameters[2:])


def _derivative(function, at):
    return np.array(
        [
            (function(at + step) - function(at - step)) / (2 * STEP)
            for step in STEP * np.eye(at.size)
        ]
    )
