"""Read the maps of LZIFU, which fitted the emission lines of SAMI, S7, Hector and others."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.io import fits

from mangapa._utils.cards import number_of, text_of
from mangapa._utils.types import PathLike
from mangapa.fields import Galaxy
from mangapa.formats._choices import Product, check_name, choose, one_observation, paths_of
from mangapa.formats._files import open_hdus
from mangapa.formats._format import Format, register_format
from mangapa.formats._maps import first_plane, image_of
from mangapa.formats._sky import celestial_wcs, offsets
from mangapa.formats._values import field_of, in_km_s, refuse_empty

__all__ = ["read_lzifu"]

#: Largest error, km/s, and least S/N of H-alpha, as SAMI recommends for its maps, made by LZIFU.
MAX_ERROR = 30.0
MIN_SNR = 5.0
#: By what is in the name of a file, in the order of preference.
KINDS = {"1": "1-comp", "merge": "merge-comp", "rec": "recom-comp", "2": "2-comp", "3": "3-comp"}
COMPONENTS = tuple(KINDS.values())
NAMES = re.compile(rf"(?P<observation>.+)_(?P<kind>{'|'.join(KINDS)})_?comp\.fits(?:\.\w+)?")


@dataclass(frozen=True, kw_only=True)
class _Fit(Product):
    """A fit: its headers, and the options of a field for each tracer."""

    header: fits.Header
    sky: fits.Header
    maps: dict[str, dict[str, np.ndarray]]


def read_lzifu(path: PathLike | Sequence[PathLike], *, components: str = "default") -> Galaxy:
    """
    Read the velocity maps of a galaxy that was fitted by LZIFU (Ho et al. 2016).

    Of several components the narrowest of each spaxel is read. Spaxels are masked whose error is 30
    km/s or more, or whose H-alpha has a S/N below 5. Files of S7 have velocities of the stars, too.

    Parameters
    ----------
    path : path-like, or sequence of path-like
        A file such as ``NGC0776_1_comp.fits``, or those of one galaxy with several fits.
    components : {"default", "1-comp", "merge-comp", "recom-comp", "2-comp", "3-comp"}, optional
        Fit, if there are files of several; by default the first that there is, in this order.

    Returns
    -------
    `~mangapa.Galaxy`

    Raises
    ------
    ValueError
        If ``components`` is not one of these.
    FileNotFoundError, mangapa.exceptions.GalaxyFileError
        If a file is missing, damaged or incomplete, if there is no such fit, or if the files are
        of several galaxies.

    Examples
    --------
    See :ref:`lzifu`.
    """
    check_name("components", components, ("default", *COMPONENTS))
    files = [_read(one) for one in paths_of(path)]
    name = one_observation(files)
    (fit,) = choose(files, "default", components, ("default",), {"halpha": COMPONENTS})
    wcs = celestial_wcs(fit.sky, fit.path)
    x, y, centre = offsets(wcs, fit.maps["halpha"]["velocity"].shape)
    fields: dict[str, Any] = {
        tracer: field_of(fit.path, x=x, y=y, **maps, tracer=tracer, galaxy=name)
        for tracer, maps in fit.maps.items()
    }
    refuse_empty(fit.path, *fields.values())
    return Galaxy(
        **fields,
        name=name,
        daptype=fit.components,
        header=fit.header,
        centre=centre,
        # LZIFU fits cubes of any instrument, whose reference pixel may be anywhere.
        centre_is_nominal=True,
        redshift=number_of(fit.header, "Z_LZIFU" if "Z_LZIFU" in fit.header else "Z", -1, 20),
    )


def _read(path):
    """Read what one file holds."""
    named = NAMES.fullmatch(path.name)
    with open_hdus(path) as hdus:
        header, names = hdus[0].header, {hdu.name for hdu in hdus}
        gas = image_of(hdus, "V", path)
        error, width = (image_of(hdus, one, path, gas.shape) for one in ("V_ERR", "VDISP"))
        velocity, error = (_narrowest(one, gas, width, path) for one in (gas, error))
        maps = {"halpha": _maps(velocity, error, hdus["V"].header, path)}
        if {"HALPHA", "HALPHA_ERR"} <= names:
            lines = (image_of(hdus, one, path) for one in ("HALPHA", "HALPHA_ERR"))
            flux, noise = (first_plane(one, path, velocity.shape) for one in lines)
            maps["halpha"]["mask"] |= ~(flux >= MIN_SNR * noise)
        if "STAR_V" in names:
            stars = image_of(hdus, "STAR_V", path, (2, *velocity.shape))
            maps["stellar"] = _maps(*stars, hdus["STAR_V"].header, path)
        sky = hdus["V"].header if "CTYPE1" in hdus["V"].header else header
    n_components = len(gas) - 1 if gas.ndim == 3 else 1
    by_content = "merge" if "COMP_MAP" in names else str(min(max(n_components, 1), 3))
    return _Fit(
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


def _maps(velocity, error, header, path):
    velocity, error = (in_km_s(one, header, path) for one in (velocity, error))
    return dict(velocity=velocity, mask=~(error < MAX_ERROR), error=error)


register_format(
    Format(
        name="lzifu",
        title="emission-line maps of LZIFU",
        files="NGC0776_1_comp.fits",
        names=NAMES,
        recognise=lambda found: found.names >= {"V", "V_ERR", "VDISP"},
        read=read_lzifu,
        options=("components",),
        frame="relative to Z_LZIFU, or else Z, of the header",
    )
)
