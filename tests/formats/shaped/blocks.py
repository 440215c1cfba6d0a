"""Square bins that grow with the distance from the centre, and maps that repeat their values."""

import numpy as np

#: Sides of the bins, spaxels, and the distances from which they are used, in units of the radius.
SIDES = ((2, 0.4), (4, 0.7))


def bins_of(scene):
    """Number of the bin of each spaxel, from 0; -1 outside."""
    row, column = np.indices(scene.shape)
    distance = np.hypot(*scene.offsets) / (0.45 * scene.pixel * min(scene.shape))
    side = np.ones(scene.shape, int)
    for larger, start in SIDES:
        side[distance >= start] = larger
    key = (side * 10_000 + row // side) * 10_000 + column // side
    number = np.full(scene.shape, -1)
    number[scene.inside] = np.unique(key[scene.inside], return_inverse=True)[1].ravel()
    return number


def binned(bin_id, values):
    """Mean of each bin, repeated in its spaxels; NaN outside."""
    inside = bin_id >= 0
    sizes = np.bincount(bin_id[inside])
    means = np.bincount(bin_id[inside], values[inside]) / sizes
    return np.where(inside, means[bin_id], np.nan)
