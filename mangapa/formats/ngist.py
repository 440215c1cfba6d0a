"""Read the images of maps that nGIST makes, such as those of GECKOS, MAUVE and MAGPI."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from mangapa._utils.cards import clean_text
from mangapa._utils.files import printable, stem
from mangapa._utils.types import PathLike
from mangapa.exceptions import GalaxyFileError
from mangapa.fields import Galaxy
from mangapa.formats._choices import check_name, paths_of
from mangapa.formats._format import Format, register_format
from mangapa.formats._gist_lines import flux_in_bins, maps_of_line
from mangapa.formats._maps import is_faint
from mangapa.formats._ngist_products import NAMES, origin, products_of
from mangapa.formats._sky import celestial_wcs, offsets
from mangapa.formats._values import bins_of_equal_values, field_of, refuse_empty

__all__ = ["read_ngist"]

#: Kinds of errors of the stars, that from Monte Carlo realisations first.
ERRORS = ("ERR", "FORM_ERR")
BINNINGS = ("default", "bin", "spaxel")


def read_ngist(path: PathLike | Sequence[PathLike], *, binning: str = "default") -> Galaxy:
    """
    Read the stellar and H-alpha velocity fields from the images of maps of nGIST.

    Each file has either the stars or the gas. The bins and the centre, which is the ORIGIN of the
    run, come from the SPATIAL_BINNING file of the same run, also if it is only in the same folder.
    Without it, equal velocities are a bin, and the centre is the reference position of the
    coordinates. A spaxel of the gas is masked where the flux of H-alpha is less than three times
    its error. The light of the stars is that of the SPATIAL_BINNING file.

    Parameters
    ----------
    path : path-like, or sequence of path-like
        One or more of the files ``RUN_KIN_maps.fits``, ``RUN_gas_SPAXEL_maps.fits``,
        ``RUN_gas_BIN_maps.fits`` and ``RUN_SPATIAL_BINNING_maps.fits``, with names in any case.
    binning : {"default", "bin", "spaxel"}, optional
        Which of two files of the gas is read; by default that of the spaxels.

    Returns
    -------
    `~mangapa.Galaxy`
        Velocities are relative to the redshift of the configuration of the run, which is not in
        the files.

    Raises
    ------
    ValueError
        If ``binning`` is not known.
    FileNotFoundError, IsADirectoryError, PermissionError
        If a file does not exist, is a folder, or may not be read.
    mangapa.exceptions.GalaxyFileError
        If a file is damaged, or none has velocities.

    Examples
    --------
    See :ref:`ngist`.
    """
    check_name("binning", binning, BINNINGS)
    paths = paths_of(path)
    products = products_of(paths)
    binned = next((one.images for one in products if "BINID" in one.images), {})
    found = NAMES.fullmatch(paths[0].name)
    name = clean_text(found["observation"] if found else stem(paths[0]))
    chosen = _chosen(products, binning)
    if not chosen:
        msg = (
            f"{printable(paths[0])} has no velocities of stars or H-alpha; name the KIN_maps, "
            "gas_SPAXEL_maps or gas_BIN_maps file of the same run"
        )
        raise GalaxyFileError(msg)
    sky = {tracer: celestial_wcs(one.header, one.path) for tracer, one in chosen.items()}
    centre = known = origin(next(iter(sky.values())), binned)
    fields: dict[str, Any] = {}
    for tracer, product in chosen.items():
        shape = next(iter(product.images.values())).shape
        x, y, centre = offsets(sky[tracer], shape, centre)
        maps = _maps(product, tracer, binned)
        fields[tracer] = field_of(product.path, x=x, y=y, tracer=tracer, galaxy=name, **maps)
    refuse_empty(paths[0], *fields.values())
    level = chosen["halpha"].level if "halpha" in chosen else None
    identity = {"name": name, "daptype": level or None}
    return Galaxy(**fields, **identity, centre=centre, centre_is_nominal=known is None)


def _chosen(products, binning):
    """The file of each tracer."""
    # The velocities in a file of stellar populations are those of another fit.
    stars = [one for one in products if "V" in one.images and "AGE" not in one.images]
    gas = [one for one in products if one.line]
    if binning != "default":
        gas = [one for one in gas if one.level == binning]
    gas.sort(key=lambda one: one.level == "bin")
    chosen = {"stellar": stars, "halpha": gas}
    return {tracer: files[0] for tracer, files in chosen.items() if files}


def _maps(product, tracer, binned):
    """The maps of a field, by the arguments of `field_of`."""
    images, line = product.images, product.line
    if tracer == "stellar":
        maps = {"velocity": images["V"], "dispersion": images.get("SIGMA")}
        # Without Monte Carlo realisations, their errors are 0.
        for argument, name in (("error", "V"), ("dispersion_error", "SIGMA")):
            both = (images.get(f"{kind}_{name}", 0) for kind in ERRORS)
            maps[argument] = next((one for one in both if np.any(one > 0)), None)
        maps["flux"] = binned.get("FLUX")
    else:
        maps = maps_of_line(line, images.get)
        maps["mask"] = is_faint(maps.get("flux"), maps.pop("flux_error", None), images[line].shape)
    if tracer == "stellar" or product.level == "bin":
        known = binned.get("BINID")
        maps["bin_id"] = bins_of_equal_values(maps["velocity"]) if known is None else known
        if tracer == "halpha" and "flux" in maps:
            maps["flux"] = flux_in_bins(line, maps["flux"], maps["bin_id"])
    return maps


def _is_ngist(found):
    is_kin = found.names >= {"V", "SIGMA"} or found.names >= {"BINID", "SNRBIN"}
    is_line = any(re.fullmatch(r"[A-Z]+_?\d{4}(\.\d+)?_(VEL|V)", name) for name in found.names)
    is_phangs = "V_STARS" in found.names or "REDSHIFT" in found.primary
    is_images = not is_phangs and not any(hdu.columns for hdu in found.hdus)
    is_sfh = found.names >= {"AGE", "METAL"}
    return is_images and (is_kin or is_line or is_sfh)


register_format(
    Format(
        name="ngist",
        title="images of maps by nGIST, of GECKOS, MAUVE and others",
        files="NGC5010_KIN_maps.fits",
        names=NAMES,
        recognise=_is_ngist,
        read=read_ngist,
        options=("binning",),
        frame="relative to the redshift given to the pipeline, which is not in the files",
        error="1 sigma, from Monte Carlo realisations or else formal",
        dispersion="stars, and gas of GANDALF, free of the instrument's part; gas of pPXF with it, "
        "as in SIGMA_CORR (all by the code of nGIST)",
    )
)
