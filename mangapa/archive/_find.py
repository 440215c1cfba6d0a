"""Find the file of a galaxy by its identifier and release, and download it on request."""

import os
import shutil
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mangapa._utils.files import as_path
from mangapa.archive import _http as http
from mangapa.archive._addresses import daptype_named, maps_addresses
from mangapa.archive._configuration import may_download, release_and_daptype
from mangapa.archive._contents import refuse_other_galaxy
from mangapa.archive._identifiers import did_you_mean, is_identifier, is_plateifu
from mangapa.archive._tables import plateifu_of
from mangapa.archive._transfer import fetch_all
from mangapa.archive.releases import release_named, release_of
from mangapa.exceptions import MangapaWarning


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
        A plate-IFU; a MaNGA-ID, which is looked up in the release's table drpall; the path of a
        file, which is returned; or a galaxy open in Marvin.
    release : `str`, optional
        Data release; by default that of Marvin's object or of the configuration, which is DR17.
    daptype : `str`, optional
        Analysis or bintype; by default that of Marvin's object, the configuration or the release.
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
        If the file is missing, locally or on the server, is of another galaxy, or the download
        fails.
    """
    if hasattr(source, "plateifu") and hasattr(source, "data_origin"):
        source, release, daptype = _from_marvin(source, release, daptype)
    release, daptype = release_and_daptype(release, daptype)
    is_text = isinstance(source, str)
    if isinstance(source, os.PathLike) or (is_text and source.endswith((".fits", ".fits.gz"))):
        path = as_path("source", source)
        if not path.is_file():
            hint = did_you_mean(os.fspath(source))
            msg = f"there is no file {path}; check the name, or give a plate-IFU and a release"
            raise FileNotFoundError(msg + hint)
        return path
    other = "the path of a .fits or .fits.gz file"
    plateifu = _plateifu(source, release, download=may_download(download), other=other)
    address = maps_addresses([plateifu], release=release, daptype=daptype)[0]
    if may_download(download):
        [error] = _fetch([address], rsync, progress).values()
        if error is not None:
            raise _with_alternatives(error, plateifu, release)
    if not address.path.is_file():
        alias = "" if source == plateifu else f"{source} was observed as {plateifu}, but "
        msg = (
            f"{alias}there is no file {address.path}; download it ('mangapa download {plateifu} "
            f"--release {release}', or download=True), or set SAS_BASE_DIR to the folder that "
            "holds your copy"
        )
        raise FileNotFoundError(msg)
    refuse_other_galaxy(address.path, plateifu)
    return address.path


@dataclass(frozen=True, kw_only=True)
class Download:
    """
    Result of the download of one galaxy.

    Attributes
    ----------
    source : `str`
        The identifier that was given.
    plateifu : `str` or `None`
        The galaxy; `None` if it was not found.
    path : `~pathlib.Path` or `None`
        Its file; `None` without a galaxy.
    error : `Exception` or `None`
        Why the download failed, an `OSError`, or why the identifier is not valid, a `ValueError` or
        `TypeError`; `None` if the file is there.
    """

    source: str
    plateifu: str | None
    path: Path | None
    error: Exception | None


def download(
    sources: str | Iterable[str],
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
    sources : `str` or iterable of `str`
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
        If the release or daptype is not valid, or none of the sources is; nothing is downloaded
        then.
    """
    release, daptype = release_and_daptype(release, daptype)
    daptype = daptype_named(daptype, release_named(release))
    sources = [sources] if isinstance(sources, str) else list(sources)
    found = list(_resolved(sources, release))
    invalid = [one for one in found if isinstance(one, (TypeError, ValueError))]
    if invalid and len(invalid) == len(found):
        raise invalid[0]
    names = dict.fromkeys(one for one in found if isinstance(one, str))
    addresses = maps_addresses(names, release=release, daptype=daptype)
    errors = _fetch(addresses, rsync, progress)
    results = {
        address.plateifu: Download(
            source="",
            plateifu=address.plateifu,
            path=address.path,
            error=_with_alternatives(errors[address], address.plateifu, release),
        )
        for address in addresses
    }
    return [
        replace(results[one], source=source)
        if isinstance(one, str)
        else Download(source=source, plateifu=None, path=None, error=one)
        for source, one in zip(sources, found, strict=True)
    ]


def _resolved(sources, release):
    """The plate-IFU of each source, or the error."""
    no_table = None
    for source in sources:
        try:
            if no_table is not None and not is_plateifu(source) and is_identifier(source):
                # It cannot be read for the next one either, and was perhaps tried three times.
                raise no_table
            yield _plateifu(source, release, download=True)
        except (TypeError, ValueError) as error:
            yield error
        except OSError as error:
            no_table = error
            yield error


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
        If an argument is not valid, or the installed sdss-tree does not know the release.
    """
    release, daptype = release_and_daptype(release, daptype)
    return maps_addresses([plateifu], release=release, daptype=daptype)[0].path


def _from_marvin(source, release, daptype):
    """The path, or else the plate-IFU, of a Maps or Cube; with its release and daptype."""
    if not hasattr(source, "getMap"):
        return source.plateifu, release or source.release, daptype
    if source.data_origin == "file":
        return Path(source.filename), release, daptype
    # Marvin renames the release of DR15 data, so the header's is used.
    known = release_of(source.header)
    release = release or (known.name if known else source.release)
    return source.plateifu, release, daptype or f"{source.bintype.name}-{source.template.name}"


def _plateifu(source, release, *, download, other=""):
    """The plate-IFU of an identifier; errors name the ``other`` kind of source that is allowed."""
    if not isinstance(source, str):
        allowed = f"a plate-IFU or a MaNGA-ID{other and f', or {other}'}"
        msg = f"source must be {allowed}, not {type(source).__name__}{did_you_mean(source)}"
        raise TypeError(msg)
    if is_plateifu(source):
        return source
    if is_identifier(source):
        return plateifu_of(source, release, download=download)
    msg = (
        f"source={source!r} is neither a plate-IFU such as 8485-1901 nor a MaNGA-ID such as "
        f"1-209232{other and f', nor {other}'}{did_you_mean(source)}"
    )
    raise ValueError(msg)


def _fetch(addresses, use_rsync, progress):
    """Download files; a `dict` of the error of each address, None for a success."""
    if use_rsync and shutil.which("rsync") is None:
        message = "the program rsync is not installed; downloading by HTTPS instead"
        warnings.warn(message, MangapaWarning, stacklevel=3)
        use_rsync = False
    return dict(fetch_all(addresses, use_rsync=use_rsync, progress=progress))


def _with_alternatives(error, plateifu, release):
    """If the file is missing on the server, list the analyses of the galaxy that are there."""
    if not isinstance(error, FileNotFoundError):
        return error
    present = ", ".join(
        daptype
        for daptype in release_named(release).daptypes
        if http.exists(maps_addresses([plateifu], release=release, daptype=daptype)[0])
    )
    none = f"it has no other analysis of {plateifu} either; 'mangapa list' lists the galaxies"
    hint = f"it has {present} of {plateifu}: choose one as daptype" if present else none
    return FileNotFoundError(f"{error}; {hint}")
