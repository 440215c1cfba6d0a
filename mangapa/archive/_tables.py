"""What a release says of its galaxies: the tables drpall and dapall."""

import contextlib
import sqlite3
import warnings
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.table import MaskedColumn, QTable
from astropy.utils.exceptions import AstropyUserWarning

from mangapa.archive._addresses import daptype_named, table_address
from mangapa.archive._configuration import conf, may_download
from mangapa.archive.releases import MANGAID, release_named
from mangapa.exceptions import MangapaWarning

__all__ = ["plateifu_of", "release_table", "select"]

#: Our columns: names in drpall, of which the first that is there counts; unit, decimals, meaning.
COLUMNS = {
    "plateifu": (("plateifu",), None, None, "plate-IFU"),
    "mangaid": (("mangaid",), None, None, "MaNGA-ID, the same for repeat observations"),
    "ra": (("objra",), u.deg, 5, "right ascension of the galaxy (J2000)"),
    "dec": (("objdec",), u.deg, 5, "declination of the galaxy (J2000)"),
    "z": (("z", "nsa_z"), None, 4, "redshift by which the galaxy was chosen"),
    "photometric_pa": (
        ("nsa_elpetro_phi", "nsa_phi"),
        u.deg,
        1,
        "photometric position angle, North through East, elliptical Petrosian (NSA)",
    ),
    "axis_ratio": (("nsa_elpetro_ba", "nsa_ba"), None, 3, "minor over major axis, the same (NSA)"),
    "effective_radius": (
        ("nsa_elpetro_th50_r", "nsa_petro_th50"),
        u.arcsec,
        2,
        "radius of half the light in r, the same (NSA)",
    ),
    "drp_quality": (("drp3qual",), None, None, "bits of MANGA_DRP3QUAL; 0 is good"),
}
DAP_QUALITY = "bits of MANGA_DAPQUAL; 0 is good; masked where the DAP gave nothing"
#: What drpall and the NSA write where they have no value.
MISSING = -999.0


def release_table(release=None, *, daptype=None, download=None, progress=True):
    """
    All galaxies of a release.

    Read from the tables drpall and dapall, which are fetched once if that is allowed, and kept in
    memory. Targets that are no galaxies, such as sky and standard stars, are left out.

    Parameters
    ----------
    release : `str`, optional
        Data release; that of the configuration, DR17, if not given.
    daptype : `str`, optional
        Analysis whose quality bits are wanted; the release's own default if not given.
    download : `bool`, optional
        Fetch a table that is not here; as the configuration says if not given.
    progress : `bool`, optional
        Show a progress bar for a download, if there is a terminal.

    Returns
    -------
    `~astropy.table.QTable`
        With ``plateifu``, ``mangaid``, ``ra``, ``dec`` (deg), ``z``, ``photometric_pa`` (deg),
        ``axis_ratio``, ``effective_radius`` (arcsec), ``drp_quality``, and ``dap_quality``, which
        is masked, with a warning, where there is no dapall.

    Raises
    ------
    ValueError
        If there is no such release or daptype.
    FileNotFoundError
        If there is no drpall.
    OSError
        If it is damaged, or cannot be downloaded.
    """
    release = release or conf.release
    version = release_named(release)
    daptype = daptype_named(daptype or conf.daptype, version)
    drpall = _table_file("drpall", release, download, progress)
    table = _galaxies(drpall, drpall.stat().st_mtime_ns).copy()
    try:
        dapall = _table_file("dapall", release, download, progress)
        bits = _dap_quality(dapall, dapall.stat().st_mtime_ns, daptype)
    except OSError as error:
        warnings.warn(f"no quality bits of the DAP: {error}", MangapaWarning, stacklevel=2)
        bits = {}
    known = [bits.get(plateifu) for plateifu in table["plateifu"]]
    table["dap_quality"] = MaskedColumn(
        [0 if value is None else value for value in known],
        mask=[value is None for value in known],
        dtype=np.int64,
        description=DAP_QUALITY,
    )
    table.meta["release"], table.meta["daptype"] = version.name, daptype
    return table


def plateifu_of(mangaid, release=None, *, download=None):
    """
    The observation of a target.

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
        If the text is no MaNGA-ID, the release has no such galaxy, or more than one observation.
    FileNotFoundError
        If there is no drpall.
    """
    if not MANGAID.fullmatch(mangaid):
        msg = f"mangaid={mangaid!r} must look like 1-209232"
        raise ValueError(msg)
    release = release or conf.release
    drpall = _table_file("drpall", release, download, progress=True)
    table = _galaxies(drpall, drpall.stat().st_mtime_ns)
    found = list(table["plateifu"][table["mangaid"] == mangaid])
    if len(found) == 1:
        return str(found[0])
    trouble = f"was observed as {' and '.join(found)}" if found else "is not in it"
    msg = f"mangaid={mangaid!r} is no one galaxy of {release}: it {trouble}; give the plate-IFU"
    raise ValueError(msg)


def select(table, where):
    """
    The rows of a table that a condition in the language of SQL holds for.

    Parameters
    ----------
    table : `~astropy.table.Table`
        With plain columns, such as `release_table` gives.
    where : `str`
        Condition on its columns, as after ``WHERE``: ``"z < 0.03 and axis_ratio > 0.5"``. Missing
        values are NULL, ``drp_quality & 4`` is a bit, ``plateifu like '8485-%'`` a pattern.

    Returns
    -------
    `~astropy.table.Table`
        The rows, in their order.

    Raises
    ------
    ValueError
        If the condition is not understood.

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
        columns = [_plain(table[name]) for name in names]
        database.executemany(f"insert into galaxies values ({places})", zip(*columns, strict=True))
        # A condition reads: it opens no other file and calls nothing but SQL's functions.
        allowed = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION)
        database.set_authorizer(
            lambda action, *_: sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY
        )
        try:
            rows = database.execute(f"select rowid from galaxies where ({where}) order by rowid")
            numbers = [row - 1 for (row,) in rows]
        except (sqlite3.Error, sqlite3.Warning) as error:
            msg = (
                f"where={where!r} is not understood ({error}); it must be a condition in SQL on "
                f'the columns {", ".join(names)}, such as "z < 0.03 and axis_ratio > 0.5"'
            )
            raise ValueError(msg) from error
    return table[numbers]


def _plain(column):
    """A column's values as SQLite takes them, missing ones as NULL."""
    values = column.value if isinstance(column, u.Quantity) else column
    missing = np.ma.getmaskarray(np.ma.asarray(values))
    if values.dtype.kind == "f":
        missing = missing | np.isnan(np.asarray(values))
    plain = np.asarray(values).tolist()
    return [None if absent else value for value, absent in zip(plain, missing, strict=True)]


def _table_file(name, release, download, progress):
    """The local file of drpall or dapall."""
    address = table_address(name, release=release)
    if conf.table_folder:
        path = Path(conf.table_folder).expanduser() / address.path.name
        address = replace(address, path=path)
    if address.path.is_file():
        return address.path
    if may_download(download):
        from mangapa.archive._transfer import fetch

        fetch(address, progress=progress)
        return address.path
    msg = (
        f"there is no table {address.path}; fetch it with 'mangapa list --release {release} "
        "--download', or set SAS_BASE_DIR to the folder that holds your copy of the archive"
    )
    raise FileNotFoundError(msg)


@contextlib.contextmanager
def _opened(path):
    try:
        with warnings.catch_warnings(), fits.open(path) as hdus:
            warnings.filterwarnings("error", ".*truncated|Error validating", AstropyUserWarning)
            yield hdus
    except (AstropyUserWarning, OSError, KeyError, IndexError, TypeError, ValueError) as error:
        msg = f"{path} is damaged ({error}); delete it and fetch it again"
        raise OSError(msg) from error


# The date of the file is an argument so that a new one is read anew.
@lru_cache(maxsize=4)
def _galaxies(path, _date):
    with _opened(path) as hdus:
        data = hdus[1].data
        present = {name.lower() for name in data.names}
        is_galaxy = np.zeros(len(data), bool)
        for target in ("mngtarg1", "mngtarg3"):
            if target in present:
                is_galaxy |= data[target] != 0
        table = QTable()
        for name, (sources, unit, decimals, description) in COLUMNS.items():
            source = next((source for source in sources if source in present), None)
            if source is None:
                values = np.full(is_galaxy.sum(), np.nan)
            else:
                values = np.array(data[source][is_galaxy])
            values = _native(values)
            table[name] = values if unit is None else values * unit
            table[name].info.description = description
            if decimals is not None:
                table[name].info.format = f".{decimals}f"
    table.sort("plateifu")
    return table


def _native(values):
    """Text stripped, numbers in the machine's own order, missing ones NaN."""
    if values.dtype.kind in "US":
        return np.char.strip(values.astype(str))
    if values.dtype.kind == "f":
        values = values.astype(float)
        values[values <= MISSING] = np.nan
        return values
    return values.astype(np.int64)


@lru_cache(maxsize=4)
def _dap_quality(path, _date, daptype):
    """The bits of each galaxy by plate-IFU, of one analysis."""
    with _opened(path) as hdus:
        data = hdus[daptype].data if daptype in hdus else hdus[1].data
        of_daptype = np.char.strip(np.array(data["DAPTYPE"]).astype(str)) == daptype
        done = np.array(data["DAPDONE"]).astype(bool) & of_daptype
        plateifus = np.char.strip(np.array(data["PLATEIFU"])[done].astype(str))
        return dict(zip(plateifus.tolist(), data["DAPQUAL"][done].tolist(), strict=True))
