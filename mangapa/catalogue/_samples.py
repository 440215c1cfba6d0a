"""The samples of the published work, and fractions of them with their errors."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.stats import binom_conf_interval
from astropy.table import Table

from mangapa.angles import COUNTER_ROTATING, MISALIGNED
from mangapa.catalogue._cells import as_table, degrees, is_missing
from mangapa.catalogue._matching import one_row_each


def _passes(table, name, test, absent=True):
    """Rows whose value exists and passes a test; ``absent`` if the table lacks the column."""
    if name not in table.colnames:
        return np.full(len(table), absent)
    present = ~is_missing(table[name])
    passes = np.zeros(len(table), bool)
    passes[present] = test(np.ma.getdata(table[name])[present])
    return passes


def _has_no_feature(table, tracer):
    return _passes(table, f"{tracer}_feature", lambda feature: feature == 0)


def _clean_stellar(table):
    def is_best(quality):
        # The best class is 2 where experts gave the flags, 1 where a network did.
        return quality == quality.max(initial=1)

    return _passes(table, "stel_qual", is_best, False) & _has_no_feature(table, "stel")


def _misalignment(table, above=-np.inf * u.deg):
    # A comparison with NaN is false.
    usable = degrees(table, "pa_offset") >= above.to_value(u.deg)
    for tracer in ("stel", "halpha"):
        usable &= _passes(table, f"{tracer}_qual", lambda quality: quality > 0, False)
        usable &= _has_no_feature(table, tracer)
    return usable


#: Functions that return the rows of a table that belong to a sample.
SAMPLES = {
    "clean stellar": _clean_stellar,
    "misalignment": _misalignment,
    "misaligned": lambda table: _misalignment(table, MISALIGNED),
    "counter-rotators": lambda table: _misalignment(table, COUNTER_ROTATING),
}


def sample(table: Table, name: str) -> Table:
    """
    Select the galaxies of a catalogue that belong to a sample.

    ===================  ==========================================================================
    "clean stellar"      the stellar field is of the best class and has no feature
    "misalignment"       both fields are usable and have no feature
    "misaligned"         of those, galaxies with a misalignment of 30 deg or more
    "counter-rotators"   of those, galaxies with a misalignment of 150 deg or more
    ===================  ==========================================================================

    If the catalogue has no columns of features, no field has one. A missing value never belongs to
    a sample.

    Parameters
    ----------
    table : `~astropy.table.Table` or ``pandas.DataFrame``
        The published catalogue, or one that mangapa made.
    name : `str`
        One of ``SAMPLES``.

    Returns
    -------
    `~astropy.table.Table`
        The rows of the sample: several for a galaxy with several analyses.

    Raises
    ------
    TypeError, ValueError
        If ``table`` is not a table or lacks ``pa_offset``, or ``name`` is not the name of a sample.

    References
    ----------
    Duckworth et al. 2020, MNRAS 492, 1869.
    """
    if name not in SAMPLES:
        msg = f"name={name!r} is not known; choose one of {', '.join(map(repr, SAMPLES))}"
        raise ValueError(msg)
    table = as_table("table", table)
    return table[np.asarray(SAMPLES[name](table), bool)]


@dataclass(frozen=True, kw_only=True, repr=False)
class Share:
    """
    The fraction of a sample that belongs to another sample.

    Attributes
    ----------
    number, total : `int`
        Number of galaxies in both samples, and in the whole sample.
    fraction : `float`
        Their ratio; NaN if the whole sample is empty.
    low, high : `float`
        Ends of the 68 % interval of the fraction (Wilson).
    analyses : `tuple` of `str`
        The analyses that were counted, such as "DR17 HYB10-MILESHC-MASTARSSP".
    left_out : `int`
        Number of rows of the catalogue that were not counted, because the galaxy has another row.
    """

    number: int
    total: int
    fraction: float = np.nan
    low: float = np.nan
    high: float = np.nan
    analyses: tuple[str, ...] = ()
    left_out: int = 0

    def __repr__(self):
        error = (self.high - self.low) / 2
        text = f"<Share {self.number} of {self.total}: {self.fraction:.1%} +- {error:.1%}"
        if self.left_out:
            text += f"; {', '.join(self.analyses)}, {self.left_out} other rows left out"
        return f"{text}>"


def share(table: Table, name: str, of: str) -> Share:
    """
    Compute the fraction of one sample that belongs to another, such as that of misaligned galaxies.

    Each galaxy counts once. If it has several rows, that of the analysis (``release`` and
    ``daptype``) with the most rows in the catalogue is counted; the result says which.

    Parameters
    ----------
    table : `~astropy.table.Table` or ``pandas.DataFrame``
        The published catalogue, or one that mangapa made.
    name, of : `str`
        The part and the whole, both from ``SAMPLES``.

    Returns
    -------
    `Share`
        The fraction and its 68 % interval.

    Examples
    --------
    >>> from astropy import units as u
    >>> from astropy.table import QTable
    >>> from mangapa.catalogue import share
    >>> table = QTable({"pa_offset": [10, 170] * u.deg, "stel_qual": [1, 1], "halpha_qual": [1, 1]})
    >>> share(table, "misaligned", of="misalignment")
    <Share 1 of 2: 50.0% +- 28.9%>
    """
    table = as_table("table", table)
    rows, analyses = one_row_each(table)
    whole = sample(table[rows], of)
    number, total = len(sample(whole, name)), len(whole)
    counted = {"analyses": analyses, "left_out": len(table) - len(rows)}
    if not total:
        return Share(number=0, total=0, **counted)
    low, high = map(float, binom_conf_interval(number, total, interval="wilson"))
    return Share(number=number, total=total, fraction=number / total, low=low, high=high, **counted)
