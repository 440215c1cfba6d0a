"""What a file of the SAMI Galaxy Survey holds: known by its extensions, header and name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from mangapa._utils.cards import text_of
from mangapa._utils.files import printable
from mangapa.exceptions import GalaxyFileError
from mangapa.fields import TRACERS
from mangapa.formats._choices import Product
from mangapa.formats._files import open_hdus
from mangapa.formats._maps import common_shape, first_plane, image_of, optional_image
from mangapa.formats._values import in_km_s

__all__ = ["BINNINGS", "COMPONENTS", "NAMES", "SamiFile", "dispersions_of", "flux_of", "read_file"]

#: In the order of preference.
BINNINGS = ("default", "adaptive", "sectors", "annular")
COMPONENTS = {
    "stellar": ("two-moment", "four-moment"),
    "halpha": ("1-comp", "recom-comp", "2-comp", "3-comp"),
}
#: Names of all products, cubes and spectra included; those of DR2 have no letter.
NAMES = re.compile(
    r"(?P<observation>\d+(?:_[A-Z])?)_(?:(?:cube|adaptive|annular|sectors|spectrum)_[\w-]+"
    rf"|[\w-]+?_(?P<binning>{'|'.join(BINNINGS)})_"
    rf"(?P<components>{'|'.join(sum(COMPONENTS.values(), ()))}))\.fits(?:\.\w+)?"
)
FLUX, DISPERSIONS = "fluxes of H-alpha", "velocity dispersions"
#: What a file holds, and of what, by an extension that only such files have.
KINDS = {
    "VEL_ERR": ("stellar", "stellar"),
    "V_ERR": ("halpha", "halpha"),
    "HALPHA_ERR": (FLUX, "halpha"),
    "SIG_ERR": (DISPERSIONS, "stellar"),
    "VDISP_ERR": (DISPERSIONS, "halpha"),
    "VARIANCE": ("spectra", "halpha"),
}
#: Dispersions of the stars that the survey recommends (Croom et al. 2021): the least, km/s, and the
#: largest error: a constant, km/s, and a share of the dispersion.
MIN_DISPERSION, MAX_ERROR_OF_IT = 35.0, (25.0, 0.1)
#: Words of DESCRIPT that tell the binning.
DESCRIPTIONS = {
    "(unbinned": "default",
    "sectors": "sectors",
    "annul": "annular",
    "(binned": "adaptive",
}


@dataclass(frozen=True, kw_only=True)
class SamiFile(Product):
    """
    A file of SAMI.

    Attributes
    ----------
    header : `~astropy.io.fits.Header`
        Its primary header.
    tracer : {"stellar", "halpha"}
        What it is about.
    values, error : `~numpy.ndarray`
        Velocities or dispersions, km/s, or fluxes, of shape (ny, nx), and their 1-sigma errors;
        not set in other products.
    snr : `~numpy.ndarray` or `None`
        S/N of the continuum, or of a flux.
    light : `~numpy.ndarray` or `None`
        Flux of the continuum beside the velocities of the stars.
    """

    header: fits.Header
    tracer: str
    values: np.ndarray = None  # type: ignore[assignment]  # of products that are not read
    error: np.ndarray = None  # type: ignore[assignment]
    snr: np.ndarray | None = None
    light: np.ndarray | None = None


def read_file(path: Path) -> SamiFile:
    """
    Read what one file holds, as far as it is needed.

    Parameters
    ----------
    path : `~pathlib.Path`
        The file.

    Returns
    -------
    `SamiFile`

    Raises
    ------
    FileNotFoundError, mangapa.exceptions.GalaxyFileError
        If it is missing, damaged or incomplete.
    """
    with open_hdus(path) as hdus:
        header, names = hdus[0].header, [hdu.name for hdu in hdus]
        error = next((name for name in names if name in KINDS), "")
        kind, tracer = KINDS.get(error, ("no velocities", "halpha"))
        maps: dict[str, Any] = {}
        if kind in (*TRACERS, FLUX, DISPERSIONS):
            values = image_of(hdus, "PRIMARY", path)
            errors = image_of(hdus, error, path, values.shape)
            # Components are sorted by their widths, and the total of fluxes comes first.
            maps = {"values": first_plane(values, path), "error": first_plane(errors, path)}
        if kind == FLUX:
            with np.errstate(divide="ignore", invalid="ignore"):
                maps["snr"] = maps["values"] / maps["error"]
        if kind in (*TRACERS, DISPERSIONS):
            maps["values"] = in_km_s(maps["values"], header, path)
            maps["error"] = in_km_s(maps["error"], hdus[error].header, path)
        if kind == "stellar":
            snr = "SN" if "SN" in names else "SNR"
            maps["snr"] = image_of(hdus, snr, path, maps["values"].shape)
            maps["light"] = optional_image(hdus, "FLUX", path, maps["values"].shape)
    about = {"path": path, "header": header, "kind": kind, "tracer": tracer}
    return SamiFile(**about, **_about(path, header, tracer), **maps)


def flux_of(
    one: SamiFile, files: Sequence[SamiFile]
) -> "tuple[np.ndarray | None, np.ndarray | None]":
    """
    Return the light that belongs to velocities, and its S/N.

    Parameters
    ----------
    one : `SamiFile`
        The velocities.
    files : sequence of `SamiFile`
        All files of the observation.

    Returns
    -------
    flux, snr : `~numpy.ndarray` or `None`
        Of the continuum beside the velocities of the stars; or of H-alpha in the same binning, and
        if possible with the same components.

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If the maps have several shapes.
    """
    if one.tracer == "stellar":
        return one.light, one.snr
    fluxes = [flux for flux in files if flux.kind == FLUX and flux.binning == one.binning]
    if not fluxes:
        return None, None
    flux = min(fluxes, key=lambda flux: flux.components != one.components)
    common_shape((flux.values, one.values), flux.path)
    return flux.values, flux.snr


def dispersions_of(one: SamiFile, files: Sequence[SamiFile]) -> dict[str, np.ndarray]:
    """
    Return the velocity dispersions that belong to velocities.

    Parameters
    ----------
    one : `SamiFile`
        The velocities.
    files : sequence of `SamiFile`
        All files of the observation.

    Returns
    -------
    `dict` of `str` to `~numpy.ndarray`
        Dispersions and their errors, by the arguments of ``field_of``; empty if there are none
        in the same binning and with the same moments or components. NaN where the survey
        recommends not to use them.

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If there are two such files, or the maps have several shapes.
    """
    same = [
        other
        for other in files
        if (other.kind, other.tracer) == (DISPERSIONS, one.tracer)
        and (other.binning, other.components) == (one.binning, one.components)
    ]
    if len(same) > 1:
        twice = " and ".join(printable(other.path) for other in same)
        msg = f"{twice} are the same product; name one of them"
        raise GalaxyFileError(msg)
    if not same:
        return {}
    values, error = same[0].values, same[0].error
    common_shape((values, one.values), same[0].path)
    if one.tracer == "stellar":
        constant, share = MAX_ERROR_OF_IT
        good = (values > MIN_DISPERSION) & (error < share * values + constant)
        values = np.where(good, values, np.nan)
    return {"dispersion": values, "dispersion_error": error}


def _about(path, header, tracer):
    """Observation, binning and components, by the name of the file, or else by its header."""
    described = text_of(header, "DESCRIPT") or ""
    four = text_of(header, "N_MOM") == "4"
    recommended = text_of(header, "NCOMP") == "recom"
    about = {
        "observation": text_of(header, "CATID"),
        "binning": next((DESCRIPTIONS[one] for one in DESCRIPTIONS if one in described), "default"),
        "components": COMPONENTS[tracer][four or recommended],
    }
    named = NAMES.fullmatch(path.name)
    return about | {
        name: text for name, text in (named.groupdict() if named else {}).items() if text
    }
