"""Images of a file by the names of their HDUs, and the files of one galaxy as a list."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mangapa._utils.files import as_path, printable
from mangapa._utils.types import PathLike
from mangapa.exceptions import GalaxyFileError

if TYPE_CHECKING:
    from astropy.io.fits import HDUList

__all__ = ["as_paths", "first_plane", "image_of", "one_path", "refuse_without_velocities"]


def as_paths(path: PathLike | Sequence[PathLike]) -> list[Path]:
    """
    Paths of the files of one galaxy.

    Parameters
    ----------
    path : path-like, or sequence of path-like
        One file or several.

    Returns
    -------
    `list` of `~pathlib.Path`

    Raises
    ------
    TypeError, ValueError
        If one of them is not a path, or there is none.
    """
    paths = [as_path("path", one) for one in (path if isinstance(path, (list, tuple)) else [path])]
    if not paths:
        msg = "path is an empty list; name the files of a galaxy"
        raise ValueError(msg)
    return paths


def one_path(path: PathLike | Sequence[PathLike]) -> Path:
    """
    Path of the file of a format that keeps all of a galaxy in one file.

    Parameters
    ----------
    path : path-like, or sequence of path-like
        What the user named.

    Returns
    -------
    `~pathlib.Path`

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If there are several files.
    """
    first, *others = as_paths(path)
    if others:
        msg = (
            f"{printable(first)} and {printable(others[0])} each hold a whole galaxy; "
            "name one file at a time"
        )
        raise GalaxyFileError(msg)
    return first


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
        Its values, in double precision, without leading axes of length 1.

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
    return data.astype(float)


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


def refuse_without_velocities(velocity: np.ndarray, path: Path) -> None:
    """
    Raise an error if a map has no value at all.

    Parameters
    ----------
    velocity : `~numpy.ndarray`
        Velocities; NaN where missing.
    path : `~pathlib.Path`
        The file, for messages.

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If no velocity is finite.
    """
    if not np.isfinite(velocity).any():
        msg = f"{printable(path)} has no velocity in any spaxel; name another file of the galaxy"
        raise GalaxyFileError(msg)
