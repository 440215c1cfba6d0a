"""What a file of the SAMI Galaxy Survey holds: known by its extensions, header and name."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from mangapa._utils.cards import text_of
from mangapa.fields import TRACERS
from mangapa.formats._choices import Product
from mangapa.formats._files import open_hdus
from mangapa.formats._maps import first_plane, image_of
from mangapa.formats._values import in_km_s

__all__ = ["BINNINGS", "COMPONENTS", "FLUX", "NAMES", "SamiFile", "read_file"]

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
FLUX = "fluxes of H-alpha"
#: What a file holds, by an extension that only such files have.
KINDS = {
    "VEL_ERR": "stellar",
    "V_ERR": "halpha",
    "HALPHA_ERR": FLUX,
    "SIG_ERR": "velocity dispersions",
    "VDISP_ERR": "velocity dispersions",
    "VARIANCE": "spectra",
}
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
    values, error : `~numpy.ndarray` or `None`
        Velocities, km/s, or fluxes, of shape (ny, nx), and their 1-sigma errors.
    snr : `~numpy.ndarray` or `None`
        S/N of the continuum, or of a flux.
    """

    header: fits.Header
    values: np.ndarray | None = None
    error: np.ndarray | None = None
    snr: np.ndarray | None = None


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
        error, kind = next(((n, KINDS[n]) for n in names if n in KINDS), ("", "no velocities"))
        maps: dict[str, Any] = {}
        if kind in (*TRACERS, FLUX):
            values = image_of(hdus, "PRIMARY", path)
            errors = image_of(hdus, error, path, values.shape)
            # Components are sorted by their widths, and the total of fluxes comes first.
            maps = {"values": first_plane(values, path), "error": first_plane(errors, path)}
        if kind == FLUX:
            with np.errstate(divide="ignore", invalid="ignore"):
                maps["snr"] = maps["values"] / maps["error"]
        if kind in TRACERS:
            maps["values"] = in_km_s(maps["values"], header, path)
            maps["error"] = in_km_s(maps["error"], hdus[error].header, path)
        if kind == "stellar":
            snr = "SN" if "SN" in names else "SNR"
            maps["snr"] = image_of(hdus, snr, path, maps["values"].shape)
    about = {"path": path, "header": header, "kind": kind, **_about(path, header, kind)}
    return SamiFile(**about, **maps)


def _about(path, header, kind):
    """Observation, binning and components, by the name of the file, or else by its header."""
    described = text_of(header, "DESCRIPT") or ""
    four = text_of(header, "N_MOM") == "4"
    recommended = text_of(header, "NCOMP") == "recom"
    about = {
        "observation": text_of(header, "CATID"),
        "binning": next((DESCRIPTIONS[one] for one in DESCRIPTIONS if one in described), "default"),
        "components": COMPONENTS.get(kind, COMPONENTS["halpha"])[four or recommended],
    }
    named = NAMES.fullmatch(path.name)
    return about | {
        name: text for name, text in (named.groupdict() if named else {}).items() if text
    }
