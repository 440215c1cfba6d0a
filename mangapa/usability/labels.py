"""Velocity fields with the experts' flags, from which networks learn."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mangapa.catalogue._flag_table import CLASSES, LABELS, QUALITY_NAMES, read_flag_table
from mangapa.cleaning import clean
from mangapa.fields import TRACERS, VelocityField
from mangapa.formats.manga import read_maps

__all__ = ["CLASSES", "LabelledFields", "read_flags", "read_labelled", "unpack"]

#: What the table of flags may be called, and the fields in one file.
TABLES, PACKED = ("catalogue.csv", "labels.csv"), "velocity_fields.npz"
#: Distance of the spaxels in a packed file, arcsec.
SPAXEL = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelledFields:
    """
    Fields and their flags.

    Attributes
    ----------
    fields : `list` of `~mangapa.VelocityField`
        Cleaned.
    classes : `~numpy.ndarray` of `int`
        0, 1 or 2, shape (n,).
    groups : `~numpy.ndarray` of `str`
        What may never be split: the MaNGA-ID, which repeat observations share, or the galaxy.
    """

    fields: list
    classes: np.ndarray
    groups: np.ndarray


def read_labelled(data, *, labels=None, progress=False):
    """
    Read the fields that have a flag.

    Parameters
    ----------
    data : path-like
        A folder that holds the fields: MAPS files, whose names hold the plate-IFU; or arrays, one
        ``GALAXY-TRACER.npz`` a field with ``velocity``, ``x``, ``y`` and, if there is one,
        ``mask``, as `~mangapa.VelocityField.from_arrays` takes them; or all of them packed in one
        ``velocity_fields.npz``. MAPS files and arrays are cleaned.
    labels : path-like, optional
        The table of flags; ``catalogue.csv`` or ``labels.csv`` in the folder if not given.
    progress : `bool`, optional
        Show a progress bar, if there is a terminal.

    Returns
    -------
    `LabelledFields`

    Raises
    ------
    FileNotFoundError
        If there is no table, or no field of it.
    ValueError
        If the table lacks a column.
    """
    from tqdm import tqdm

    data = Path(data)
    flags = read_flags(_table(data) if labels is None else labels)
    fields, classes, groups = [], [], []
    source = unpack(data / PACKED) if (data / PACKED).is_file() else _one_by_one(data, flags)
    bar = tqdm(source, unit="field", leave=False, disable=None if progress else True)
    for field in bar:
        known = flags.get((field.galaxy, field.tracer))
        if known is not None:
            fields.append(field)
            classes.append(known[0])
            groups.append(known[1])
    if not fields:
        msg = (
            f"{data} holds no field of its table of flags: MAPS files or GALAXY-TRACER.npz are "
            "expected, with the names in the table"
        )
        raise FileNotFoundError(msg)
    return LabelledFields(fields=fields, classes=np.array(classes), groups=np.array(groups))


def read_flags(path):
    """
    Read a table of flags, such as the published catalogue.

    Parameters
    ----------
    path : path-like
        A CSV file with ``plateifu`` (or ``galaxy``), ``stel_qual``, ``halpha_qual`` and, if there
        is one, ``mangaid``. Empty cells and other numbers than 0, 1 and 2 are no flags.

    Returns
    -------
    `dict`
        From (galaxy, tracer) to (class, group).

    Raises
    ------
    ValueError
        If a column is missing.
    """
    _, rows = read_flag_table(path, LABELS)
    return {
        (row["plateifu"], tracer): (row[column], row.get("mangaid") or row["plateifu"])
        for row in rows
        for tracer, column in QUALITY_NAMES.items()
        if row.get(column) is not None
    }


def unpack(path, only=None):
    """
    The fields of a packed file, one after the other.

    Parameters
    ----------
    path : path-like
        Velocities as codes of one byte, masks as bits.
    only : set of `int`, optional
        Numbers of the fields that are wanted; all if not given.

    Yields
    ------
    `~mangapa.VelocityField`
        Its axes are those of a DAP map.
    """
    with np.load(path) as archive:
        meta, valid, codes = archive["meta"], archive["valid"], archive["code"]
    first_byte = first_code = 0
    for number, m in enumerate(meta):
        shape, n_valid = (int(m["ny"]), int(m["nx"])), int(m["n_valid"])
        n_bytes = (shape[0] * shape[1] + 7) // 8
        if only is None or number in only:
            bits = np.unpackbits(valid[first_byte : first_byte + n_bytes])
            good = bits[: shape[0] * shape[1]].astype(bool).reshape(shape)
            velocity = np.full(shape, np.nan)
            step = (m["vmax"] - m["vmin"]) / 256
            velocity[good] = m["vmin"] + step * (codes[first_code : first_code + n_valid] + 0.5)
            x = m["x_first"] - SPAXEL * np.arange(shape[1])
            y = m["y_first"] + SPAXEL * np.arange(shape[0])
            yield VelocityField.from_arrays(
                velocity, *np.meshgrid(x, y), tracer=str(m["tracer"]), galaxy=str(m["plateifu"])
            )
        first_byte += n_bytes
        first_code += n_valid


def _table(data):
    for name in TABLES:
        if (data / name).is_file():
            return data / name
    msg = f"there is no {' or '.join(TABLES)} in {data}; name the table of flags with labels"
    raise FileNotFoundError(msg)


def _one_by_one(data, flags):
    """Fields of MAPS files and of arrays, of the galaxies that have flags."""
    maps = {}
    for path in sorted(data.glob("*MAPS*.fits*")):
        maps.setdefault("-".join(path.name.split("-")[1:3]), path)
    for galaxy in dict.fromkeys(galaxy for galaxy, _ in flags):
        if galaxy in maps:
            read = read_maps(maps[galaxy])
            for tracer in TRACERS:
                yield clean(read.tracer(tracer))
        # A name from a table becomes part of a path only if it is a plain name.
        if Path(galaxy).name != galaxy:
            continue
        for tracer in TRACERS:
            path = data / f"{galaxy}-{tracer}.npz"
            if path.is_file():
                with np.load(path) as arrays:
                    given = {name: arrays[name] for name in ("velocity", "x", "y")}
                    mask = arrays.get("mask")
                yield clean(
                    VelocityField.from_arrays(**given, mask=mask, tracer=tracer, galaxy=galaxy)
                )
