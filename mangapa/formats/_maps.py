"""Fields of images that share one grid, with the checks that all surveys need."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from astropy.io import fits

from mangapa._utils.files import as_path, printable
from mangapa._utils.types import PathLike
from mangapa.exceptions import GalaxyFileError
from mangapa.fields import VelocityField
from mangapa.formats._values import inverse_variance

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord
    from astropy.wcs import WCS

__all__ = ["brightest", "images_of", "is_faint", "map_field", "paths_of", "refuse_empty"]

#: Least signal-to-noise ratio of a line for its velocity to be used.
LEAST_SNR = 3
#: Width, arcsec, and least contrast of the light that shows the centre of a galaxy.
WIDTH, CONTRAST = 2, 3


def paths_of(path: PathLike | Sequence[PathLike]) -> list[Path]:
    """
    The paths that were given, one or several.

    Parameters
    ----------
    path : path-like, or sequence of path-like
        A file, or the files of one observation.

    Returns
    -------
    `list` of `~pathlib.Path`
    """
    several: Sequence[PathLike] = (
        path if isinstance(path, (list, tuple)) else [cast(PathLike, path)]
    )
    return [as_path("path", one) for one in several]


def images_of(path: Path, hdus: fits.HDUList) -> dict[str, np.ndarray]:
    """
    Images of all HDUs but the first, which must be maps of one shape.

    Parameters
    ----------
    path : `~pathlib.Path`
        The file, for messages.
    hdus : `~astropy.io.fits.HDUList`
        Its HDUs that are needed.

    Returns
    -------
    `dict` of `str` to `~numpy.ndarray`
        Images by the name of their HDU in capitals, shape (ny, nx), without axes of length 1.

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If an HDU is not a map, or is of another shape than the first.
    """
    images: dict[str, np.ndarray] = {}
    for hdu in hdus[1:]:
        image = np.squeeze(hdu.data) if isinstance(hdu, fits.ImageHDU) else np.empty(0)
        shape = next(iter(images.values()), image).shape
        if image.ndim != 2 or image.shape != shape:
            msg = (
                f"{printable(path)} has no map in extension {hdu.name}, or one of another shape "
                "than the others; fetch the file again"
            )
            raise GalaxyFileError(msg)
        images[hdu.name.upper()] = image
    return images


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


def map_field(
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
    """
    ivar = None if error is None else inverse_variance(error)
    if ivar is not None and not ivar.any():
        ivar = None
    if bin_id is not None:
        bin_id = np.where(np.isfinite(bin_id) & (bin_id >= 0), bin_id, -1).astype(int)
        bin_id = bin_id if (bin_id >= 0).any() else None
    return VelocityField.from_arrays(velocity, x, y, ivar=ivar, bin_id=bin_id, **options)


def refuse_empty(path: Path, fields: Mapping[str, Any]) -> None:
    """
    Raise an error if no field has a good spaxel.

    Parameters
    ----------
    path : `~pathlib.Path`
        The file, for messages.
    fields : mapping of `str` to `~mangapa.VelocityField`
        The fields of a galaxy.

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If there is none.
    """
    if not any(field.n_spaxels for field in fields.values()):
        msg = f"{printable(path)} has no good velocity; fetch the file again, or name another"
        raise GalaxyFileError(msg)


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
