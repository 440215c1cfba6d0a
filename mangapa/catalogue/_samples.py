"""Selections that the published work is made of, and shares of them with their errors."""

from dataclasses import dataclass

import numpy as np
from astropy.stats import binom_conf_interval

from mangapa.angles import COUNTER_ROTATING, MISALIGNED

__all__ = ["SAMPLES", "Share", "sample", "share"]


def _is(table, name, test, absent=True):
    """Where a column passes a test; rows without a value do not, and a missing column does."""
    if name not in table.colnames:
        return np.full(len(table), absent)
    values = np.ma.asarray(table[name])
    return np.asarray(test(np.ma.getdata(values))) & ~np.ma.getmaskarray(values)


def _clean_stellar(table):
    return _is(table, "stel_qual", lambda q: q == max(_classes(table, "stel_qual")), False) & _is(
        table, "stel_feature", lambda f: f == 0
    )


def _misalignment(table):
    usable = np.isfinite(table["pa_offset"])
    for name in ("stel_qual", "halpha_qual"):
        usable &= _is(table, name, lambda q: q > 0, False)
    for name in ("stel_feature", "halpha_feature"):
        usable &= _is(table, name, lambda f: f == 0)
    return usable


def _misaligned(table):
    return _misalignment(table) & (table["pa_offset"] >= MISALIGNED)


def _counter_rotators(table):
    return _misalignment(table) & (table["pa_offset"] >= COUNTER_ROTATING)


def _classes(table, name):
    """The classes of a column: 0, 1 and 2 of the experts, or 0 and 1 of a network."""
    return np.unique(np.ma.compressed(np.ma.asarray(table[name])))


#: What each sample takes: a function from a catalogue to the rows that are in it.
SAMPLES = {
    "clean stellar": _clean_stellar,
    "misalignment": _misalignment,
    "misaligned": _misaligned,
    "counter-rotators": _counter_rotators,
}


def sample(table, name):
    """
    A named selection of a catalogue.

    "clean stellar" are fields of stars of the best class without feature; "misalignment" are
    galaxies both of whose fields can be used, without feature; "misaligned" are those of them at 30
    deg or more, "counter-rotators" at 150 deg or more. A catalogue without columns of features has
    none.

    Parameters
    ----------
    table : `~astropy.table.Table`
        The published catalogue, or one of ours.
    name : `str`
        One of ``SAMPLES``.

    Returns
    -------
    `~astropy.table.Table`
        The rows.

    Raises
    ------
    ValueError
        If there is no such sample.

    References
    ----------
    Duckworth et al. 2020, MNRAS 492, 1869.
    """
    if name not in SAMPLES:
        msg = f"name={name!r} is not known; choose one of {', '.join(map(repr, SAMPLES))}"
        raise ValueError(msg)
    return table[SAMPLES[name](table)]


@dataclass(frozen=True, kw_only=True, repr=False)
class Share:
    """
    A share of a sample.

    Attributes
    ----------
    number, total : `int`
        How many there are, and of how many.
    fraction : `float`
        Their ratio.
    low, high : `float`
        Ends of its 68 % interval (Wilson).
    """

    number: int
    total: int
    fraction: float
    low: float
    high: float

    def __repr__(self):
        error = (self.high - self.low) / 2
        return f"<Share {self.number} of {self.total}: {self.fraction:.1%} +- {error:.1%}>"


def share(table, name, of):
    """
    Which share of one sample is in another.

    Parameters
    ----------
    table : `~astropy.table.Table`
        The published catalogue, or one of ours.
    name, of : `str`
        The part and the whole, of ``SAMPLES``.

    Returns
    -------
    `Share`
    """
    whole = sample(table, of)
    number, total = len(sample(whole, name)), len(whole)
    if not total:
        return Share(number=0, total=0, fraction=np.nan, low=np.nan, high=np.nan)
    low, high = binom_conf_interval(number, total, interval="wilson")
    return Share(
        number=number, total=total, fraction=number / total, low=float(low), high=float(high)
    )
