"""Read the velocity fields of Marvin's ``Maps``."""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mangapa._utils.cards import clean_text
from mangapa.exceptions import MangapaWarning
from mangapa.fields import TRACERS, Galaxy, check_tracer
from mangapa.formats.manga import (
    EXTENSIONS,
    LIGHT_EXTENSIONS,
    build_galaxy,
    galaxy_from_hdus,
    light_maps,
    read_tracers,
)

__all__ = ["galaxy_from_marvin"]


def galaxy_from_marvin(
    maps: Any, tracers: Sequence[str] = TRACERS, *, light: bool = False
) -> Galaxy:
    """
    Read the velocity fields of a Marvin ``Maps`` object, local or remote.

    Parameters
    ----------
    maps : ``marvin.tools.maps.Maps``
        Opened in any of Marvin's modes.
    tracers : sequence of `str`, optional
        The fields to read; a remote ``Maps`` requests no others from the server.
    light : `bool`, optional
        Whether a remote ``Maps`` also requests the velocity dispersions and the light, which are
        three more maps of each tracer. Those of a file come with the velocities.

    Returns
    -------
    `~mangapa.Galaxy`
        With the same values as from `~mangapa.read_maps`. Those of a file are read from it,
        whatever was changed in ``maps.data``.

    Raises
    ------
    mangapa.exceptions.MapsFileError
        If the file is damaged, or lacks an extension.
    """
    for tracer in tracers:
        check_tracer(tracer)
    if maps.data_origin == "file":
        # Astropy unpacks a compressed file anew for each map that is before the one it read last.
        if maps.filename and os.path.isfile(maps.filename):
            return read_tracers(Path(maps.filename), tracers)
        return galaxy_from_hdus(maps.data, maps.filename, tracers)
    warnings.warn(
        f"{maps.plateifu}: Marvin's server has HYB10 maps only, whatever the bintype; for another "
        "bintype open a file, such as mangapa.archive.locate(maps, daptype='VOR10', "
        "download=True) downloads",
        MangapaWarning,
        stacklevel=2,
    )
    # Each map is requested by its exact name: Marvin's own matching is fuzzy.
    bins_known = {prop.full() for prop in maps.datamodel if prop.name == "binid"}
    sky = [maps.getMap(f"spx_skycoo_on_sky_{axis}", exact=True).value for axis in "xy"]

    def planes(tracer):
        extension, line, binning = EXTENSIONS[tracer]
        suffix = "" if line is None else "_" + line.lower().replace("-", "_")
        velocity = maps.getMap(extension.lower() + suffix, exact=True)
        # Marvin gives the stellar velocities the bins of the spectra; since MPL-6 the DAP stores
        # those of the stellar continua beside them.
        bins = "binid_" + binning.lower().replace(". ", "_").replace(" ", "_")
        bins = maps.getMap(bins if bins in bins_known else "binid", exact=True)
        fields = {
            "velocity": velocity.value,
            "ivar": velocity.ivar,
            "mask": velocity.mask,
            "bin_id": np.asarray(bins.value).astype(int),
        }
        return fields | _light(maps, tracer, suffix) if light else fields

    identity = {"plateifu": maps.plateifu, "mangaid": clean_text(maps.mangaid)}
    daptype = f"{maps.bintype.name}-{maps.template.name}"
    return build_galaxy(
        tracers, sky, planes, maps.header.copy(), daptype=daptype, name=maps.plateifu, **identity
    )


def _light(maps, tracer, suffix):
    """Dispersions and light of a tracer, as far as the server has them."""
    there = [prop.full() for prop in maps.datamodel]

    def asked(extension):
        name = f"{extension.lower()}{suffix}"
        # Of several planes the first is meant, as in the file.
        names = [one for one in there if one == name or one.startswith(f"{name}_")]
        if not names:
            return None, None, None
        found = maps.getMap(names[0], exact=True)
        return found.value, found.ivar, found.mask

    dispersion, instrument, flux = (asked(extension) for extension in LIGHT_EXTENSIONS[tracer])
    return light_maps(dispersion, flux, instrument[0])
