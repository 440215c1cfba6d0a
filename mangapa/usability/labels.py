"""Read velocity fields with the experts' flags, from which networks learn."""

import warnings
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mangapa._utils.files import SUFFIXES, stem
from mangapa._utils.progress import progress_bar
from mangapa._utils.types import PathLike
from mangapa.archive.releases import PLATEIFU
from mangapa.catalogue._flag_table import CLASSES, LABELS, QUALITY_NAMES, read_flag_table
from mangapa.cleaning import clean
from mangapa.exceptions import MangapaWarning
from mangapa.fields import TRACERS, Galaxy, VelocityField
from mangapa.formats.manga import read_maps

__all__ = ["CLASSES", "LabelledFields", "read_flags", "read_labelled", "unpack"]

#: File names of the table of flags, and of fields packed in one file.
TABLES, PACKED = ("catalogue.csv", "labels.csv"), "velocity_fields.npz"
#: Spacing of the spaxels in a packed file, as in all MaNGA maps, arcsec.
SPAXEL = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelledFields:
    """
    Fields and their flags.

    Attributes
    ----------
    fields : `list` of `~mangapa.VelocityField`
        The n cleaned fields.
    classes : `~numpy.ndarray` of `int`
        Class of each field, 0, 1 or 2, shape (n,).
    groups : `~numpy.ndarray` of `str`
        MaNGA-ID or galaxy of each field, shape (n,); a split must not divide a group.
    """

    fields: list[VelocityField]
    classes: np.ndarray
    groups: np.ndarray


def read_labelled(
    data: PathLike, *, labels: PathLike | None = None, progress: bool = False
) -> LabelledFields:
    """
    Read the fields that have a flag.

    Parameters
    ----------
    data : path-like
        Folder of files of any format that `~mangapa.Galaxy.read` knows, or of arrays, one file
        ``GALAXY-TRACER.npz`` per field with ``velocity``, ``x``, ``y`` and optionally ``mask`` as
        `~mangapa.VelocityField.from_arrays` takes them; both are cleaned. Or folder of one packed
        file ``velocity_fields.npz``. The table of flags names a MAPS file by the plate-IFU in its
        name, and any other by its own name without ending, by the galaxy and the observation in it,
        such as "41144 A", or by the galaxy alone.
    labels : path-like, optional
        Table of flags; by default ``catalogue.csv`` or ``labels.csv`` in the folder.
    progress : `bool`, optional
        Show a progress bar on a terminal.

    Returns
    -------
    `LabelledFields`

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no table of flags, it lacks a column, or none of its fields is in the folder.

    Examples
    --------
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from astropy.table import Table
    >>> import mangapa
    >>> from mangapa.usability.labels import read_labelled
    >>> folder = Path("fields")
    >>> folder.mkdir()
    >>> Table({"galaxy": ["NGC1"], "stel_qual": [2]}).write(folder / "labels.csv")
    >>> field = mangapa.simulate_galaxy(n_fibres=19).stellar
    >>> arrays = {name: getattr(field, name).value for name in ("velocity", "x", "y")}
    >>> np.savez(folder / "NGC1-stellar.npz", **arrays)
    >>> read_labelled(folder).classes
    array([2])
    """
    data = Path(data)
    tables = [data / name for name in TABLES if (data / name).is_file()]
    if labels is None and not tables:
        msg = f"there is no {' or '.join(TABLES)} in {data}; give the table of flags as labels"
        raise FileNotFoundError(msg)
    flags = read_flags(tables[0] if labels is None else labels)
    names = {}
    packed = (data / PACKED).is_file()
    source = unpack(data / PACKED) if packed else _read_fields(data, flags, names)
    bar = progress_bar(source, show=progress, unit="field")
    fields = [field for field in bar if (field.galaxy, field.tracer) in flags]
    if not fields:
        msg = (
            f"{data} contains no field that the table of flags lists; it must contain MAPS files, "
            "other files of galaxies or GALAXY-TRACER.npz, named as in the table"
        )
        raise FileNotFoundError(msg)
    _report_absent({galaxy for galaxy, _ in flags} - {field.galaxy for field in fields}, data)
    found = (flags[field.galaxy, field.tracer] for field in fields)
    classes, groups = zip(*found, strict=True)
    # Where the table has no groups, the observations of a galaxy belong together.
    groups = [names.get(group, group) for group in groups]
    return LabelledFields(fields=fields, classes=np.array(classes), groups=np.array(groups))


def read_flags(path: PathLike) -> dict[tuple[str, str], tuple[int, str]]:
    """
    Read a table of flags, such as the published catalogue.

    Parameters
    ----------
    path : path-like
        CSV file with ``plateifu``, ``galaxy`` or ``name``, with ``stel_qual``, ``halpha_qual`` or
        both, and optionally with ``mangaid`` or ``group``, which repeat observations share. Cells
        that are not 0, 1 or 2 are ignored.

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
        (row["plateifu"], tracer): (
            row[column],
            row.get("mangaid") or row.get("group") or _group(row["plateifu"]),
        )
        for row in rows
        for tracer, column in QUALITY_NAMES.items()
        if row.get(column) is not None
    }


def _group(name):
    """The galaxy whose analyses belong together: their names go on after the plate-IFU."""
    plateifu, _, _ = name.partition(" ")
    return plateifu if PLATEIFU.fullmatch(plateifu) else name


def unpack(path: PathLike, only: Container[int] | None = None) -> Iterator[VelocityField]:
    """
    Read fields from a packed file one by one.

    Parameters
    ----------
    path : path-like
        Packed file: velocities as codes of one byte between the field's extremes, masks as bits.
    only : set of `int`, optional
        Indices of the fields to read; by default all are read.

    Yields
    ------
    `~mangapa.VelocityField`
        Field with the axes of a DAP map.

    Examples
    --------
    >>> from mangapa.usability.labels import unpack
    >>> for field in unpack("velocity_fields.npz", only={0, 7}):  # doctest: +SKIP
    ...     print(field.galaxy, field.tracer)
    """
    with np.load(path) as archive:
        meta, valid, codes = archive["meta"], archive["valid"], archive["code"]
    n_spaxels = meta["ny"].astype(int) * meta["nx"]
    # Each mask begins with a new byte.
    masks = np.split(valid, np.cumsum(-(-n_spaxels // 8))[:-1])
    codes = np.split(codes, np.cumsum(meta["n_valid"].astype(int))[:-1])
    for number, (m, n, mask, code) in enumerate(zip(meta, n_spaxels, masks, codes, strict=True)):
        if only is not None and number not in only:
            continue
        good = np.unpackbits(mask, count=n).astype(bool).reshape(m["ny"], m["nx"])
        velocity = np.full(good.shape, np.nan)
        velocity[good] = m["vmin"] + (m["vmax"] - m["vmin"]) / 256 * (code + 0.5)
        x = m["x_first"] - SPAXEL * np.arange(m["nx"])
        y = m["y_first"] + SPAXEL * np.arange(m["ny"])
        yield VelocityField.from_arrays(
            velocity, *np.meshgrid(x, y), tracer=str(m["tracer"]), galaxy=str(m["plateifu"])
        )


def _report_absent(names, data):
    if names:
        message = (
            f"{len(names)} galaxies have flags but no field in {data}, such as {min(names)}; they "
            "are left out"
        )
        warnings.warn(message, MangapaWarning, stacklevel=3)


def _read_fields(data, flags, names):
    """Cleaned fields of the galaxies that have flags; ``names`` receives those in other files."""
    maps = {}
    for path in sorted(data.glob("*MAPS*.fits*")):
        plateifu = "-".join(path.name.split("-")[1:3])
        daptype = path.name.partition("MAPS-")[2].partition(".")[0]
        maps.setdefault(plateifu, path)
        # An inspection names the analysis as well where a galaxy has several.
        maps[f"{plateifu} {daptype}"] = path
    for name in dict.fromkeys(galaxy for galaxy, _ in flags):
        if name in maps:
            galaxy = read_maps(maps[name])
            for field in filter(None, (galaxy.stellar, galaxy.halpha)):
                yield replace(clean(field), galaxy=name)
        # A name from a table must not lead to another folder.
        if Path(name).name != name:
            continue
        for tracer in TRACERS:
            path = data / f"{name}-{tracer}.npz"
            if path.is_file():
                with np.load(path) as arrays:
                    columns = {key: arrays[key] for key in ("velocity", "x", "y")}
                    columns["mask"] = arrays.get("mask")
                yield clean(VelocityField.from_arrays(**columns, tracer=tracer, galaxy=name))
    yield from _read_others(data, flags, names)


def _read_others(data, flags, names):
    """Cleaned fields from files that are neither MAPS files nor arrays."""
    wanted, used, unread, repeated = {galaxy for galaxy, _ in flags}, set(), [], []
    for path in sorted(data.iterdir()):
        if "MAPS" in path.name or path.suffix not in (*SUFFIXES, ".ecsv") or not path.is_file():
            continue
        try:
            galaxy = Galaxy.read(path)
        except OSError:
            unread.append(path.name)
            continue
        observed = f"{galaxy.name} {galaxy.observation}"
        own_name = stem(path).removesuffix(".ecsv")
        label = next((n for n in (own_name, observed, galaxy.name) if n in wanted), None)
        if label is None:
            continue
        names[label] = galaxy.name
        for field in filter(None, (galaxy.stellar, galaxy.halpha)):
            if (label, field.tracer) in used:
                repeated.append(path.name)
                continue
            used.add((label, field.tracer))
            yield replace(clean(field), galaxy=label)
    problems = {"could not be read": unread, "hold fields that other files hold": repeated}
    for problem, paths in problems.items():
        if paths:
            message = f"{len(paths)} files in {data} {problem}, such as {paths[0]}: left out"
            warnings.warn(message, MangapaWarning, stacklevel=4)
