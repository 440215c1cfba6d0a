"""Spaxels that share a bin hold one measurement: gather each bin into one point."""

from dataclasses import dataclass

import numpy as np

__all__ = ["CORRELATION", "CORRELATION_AREA", "Points", "gather"]

#: Correlation length of the noise of MaNGA's spaxels, which covary as exp(-d^2 / (2 x 1.92^2)) with
#: d in spaxels (Westfall et al. 2019, AJ 158, 231).
CORRELATION = 1.92
#: Spaxels within which the noise is shared, pi x 1.92^2: n spaxels hold n / (n + 12) of an
#: independent datum. Real fields hardly care for its value (3 to 20 do equally well).
CORRELATION_AREA = 12.0


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

    Where the field has no bin ids, connected spaxels of exactly equal velocity are taken for a bin:
    so binned maps repeat their values.

    Parameters
    ----------
    spaxels : `~mangapa.fitting.methods.Spaxels`
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
        return np.unique(spaxels.bin_id, return_inverse=True)[1].ravel()
    n = spaxels.velocity.size
    if spaxels.grid is None:
        return np.arange(n)
    good = spaxels.good
    velocity = np.full(good.shape, np.nan)
    velocity[good] = spaxels.velocity
    number = np.zeros(good.shape, np.intp)
    number[good] = np.arange(n)
    # NaN equals nothing, so that bad spaxels connect nothing.
    beside = velocity[:, 1:] == velocity[:, :-1]
    above = velocity[1:] == velocity[:-1]
    one = np.concatenate([number[:, 1:][beside], number[1:][above]])
    if one.size == 0:
        return np.arange(n)
    other = np.concatenate([number[:, :-1][beside], number[:-1][above]])
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    links = coo_matrix((np.ones(one.size, bool), (one, other)), (n, n))
    return connected_components(links, directed=False)[1]
