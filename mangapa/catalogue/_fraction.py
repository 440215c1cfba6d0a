"""The misaligned fraction of a sample, with the errors of the angles accounted for."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.table import Table

from mangapa._directions import probability_apart, unwrapped
from mangapa.angles import COUNTER_ROTATING, MISALIGNED, UNCONSTRAINED
from mangapa.catalogue._cells import as_table, degrees
from mangapa.catalogue._matching import one_row_each
from mangapa.catalogue._samples import SAMPLES, sample

#: Bins of the true angle, degrees, in which its density is constant. They are narrow where most
#: galaxies are, and meet at the limits of misaligned and counter-rotating.
EDGES = np.array([0, 5, 10, 20, 30, 60, 90, 120, 150, 170, 180])
#: Steps of the fit; it ends earlier when no weight changes by more than the tolerance.
MAX_STEPS, TOLERANCE = 3000, 1e-7
#: Least density, per degree, of an angle in a bin, and least drop of the log-likelihood.
LEAST_DENSITY, LEAST_DROP = 1e-12, 1e-3
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
    """

    fraction: float = np.nan
    error: float = np.nan
    number: int = 0
    unconstrained: int = 0

    def __repr__(self):
        return (
            f"<TrueShare {self.fraction:.1%} +- {self.error:.1%} of {self.number}, "
            f"{self.unconstrained} unconstrained left out>"
        )


def true_share(table: Table, name: str, of: str = "misalignment") -> TrueShare:
    """
    Estimate the fraction of misaligned or counter-rotating galaxies, free of the errors' bias.

    Most galaxies are aligned, so that errors move more of them above 30 deg than below, and the
    count of `share` is too high. Here the distribution of the true angles, constant in each of ten
    bins, is fitted. Each galaxy enters with its own error, and the likelihood of all measured
    angles is maximised.

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
    >>> true = np.append(np.linspace(30, 180, 50), np.zeros(950))
    >>> offset = np.abs(true + rng.normal(scale=15, size=1000))
    >>> table = QTable({"pa_offset": offset, "pa_offset_err": np.full(1000, 15.0)})
    >>> table["stel_qual"] = table["halpha_qual"] = 1
    >>> print(f"{np.mean(offset > 30):.3f}")
    0.091
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
    fraction, deviation = _fit(angle[known], unwrapped(error[known]), limits[name].to_value(u.deg))
    return TrueShare(
        fraction=fraction,
        error=deviation,
        number=int(known.sum()),
        unconstrained=unconstrained,
    )


def _fit(angle, error, limit):
    """
    Fraction of true angles above a limit, and its error, by maximum likelihood.

    The error is the step of the fraction that lowers the log-likelihood of the profile by one half,
    extrapolated from the step that a binomial error suggests.
    """
    beyond = np.array([probability_apart(angle, error, edge) for edge in EDGES[1:-1]])
    beyond = np.concatenate([np.ones((1, angle.size)), beyond, np.zeros((1, angle.size))])
    density = np.maximum(-np.diff(beyond, axis=0) / np.diff(EDGES)[:, None], LEAST_DENSITY)
    above = EDGES[:-1] >= limit
    best = _weights(density, above)
    fraction = float(best[above].sum())
    # As if one galaxy more were on either side.
    trial = (fraction * angle.size + 1) / (angle.size + 2)
    step = np.sqrt(trial * (1 - trial) / angle.size)
    logs = [np.log(best @ density).sum()]
    for other in (fraction + step, fraction - step):
        if 0 < other < 1:
            logs.append(np.log(_weights(density, above, other) @ density).sum())
    drop = max(np.mean(logs[0] - logs[1:]), LEAST_DROP)
    return fraction, float(step / np.sqrt(2 * drop))


def _weights(density, above, fraction=None):
    """
    Weights of the bins by expectation maximisation (Vardi & Lee 1993, J. R. Stat. Soc. B 55, 569).

    ``density`` is that of each angle in each bin. If a ``fraction`` is given, it is the sum of the
    weights of the bins ``above``.
    """
    weights = np.diff(EDGES) / EDGES[-1]
    for _ in range(MAX_STEPS):
        before = weights
        weights = weights * (density / (weights @ density)).mean(axis=1)
        if fraction is not None:
            for part, total in ((above, fraction), (~above, 1 - fraction)):
                weights[part] *= total / weights[part].sum()
        if np.abs(weights - before).max() < TOLERANCE:
            break
    return weights
