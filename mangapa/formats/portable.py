"""Write a galaxy of any survey to one FITS or ECSV file, and read it back as it was."""

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.table import QTable, vstack

from mangapa._border import INVERSE_VARIANCE, OFFSET, VELOCITY
from mangapa._utils.cards import sound_cards
from mangapa._utils.files import as_path, printable, replacing
from mangapa._utils.types import PathLike
from mangapa.exceptions import GalaxyFileError
from mangapa.fields import TRACERS, Galaxy, VelocityField
from mangapa.formats._files import open_hdus
from mangapa.formats._format import Format, register_format

__all__ = ["read_galaxy_ecsv", "read_galaxy_fits", "write_galaxy_ecsv", "write_galaxy_fits"]

#: Card that tells such a file. Its value is the number of the layout: the second has dispersions
#: and light. A galaxy without any is written in the first, which earlier versions read.
LAYOUT_CARD, LAYOUTS = "MGPFILE", (1, 2)
#: Cards of the attributes of a galaxy.
IDENTITY = {
    "MGPNAME": "name",
    "MGPSURV": "survey",
    "MGPOBS": "observation",
    "MGPPLATE": "plateifu",
    "MGPID": "mangaid",
    "MGPREL": "release",
    "MGPDAP": "daptype",
    "MGPZ": "redshift",
    "MGPNOM": "centre_is_nominal",
}
CENTRE = ("MGPRA", "MGPDEC")
#: Units of the maps of a field that are in both layouts, and of those in the second only; and the
#: types of those without a unit.
FIRST_UNITS = {"velocity": VELOCITY, "x": OFFSET, "y": OFFSET, "ivar": INVERSE_VARIANCE}
OTHER_UNITS = {
    "dispersion": VELOCITY,
    "dispersion_ivar": INVERSE_VARIANCE,
    "instrumental_dispersion": VELOCITY,
    "flux": u.one,
}
UNITS = FIRST_UNITS | OTHER_UNITS
KINDS = {"mask": bool, "bin_id": np.int64, "rejection": np.uint8}
MAPS = (*UNITS, *KINDS)


def write_galaxy_fits(galaxy: Galaxy, path: PathLike, *, overwrite: bool = False) -> None:
    """
    Write a galaxy as a FITS file with one image for each map; ``galaxy.write("name.fits")``.

    Parameters
    ----------
    galaxy : `~mangapa.Galaxy`
        The galaxy.
    path : path-like
        The file, which appears whole or not at all; compressed if its name ends in ``.gz``.
    overwrite : `bool`, optional
        Whether an existing file is replaced.

    Raises
    ------
    OSError
        If the file exists and ``overwrite`` is False, or it cannot be written.
    """
    hdus = fits.HDUList([fits.PrimaryHDU(header=_header(galaxy))])
    for tracer in TRACERS:
        for name, values in _maps(galaxy.tracer(tracer)).items():
            image = fits.ImageHDU(values.astype("u1") if values.dtype == bool else values)
            image.name = f"{tracer}_{name}"
            if name in UNITS:
                image.header["BUNIT"] = UNITS[name].to_string("fits")
            hdus.append(image)
    with replacing(_free_path(path, overwrite)) as unfinished:
        hdus.writeto(unfinished, checksum=True)


def read_galaxy_fits(path: PathLike) -> Galaxy:
    """
    Read a galaxy that `write_galaxy_fits` wrote.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    `~mangapa.Galaxy`
        With equal fields and attributes. Cards of its header that describe the structure of a
        FITS file are those of this file.

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If the file is damaged, or of a later version.
    """
    path = as_path("path", path)
    with open_hdus(path) as hdus:
        fields = {tracer: {} for tracer in TRACERS}
        for hdu in hdus[1:]:
            tracer, _, name = hdu.name.lower().partition("_")
            fields[tracer][name] = hdu.data
        return _galaxy(path, hdus[0].header, fields)


def write_galaxy_ecsv(galaxy: Galaxy, path: PathLike, *, overwrite: bool = False) -> None:
    """
    Write a galaxy as a text table with a row for each spaxel; ``galaxy.write("name.ecsv")``.

    Parameters
    ----------
    galaxy : `~mangapa.Galaxy`
        The galaxy.
    path : path-like
        The file, which appears whole or not at all.
    overwrite : `bool`, optional
        Whether an existing file is replaced.

    Raises
    ------
    OSError
        If the file exists and ``overwrite`` is False, or it cannot be written.
    """
    parts, shapes = [QTable({"tracer": np.array([], "U7")})], {}
    for tracer in TRACERS:
        maps = _maps(galaxy.tracer(tracer))
        if maps:
            shapes[tracer] = {"shape": [*maps["mask"].shape], "maps": [*maps]}
            part = QTable({name: values.ravel() for name, values in maps.items()})
            for name in set(maps) & set(UNITS):
                part[name].unit = UNITS[name]
            part.add_column(np.full(len(part), tracer, "U7"), name="tracer", index=0)
            parts.append(part)
    table = vstack(parts, metadata_conflicts="silent")
    # The first lines tell what the file is, and a header may be long.
    header = _header(galaxy)
    table.meta = {LAYOUT_CARD: header[LAYOUT_CARD], "header": header.tostring(sep="\n")}
    table.meta["fields"] = shapes
    with replacing(_free_path(path, overwrite)) as unfinished:
        table.write(unfinished, format="ascii.ecsv")


def read_galaxy_ecsv(path: PathLike) -> Galaxy:
    """
    Read a galaxy that `write_galaxy_ecsv` wrote.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    `~mangapa.Galaxy`
        As from `read_galaxy_fits`.

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If the file is damaged, or of a later version.
    """
    path = as_path("path", path)
    try:
        table = QTable.read(path, format="ascii.ecsv")
        fields = {}
        for tracer, about in table.meta["fields"].items():
            rows = table[table["tracer"] == tracer]
            fields[tracer] = {
                name: np.ma.getdata(getattr(rows[name], "unmasked", rows[name])).reshape(
                    about["shape"]
                )
                for name in about["maps"]
            }
        header = fits.Header.fromstring(table.meta["header"], sep="\n")
        return _galaxy(path, header, fields)
    except (KeyError, TypeError, ValueError) as error:
        msg = f"{printable(path)} is not a whole table of a galaxy ({error}); write it again"
        raise GalaxyFileError(msg) from error


def _free_path(path, overwrite):
    path = as_path("path", path)
    if path.exists() and not overwrite:
        msg = f"{printable(path)} exists; pass overwrite=True to replace it, or name another file"
        raise FileExistsError(msg)
    return path


def _header(galaxy):
    """The galaxy's header with its attributes as cards."""
    header = fits.Header(sound_cards(fits.Header(galaxy.header)), copy=True)
    header.strip()
    there = {name for tracer in TRACERS for name in _maps(galaxy.tracer(tracer))}
    layout = LAYOUTS[bool(there & set(OTHER_UNITS))]
    header[LAYOUT_CARD] = (layout, "layout of a galaxy written by mangapa")
    for card, name in IDENTITY.items():
        if (value := getattr(galaxy, name)) is not None:
            header[card] = value
    if galaxy.centre is not None:
        centre = galaxy.centre.icrs
        header.update(zip(CENTRE, (centre.ra.deg, centre.dec.deg), strict=True))
    return header


def _maps(field):
    """The maps of a field that it has, without units, by name."""
    values = {} if field is None else {name: getattr(field, name) for name in MAPS}
    return {n: np.array(getattr(v, "value", v)) for n, v in values.items() if v is not None}


def _galaxy(path, header, fields):
    """The galaxy of a header and of the maps of each tracer."""
    if header.get(LAYOUT_CARD) not in LAYOUTS:
        msg = (
            f"{printable(path)} has another layout than this version of mangapa writes "
            f"({LAYOUT_CARD} = {header.get(LAYOUT_CARD)}); update mangapa"
        )
        raise GalaxyFileError(msg)
    identity = {name: header.get(card) for card, name in IDENTITY.items()}
    if CENTRE[0] in header:
        from astropy.coordinates import SkyCoord

        identity["centre"] = SkyCoord(*(header[card] * u.deg for card in CENTRE))
    header = header.copy()
    for card in (LAYOUT_CARD, *IDENTITY, *CENTRE):
        header.remove(card, ignore_missing=True)
    for tracer, maps in fields.items():
        if maps:
            # In the byte order of this machine.
            values = {n: np.asarray(one, KINDS.get(n, float)) for n, one in maps.items()}
            values.update((n, values[n] * unit) for n, unit in UNITS.items() if n in maps)
            identity[tracer] = VelocityField(**values, tracer=tracer, galaxy=identity["name"])
    return Galaxy(**identity, header=header)


def _is_table_of_galaxy(text):
    return text.startswith("# %ECSV") and LAYOUT_CARD in text


register_format(
    Format(
        name="mangapa-fits",
        title="a galaxy that mangapa wrote, with an image for each map",
        files="NGC4047.fits",
        recognise=lambda found: LAYOUT_CARD in found.primary,
        read=read_galaxy_fits,
        write=write_galaxy_fits,
        suffixes=(".fits", ".fits.gz"),
        offset_sign=1,
        missing="the mask",
        frame="relative to MGPZ",
        dispersion="as in the file that was read, with the instrument's part if it is known",
    )
)
register_format(
    Format(
        name="mangapa-ecsv",
        title="a galaxy that mangapa wrote, with a row for each spaxel",
        files="NGC4047.ecsv",
        recognise=lambda found: False,
        recognise_text=_is_table_of_galaxy,
        read=read_galaxy_ecsv,
        write=write_galaxy_ecsv,
        suffixes=(".ecsv",),
        offset_sign=1,
        missing="the mask",
        frame="relative to MGPZ",
        dispersion="as in the file that was read, with the instrument's part if it is known",
    )
)
