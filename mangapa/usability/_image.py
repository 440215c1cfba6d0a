"""Resample a velocity field of any size to the small image that a neural network takes."""

from functools import lru_cache

import numpy as np

from mangapa.fields import VelocityField, check_field

#: Rows and columns of the image (Duckworth et al. 2020, section 2.4).
SHAPE = (32, 32)
#: Percentile of the absolute velocities that is scaled to 1; larger ones are clipped. With the
#: largest velocity instead, one outlying spaxel would push the rest of the field towards 0.
PERCENTILE = 95.0


def standardise(field: VelocityField, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """
    Scale a field to [-1, 1] and resample it to the image that a network takes.

    The median is subtracted, and each pixel is the mean of the good spaxels, by area covered. The
    published preparation (Duckworth et al. 2020, section 2.4) divides by the largest velocity,
    masked or not, and lets values leave the range.

    Parameters
    ----------
    field : `~mangapa.VelocityField`
        Field of any size; one that is not square is centred in a square.
    shape : `tuple` of 2 `int`, optional
        Rows and columns of the image.

    Returns
    -------
    `~numpy.ndarray` of float32, shape ``shape``
        Values in [-1, 1]; 0 where there is no good spaxel.

    Raises
    ------
    TypeError, ValueError
        If ``field`` is not a field, or the shape is not two positive whole numbers.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=19)
    >>> image = mangapa.standardise(galaxy.stellar)
    >>> image.shape, image.dtype.name, bool(abs(image).max() <= 1)
    ((32, 32), 'float32', True)
    """
    shape = _validated(field, shape)
    good = field.good
    if not good.any():
        return np.zeros(shape, np.float32)
    velocity = np.where(good, field.velocity.value, 0.0)
    measured = velocity[good] - np.median(velocity[good])
    scale = np.percentile(np.abs(measured), PERCENTILE) or np.abs(measured).max() or 1.0
    velocity[good] = np.clip(measured / scale, -1, 1)
    total, cover = _resample(velocity, shape), _resample(good, shape)
    image = np.divide(total, cover, out=np.zeros(shape), where=cover > np.finfo(np.float32).eps)
    # Rounding in the division can exceed the range.
    return np.clip(image, -1, 1).astype(np.float32)


def footprint(field: VelocityField, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """
    Compute the fraction of each pixel of the standardised image that good spaxels cover.

    Parameters
    ----------
    field, shape : `~mangapa.VelocityField`, `tuple` of 2 `int`
        As for `~mangapa.standardise`.

    Returns
    -------
    `~numpy.ndarray` of float32, shape ``shape``
        Values in [0, 1], for use as a second channel beside `~mangapa.standardise`.

    Raises
    ------
    TypeError, ValueError
        If ``field`` is not a field, or the shape is not two positive whole numbers.

    Examples
    --------
    >>> import mangapa
    >>> from mangapa.usability import footprint
    >>> cover = footprint(mangapa.simulate_galaxy(n_fibres=19).stellar)
    >>> print(cover[16, 16], cover[0, 0])
    1.0 0.0
    """
    shape = _validated(field, shape)
    share = _resample(field.good, shape) * (np.prod(shape) / max(field.velocity.shape) ** 2)
    return np.clip(share, 0, 1).astype(np.float32)


def _validated(field, shape):
    check_field("field", field)
    sides = np.asarray(shape)
    is_pair = sides.shape == (2,) and sides.dtype.kind in "iuf"
    if not is_pair or np.any((sides % 1 != 0) | (sides < 1)):
        msg = f"shape={shape!r} must be two positive whole numbers, such as {SHAPE}"
        raise ValueError(msg)
    return tuple(sides.astype(int).tolist())


def _resample(values, shape):
    """Sum over the pixels of another grid; each spaxel is shared by area."""
    side = max(values.shape)
    rows, columns = (_overlaps(n, side, m) for n, m in zip(values.shape, shape, strict=True))
    return rows @ values @ columns.T


@lru_cache(maxsize=64)
def _overlaps(n, side, m):
    """Fraction of each of n spaxels, centred in ``side``, that lies in each of m pixels; (m, n)."""
    spaxels = np.arange(n + 1) + (side - n) / 2
    pixels = np.arange(m + 1) * side / m
    low = np.maximum(pixels[:-1, None], spaxels[:-1])
    return np.maximum(np.minimum(pixels[1:, None], spaxels[1:]) - low, 0.0)
