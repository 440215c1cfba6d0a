"""Find the file of a galaxy by its identifier and release, and download it on request."""

import os
import shutil
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mangapa.archive import _http as http
from mangapa.archive._addresses import maps_addresses
from mangapa.archive._configuration import conf, may_download
from mangapa.archive._tables import plateifu_of
from mangapa.archive._transfer import fetch_all
from mangapa.archive.releases import MANGAID, PLATEIFU, release_named, release_of
from mangapa.exceptions import MangapaWarning


def is_plateifu(text: str) -> bool:
    """
    Return True if the whole text is a MaNGA plate-IFU.

    Parameters
    ----------
    text : `str`
        Such as "8485-1901".

    Returns
    -------
    `bool`

    Examples
    --------
    >>> from mangapa.archive import is_plateifu
    >>> is_plateifu("8485-1901"), is_plateifu("../8485-1901")
    (True, False)
    """
    return PLATEIFU.fullmatch(text) is not None


def is_identifier(text: str) -> bool:
    """
    Return True if the whole text is a plate-IFU or a MaNGA-ID.

    Parameters
    ----------
    text : `str`
        Such as "8485-1901" or "1-209232".

    Returns
    -------
    `bool`
    """
    return is_plateifu(text) or MANGAID.fullmatch(text) is not None


def locate(
    source: Any,
    *,
    release: str | None = None,
    daptype: str | None = None,
    download: bool | None = None,
    rsync: bool = False,
    progress: bool = True,
) -> Path:
    """
    Find the MAPS file of a galaxy in the local copy of the Science Archive Server (SAS).

    Parameters
    ----------
    source : `str`, path-like, ``marvin.tools.Maps`` or ``marvin.tools.Cube``
        A plate-IFU such as "8485-1901"; a MaNGA-ID such as "1-209232", which is looked up in the
        release's table drpall; the path of a file, which is returned; or a galaxy open in Marvin.
    release : `str`, optional
        Data release; by default that of Marvin's object or of the configuration, which is DR17.
    daptype : `str`, optional
        Analysis, or its bintype such as VOR10; by default that of Marvin's object, of the
        configuration or of the release.
    download : `bool`, optional
        Download the file if it is missing or damaged; by default as configured.
    rsync : `bool`, optional
        Download with the program ``rsync`` instead of HTTPS.
    progress : `bool`, optional
        Show a progress bar for a download if there is a terminal.

    Returns
    -------
    `~pathlib.Path`
        A file below ``$SAS_BASE_DIR`` (``~/sas`` if that is not set), or the given path.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a valid identifier, release or daptype.
    OSError
        If the file is missing, locally or on the server, or the download fails.
    """
    path, plateifu, release, daptype = _resolve(source, release, daptype, download)
    if path is not None:
        return path
    address = maps_addresses([plateifu], release=release, daptype=daptype)[0]
    if may_download(download):
        [error] = _fetch([address], rsync, progress).values()
        if error is not None:
            raise _with_alternatives(error, plateifu, release)
    if not address.path.is_file():
        msg = (
            f"there is no file {address.path}; download it ('mangapa download {plateifu} --release "
            f"{release}', or download=True), or set SAS_BASE_DIR to the folder that holds your copy"
        )
        raise FileNotFoundError(msg)
    return address.path


@dataclass(frozen=True, kw_only=True)
class Download:
    """
    Result of the download of one galaxy.

    Attributes
    ----------
    source : `str`
        The identifier that was given.
    plateifu : `str`
        The galaxy.
    path : `~pathlib.Path`
        Its file.
    error : `OSError` or `None`
        Why the download failed; `None` if the file is there.
    """

    source: str
    plateifu: str
    path: Path
    error: OSError | None


def download(
    sources: Iterable[str],
    *,
    release: str | None = None,
    daptype: str | None = None,
    rsync: bool = False,
    progress: bool = True,
) -> list[Download]:
    """
    Download the MAPS files of many galaxies, several at once.

    Files that exist and are sound are not downloaded again. A failure does not stop the others.

    Parameters
    ----------
    sources : iterable of `str`
        Plate-IFUs or MaNGA-IDs.
    release, daptype, rsync, progress : optional
        As in `locate`.

    Returns
    -------
    `list` of `Download`
        One for each source, in their order.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a valid identifier, release or daptype; nothing is downloaded then.
    """
    release, daptype = release or conf.release, daptype or conf.daptype
    sources = list(sources)
    plateifus = [_plateifu(source, release, download=True) for source in sources]
    addresses = maps_addresses(plateifus, release=release, daptype=daptype)
    errors = _fetch(dict.fromkeys(addresses), rsync, progress)
    return [
        Download(
            source=source,
            plateifu=plateifu,
            path=address.path,
            error=_with_alternatives(errors[address], plateifu, release),
        )
        for source, plateifu, address in zip(sources, plateifus, addresses, strict=True)
    ]


def expected_path(plateifu: str, *, release: str | None = None, daptype: str | None = None) -> Path:
    """
    Return the place of a MAPS file in the local copy of the SAS, whether or not it exists.

    Parameters
    ----------
    plateifu, release, daptype : `str`
        As in `locate`.

    Returns
    -------
    `~pathlib.Path`

    Raises
    ------
    ValueError
        If an argument is not a valid identifier, release or daptype, or the installed sdss-tree
        does not know the release.
    """
    release, daptype = release or conf.release, daptype or conf.daptype
    return maps_addresses([plateifu], release=release, daptype=daptype)[0].path


def _resolve(source, release, daptype, download):
    """The path of a source, or else its plate-IFU; with its release and daptype."""
    if hasattr(source, "plateifu") and hasattr(source, "data_origin"):
        return _resolve_marvin(source, release, daptype)
    release, daptype = release or conf.release, daptype or conf.daptype
    if isinstance(source, os.PathLike) or str(source).endswith((".fits", ".fits.gz")):
        path = Path(source)
        if not path.is_file():
            msg = f"there is no file {path}; check the name, or give a plate-IFU and a release"
            raise FileNotFoundError(msg)
        return path, None, release, daptype
    other = "the path of a .fits or .fits.gz file"
    plateifu = _plateifu(source, release, download=may_download(download), other=other)
    return None, plateifu, release, daptype


def _resolve_marvin(source, release, daptype):
    """Resolve a Maps or Cube; Marvin renames the release of DR15 data, so use the header's."""
    is_maps = hasattr(source, "getMap")
    if is_maps and source.data_origin == "file":
        return Path(source.filename), None, None, None
    known = release_of(source.header) if is_maps else None
    release = release or (known.name if known else source.release)
    if is_maps:
        daptype = daptype or f"{source.bintype.name}-{source.template.name}"
    return None, source.plateifu, release, daptype or conf.daptype


def _plateifu(source, release, *, download, other=None):
    """The plate-IFU of an identifier; errors name the ``other`` kind of source that is allowed."""
    if not isinstance(source, str):
        allowed = f"a plate-IFU or a MaNGA-ID{f', or {other}' if other else ''}"
        msg = f"source must be {allowed}, not {type(source).__name__}"
        raise TypeError(msg)
    if is_plateifu(source):
        return source
    if is_identifier(source):
        return plateifu_of(source, release, download=download)
    msg = (
        f"source={source!r} is neither a plate-IFU such as 8485-1901 nor a MaNGA-ID such as "
        f"1-209232{f', nor {other}' if other else ''}"
    )
    raise ValueError(msg)


def _fetch(addresses, use_rsync, progress):
    """Download files; a `dict` of the error of each address, None for a success."""
    if use_rsync and shutil.which("rsync") is None:
        warnings.warn(
            "the program rsync is not installed; downloading by HTTPS instead",
            MangapaWarning,
            stacklevel=3,
        )
        use_rsync = False
    return dict(fetch_all(addresses, use_rsync=use_rsync, progress=progress))


def _with_alternatives(error, plateifu, release):
    """If the file is missing on the server, list the analyses of the galaxy that are there."""
    if not isinstance(error, FileNotFoundError):
        return error
    present = [
        daptype
        for daptype in release_named(release).daptypes
        if http.exists(maps_addresses([plateifu], release=release, daptype=daptype)[0])
    ]
    hint = f"it has no other analysis of {plateifu} either; 'mangapa list' lists the galaxies"
    if present:
        hint = f"it has {', '.join(present)} of {plateifu}: choose one as daptype"
    return FileNotFoundError(f"{error}; {hint}")
