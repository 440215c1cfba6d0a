"""Read the cubes of maps that Pipe3D and pyPipe3D make of CALIFA, eCALIFA and MaNGA."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mangapa._utils.cards import clean_text, text_of
from mangapa._utils.files import printable, stem
from mangapa._utils.types import PathLike
from mangapa.archive.releases import MANGA_RELEASES, PLATEIFU
from mangapa.exceptions import GalaxyFileError
from mangapa.fields import Galaxy
from mangapa.formats._choices import paths_of
from mangapa.formats._files import open_hdus
from mangapa.formats._format import Format, register_format
from mangapa.formats._maps import common_shape, is_faint
from mangapa.formats._pipe3d_cubes import NAMES, grid_of, light_of, planes_of
from mangapa.formats._values import field_of, refuse_empty, relative, without

__all__ = ["read_pipe3d"]

#: HDUs that are never read; the stellar ages alone are larger than all others together.
UNUSED = {"SFH", "INDICES", "FLUX_ELINES_LONG"}


def read_pipe3d(path: PathLike | Sequence[PathLike]) -> Galaxy:
    """
    Read the stellar and H-alpha velocity fields from cubes of Pipe3D.

    Planes are found by the cards that describe them. A spaxel is masked where its velocity is 0,
    where GAIA_MASK marks a star, outside SELECT_REG, and where the flux of H-alpha is less than
    three times its error. Stars are binned as in the segmentation of the continuum. Their light is
    the map of the V band, and that of the gas the flux of H-alpha. The widths of the lines are not
    read: they are in Angstrom, and contain the instrument's part, which is not in the cubes.

    Parameters
    ----------
    path : path-like, or sequence of path-like
        A ``NAME.Pipe3D.cube.fits.gz`` file, or any of ``NAME.ELINES.cube.fits.gz``,
        ``NAME.SSP.cube.fits.gz`` and ``flux_elines.NAME.cube.fits.gz``. In cubes of old releases,
        which have no coordinates, North is up, East is left, a spaxel is 1 arcsec, and the centre
        is the brightest spaxel of the continuum, also if the SSP cube is only in the same folder.

    Returns
    -------
    `~mangapa.Galaxy`
        Velocities are relative to the median of the gas, or of the stars if there is no gas.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        If a file does not exist, is a folder, or may not be read.
    mangapa.exceptions.GalaxyFileError
        If a file is damaged, or none has velocities.

    Examples
    --------
    See :ref:`pipe3d`.
    """
    paths = paths_of(path)
    sources: list[dict[str, Any]] = [{}]
    masks, headers = [], []
    for one in paths:
        with open_hdus(one, _is_needed) as hdus:
            headers += [hdu.header.copy() for hdu in hdus]
            sources += [planes_of(hdu) for hdu in hdus if np.ndim(hdu.data) == 3]
            masks += [np.squeeze(hdu.data) != 0 for hdu in hdus if hdu.name == "GAIA_MASK"]
            masks += [np.squeeze(hdu.data) == 0 for hdu in hdus if hdu.name == "SELECT_REG"]
    # The header of the original cube names the galaxy; the cards of others describe planes.
    headers.sort(key=lambda header: "OBJECT" not in header and "PLATEIFU" not in header)
    stars = max(sources, key=lambda planes: "stellar" in planes)
    # The velocities of FLUX_ELINES have errors, those of ELINES have not.
    gas = max(sources, key=lambda planes: ("halpha" in planes, "halpha error" in planes))
    planes = stars | gas
    tracers = [tracer for tracer in ("halpha", "stellar") if tracer in planes]
    if not tracers:
        msg = (
            f"{printable(paths[0])} has no velocities; name the Pipe3D cube of the galaxy, or its "
            "ELINES, SSP or flux_elines cube"
        )
        raise GalaxyFileError(msg)
    common_shape([*planes.values(), *masks], paths[0])
    identity = _identity(paths[0], headers[0])
    x, y, centre, is_nominal = grid_of(paths[0], headers, planes)
    star = np.any(masks, axis=0) if masks else np.zeros(x.shape, bool)
    faint = is_faint(gas.get("flux"), gas.get("flux error"), x.shape)
    masked = {"stellar": star, "halpha": star | faint}
    fields: dict[str, Any] = {}
    redshift = None
    for tracer in tracers:
        velocity, redshift = relative(without(planes[tracer], 0), redshift)
        fields[tracer] = field_of(
            *(paths[0], velocity, x, y),
            error=planes.get(f"{tracer} error"),
            bin_id=without(planes["bins"], 0) if tracer == "stellar" and "bins" in planes else None,
            mask=masked[tracer],
            tracer=tracer,
            galaxy=identity["name"],
            **light_of(tracer, stars if tracer == "stellar" else gas),
        )
    refuse_empty(paths[0], *fields.values())
    fields |= {"centre": centre, "centre_is_nominal": is_nominal, "redshift": redshift}
    return Galaxy(**fields, **identity, daptype="Pipe3D", header=headers[0])


def _is_needed(hdu):
    return hdu.name == "ORG_HDR" or (hdu.name not in UNUSED and len(hdu.shape) > 1)


def _identity(path, header):
    """Names of the galaxy; those of MaNGA have a plate-IFU."""
    of_manga = path.name if path.name.startswith("manga-") else ""
    plateifu = PLATEIFU.search(text_of(header, "PLATEIFU") or of_manga)
    if plateifu is None:
        found = NAMES.fullmatch(path.name)
        name = text_of(header, "OBJECT") or clean_text(
            found["observation"] if found else stem(path)
        )
        return {"name": name, "survey": "CALIFA"}
    version = text_of(header, "VERSDRP3")
    release = next((one.name for one in MANGA_RELEASES if one.drpver == version), None)
    names = {"name": plateifu[0], "plateifu": plateifu[0], "mangaid": text_of(header, "MANGAID")}
    return names | {"release": release}


def _is_pipe3d(found):
    has_texts = any("FILE_0" in hdu and "DESC_0" in hdu for hdu in found.hdus)
    has_lines = any(hdu.text("NAME0").startswith("flux ") for hdu in found.hdus)
    is_cube = found.names >= {"SSP", "SFH"} or "FLUX_ELINES" in found.names
    return has_texts or has_lines or is_cube or "INDEX0" in found.primary


register_format(
    Format(
        name="pipe3d",
        survey="CALIFA",
        title="cubes of maps by Pipe3D, of CALIFA, eCALIFA and MaNGA",
        files="NGC4047.Pipe3D.cube.fits.gz",
        names=NAMES,
        recognise=_is_pipe3d,
        read=read_pipe3d,
        missing="0",
        frame="absolute, c z",
        error="1 sigma, from Monte Carlo realisations; none in ELINES",
        dispersion="stars, free of the instrument's part (they reach below its 150 km/s); none of "
        "the gas, whose widths are in Angstrom",
    )
)
