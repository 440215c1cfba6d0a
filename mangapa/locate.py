"""From a plate-IFU and a release to a local file, with the names that sdss-access knows."""

import contextlib
import os
from pathlib import Path

from mangapa.surveys import PLATEIFU, release_named

__all__ = ["expected_path", "is_plateifu", "locate"]


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
    >>> from mangapa.locate import is_plateifu
    >>> is_plateifu("8485-1901"), is_plateifu("../8485-1901")
    (True, False)
    """
    return PLATEIFU.fullmatch(text) is not None


def locate(plateifu, *, release="DR17", daptype=None):
    """
    Find the MAPS file of a galaxy in the local copy of the Science Archive Server (SAS).

    Parameters
    ----------
    plateifu : `str`
        Such as "8485-1901".
    release : `str`, optional
        Data release, such as DR17.
    daptype : `str`, optional
        Analysis, or its bintype such as VOR10; the release's own default if not given.

    Returns
    -------
    `~pathlib.Path`
        A file below ``$SAS_BASE_DIR`` (``~/sas`` where that is not set).

    Raises
    ------
    ValueError
        If an argument is no identifier, release or daptype.
    FileNotFoundError
        If the file is not there.
    """
    path = expected_path(plateifu, release=release, daptype=daptype)
    if not path.is_file():
        msg = (
            f"there is no file {path}; download it from the SAS, or set SAS_BASE_DIR to the folder "
            "that holds your copy"
        )
        raise FileNotFoundError(msg)
    return path


def expected_path(plateifu, *, release="DR17", daptype=None):
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
    from sdss_access import Path as SASPath

    if not is_plateifu(plateifu):
        msg = f"plateifu={plateifu!r} must look like 8485-1901"
        raise ValueError(msg)
    version = release_named(release)
    daptype = _full_daptype(version, daptype)
    plate, ifu = plateifu.split("-")
    # Current trees have the names of the public releases only.
    public = [name for name in (version.name, *version.aliases) if name.startswith("DR")]
    tree_release = public[0] if public else version.name
    with unchanged_environment():
        tree = SASPath(release=tree_release, public=True)
        if "mangadap" not in tree.templates:
            msg = (
                f"the installed sdss-tree does not know where {release} lies; "
                "name its MAPS files by path instead"
            )
            raise ValueError(msg)
        full = tree.full(
            "mangadap",
            drpver=version.drpver,
            dapver=version.dapver,
            plate=plate,
            ifu=ifu,
            mode="MAPS",
            daptype=daptype,
        )
    return Path(full)


def _full_daptype(version, daptype):
    known = [f"{bintype}-{version.template}" for bintype in version.bintypes]
    known += version.more_daptypes
    for full in known:
        if daptype is None or daptype in (full, full.split("-")[0]):
            return full
    msg = f"daptype={daptype!r} is not in {version.name}; choose one of {', '.join(known)}"
    raise ValueError(msg)


@contextlib.contextmanager
def unchanged_environment():
    """Undo what sdss-access does to the environment: it sets some hundred variables."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
