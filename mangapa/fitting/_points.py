"""Spaxels that share a bin hold one measurement: gather each bin into one point."""

from dataclasses import dataclass

import numpy as np

__all__ = ["CORRELATION", "CORRELATION_AREA", "MIN_POINTS", "Points", "gather"]

#: Correlation length of the noise of MaNGA's spaxels, which covary as exp(-d^2 / (2 x 1.92^2)) with
#: d in spaxels (Westfall et al. 2019, AJ 158, 231).
CORRELATION = 1.92
#: Spaxels within which the noise is shared, pi x 1.92^2: n spaxels hold n / (n + 12) of an
#: independent datum. Real fields hardly care for its value (3 to 20 do equally well).
CORRELATION_AREA = 12.0
#: Pieces of equal velocity whose second moment is above that of a square by more than this factor
#: are no bins; a rectangle of 8 to 1 just is one.
LONGEST = 4.0
#: Fewest points that tell an axis, a systemic velocity and an amplitude.
MIN_POINTS = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Points:
    """
    The bins of a field, or its spaxels where it is not binned.

    Attributes
    ----------
    x, y : `~numpy.ndarray`
        Mean offsets, arcsec, shape (m,).
    velocity, error : `~numpy.ndarray`
        Mean velocities and their 1-sigma errors, km/s, shape (m,).
    n_spaxels : `~numpy.ndarray`
        Number of spaxels in each, shape (m,).
    weight : `~numpy.ndarray`
        How much of an independent datum each is, 0-1, shape (m,).
    bins : `~numpy.ndarray` of `int`
        Which point each spaxel is in, shape (n,).
    """

    x: np.ndarray
    y: np.ndarray
    velocity: np.ndarray
    error: np.ndarray
    n_spaxels: np.ndarray
    weight: np.ndarray
    bins: np.ndarray


def gather(spaxels):
    """
    Gather the spaxels of each bin into a point.

    Where the field has no bin ids, compact pieces of connected spaxels of exactly equal velocity
    are taken for bins: so binned maps repeat their values.

    Parameters
    ----------
    spaxels : `~mangapa.fitting._methods.Spaxels`
        The good spaxels.

    Returns
    -------
    `Points`
    """
    bins = _bins(spaxels)
    n_spaxels = np.bincount(bins).astype(float)

    def mean(values):
        return np.bincount(bins, values) / n_spaxels

    shared = CORRELATION_AREA if spaxels.grid is not None else 0.0
    return Points(
        x=mean(spaxels.x),
        y=mean(spaxels.y),
        velocity=mean(spaxels.velocity),
        error=mean(spaxels.error),
        n_spaxels=n_spaxels,
        weight=n_spaxels / (n_spaxels + shared),
        bins=bins,
    )


def _bins(spaxels):
    if spaxels.bin_id is not None:
        return _renumbered(spaxels.bin_id)
    alone = np.arange(spaxels.velocity.size)
    if spaxels.grid is None:
        return alone
    pieces = _connected(spaxels)
    if pieces is None:
        return alone
    # A long piece is no bin but a line of equal velocity: its spaxels stay alone.
    row, column = np.nonzero(spaxels.good)
    size = np.bincount(pieces)
    spread = sum(
        np.bincount(pieces, places**2) / size - (np.bincount(pieces, places) / size) ** 2
        for places in (row.astype(float), column.astype(float))
    )
    compact = spread <= LONGEST * size / 6
    bins = _renumbered(np.where(compact[pieces], pieces, size.size + alone))
    return bins if bins.max() >= MIN_POINTS - 1 else alone


def _renumbered(number):
    """Numbers without gaps, in the same order."""
    if number.max() > 100 * number.size:
        return np.unique(number, return_inverse=True)[1].ravel()
    # Bin ids are small: counting beats sorting by far.
    return (np.cumsum(np.bincount(number) > 0) - 1)[number]


def _connected(spaxels):
    """Pieces of connected spaxels of equal velocity; `None` where no two are."""
    good = spaxels.good
    velocity = np.full(good.shape, np.nan)
    velocity[good] = spaxels.velocity
    number = np.zeros(good.shape, np.intp)
    number[good] = np.arange(spaxels.velocity.size)
    # NaN equals nothing, so that bad spaxels connect nothing.
    beside = velocity[:, 1:] == velocity[:, :-1]
    above = velocity[1:] == velocity[:-1]
    one = np.concatenate([number[:, 1:][beside], number[1:][above]])
    if one.size == 0:
        return None
    other = np.concatenate([number[:, :-1][beside], number[:-1][above]])
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = spaxels.velocity.size
    links = coo_matrix((np.ones(one.size, bool), (one, other)), (n, n))
    return connected_components(links, directed=False)[1]
