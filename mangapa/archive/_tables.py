"""The tables drpall and dapall, which list the galaxies of a release."""

import contextlib
import sqlite3
import warnings
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.table import MaskedColumn, QTable, Table

from mangapa._utils.fits_files import open_fits
from mangapa.archive._addresses import daptype_named, table_address
from mangapa.archive._configuration import conf, may_download
from mangapa.archive._transfer import fetch
from mangapa.archive.releases import MANGAID, release_named
from mangapa.exceptions import MangapaWarning

#: Columns of `release_table`: their names in drpall, of which the first that exists is used; unit,
#: decimals, description. Photometry is elliptical Petrosian, from the NASA-Sloan Atlas (NSA).
COLUMNS = {
    "plateifu": ("plateifu", None, None, "plate-IFU"),
    "mangaid": ("mangaid", None, None, "MaNGA-ID, the same for repeat observations"),
    "ra": ("objra", u.deg, 5, "right ascension of the galaxy (J2000)"),
    "dec": ("objdec", u.deg, 5, "declination of the galaxy (J2000)"),
    "z": ("z nsa_z", None, 4, "redshift for which the galaxy was selected"),
    "photometric_pa": ("nsa_elpetro_phi nsa_phi", u.deg, 1, "photometric PA, North through East"),
    "axis_ratio": ("nsa_elpetro_ba nsa_ba", None, 3, "photometric axis ratio, minor over major"),
    "effective_radius": ("nsa_elpetro_th50_r nsa_petro_th50", u.arcsec, 2, "half-light radius, r"),
    "drp_quality": ("drp3qual", None, None, "bits of MANGA_DRP3QUAL; 0 is good"),
}
DAP_QUALITY = "bits of MANGA_DAPQUAL; 0 is good; masked without an analysis by the DAP"
UNKNOWN = -1
#: Values up to this one mean that drpall or the NSA has none: they write -999 and -9999.
MISSING = -999.0
#: SQL that a condition may use: it opens no file and changes nothing.
READING = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION)


def release_table(
    release: str | None = None,
    *,
    daptype: str | None = None,
    download: bool | None = None,
    progress: bool = True,
) -> QTable:
    """
    List all galaxies of a release.

    The tables drpall and dapall are read once and kept in memory. Targets that are not galaxies,
    such as sky and standard stars, are left out.

    Parameters
    ----------
    release : `str`, optional
        Data release; by default that of the configuration, which is DR17.
    daptype : `str`, optional
        Analysis whose quality bits are included; by default as configured, or that of the release.
    download : `bool`, optional
        Download a missing table; by default as configured.
    progress : `bool`, optional
        Show a progress bar for a download if there is a terminal.

    Returns
    -------
    `~astropy.table.QTable`
        With ``plateifu``, ``mangaid``, ``ra``, ``dec`` (deg), ``z``, ``photometric_pa`` (deg),
        ``axis_ratio``, ``effective_radius`` (arcsec), ``drp_quality``, and ``dap_quality``, which
        is masked, with a warning, if there is no dapall.

    Raises
    ------
    ValueError
        If the release or the daptype is not known.
    OSError
        If drpall is missing or damaged, or its download fails.
    """
    release = release or conf.release
    version = release_named(release)
    daptype = daptype_named(daptype or conf.daptype, version)
    table = _galaxies(*_table_file("drpall", release, download, progress)).copy()
    try:
        bits = _dap_quality(*_table_file("dapall", release, download, progress), daptype)
    except OSError as error:
        message = f"the column dap_quality is masked: {error}"
        warnings.warn(message, MangapaWarning, stacklevel=2)
        bits = {}
    known = np.array([bits.get(plateifu, UNKNOWN) for plateifu in table["plateifu"]], np.int64)
    table["dap_quality"] = MaskedColumn(known, mask=known == UNKNOWN, description=DAP_QUALITY)
    table.meta["release"], table.meta["daptype"] = version.name, daptype
    return table


def plateifu_of(mangaid: str, release: str | None = None, *, download: bool | None = None) -> str:
    """
    Find the observation of a target.

    Parameters
    ----------
    mangaid : `str`
        MaNGA-ID, such as "1-209232".
    release, download : optional
        As in `release_table`.

    Returns
    -------
    `str`
        Plate-IFU.

    Raises
    ------
    ValueError
        If ``mangaid`` is not a MaNGA-ID, or the release has no observation of it or several.
    OSError
        If drpall is missing or damaged, or its download fails.
    """
    if not MANGAID.fullmatch(mangaid):
        msg = f"mangaid={mangaid!r} must look like 1-209232"
        raise ValueError(msg)
    release = release or conf.release
    table = _galaxies(*_table_file("drpall", release, download, progress=True))
    found = list(table["plateifu"][table["mangaid"] == mangaid])
    if len(found) == 1:
        return str(found[0])
    reason = f"was observed as {' and '.join(found)} in" if found else "is not a galaxy of"
    msg = f"mangaid={mangaid!r} {reason} {release}; give the plate-IFU"
    raise ValueError(msg)


def select(table: Table, where: str) -> Table:
    """
    Select the rows of a table that meet a condition in SQL.

    Parameters
    ----------
    table : `~astropy.table.Table`
        With plain columns, such as that of `release_table`.
    where : `str`
        Condition on its columns, as after ``WHERE``: ``"z < 0.03 and axis_ratio > 0.5"``. Missing
        values are NULL, ``drp_quality & 4`` tests a bit, ``plateifu like '8485-%'`` a pattern.

    Returns
    -------
    `~astropy.table.Table`
        The selected rows, in their order.

    Raises
    ------
    ValueError
        If the condition is not valid.

    Examples
    --------
    >>> from astropy.table import Table
    >>> from mangapa.archive import select
    >>> galaxies = Table({"plateifu": ["8485-1901", "7443-12703"], "z": [0.04, 0.02]})
    >>> select(galaxies, "z < 0.03")["plateifu"].tolist()
    ['7443-12703']
    """
    names = table.colnames
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        quoted = ", ".join(f'"{name}"' for name in names)
        database.execute(f"create table galaxies ({quoted})")
        places = ", ".join("?" * len(names))
        # Masked values become None, and SQLite stores None and NaN as NULL.
        columns = [np.ma.asarray(table[name].value).tolist() for name in names]
        database.executemany(f"insert into galaxies values ({places})", zip(*columns, strict=True))
        database.set_authorizer(
            lambda action, *_: sqlite3.SQLITE_OK if action in READING else sqlite3.SQLITE_DENY
        )
        try:
            rows = database.execute(f"select rowid from galaxies where ({where}) order by rowid")
            numbers = [row - 1 for (row,) in rows]
        except (sqlite3.Error, sqlite3.Warning) as error:
            msg = (
                f"where={where!r} is not valid ({error}); it must be a condition in SQL on "
                f'the columns {", ".join(names)}, such as "z < 0.03 and axis_ratio > 0.5"'
            )
            raise ValueError(msg) from error
    return table[numbers]


def _table_file(name, release, download, progress):
    """Local file of drpall or dapall, and its date, so that a new file is read again."""
    address = table_address(name, release=release)
    if conf.table_folder:
        path = Path(conf.table_folder).expanduser() / address.path.name
        address = replace(address, path=path)
    if not address.path.is_file():
        if not may_download(download):
            msg = (
                f"there is no table {address.path}; download it with 'mangapa list --release "
                f"{release} --download', or set SAS_BASE_DIR to the folder that holds your copy of "
                "the archive"
            )
            raise FileNotFoundError(msg)
        fetch(address, progress=progress)
    return address.path, address.path.stat().st_mtime_ns


@lru_cache(maxsize=4)
def _galaxies(path, _date):
    table = QTable()
    with open_fits(path) as hdus:
        data = hdus[1].data
        present = {name.lower() for name in data.names}
        is_galaxy = np.zeros(len(data), bool)
        for target in {"mngtarg1", "mngtarg3"} & present:
            is_galaxy |= data[target] != 0
        for name, (sources, unit, decimals, description) in COLUMNS.items():
            source = next((source for source in sources.split() if source in present), None)
            values = np.array(data[source] if source else np.full(len(data), np.nan))
            values = _native(values[is_galaxy])
            table[name] = values if unit is None else values * unit
            table[name].info.description = description
            if decimals is not None:
                table[name].info.format = f".{decimals}f"
    table.sort("plateifu")
    return table


def _native(values):
    """Strip text, convert numbers to the machine's byte order, set missing ones to NaN."""
    if values.dtype.kind in "US":
        return np.char.strip(values.astype(str))
    if values.dtype.kind == "f":
        values = values.astype(float)
        values[values <= MISSING] = np.nan
        return values
    return values.astype(np.int64)


@lru_cache(maxsize=4)
def _dap_quality(path, _date, daptype):
    """Quality bits of each plate-IFU in one analysis."""
    with open_fits(path) as hdus:
        data = hdus[daptype].data if daptype in hdus else hdus[1].data
        is_done = np.array(data["DAPDONE"]).astype(bool)
        is_done &= _native(np.array(data["DAPTYPE"])) == daptype
        plateifus = _native(np.array(data["PLATEIFU"])[is_done])
        return dict(zip(plateifus.tolist(), data["DAPQUAL"][is_done].tolist(), strict=True))
