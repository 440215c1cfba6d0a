"""Offsets on the sky of the pixels of an image, from any celestial world coordinate system."""

import re
from typing import TYPE_CHECKING

import numpy as np

from mangapa._utils.cards import sound_cards
from mangapa.exceptions import GalaxyFileError

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord
    from astropy.io.fits import Header
    from astropy.wcs import WCS

__all__ = ["celestial_wcs", "offsets"]

#: The celestial axes of CTYPE with their projection, whatever the number of dashes in between.
AXIS = re.compile(r"(RA|DEC|[GE]LON|[GE]LAT)-+([A-Z]{3})")


def celestial_wcs(header: "Header", path: object) -> "WCS":
    """
    Celestial world coordinate system of a header, repaired where writers commonly err.

    Parameters
    ----------
    header : `~astropy.io.fits.Header`
        Header of the image, of any projection and frame; further axes are left out.
    path : path-like
        Its file, for messages.

    Returns
    -------
    `~astropy.wcs.WCS`

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If the header has no celestial coordinates.
    """
    from astropy.wcs import WCS, InconsistentAxisTypesError, WcsError

    repaired = sound_cards(header)
    for card in [name for name in repaired if re.fullmatch(r"CTYPE\d", name)]:
        axis = AXIS.fullmatch(str(repaired[card]).strip().upper())
        if axis:
            repaired[card] = f"{axis[1]:-<4}-{axis[2]}"
    try:
        wcs = WCS(repaired).celestial
    except (ValueError, WcsError, InconsistentAxisTypesError) as error:
        msg = f"{path} has coordinates that cannot be read ({error}); correct its header"
        raise GalaxyFileError(msg) from error
    if wcs.naxis != 2:
        msg = (
            f"{path} has no coordinates on the sky (cards CTYPE1 and CTYPE2); add them to its "
            "header, or give the offsets of the spaxels to VelocityField.from_arrays"
        )
        raise GalaxyFileError(msg)
    return wcs


def offsets(
    wcs: "WCS", shape: tuple[int, int], centre: "SkyCoord | None" = None
) -> "tuple[np.ndarray, np.ndarray, SkyCoord]":
    """
    Offsets of all pixels from the centre, along the axes of the ICRS.

    Parameters
    ----------
    wcs : `~astropy.wcs.WCS`
        Of an image, with two celestial axes.
    shape : `tuple`
        Shape (ny, nx) of the image.
    centre : `~astropy.coordinates.SkyCoord`, optional
        Where to count from; the reference position of ``wcs``, at CRPIX, if not given.

    Returns
    -------
    x, y : `~numpy.ndarray`
        Offsets to the East and North, arcsec, shape (ny, nx); NaN beyond the projection.
    centre : `~astropy.coordinates.SkyCoord`
        The centre, in the ICRS.
    """
    if centre is None:
        centre = wcs.pixel_to_world(*(wcs.wcs.crpix - 1))
    centre = centre.icrs
    row, column = np.indices(shape)
    sky = wcs.pixel_to_world(column, row).icrs
    # A tangent plane, on which angles are those at the centre, also near the pole.
    turn = (sky.ra - centre.ra).radian
    sine, cosine = np.sin(sky.dec.radian), np.cos(sky.dec.radian)
    south, north = np.sin(centre.dec.radian), np.cos(centre.dec.radian)
    depth = south * sine + north * cosine * np.cos(turn)
    x = cosine * np.sin(turn) / depth
    y = (north * sine - south * cosine * np.cos(turn)) / depth
    return np.degrees(x) * 3600, np.degrees(y) * 3600, centre
