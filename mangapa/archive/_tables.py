"""The tables drpall and dapall, which list the galaxies of a release."""

import contextlib
import os
import warnings
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.table import Column, MaskedColumn, QTable

from mangapa._utils.files import as_path
from mangapa._utils.fits_files import open_fits
from mangapa.archive._addresses import daptype_named, table_address
from mangapa.archive._configuration import conf, may_download, release_and_daptype
from mangapa.archive._contents import flaw_of
from mangapa.archive._identifiers import did_you_mean
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
#: What `verify_datasum` of astropy answers to a wrong checksum; without a checksum it answers 2.
WRONG = 0
#: Values up to this one mean that drpall or the NSA has none: they write -999 and -9999.
MISSING = -999.0
#: Columns of drpall that are not zero in the rows of galaxies: bits of their samples.
TARGETS = ("mngtarg1", "mngtarg3")
#: Columns that are text; the others are numbers.
TEXT = ("plateifu", "mangaid")


def release_table(
    release: str | None = None,
    *,
    daptype: str | None = None,
    download: bool | None = None,
    progress: bool = True,
) -> QTable:
    """
    List all galaxies of a release, without other targets such as sky and standard stars.

    The tables drpall and dapall are read once and kept in memory.

    Parameters
    ----------
    release : `str`, optional
        Data release; by default that of the configuration, which is DR17.
    daptype : `str`, optional
        Analysis whose quality bits are included; by default as configured, or that of the release.
    download, progress : optional
        As in `locate`.

    Returns
    -------
    `~astropy.table.QTable`
        With ``plateifu``, ``mangaid``, ``ra``, ``dec`` (deg), ``z``, ``photometric_pa`` (deg),
        ``axis_ratio``, ``effective_radius`` (arcsec), ``drp_quality``, and ``dap_quality``, which
        is masked, with a warning, if there is no dapall.

    Raises
    ------
    ValueError, OSError
        If the release or daptype is not known, or drpall is missing, damaged or not downloaded.
    """
    release, daptype = release_and_daptype(release, daptype)
    version = release_named(release)
    daptype = daptype_named(daptype, version)
    table = _read(_galaxies, "drpall", release, download, progress).copy()
    try:
        bits = _read(_dap_quality, "dapall", release, download, progress, daptype)
    except OSError as error:
        warnings.warn(f"the column dap_quality is masked: {error}", MangapaWarning, stacklevel=2)
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
    TypeError, ValueError, OSError
        If there is not exactly one observation, or drpall is missing, damaged or not downloaded.
    """
    if not isinstance(mangaid, str):
        msg = f"mangaid={mangaid!r} must be text such as '1-209232', not {type(mangaid).__name__}"
        raise TypeError(msg)
    if not MANGAID.fullmatch(mangaid):
        msg = f"mangaid={mangaid!r} must look like 1-209232{did_you_mean(mangaid)}"
        raise ValueError(msg)
    release, _ = release_and_daptype(release)
    table = _read(_galaxies, "drpall", release, download, progress=True)
    found = list(table["plateifu"][table["mangaid"] == mangaid])
    if len(found) == 1:
        return str(found[0])
    reason = f"was observed as {' and '.join(found)} in" if found else "is not a galaxy of"
    hint = did_you_mean(mangaid) if mangaid.startswith("0") else ""
    msg = f"mangaid={mangaid!r} {reason} {release}; give the plate-IFU{hint}"
    raise ValueError(msg)


def galaxy_row(plateifu, release=None, *, download=None):
    """The row of a galaxy in drpall, with the columns of `COLUMNS`; `None` if it is not there."""
    release, _ = release_and_daptype(release)
    table = _read(_galaxies, "drpall", release, download, progress=True)
    # The rows are sorted by plate-IFU.
    place = np.searchsorted(table["plateifu"], plateifu)
    found = place < len(table) and table["plateifu"][place] == plateifu
    return table[place] if found else None


def _read(reader, name, release, download, progress, *more):
    """Read drpall or dapall; if it is missing or damaged, it is downloaded if that is allowed."""
    address = table_address(name, release=release)
    if conf.table_folder:
        folder = Path(os.path.abspath(as_path("table_folder", conf.table_folder)))
        address = replace(address, path=folder / address.path.name)
    path, is_allowed = address.path, may_download(download)
    if not path.is_file():
        if not is_allowed:
            msg = (
                f"there is no table {path}; download it with 'mangapa list --release {release} "
                "--download', or set SAS_BASE_DIR to the folder that holds your copy of the archive"
            )
            raise FileNotFoundError(msg)
        fetch(address, progress=progress)
    try:
        # With the date of the file, so that a new file is read again.
        return reader(path, path.stat().st_mtime_ns, *more)
    except OSError:
        if not is_allowed:
            raise
    fetch(address, progress=progress)
    return reader(path, path.stat().st_mtime_ns, *more)


@lru_cache(maxsize=4)
def _galaxies(path, _date):
    table = QTable()
    with _open_table(path) as data:
        present = {name.lower() for name in data.names}
        targets = [target for target in TARGETS if target in present]
        if not targets or not present.issuperset(TEXT):
            needed = f"{', '.join(TEXT)} and {' or '.join(TARGETS)}"
            msg = f"the columns {needed} of drpall are not all there"
            raise ValueError(msg)
        is_galaxy = np.any([data[target] != 0 for target in targets], axis=0)
        for name, (sources, unit, decimals, description) in COLUMNS.items():
            source = next((source for source in sources.split() if source in present), None)
            values = np.array(data[source] if source else np.full(len(data), np.nan))
            if values.ndim != 1 or (values.dtype.kind in "US") != (name in TEXT):
                msg = f"the column {source} has values of another kind"
                raise ValueError(msg)
            form = None if decimals is None else f".{decimals}f"
            values = _native(values[is_galaxy])
            table[name] = Column(values, unit=unit, format=form, description=description)
    table.sort("plateifu")
    return table


@contextlib.contextmanager
def _open_table(path, extension=1):
    """The rows of an extension; whatever is wrong with them is an `OSError` with the remedy."""
    flaw = flaw_of(path)
    if flaw is not None:
        msg = f"{path} {flaw.text}; {flaw.remedy}"
        raise OSError(msg)
    with open_fits(path) as hdus:
        hdu = hdus[extension if extension in hdus else 1]
        if hdu.verify_datasum() == WRONG:
            msg = "its checksum is wrong"
            raise ValueError(msg)
        if getattr(hdu.data, "names", None) is None:
            msg = "there is no table in its first extension"
            raise ValueError(msg)
        yield hdu.data


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
    with _open_table(path, daptype) as data:
        is_done = np.array(data["DAPDONE"]).astype(bool)
        is_done &= _native(np.array(data["DAPTYPE"])) == daptype
        plateifus = _native(np.array(data["PLATEIFU"])[is_done])
        bits = data["DAPQUAL"][is_done].astype(np.int64)
        return dict(zip(plateifus.tolist(), bits.tolist(), strict=True))
