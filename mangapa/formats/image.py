"""Read any image of velocities with celestial coordinates: moment 1, Fabry-Perot maps, ..."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from astropy import units as u

from mangapa._utils.cards import clean_text, text_of
from mangapa._utils.files import as_path, printable, stem
from mangapa._utils.types import PathLike
from mangapa.exceptions import GalaxyFileError
from mangapa.fields import Galaxy, VelocityField, check_tracer
from mangapa.formats._choices import paths_of
from mangapa.formats._format import Format, register_format
from mangapa.formats._image_maps import (
    bad_spaxels,
    maps_in,
    only_map,
    refusal,
    variance,
    velocities_of,
)
from mangapa.formats._image_names import redshift_of
from mangapa.formats._sky import celestial_wcs, galaxy_position, is_on_sky, offsets
from mangapa.formats._values import refuse_empty, relative

__all__ = ["read_image"]


def read_image(
    path: PathLike | Sequence[PathLike],
    *,
    error: PathLike | None = None,
    mask: PathLike | None = None,
    tracer: str | None = None,
    unit: str | None = None,
) -> Galaxy:
    """
    Read an image of velocities that has coordinates on the sky, such as a map of moment 1.

    The velocities are those of the HDU that is named so (VEL, V, MOM1 ...), or else of the first
    with two axes and a unit of speed. Errors and a mask come from HDUs or files with such names
    (ERR, EMOM1, MASK ...). Where the mask is not zero the spaxel is bad, unless the mask is zero
    wherever there is no velocity. NaN, numbers such as -999.9 or 1e20, and 0 if that is common, are
    missing values. If the unit is missing, it follows from the range of the velocities, but only
    where a name says that they are velocities. Velocities whose range does not include 0 are made
    relative to their median.

    Parameters
    ----------
    path : path-like, or sequence of path-like
        The file, or also those of the errors and the mask.
    error, mask : path-like, optional
        The files of the 1-sigma errors and of the mask, whatever their names.
    tracer : {"stellar", "halpha"}, optional
        What moves: the gas ("halpha", whatever the line), unless a name says that it is stars.
    unit : `str`, optional
        Unit of the velocities, such as "km/s", if the file does not state it.

    Returns
    -------
    `~mangapa.Galaxy`
        Its ``centre`` is the position of the galaxy that the header states, or else that of the
        reference pixel.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        If the file does not exist, is a folder, or may not be read.
    mangapa.exceptions.GalaxyFileError
        If the file is damaged, or has no map of velocities or no coordinates.
    TypeError, ValueError
        If an option is not valid.

    Examples
    --------
    See :ref:`survey-image`.
    """
    paths = paths_of(path)
    if tracer is not None:
        check_tracer(tracer)
    if unit is not None and not u.Unit(unit).is_equivalent("km/s"):
        msg = f"unit={unit!r} must be one of speed, such as 'km/s'"
        raise ValueError(msg)
    maps, cubes = maps_in(*paths)
    velocities = velocities_of(maps, unit, tracer)
    if not velocities:
        msg = f"{printable(paths[0])} {refusal(maps, cubes)}"
        raise GalaxyFileError(msg)
    for kind, other in (("error", error), ("mask", mask)):
        if other is not None:
            maps = [only_map(as_path(kind, other), kind), *maps]
    first = next(iter(velocities.values()))
    shape = first.values.shape
    wcs = celestial_wcs(first.header, first.path)
    centre, is_stated = galaxy_position(first.cards, wcs, shape)
    x, y, _ = offsets(wcs, shape, centre)
    name = text_of(first.cards, "OBJECT") or clean_text(stem(first.path))
    redshift = redshift_of(first.in_km_s(unit)[0])
    fields: dict[str, Any] = {}
    for which, one in velocities.items():
        one.of_shape(shape, one.path)
        velocity, scale = one.in_km_s(unit)
        related = [it for it in maps if it.is_stellar == one.is_stellar or len(velocities) == 1]
        fields[which] = VelocityField.from_arrays(
            relative(velocity, redshift or 0.0)[0],
            x,
            y,
            ivar=variance(related, scale, shape, paths[0]),
            mask=bad_spaxels(related, np.isfinite(velocity), paths[0]),
            tracer=which,
            galaxy=name,
        )
    refuse_empty(first.path, *fields.values())
    return Galaxy(
        **fields,
        name=name,
        survey=text_of(first.cards, "SURVEY"),
        header=first.header,
        centre=centre,
        centre_is_nominal=not is_stated,
        redshift=redshift,
    )


def _is_image(found):
    # Cubes of MaNGA are refused by name of the file that its reader takes.
    if any("DAPFRMT" in hdu or "PLATEIFU" in hdu for hdu in found.hdus):
        return False
    has_images = any(len(hdu.shape) > 1 and not hdu.columns for hdu in found.hdus)
    return has_images and any(map(is_on_sky, found.hdus))


register_format(
    Format(
        name="image",
        title="any image of velocities with celestial coordinates: moment 1, Fabry-Perot, ...",
        files="NGC4047.co.mom1.fits.gz",
        names=re.compile(r"(?P<observation>.+?)[._-]e?mom-?1([._-](err|mask))?\.fi?ts?.*"),
        recognise=_is_image,
        read=read_image,
        missing="NaN, 0 if it is common, or a number such as -999.9 or 1e20",
        frame="relative, or absolute if 0 is not among the velocities",
        error="1 sigma, if there is a map of it",
        is_generic=True,
    )
)
