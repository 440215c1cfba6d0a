"""From a velocity field of any size to the small image that a neural network looks at."""

from functools import lru_cache

import numpy as np

__all__ = ["SHAPE", "footprint", "standardise"]

#: Of the images (Duckworth et al. 2020, section 2.4).
SHAPE = (32, 32)
#: The velocity that this share of the spaxels does not exceed is scaled to 1, larger ones are cut:
#: one outlying spaxel would leave the rest of the field near 0.
PERCENTILE = 95.0


def standardise(field, shape=SHAPE):
    """
    Scale a field to [-1, 1] and resample it, as a network expects it.

    The median of the good spaxels is subtracted, so that an offset of the systemic velocity is no
    feature. Each cell of the image is the mean of the good spaxels that it covers, by the area
    covered; masked ones count neither in the scale nor in the mean. The published preparation
    (Duckworth et al. 2020, section 2.4) scaled by the largest velocity, masked or not, and let
    values leave the range.

    Parameters
    ----------
    field : `~mangapa.VelocityField`
        Any size and shape; a field that is not square is centred in a square.
    shape : `tuple` of 2 `int`, optional
        Rows and columns of the image.

    Returns
    -------
    `~numpy.ndarray` of float32, shape ``shape``
        In [-1, 1]; 0 where no good spaxel is.

    Raises
    ------
    ValueError
        If the shape is not two positive numbers.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=19)
    >>> image = mangapa.standardise(galaxy.stellar)
    >>> image.shape, image.dtype.name, bool(abs(image).max() <= 1)
    ((32, 32), 'float32', True)
    """
    shape = _checked(shape)
    good = field.good
    if not good.any():
        return np.zeros(shape, np.float32)
    velocity = np.where(good, field.velocity.value, 0.0)
    measured = velocity[good] - np.median(velocity[good])
    scale = np.percentile(np.abs(measured), PERCENTILE) or np.abs(measured).max() or 1.0
    velocity[good] = np.clip(measured / scale, -1, 1)
    total, cover = _resampled(velocity, shape), _resampled(good, shape)
    image = np.divide(total, cover, out=np.zeros(shape), where=cover > np.finfo(np.float32).eps)
    # Rounding in the division is the only thing that could still leave the range.
    return np.clip(image, -1, 1).astype(np.float32)


def footprint(field, shape=SHAPE):
    """
    Which part of each cell of the standardised image is covered by good spaxels.

    Parameters
    ----------
    field : `~mangapa.VelocityField`
        Any size and shape.
    shape : `tuple` of 2 `int`, optional
        Rows and columns of the image.

    Returns
    -------
    `~numpy.ndarray` of float32, shape ``shape``
        In [0, 1]: a second channel beside `~mangapa.standardise`.
    """
    shape = _checked(shape)
    side = max(field.velocity.shape)
    share = _resampled(field.good, shape) * (shape[0] * shape[1] / side**2)
    return np.clip(share, 0, 1).astype(np.float32)


def _checked(shape):
    shape = tuple(shape)
    if len(shape) != 2 or any(n != int(n) or n < 1 for n in shape):
        msg = f"shape={shape!r} must be two positive whole numbers, such as {SHAPE}"
        raise ValueError(msg)
    return tuple(int(n) for n in shape)


def _resampled(values, shape):
    """Sums over the cells of a coarser grid, spaxels shared by area."""
    side = max(values.shape)
    rows, columns = (_shares(n, side, m) for n, m in zip(values.shape, shape, strict=True))
    return rows @ values @ columns.T


@lru_cache(maxsize=64)
def _shares(n, side, m):
    """The share of each of n spaxels, in the middle of ``side``, in each of m cells; (m, n)."""
    spaxels = np.arange(n + 1) + (side - n) / 2
    cells = np.arange(m + 1) * side / m
    overlap = np.minimum(cells[1:, None], spaxels[1:]) - np.maximum(cells[:-1, None], spaxels[:-1])
    return np.maximum(overlap, 0.0)
