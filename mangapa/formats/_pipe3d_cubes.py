"""What is in a cube of Pipe3D: its planes, by the cards that describe them, and its spaxels."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.io import fits

from mangapa._utils.cards import number_of, text_of
from mangapa.formats._files import open_hdus
from mangapa.formats._sky import celestial_wcs, has_celestial_axes, offsets

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord

__all__ = ["NAMES", "grid_of", "light_of", "planes_of"]

NAMES = re.compile(
    r"(?=(?:flux_elines|indices\.CS)\.|.*\.(?:ELINES|SSP|SFH|Pipe3D)\.)"
    r"(?:flux_elines\.|indices\.CS\.)?(?P<observation>.+?)(?:\.(?:ELINES|SSP|SFH|Pipe3D))?"
    r"\.cube\.fits(?:\.\w+)?",
    re.IGNORECASE,
)
#: What the cards NAMEn, or DESC_n and TYPE_n, say of the planes that are read.
PLANES = {
    "halpha": r"vel h(a|alpha)\b.*|h(a|alpha) velocity.*",
    "halpha error": r"e_vel h(a|alpha)\b.*",
    "flux": r"flux h(a|alpha)\b.*|h(a|alpha) emission line flux",
    "flux error": r"e_flux h(a|alpha)\b.*|h(a|alpha) emission line error flux",
    "stellar": r"velocity( map)? of the stellar.*",
    "stellar error": r"error (in|of) (the )?velocity of the stellar.*",
    "dispersion": r"velocity dispersion( map)? of the stellar.*",
    "dispersion error": r"error (in|of) (the )?velocity dispersion of the stellar.*",
    "bins": r"continuum segmentation.*",
    "light": r"(pseudo )?v-band map.*",
}
#: Planes of the data model, for cubes without a card that describes any plane: of each cube, and of
#: the eight quantities of each line in FLUX_ELINES.
SSP = {"light": 0, "bins": 1, "stellar": 13, "stellar error": 14} | {
    "dispersion": 15,
    "dispersion error": 16,
}
LINES = {"flux": 0, "halpha": 1, "flux error": 4, "halpha error": 5}
N_QUANTITIES, HALPHA = 8, 45


def planes_of(hdu: fits.ImageHDU) -> dict[str, np.ndarray]:
    """
    The planes of a cube that are read.

    Parameters
    ----------
    hdu : `~astropy.io.fits.ImageHDU`
        A cube, shape (n, ny, nx).

    Returns
    -------
    `dict` of `str` to `~numpy.ndarray`
        Maps, shape (ny, nx), by the keys of ``PLANES``; empty if none has velocities.
    """
    n_planes, texts = len(hdu.data), {}
    for n in range(n_planes):
        cards = (text_of(hdu.header, f"{card}{n}") for card in ("NAME", "DESC_", "TYPE_"))
        texts[n] = " ".join(filter(None, cards)).lower()
    numbers = {
        key: n for key, text in PLANES.items() for n in texts if re.fullmatch(text, texts[n])
    }
    if not any(texts.values()):
        lines = {key: n_planes // N_QUANTITIES * n + HALPHA for key, n in LINES.items()}
        known = {"SSP": SSP, "ELINES": {"halpha": 0}, "FLUX_ELINES": lines}
        numbers = known.get(hdu.name, {})
    return {key: hdu.data[n] for key, n in numbers.items() if n < n_planes}


def light_of(tracer: str, planes: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """
    Velocity dispersions and light of a tracer.

    Parameters
    ----------
    tracer : {"stellar", "halpha"}
        Of what.
    planes : `dict` of `str` to `~numpy.ndarray`
        Maps of its cube, shape (ny, nx), by the keys of ``PLANES``.

    Returns
    -------
    `dict` of `str` to `~numpy.ndarray`
        By the arguments of ``field_of``, as far as the cube has them.
    """
    names = {"flux": "flux"}
    if tracer == "stellar":
        names = {"dispersion": "dispersion", "dispersion_error": "dispersion error"}
        names["flux"] = "light"
    return {what: planes[name] for what, name in names.items() if name in planes}


def grid_of(
    path: Path, headers: list[fits.Header], planes: dict[str, np.ndarray]
) -> "tuple[np.ndarray, np.ndarray, SkyCoord | None, bool]":
    """
    Offsets of the spaxels from the centre of the galaxy.

    Parameters
    ----------
    path : `~pathlib.Path`
        The file.
    headers : `list` of `~astropy.io.fits.Header`
        Headers of all HDUs; the coordinates are in that of the original cube.
    planes : `dict` of `str` to `~numpy.ndarray`
        Maps, shape (ny, nx), by the keys of ``PLANES``.

    Returns
    -------
    x, y : `~numpy.ndarray`
        Offsets to the East and North, arcsec, shape (ny, nx).
    centre : `~astropy.coordinates.SkyCoord` or `None`
        `None` if no header has coordinates.
    is_nominal : `bool`
        Whether the centre is no more than the middle of the field of view.
    """
    from astropy.coordinates import SkyCoord

    ny, nx = next(iter(planes.values())).shape
    for header in headers:
        if has_celestial_axes(header):
            # The third axis numbers the planes, or is that of the spectra.
            axes = re.compile(r"C(TYPE|RVAL|RPIX|DELT|UNIT|D\d_)3|CD3_\d")
            header = fits.Header([card for card in header.cards if not axes.match(card.keyword)])
            ra = number_of(headers[0], "OBJRA", 0, 360)
            dec = number_of(headers[0], "OBJDEC", -90, 90)
            # Without them from the reference position, which CALIFA puts on the galaxy.
            centre = None if None in (ra, dec) else SkyCoord(ra, dec, unit="deg")
            return *offsets(celestial_wcs(header, path), (ny, nx), centre), False
    covered = np.any([planes[key] != 0 for key in ("halpha", "stellar") if key in planes], axis=0)
    light = planes["light"] if "light" in planes else _light_beside(path)
    is_nominal = light is None or light.shape != covered.shape
    middle = np.argwhere(covered).mean(axis=0) if is_nominal else _brightest(covered, light)
    row, column = np.indices((ny, nx))
    return middle[1] - column, row - middle[0], None, is_nominal


def _light_beside(path):
    """Map of the continuum in the SSP cube of the same galaxy, in the same folder."""
    found = NAMES.fullmatch(path.name)
    start = f"{found['observation']}.SSP.cube.fits".lower() if found else ""
    there = sorted(path.parent.iterdir()) if found else []
    for one in there:
        if not one.name.lower().startswith(start) or not NAMES.fullmatch(one.name) or one == path:
            continue
        with open_hdus(one) as hdus:
            return planes_of(hdus[0]).get("light") if np.ndim(hdus[0].data) == 3 else None
    return None


def _brightest(covered, light):
    """Row and column of the brightest spaxel."""
    from scipy.ndimage import uniform_filter

    brightness = uniform_filter(np.where(covered & np.isfinite(light), light, 0), 3)
    return np.unravel_index(np.argmax(brightness), covered.shape)
