"""A fit of LZIFU: what its file holds, known by its extensions, header and name."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

from mangapa._utils.cards import text_of
from mangapa.formats._choices import Product
from mangapa.formats._files import open_hdus
from mangapa.formats._maps import first_plane, image_of, optional_image
from mangapa.formats._values import in_km_s

__all__ = ["COMPONENTS", "NAMES", "Fit", "read_fit"]

#: Largest error, km/s, and least S/N of H-alpha, as SAMI recommends for its maps, made by LZIFU.
MAX_ERROR = 30.0
MIN_SNR = 5.0
#: By what is in the name of a file, in the order of preference.
KINDS = {"1": "1-comp", "merge": "merge-comp", "rec": "recom-comp", "2": "2-comp", "3": "3-comp"}
COMPONENTS = tuple(KINDS.values())
NAMES = re.compile(rf"(?P<observation>.+)_(?P<kind>{'|'.join(KINDS)})_?comp\.fits(?:\.\w+)?")


@dataclass(frozen=True, kw_only=True)
class Fit(Product):
    """
    A fit of LZIFU.

    Attributes
    ----------
    header, sky : `~astropy.io.fits.Header`
        Primary header, and that with the coordinates.
    maps : `dict`
        For each tracer, maps by the arguments of ``field_of``, shape (ny, nx).
    """

    header: fits.Header
    sky: fits.Header
    maps: dict[str, dict[str, np.ndarray]]


def read_fit(path: Path) -> Fit:
    """
    Read what one file holds.

    Parameters
    ----------
    path : `~pathlib.Path`
        The file.

    Returns
    -------
    `Fit`

    Raises
    ------
    FileNotFoundError, mangapa.exceptions.GalaxyFileError
        If it is missing, damaged or incomplete.
    """
    named = NAMES.fullmatch(path.name)
    with open_hdus(path) as hdus:
        header, names = hdus[0].header, {hdu.name for hdu in hdus}
        gas = image_of(hdus, "V", path)
        error, width = (image_of(hdus, one, path, gas.shape) for one in ("V_ERR", "VDISP"))
        planes = {"velocity": gas, "error": error, "dispersion": width}
        if (noise := optional_image(hdus, "VDISP_ERR", path, gas.shape)) is not None:
            planes["dispersion_error"] = noise
        narrow = {what: _narrowest(one, gas, width, path) for what, one in planes.items()}
        shape = narrow["velocity"].shape
        maps = {"halpha": _maps(narrow, hdus["V"].header, path)}
        if {"HALPHA", "HALPHA_ERR"} <= names:
            lines = (image_of(hdus, one, path) for one in ("HALPHA", "HALPHA_ERR"))
            flux, noise = (first_plane(one, path, shape) for one in lines)
            maps["halpha"]["mask"] |= ~(flux >= MIN_SNR * noise)
            maps["halpha"]["flux"] = flux
        if "STAR_V" in names:
            velocity, error = image_of(hdus, "STAR_V", path, (2, *shape))
            width = optional_image(hdus, "STAR_VDISP", path, (2, *shape))
            widths = {} if width is None else {"dispersion": width[0], "dispersion_error": width[1]}
            stars = {"velocity": velocity, "error": error, **widths}
            maps["stellar"] = _maps(stars, hdus["STAR_V"].header, path)
        sky = hdus["V"].header if "CTYPE1" in hdus["V"].header else header
    n_components = len(gas) - 1 if gas.ndim == 3 else 1
    by_content = "merge" if "COMP_MAP" in names else str(min(max(n_components, 1), 3))
    return Fit(
        path=path,
        kind="halpha",
        observation=text_of(header, "OBJECT") or text_of(header, "NAME") or (named and named[1]),
        binning="default",
        components=KINDS[named["kind"] if named else by_content],
        header=header,
        sky=sky,
        maps=maps,
    )


def _narrowest(values, velocity, width, path):
    """Values of the narrowest component; the first plane of velocities is empty."""
    if values.ndim != 3 or len(values) == 1:
        return first_plane(values, path)
    width = np.where(np.isfinite(velocity) & np.isfinite(width), width, np.inf)[1:]
    return np.take_along_axis(values[1:], np.argmin(width, axis=0)[None], axis=0)[0]


def _maps(planes, header, path):
    """Maps in km/s, and where the errors of the velocities are too large."""
    maps = {what: in_km_s(one, header, path) for what, one in planes.items()}
    return maps | {"mask": ~(maps["error"] < MAX_ERROR)}
