"""Offsets on the sky, from any celestial world coordinate system."""

import re
import warnings
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
from astropy.utils.exceptions import AstropyWarning

from mangapa._utils.cards import number_of, sound_cards, text_of
from mangapa._utils.files import printable
from mangapa.exceptions import GalaxyFileError

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord
    from astropy.io.fits import Header
    from astropy.wcs import WCS

    from mangapa._utils.fits_files import ScannedHDU

__all__ = [
    "celestial_wcs",
    "galaxy_position",
    "has_celestial_axes",
    "is_on_sky",
    "offsets",
    "offsets_about",
]

#: The celestial axes of CTYPE with their projection, whatever the number of dashes in between.
AXIS = re.compile(r"(RA|DEC|[GE]LON|[GE]LAT)-+([A-Z]{3})(-SIP)?")
#: Axes that a header may have, whether it has data or not: RA, Dec, frequency, polarisation.
MOST_AXES = 4
#: Cards that must hold numbers, if they are there, for the axes to be known.
NUMBERS = re.compile(r"(CRVAL|CRPIX|CDELT|CROTA)(\d)|(?:CD|PC)(\d)_(\d)")
#: Least ratio of the sides of a pixel that is none; spaxels of slits are up to 10 times longer.
MOST_UNEQUAL = 100
#: Years of equinoxes; without one that is possible, it is that of the frame.
EQUINOXES = (1800, 2100)
#: Pairs of cards in which surveys state where the galaxy is.
POSITIONS = (
    *(("OBJRA", "OBJDEC"), ("OBJ_RA", "OBJ_DEC"), ("RA_OBJ", "DEC_OBJ"), ("RAOBJ", "DECOBJ")),
    *(("GALRA", "GALDEC"), ("GAL_RA", "GAL_DEC"), ("RA_GAL", "DEC_GAL"), ("CATARA", "CATADEC")),
)


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
        If the header has no celestial coordinates, or only a part of them.
    """
    from astropy.wcs import WCS
    from astropy.wcs.utils import wcs_to_celestial_frame

    name = printable(path)
    repaired = sound_cards(header)
    axes = _celestial_axes(repaired)
    if len(axes) != 2:
        msg = (
            f"{name} has no coordinates on the sky (cards CTYPE1 and CTYPE2); add them to its "
            "header, or give the offsets of the spaxels to VelocityField.from_arrays"
        )
        raise GalaxyFileError(msg)
    if lacking := _lacking_numbers(header, repaired, [card[-1] for card, _ in axes]):
        msg = (
            f"{name} has no number in the {'cards' if len(lacking) > 1 else 'card'} "
            f"{', '.join(lacking)} of its coordinates; correct its header"
        )
        raise GalaxyFileError(msg)
    for card in [card for card in repaired if re.fullmatch(r"CTYPE\d", card)]:
        if not isinstance(repaired[card], str):  # of another axis
            del repaired[card]
    for card, axis in axes:
        repaired[card] = f"{axis[1]:-<4}-{axis[2]}{axis[3] or ''}"
    for card in ("EQUINOX", "EPOCH"):
        if card in repaired and number_of(repaired, card, *EQUINOXES) is None:
            del repaired[card]
    try:
        with warnings.catch_warnings():
            # What wcslib and astropy repair, such as dates, does not concern the axes.
            warnings.simplefilter("ignore", AstropyWarning)
            warnings.filterwarnings("ignore", "cdelt will be ignored", RuntimeWarning)
            wcs = WCS(repaired).celestial
            wcs.wcs.set()
            wcs_to_celestial_frame(wcs)
    except ValueError as error:  # Those of wcslib are, too.
        # Its messages name lines of its code.
        lines = [line for line in str(error).splitlines() if line and line[:6] != "ERROR "]
        reason = printable(lines[-1].rstrip(".") if lines else error)
        msg = f"{name} has coordinates that cannot be read ({reason}); correct its header"
        raise GalaxyFileError(msg) from error
    if not np.linalg.cond(wcs.pixel_scale_matrix) < MOST_UNEQUAL:
        msg = (
            f"{name} has coordinates that cannot be (pixels whose sides differ by a factor of more "
            f"than {MOST_UNEQUAL}); correct its header"
        )
        raise GalaxyFileError(msg)
    return wcs


def _lacking_numbers(header, sound, axes):
    """The cards without which the coordinates of axes ("1" ...) would silently be others."""
    there = {card: found for card in header if (found := NUMBERS.fullmatch(card))}
    is_matrix = any(card.startswith("CD") and found[3] for card, found in there.items())
    needed = ("CRVAL", "CRPIX") if is_matrix else ("CRVAL", "CRPIX", "CDELT")
    of_axes = [card for card, found in there.items() if found[2] in axes or found[3] in axes]
    cards = dict.fromkeys([*(name + axis for name in needed for axis in axes), *of_axes])
    # Of a rotation, all elements or half of them are zero.
    first, second = axes
    for name, diagonal in (("CD", 0), ("PC", 1)):
        pairs = (f"{first}_{first} {second}_{second}", f"{first}_{second} {second}_{first}")
        for pair, usual in zip(pairs, (diagonal, 0), strict=True):
            elements = [f"{name}{element}" for element in pair.split()]
            if any(sound.get(card, usual) != usual for card in elements):
                cards |= dict.fromkeys(elements)
    return [card for card in cards if not isinstance(sound.get(card), Real)]


def has_celestial_axes(header: "Header") -> bool:
    """
    Whether a header names axes on the sky.

    Parameters
    ----------
    header : `~astropy.io.fits.Header`
        Header of an image.

    Returns
    -------
    `bool`
    """
    return len(_celestial_axes(header)) >= 2


def is_on_sky(hdu: "ScannedHDU") -> bool:
    """
    Whether an HDU of an `~mangapa.formats._files.Outline` has coordinates on the sky.

    Parameters
    ----------
    hdu : ``ScannedHDU``
        The HDU.

    Returns
    -------
    `bool`
    """
    axes = (hdu.text(f"CTYPE{i + 1}").upper() for i in range(MOST_AXES))
    return sum(AXIS.fullmatch(axis) is not None for axis in axes) >= 2


def _celestial_axes(header):
    """The cards CTYPE of the axes on the sky, with the parts of their values."""
    cards = [card for card in header if re.fullmatch(r"CTYPE\d", card)]
    found = [(card, AXIS.fullmatch((text_of(header, card) or "").upper())) for card in cards]
    return [(card, axis) for card, axis in found if axis]


def galaxy_position(
    header: "Header | dict", wcs: "WCS", shape: tuple[int, int]
) -> "tuple[SkyCoord, bool]":
    """
    Where the galaxy is in an image, by its header.

    Parameters
    ----------
    header : `~astropy.io.fits.Header` or `dict`
        Cards that may state the position of the galaxy, such as OBJRA and OBJDEC.
    wcs : `~astropy.wcs.WCS`
        Of the image, with two celestial axes.
    shape : `tuple`
        Shape (ny, nx) of the image.

    Returns
    -------
    position : `~astropy.coordinates.SkyCoord`
        The position that the header states, if it is in the image; or else that of the reference
        pixel, or of the middle of the image if that is outside.
    is_stated : `bool`
        Whether the header states it.
    """
    from mangapa._utils.positions import sky_position

    ny, nx = shape
    for ra, dec in POSITIONS:
        texts = text_of(header, ra), text_of(header, dec)
        try:
            position = sky_position("position", texts)
            column, row = wcs.world_to_pixel(position)
        except ValueError:
            continue
        if -0.5 <= column <= nx - 0.5 and -0.5 <= row <= ny - 0.5:
            return position, True
    column, row = wcs.wcs.crpix - 1
    if not (-0.5 <= column <= nx - 0.5 and -0.5 <= row <= ny - 0.5):
        column, row = (nx - 1) / 2, (ny - 1) / 2
    return wcs.pixel_to_world(column, row).icrs, False


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
    return *_projected(sky.ra.radian, sky.dec.radian, centre), centre


def offsets_about(
    x: np.ndarray, y: np.ndarray, centre: "SkyCoord", other: "SkyCoord"
) -> tuple[np.ndarray, np.ndarray]:
    """
    Offsets from another position than they were counted from.

    Parameters
    ----------
    x, y : `~numpy.ndarray`
        Offsets to the East and North, arcsec, of any shape.
    centre : `~astropy.coordinates.SkyCoord`
        Where they are counted from.
    other : `~astropy.coordinates.SkyCoord`
        Where to count from.

    Returns
    -------
    x, y : `~numpy.ndarray`
        Offsets from ``other``; the North is that at ``other``, which matters near the pole.
    """
    ra, dec = centre.icrs.ra.radian, centre.icrs.dec.radian
    x, y = np.radians(x / 3600), np.radians(y / 3600)
    depth = np.cos(dec) - y * np.sin(dec)
    all_ra = ra + np.arctan2(x, depth)
    all_dec = np.arctan2(np.sin(dec) + y * np.cos(dec), np.hypot(x, depth))
    return _projected(all_ra, all_dec, other.icrs)


def _projected(ra, dec, centre):
    """Project positions (radian) on the tangent plane at a centre: East and North, arcsec."""
    # Angles on it are those at the centre, also near the pole.
    turn = ra - centre.ra.radian
    sine, cosine = np.sin(dec), np.cos(dec)
    south, north = np.sin(centre.dec.radian), np.cos(centre.dec.radian)
    depth = south * sine + north * cosine * np.cos(turn)
    x = cosine * np.sin(turn) / depth
    y = (north * sine - south * cosine * np.cos(turn)) / depth
    return np.degrees(x) * 3600, np.degrees(y) * 3600
