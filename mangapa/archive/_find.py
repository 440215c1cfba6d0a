"""From an identifier and a release to a local file, downloaded if it is asked for."""

import os
import warnings
from dataclasses import dataclass
from pathlib import Path

from mangapa.archive._addresses import maps_addresses
from mangapa.archive._configuration import conf, may_download
from mangapa.archive._tables import plateifu_of
from mangapa.archive.releases import MANGAID, PLATEIFU, release_named, release_of
from mangapa.exceptions import MangapaWarning

__all__ = ["Download", "download", "expected_path", "is_identifier", "is_plateifu", "locate"]


def is_plateifu(text):
    """
    Whether a text is a MaNGA plate-IFU, matched whole.

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


def is_identifier(text):
    """
    Whether a text is a plate-IFU or a MaNGA-ID, matched whole.

    Parameters
    ----------
    text : `str`
        Such as "8485-1901" or "1-209232".

    Returns
    -------
    `bool`
    """
    return is_plateifu(text) or MANGAID.fullmatch(text) is not None


def locate(source, *, release=None, daptype=None, download=None, rsync=False, progress=True):
    """
    Find the MAPS file of a galaxy in the local copy of the Science Archive Server (SAS).

    Parameters
    ----------
    source : `str`, path-like, ``marvin.tools.Maps`` or ``marvin.tools.Cube``
        A plate-IFU such as "8485-1901"; a MaNGA-ID such as "1-209232", which the release's table
        drpall resolves; the path of a file, which is given back; or a galaxy open in Marvin.
    release : `str`, optional
        Data release; that of the configuration, DR17, if not given. Marvin's objects know theirs.
    daptype : `str`, optional
        Analysis, or its bintype such as VOR10; that of the configuration, or the release's own
        default, if not given.
    download : `bool`, optional
        Fetch the file if it is not here, or damaged; as the configuration says if not given.
    rsync : `bool`, optional
        Download by the program ``rsync`` instead of HTTPS.
    progress : `bool`, optional
        Show a progress bar for a download, if there is a terminal.

    Returns
    -------
    `~pathlib.Path`
        A file below ``$SAS_BASE_DIR`` (``~/sas`` where that is not set), or the path given.

    Raises
    ------
    TypeError, ValueError
        If an argument is no identifier, release or daptype.
    FileNotFoundError
        If the file is not there; or not even on the server.
    OSError
        If it cannot be downloaded; the message says what to do.
    """
    path, plateifu, release, daptype = _what(source, release, daptype, download)
    if path is not None:
        return path
    address = maps_addresses([plateifu], release=release, daptype=daptype)[0]
    if may_download(download):
        [(_, error)] = _fetch([address], rsync, progress)
        if error is not None:
            raise _explained(error, plateifu, release)
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
    What became of one galaxy that was to be downloaded.

    Attributes
    ----------
    source : `str`
        The identifier that was given.
    plateifu : `str`
        The galaxy.
    path : `~pathlib.Path`
        Its file.
    error : `OSError` or `None`
        Why there is no such file.
    """

    source: str
    plateifu: str
    path: Path
    error: OSError | None


def download(sources, *, release=None, daptype=None, rsync=False, progress=True):
    """
    Download the MAPS files of many galaxies, several at once.

    Parameters
    ----------
    sources : iterable of `str`
        Plate-IFUs or MaNGA-IDs.
    release, daptype, rsync, progress : optional
        As in `locate`.

    Returns
    -------
    `list` of `Download`
        One for each source, in their order. One that fails does not stop the others; what is here
        and whole is not fetched again.

    Raises
    ------
    TypeError, ValueError
        If an argument is no identifier, release or daptype: before anything is downloaded.
    """
    release, daptype = release or conf.release, daptype or conf.daptype
    sources = list(sources)
    plateifus = [_plateifu(source, release, download=True) for source in sources]
    addresses = maps_addresses(plateifus, release=release, daptype=daptype)
    errors = dict(_fetch(dict.fromkeys(addresses), rsync, progress))
    return [
        Download(
            source=source,
            plateifu=plateifu,
            path=address.path,
            error=_explained(errors[address], plateifu, release),
        )
        for source, plateifu, address in zip(sources, plateifus, addresses, strict=True)
    ]


def expected_path(plateifu, *, release=None, daptype=None):
    """
    Where the MAPS file of a galaxy belongs in the local copy of the SAS, be it there or not.

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
        If an argument is no identifier, release or daptype, or if the installed sdss-tree does not
        know the release.
    """
    release, daptype = release or conf.release, daptype or conf.daptype
    return maps_addresses([plateifu], release=release, daptype=daptype)[0].path


def _what(source, release, daptype, download):
    """The path of a source that has one; else its plate-IFU, with release and daptype settled."""
    if hasattr(source, "plateifu") and hasattr(source, "data_origin"):
        return _from_marvin(source, release, daptype)
    release, daptype = release or conf.release, daptype or conf.daptype
    if isinstance(source, str) and is_identifier(source):
        return None, _plateifu(source, release, download=may_download(download)), release, daptype
    if isinstance(source, str) and not source.endswith((".fits", ".fits.gz")):
        msg = (
            f"source={source!r} is neither a plate-IFU such as 8485-1901, nor a MaNGA-ID such as "
            "1-209232, nor the path of a .fits or .fits.gz file"
        )
        raise ValueError(msg)
    if not isinstance(source, (str, os.PathLike)):
        msg = (
            "source must be a plate-IFU, a MaNGA-ID, a path or a Maps or Cube of Marvin, "
            f"not {type(source).__name__}"
        )
        raise TypeError(msg)
    path = Path(source)
    if not path.is_file():
        msg = f"there is no file {path}; check the name, or give a plate-IFU and a release"
        raise FileNotFoundError(msg)
    return path, None, release, daptype


def _from_marvin(source, release, daptype):
    """Marvin gives data of DR15 another name, so that the header is asked for the release."""
    is_maps = hasattr(source, "getMap")
    if is_maps and source.data_origin == "file":
        return Path(source.filename), None, None, None
    known = release_of(source.header) if is_maps else None
    release = release or (known.name if known else source.release)
    if is_maps:
        daptype = daptype or f"{source.bintype.name}-{source.template.name}"
    return None, source.plateifu, release, daptype or conf.daptype


def _plateifu(source, release, *, download):
    if not isinstance(source, str):
        msg = f"an identifier must be a plate-IFU or a MaNGA-ID, not {type(source).__name__}"
        raise TypeError(msg)
    if is_plateifu(source):
        return source
    if is_identifier(source):
        return plateifu_of(source, release, download=download)
    msg = f"{source!r} is neither a plate-IFU such as 8485-1901 nor a MaNGA-ID such as 1-209232"
    raise ValueError(msg)


def _fetch(addresses, use_rsync, progress):
    # Most sessions download nothing.
    from mangapa.archive import _rsync as rsync
    from mangapa.archive._transfer import fetch_all

    if use_rsync and not rsync.available():
        warnings.warn(
            "the program rsync is not installed; downloading by HTTPS instead",
            MangapaWarning,
            stacklevel=3,
        )
        use_rsync = False
    return list(fetch_all(addresses, use_rsync=use_rsync, progress=progress))


def _explained(error, plateifu, release):
    """A missing file is told with the analyses that the server has of this galaxy."""
    if not isinstance(error, FileNotFoundError):
        return error
    from mangapa.archive import _http as http

    daptypes = release_named(release).daptypes
    present = [
        daptype
        for daptype in daptypes
        if http.exists(maps_addresses([plateifu], release=release, daptype=daptype)[0])
    ]
    if present:
        hint = f"it has {', '.join(present)} of {plateifu}: choose one as daptype"
    else:
        hint = f"nor any other analysis of {plateifu}: look for it with 'mangapa list'"
    return FileNotFoundError(f"{error}; {hint}")
