"""Maps of a file by the names of their HDUs, with the checks that all surveys need."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mangapa._utils.files import printable
from mangapa.exceptions import GalaxyFileError
from mangapa.formats._values import without

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord
    from astropy.io.fits import HDUList
    from astropy.wcs import WCS

__all__ = [
    "brightest",
    "common_shape",
    "first_plane",
    "image_of",
    "images_of",
    "is_faint",
    "optional_image",
]

#: Least signal-to-noise ratio of a line for its velocity to be used.
LEAST_SNR = 3
#: Width, arcsec, and least contrast of the light that shows the centre of a galaxy.
WIDTH, CONTRAST = 2, 3


def image_of(
    hdus: "HDUList", name: str, path: Path, shape: tuple[int, ...] | None = None
) -> np.ndarray:
    """
    Image in the HDU of a name.

    Parameters
    ----------
    hdus : `~astropy.io.fits.HDUList`
        The HDUs of the file.
    name : `str`
        Name of the HDU, in capitals.
    path : `~pathlib.Path`
        The file, for messages.
    shape : `tuple`, optional
        Shape that the image must have.

    Returns
    -------
    `~numpy.ndarray`
        Its values, in double precision, NaN where not finite, without leading axes of length 1.

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If there is no such HDU, or what is in it is not an image of this shape.
    """
    data = next((hdu.data for hdu in hdus if hdu.name == name), None)
    if data is None or data.dtype.names:
        there = ", ".join(hdu.name for hdu in hdus)
        msg = f"{printable(path)} has no image {name} (its HDUs: {there}); fetch the file again"
        raise GalaxyFileError(msg)
    while data.ndim > 2 and len(data) == 1:
        data = data[0]
    if shape is not None and data.shape != shape:
        msg = (
            f"{printable(path)} has an image {name} of shape {data.shape} instead of {shape}; "
            "fetch the file again"
        )
        raise GalaxyFileError(msg)
    return without(data)


def optional_image(
    hdus: "HDUList", name: str, path: Path, shape: tuple[int, ...]
) -> np.ndarray | None:
    """
    Image in the HDU of a name as of `image_of`, if there is one.

    Parameters
    ----------
    hdus : `~astropy.io.fits.HDUList`
        The HDUs of the file.
    name : `str`
        Name of the HDU, in capitals.
    path : `~pathlib.Path`
        The file, for messages.
    shape : `tuple`
        Shape that the image must have.

    Returns
    -------
    `~numpy.ndarray` or `None`

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If what is in the HDU is not an image of this shape.
    """
    there = any(hdu.name == name for hdu in hdus)
    return image_of(hdus, name, path, shape) if there else None


def first_plane(values: np.ndarray, path: Path, shape: tuple[int, int] | None = None) -> np.ndarray:
    """
    First plane of an image with or without a third axis.

    Parameters
    ----------
    values : `~numpy.ndarray`
        The image, of shape (ny, nx) or (n, ny, nx).
    path : `~pathlib.Path`
        The file, for messages.
    shape : `tuple`, optional
        Shape that the plane must have.

    Returns
    -------
    `~numpy.ndarray`
        Of shape (ny, nx).

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If the image has other axes, or the plane another shape.
    """
    if values.ndim not in (2, 3) or not values.size or shape not in (None, values.shape[-2:]):
        wanted = "ny, nx" if shape is None else f"{shape[0]}, {shape[1]}"
        msg = (
            f"{printable(path)} has an image of shape {values.shape} instead of ({wanted}) or "
            f"(n, {wanted}); fetch the file again"
        )
        raise GalaxyFileError(msg)
    return values if values.ndim == 2 else values[0]


def images_of(hdus: "HDUList", path: Path) -> dict[str, np.ndarray]:
    """
    Images of all HDUs but the primary one, which must be maps of one shape.

    Parameters
    ----------
    hdus : `~astropy.io.fits.HDUList`
        Those that are needed, the primary one first.
    path : `~pathlib.Path`
        The file, for messages.

    Returns
    -------
    `dict` of `str` to `~numpy.ndarray`
        Maps by the names of their HDUs, shape (ny, nx).

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If an HDU is not a map, or they have several shapes.
    """
    images = {hdu.name: image_of(hdus, hdu.name, path) for hdu in hdus[1:]}
    if images and len(common_shape(images.values(), path)) != 2:
        msg = f"{printable(path)} has images that are not maps; fetch the file again"
        raise GalaxyFileError(msg)
    return images


def common_shape(images: Iterable[np.ndarray], path: Path) -> tuple[int, ...]:
    """
    Shape of maps that belong together.

    Parameters
    ----------
    images : iterable of `~numpy.ndarray`
        The maps; at least one.
    path : `~pathlib.Path`
        One of their files, for messages.

    Returns
    -------
    `tuple` of `int`

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If they have several shapes.
    """
    first, *others = dict.fromkeys(image.shape for image in images)
    if others:
        msg = (
            f"{printable(path)}: the maps of the galaxy have several shapes, {first} and "
            f"{others[0]}; fetch them again, or name those of one version of one galaxy"
        )
        raise GalaxyFileError(msg)
    return first


def is_faint(
    flux: np.ndarray | None, error: np.ndarray | None, shape: tuple[int, ...]
) -> np.ndarray:
    """
    Where a line is not detected, so that its velocity is that of the noise.

    Parameters
    ----------
    flux, error : `~numpy.ndarray` or `None`
        Fluxes of the line and their 1-sigma errors; `None` if not known.
    shape : `tuple`
        Shape (ny, nx) of the maps.

    Returns
    -------
    `~numpy.ndarray` of `bool`
        False where no error is known.
    """
    if flux is None or error is None:
        return np.zeros(shape, bool)
    with np.errstate(invalid="ignore"):
        return (error > 0) & ~(flux >= LEAST_SNR * error)


def brightest(wcs: "WCS", maps: dict[str, np.ndarray]) -> "SkyCoord | None":
    """
    Where the stars of a galaxy are brightest.

    Parameters
    ----------
    wcs : `~astropy.wcs.WCS`
        Coordinates of the maps.
    maps : `dict` of `str` to `~numpy.ndarray`
        Maps of shape (ny, nx): FLUX; or BIN_ID and FORM_ERR_V_STARS, which show the light because
        bins have equal signal-to-noise ratios.

    Returns
    -------
    `~astropy.coordinates.SkyCoord` or `None`
        `None` if the maps do not show the light.
    """
    from astropy.wcs.utils import proj_plane_pixel_scales
    from scipy.ndimage import gaussian_filter

    if "FLUX" in maps:
        light = np.nan_to_num(maps["FLUX"])
    elif {"BIN_ID", "FORM_ERR_V_STARS"} <= set(maps):
        light = _light_of_bins(maps["BIN_ID"], maps["FORM_ERR_V_STARS"])
    else:
        return None
    inside = light > 0
    light = gaussian_filter(light, WIDTH / 3600 / proj_plane_pixel_scales(wcs)[::-1])
    if not inside.any() or light.max() < CONTRAST * np.median(light[inside]):
        return None
    row, column = np.unravel_index(np.argmax(light), light.shape)
    return wcs.pixel_to_world(column, row)


def _light_of_bins(bin_id, error):
    """Surface brightness in unknown units; 0 outside all bins."""
    inside = (bin_id >= 0) & (error > 0)
    light = np.zeros(bin_id.shape)
    if inside.any():
        _, number, size = np.unique(bin_id[inside], return_inverse=True, return_counts=True)
        # Errors that are much too small would outshine the galaxy.
        error = np.maximum(error[inside], np.quantile(error[inside], 0.05))
        light[inside] = 1 / (error * np.sqrt(size[number]))
    return light
