"""Fields of images that share one grid, with the checks that all surveys need."""

from typing import Any

import numpy as np

from mangapa._utils.files import printable
from mangapa.exceptions import GalaxyFileError
from mangapa.fields import VelocityField
from mangapa.formats._values import inverse_variance

__all__ = ["LEAST_SNR", "image_of", "is_faint", "map_field"]

#: Least signal-to-noise ratio of a line for its velocity to be used.
LEAST_SNR = 3


def image_of(path: object, hdus: Any, name: str, shape: tuple | None = None) -> np.ndarray | None:
    """
    Image of an HDU, without axes of length 1.

    Parameters
    ----------
    path : path-like
        The file, for messages.
    hdus : `~astropy.io.fits.HDUList`
        Its HDUs.
    name : `str`
        Name of the HDU, in any case.
    shape : `tuple`, optional
        The shape that the image must have.

    Returns
    -------
    `~numpy.ndarray` or `None`
        `None` if there is no such HDU.

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If the HDU is not an image, or of another shape.
    """
    if name not in hdus:
        return None
    data = hdus[name].data
    kind = None if data is None else data.dtype.kind
    image = np.squeeze(data) if kind in ("i", "u", "f") else np.empty(0)
    if image.ndim != 2 or shape not in (None, image.shape):
        wanted = "a map" if shape is None else f"a map of {shape[0]} x {shape[1]} spaxels"
        msg = f"{printable(path)} has no {wanted} in extension {name}; fetch the file again"
        raise GalaxyFileError(msg)
    return image


def is_faint(flux: np.ndarray | None, error: np.ndarray | None) -> np.ndarray | bool:
    """
    Where a line is not detected, so that its velocity is that of the noise.

    Parameters
    ----------
    flux, error : `~numpy.ndarray` or `None`
        Fluxes of the line and their 1-sigma errors, of one shape; `None` if not known.

    Returns
    -------
    `~numpy.ndarray` of `bool`, or `bool`
        False where no error is known.
    """
    if flux is None or error is None:
        return False
    with np.errstate(invalid="ignore"):
        return (error > 0) & ~(flux >= LEAST_SNR * error)


def map_field(
    path: object,
    velocity: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    *,
    error: np.ndarray | None = None,
    bin_id: np.ndarray | None = None,
    **options: Any,
) -> VelocityField:
    """
    Make a field of the maps of a file.

    Parameters
    ----------
    path : path-like
        The file, for messages.
    velocity : `~numpy.ndarray`
        Relative velocities, km/s, shape (ny, nx); NaN where missing.
    x, y : `~numpy.ndarray`
        Offsets to the East and North, arcsec, same shape.
    error : `~numpy.ndarray`, optional
        1-sigma errors, km/s; not used if none is positive.
    bin_id : `~numpy.ndarray`, optional
        Numbers of the bins; NaN or negative outside all bins.
    **options
        Further options of `~mangapa.VelocityField.from_arrays`.

    Returns
    -------
    `~mangapa.VelocityField`

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If no spaxel is good.
    """
    ivar = None if error is None else inverse_variance(error)
    if ivar is not None and not ivar.any():
        ivar = None
    if bin_id is not None:
        bin_id = np.where(np.isfinite(bin_id) & (bin_id >= 0), bin_id, -1).astype(int)
        bin_id = bin_id if (bin_id >= 0).any() else None
    field = VelocityField.from_arrays(velocity, x, y, ivar=ivar, bin_id=bin_id, **options)
    if not field.n_spaxels:
        msg = f"{printable(path)} has no good {field.tracer} velocity; fetch the file again"
        raise GalaxyFileError(msg)
    return field
