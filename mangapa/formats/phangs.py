"""Read the MAPS of PHANGS-MUSE."""

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from mangapa._utils.cards import clean_text, text_of
from mangapa._utils.files import printable, stem
from mangapa._utils.types import PathLike
from mangapa.exceptions import GalaxyFileError
from mangapa.fields import LIGHT, Galaxy
from mangapa.formats._choices import one_path
from mangapa.formats._files import open_hdus
from mangapa.formats._format import Format, register_format
from mangapa.formats._gist_lines import names_of_line
from mangapa.formats._maps import brightest, images_of, is_faint
from mangapa.formats._sky import celestial_wcs, offsets
from mangapa.formats._values import field_of, in_km_s, refuse_empty

__all__ = ["read_phangs"]

NAMES = re.compile(
    r"(?P<observation>(?P<name>[A-Z]+\d\w*?)_MAPS(?:_(?P<version>native|copt_[\d.]+asec))?)"
    r"\.fits(?:\.\w+)?",
    re.IGNORECASE,
)
#: Maps of each tracer, by the arguments of `field_of`; the flux has an error, too.
MAPS = {
    "stellar": {
        "velocity": "V_STARS",
        "error": "FORM_ERR_V_STARS",
        "dispersion": "SIGMA_STARS",
        "dispersion_error": "FORM_ERR_SIGMA_STARS",
        "flux": "FLUX",
    },
    "halpha": {"velocity": "HA6562_VEL"} | names_of_line("HA6562_VEL"),
}
#: Those that are not velocities.
UNITLESS = {"BIN_ID", "FLUX", "HA6562_FLUX", "HA6562_FLUX_ERR"}
WANTED = {"BIN_ID", *MAPS["stellar"].values(), *MAPS["halpha"].values()}


def read_phangs(path: PathLike | Sequence[PathLike]) -> Galaxy:
    """
    Read the stellar and H-alpha velocity fields from the MAPS of PHANGS-MUSE.

    Stars are binned, the gas is not. A spaxel of the gas is masked where the flux of H-alpha is
    less than three times its error. The centre is where the bins of the stars, which have equal
    signal-to-noise ratios, are smallest: the files have no image of the stars, and the reference
    position of the mosaic may be anywhere. It is the centre only if all bins are alike.

    Parameters
    ----------
    path : path-like
        A ``NAME_MAPS_native.fits`` or ``NAME_MAPS_copt_1.16asec.fits`` file; only the maps that are
        needed are kept in memory.

    Returns
    -------
    `~mangapa.Galaxy`
        Velocities are relative to the velocity in the card REDSHIFT.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        If the file does not exist, is a folder, or may not be read.
    mangapa.exceptions.GalaxyFileError
        If the file is damaged or has no velocities, or there are several.

    Examples
    --------
    See :ref:`phangs`.
    """
    path = one_path(path)
    with open_hdus(path, lambda hdu: hdu.name in WANTED) as hdus:
        header = hdus[0].header
        tracers = [tracer for tracer, names in MAPS.items() if names["velocity"] in hdus]
        if not tracers:
            msg = f"{printable(path)} has no velocities; name the MAPS file of the galaxy"
            raise GalaxyFileError(msg)
        first = MAPS[tracers[0]]["velocity"]
        maps = {
            one: image if one in UNITLESS else in_km_s(image, hdus[one].header, path)
            for one, image in images_of(hdus, path).items()
        }
        ny, nx = maps[first].shape
        wcs = celestial_wcs(hdus[first].header, path)
        known = brightest(wcs, maps)
        x, y, centre = offsets(wcs, (ny, nx), known)
        found = NAMES.fullmatch(path.name)
        name = text_of(header, "OBJECT") or clean_text(found["name"] if found else stem(path))
        fields: dict[str, Any] = {}
        for tracer in tracers:
            names = MAPS[tracer].items()
            of_tracer: dict[str, Any] = {what: maps[one] for what, one in names if one in maps}
            noise = of_tracer.pop("flux_error", None)
            if tracer == "stellar":
                of_tracer["bin_id"] = maps.get("BIN_ID")
            else:
                of_tracer["mask"] = is_faint(of_tracer.get("flux"), noise, (ny, nx))
                of_tracer.setdefault("instrumental_dispersion", np.nan)
            fields[tracer] = field_of(path, x=x, y=y, **of_tracer, tracer=tracer, galaxy=name)
    refuse_empty(path, *fields.values())
    version = found["version"] if found else None
    return Galaxy(
        **fields,
        name=name,
        survey="PHANGS-MUSE",
        daptype=version,
        header=header.copy(),
        centre=centre,
        centre_is_nominal=known is None,
        redshift=_redshift(header),
    )


def _redshift(header):
    """Redshift from the card REDSHIFT, which holds the velocity c z in km/s."""
    try:
        value = float(text_of(header, "REDSHIFT") or "nan")
    except ValueError:
        return None
    redshift = value / LIGHT if abs(value) > 1 else value
    return redshift if math.isfinite(redshift) else None


def _is_phangs(found):
    is_cube = found.names >= {"DATA", "STAT"} and "PHANGS" in found.path.name.upper()
    is_cut = "REDSHIFT" in found.primary and found.names & {"HA6562_VEL", "HA6562_FLUX"}
    return "V_STARS" in found.names or is_cube or bool(is_cut)


register_format(
    Format(
        name="phangs",
        survey="PHANGS-MUSE",
        title="MAPS of the data analysis pipeline",
        files="NGC4321_MAPS_copt_1.16asec.fits",
        names=NAMES,
        recognise=_is_phangs,
        read=read_phangs,
        frame="relative to REDSHIFT of the header",
        error="1 sigma, formal",
        dispersion="stars, free of the instrument's part; gas with it, as in SIGMA_CORR if that is "
        "there, or else unknown (public code that uses them)",
    )
)
