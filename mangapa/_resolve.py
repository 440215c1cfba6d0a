"""The galaxy that a source of `mangapa.measure` stands for."""

import os
from dataclasses import replace
from functools import partial

import numpy as np

from mangapa._utils.files import as_path, printable
from mangapa._utils.positions import sky_position
from mangapa.archive import is_identifier, locate
from mangapa.archive._configuration import may_download
from mangapa.archive._identifiers import did_you_mean
from mangapa.exceptions import MapsFileError
from mangapa.fields import OFFSET, TRACERS, Galaxy
from mangapa.fitting._settings import CENTRES
from mangapa.formats._groups import pattern_of
from mangapa.formats._readers import read_by_settings
from mangapa.formats._sky import offsets_about
from mangapa.formats.marvin_maps import galaxy_from_marvin


def spelling(source):
    """Paths or an identifier as the user spelled them, as one text; `None` for an object."""
    if isinstance(source, (list, tuple)):
        return pattern_of([*map(os.fsdecode, source)])
    return os.fsdecode(source) if isinstance(source, (str, bytes, os.PathLike)) else None


def resolve(source, release, daptype, download, settings):
    """Read the `Galaxy` of paths, an identifier or an object of Marvin, unless it is one."""
    if isinstance(source, Galaxy):
        return source
    read = partial(read_by_settings, settings=settings)
    if isinstance(source, (list, tuple)):
        if any(map(is_identifier, source)):
            msg = (
                f"source={source!r} holds an identifier, but a list holds the files of one galaxy; "
                "measure galaxies one by one, or with mangapa.survey"
            )
            raise TypeError(msg)
        return read([as_path("a source", one) for one in source])
    if hasattr(source, "data_origin"):  # of Marvin
        if hasattr(source, "getMap"):
            return galaxy_from_marvin(source)
        return _archived(source, release, daptype, may_download(download), read)
    text = spelling(source)
    if text is None:
        msg = (
            "source must be the path of a file, a list of the files of one galaxy, a plate-IFU, a "
            f"MaNGA-ID, a Galaxy, or a Maps or Cube of Marvin, not {type(source).__name__}"
        )
        raise TypeError(msg)
    if is_identifier(text) and not isinstance(source, os.PathLike):
        return _archived(text, release, daptype, may_download(download), read)
    path = as_path("source", source)
    if path.is_dir():
        msg = f"{text} is a folder; name one of its files, or use 'mangapa survey {text} --out RUN'"
        raise IsADirectoryError(msg)
    if not path.exists() and (hint := did_you_mean(text)):
        msg = f"there is no file {printable(path)}{hint}"
        raise FileNotFoundError(msg)
    return read(path)


def centred(galaxy, centre):
    """The galaxy with its offsets counted from a position on the sky, if that is what is asked."""
    if centre in CENTRES:
        return galaxy
    position = sky_position("centre", centre)
    if galaxy.centre is None:
        msg = (
            f"centre={centre!r}: it is not known where on the sky {galaxy.name or 'the galaxy'} "
            "is; its file states no position, so give 'given' or 'fit'"
        )
        raise ValueError(msg)
    fields = {}
    for tracer in TRACERS:
        field = galaxy.tracer(tracer)
        if field is None:
            continue
        x, y = offsets_about(field.x.value, field.y.value, galaxy.centre, position)
        at = field.good
        if at.any() and not np.hypot(x[at], y[at]).min() < np.hypot(np.ptp(x[at]), np.ptp(y[at])):
            distance = galaxy.centre.separation(position).arcsec
            msg = (
                f"centre={centre!r} is {distance:.4g} arcsec from the centre of "
                f"{galaxy.name or 'the galaxy'}, outside the field; correct it"
            )
            raise ValueError(msg)
        fields[tracer] = replace(field, x=x * OFFSET, y=y * OFFSET)
    return replace(galaxy, **fields, centre=position, centre_is_nominal=False)


def _archived(source, release, daptype, download, read):
    """The galaxy of an identifier; a missing or damaged file is downloaded if that is allowed."""
    try:
        return read(locate(source, release=release, daptype=daptype, download=False))
    except (FileNotFoundError, MapsFileError):
        if not download:
            raise
    return read(locate(source, release=release, daptype=daptype, download=True))
