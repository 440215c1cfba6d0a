"""Read the tables of the data analysis pipeline of the Local Volume Mapper, one row a fibre."""

import re
from collections.abc import Sequence

import numpy as np

from mangapa._utils.cards import clean_text, text_of
from mangapa._utils.files import stem
from mangapa._utils.types import PathLike
from mangapa.fields import Galaxy
from mangapa.formats._choices import one_path
from mangapa.formats._files import Outline, open_hdus
from mangapa.formats._format import Format, register_format
from mangapa.formats._tables import optional_column, table_with
from mangapa.formats._values import field_of, refuse_empty, relative, without

__all__ = ["read_lvm"]

FILES = "dap-rsp108-sn20-00006109.dap.fits.gz"
#: Wavelength of H-alpha in air, Angstrom, and how far that of a row may be from it.
HALPHA, NEAR = 6562.85, 0.5


def read_lvm(path: PathLike | Sequence[PathLike]) -> Galaxy:
    """
    Read the velocities of the stars and of H-alpha from a table of LVM.

    The fibres are at their places on the sky; offsets are counted from their mean. The gas is
    that of the fits of Gaussians, with their errors; the stars have no errors, because those in
    the table are not of the size of their scatter. Velocities c z become relative to their
    median. Fibres whose mask is False are bad. The light is the median flux of the stars, and the
    flux of H-alpha. Dispersions are not read: the tables do not tell their unit.

    Parameters
    ----------
    path : path-like
        A file such as ``dap-rsp108-sn20-00006109.dap.fits.gz``.

    Returns
    -------
    `~mangapa.Galaxy`
        With fields of shape (1, n), for n fibres.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        If the file does not exist, is a folder, or may not be read.
    mangapa.exceptions.GalaxyFileError
        If the file is damaged or lacks a table, or there are several.

    Examples
    --------
    See :ref:`lvm`.
    """
    from astropy.coordinates import SkyCoord, UnitSphericalRepresentation

    path = one_path(path)
    with open_hdus(path) as hdus:
        fibres = table_with(hdus, ("ID", "RA", "DEC", "MASK"), path, FILES)
        stars = table_with(hdus, ("ID", "SYS_VEL"), path, FILES)
        lines = table_with(hdus, ("ID", "WL", "VEL", "E_VEL"), path, FILES)
        header = hdus[0].header.copy()
        name = text_of(header, "OBJECT") or clean_text(stem(path))
        sky = SkyCoord(without(fibres["ra"]), without(fibres["dec"]), unit="deg")
        placed = sky[np.isfinite(sky.ra) & np.isfinite(sky.dec)]
        mean = placed.cartesian.mean().represent_as(UnitSphericalRepresentation)
        centre = SkyCoord(mean.lon, mean.lat)
        x, y = centre.spherical_offsets_to(sky)
        order = {fibre: row for row, fibre in enumerate(fibres["id"])}

        def ordered(table, name, rows=slice(None)):
            """Values of a column in the order of the fibres, NaN where one is missing."""
            values, there = np.full(len(order), np.nan), optional_column(table, name)
            if there is not None:
                values[[order[fibre] for fibre in table["id"][rows]]] = there[rows]
            return values

        halpha = np.abs(lines["wl"] - HALPHA) < NEAR
        gas, error = ordered(lines, "vel", halpha), ordered(lines, "e_vel", halpha)
        stellar = ordered(stars, "sys_vel")
        _, redshift = relative(gas if np.isfinite(gas).any() else stellar)
        maps = {"mask": ~fibres["mask"].astype(bool), "galaxy": name}
        light, flux = ordered(stars, "med_flux"), ordered(lines, "flux", halpha)
        of_stars = field_of(path, relative(stellar, redshift)[0], x, y, flux=light, **maps)
        gas, _ = relative(gas, redshift)
        of_gas = field_of(path, gas, x, y, error=error, flux=flux, tracer="halpha", **maps)
        refuse_empty(path, of_stars, of_gas)
    return Galaxy(
        stellar=of_stars,
        halpha=of_gas,
        name=name,
        survey="LVM",
        header=header,
        centre=centre,
        centre_is_nominal=True,
        redshift=redshift,
    )


def _is_lvm(found: Outline) -> bool:
    return found.names >= {"PT", "RSP"} or found.primary.text("SURVEY") == "LVM"


register_format(
    Format(
        name="lvm",
        survey="LVM",
        title="tables of the data analysis pipeline, one row for each fibre",
        files=FILES,
        names=re.compile(r"(?P<observation>.+\.dap\.fits.*)"),
        recognise=_is_lvm,
        read=read_lvm,
        frame="absolute, c z",
        error="1 sigma; none of the stars",
    )
)
