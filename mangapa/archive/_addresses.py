"""Where a file belongs in the local archive, and where it comes from: as sdss-access knows it."""

import contextlib
import os
import sys
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path

from mangapa.archive._configuration import conf
from mangapa.archive.releases import PLATEIFU, release_named

__all__ = ["Address", "daptype_named", "maps_addresses", "table_address", "unchanged_environment"]

#: The number of the analysis in the names of MPL-4: 1 for MIUSCAT-THIN, then that of the binning.
MPL4_NUMBERS = {"STON": 11, "NONE": 13, "RADIAL": 17}
#: sdss-access keeps one state for the whole process.
_one_at_a_time = threading.RLock()


@dataclass(frozen=True, kw_only=True)
class Address:
    """
    A file of the Science Archive Server (SAS).

    Attributes
    ----------
    path : `~pathlib.Path`
        Its place in the local copy of the archive.
    url, rsync_url : `str`
        Where it is downloaded from.
    public : `bool`
        Whether it needs no password.
    """

    path: Path
    url: str
    rsync_url: str
    public: bool


def maps_addresses(plateifus, *, release, daptype=None):
    """
    The addresses of MAPS files.

    Parameters
    ----------
    plateifus : iterable of `str`
        Such as "8485-1901".
    release : `str`
        Data release, such as DR17.
    daptype : `str`, optional
        Analysis, or its bintype such as VOR10; the release's own default if not given.

    Returns
    -------
    `list` of `Address`

    Raises
    ------
    ValueError
        If an argument is no identifier, release or daptype, or if the installed sdss-tree does not
        know the release.
    """
    plateifus = list(plateifus)
    for plateifu in plateifus:
        if not (isinstance(plateifu, str) and PLATEIFU.fullmatch(plateifu)):
            msg = f"plateifu={plateifu!r} must look like 8485-1901"
            raise ValueError(msg)
    version = release_named(release)
    daptype = daptype_named(daptype, version)
    with _tree(release) as tree:
        return [
            _address(tree, *_names_of_maps(version, plateifu, daptype)) for plateifu in plateifus
        ]


def table_address(name, *, release):
    """
    The address of a table of a whole release.

    Parameters
    ----------
    name : {"drpall", "dapall"}
        Which table.
    release : `str`
        Data release, such as DR17.

    Returns
    -------
    `Address`
    """
    version = release_named(release)
    names = {"drpver": version.drpver}
    if name == "dapall":
        names["dapver"] = version.dapver
    with _tree(release) as tree:
        return _address(tree, name, names)


def daptype_named(daptype, version):
    """
    The full name of an analysis.

    Parameters
    ----------
    daptype : `str` or `None`
        Full, or the bintype alone; `None` or empty for the release's own default.
    version : `~mangapa.archive.releases.Release`
        The release.

    Returns
    -------
    `str`

    Raises
    ------
    ValueError
        If the release has no such analysis.
    """
    for full in version.daptypes:
        if not daptype or daptype in (full, full.split("-")[0]):
            return full
    msg = (
        f"daptype={daptype!r} is not in {version.name}; choose one of {', '.join(version.daptypes)}"
    )
    raise ValueError(msg)


def _names_of_maps(version, plateifu, daptype):
    """The file species and the keywords by which sdss-access knows a MAPS file."""
    plate, ifu = plateifu.split("-")
    names = {"drpver": version.drpver, "dapver": version.dapver, "plate": plate, "ifu": ifu}
    if version.name == "MPL-4":
        bintype = daptype.split("-")[0]
        return "mangamap", {**names, "bintype": bintype, "n": MPL4_NUMBERS[bintype]}
    return "mangadap", {**names, "mode": "MAPS", "daptype": daptype}


@contextlib.contextmanager
def _tree(release):
    """The paths of a release, by the first of its names that the installed sdss-tree knows."""
    version = release_named(release)
    with unchanged_environment():
        from sdss_access.path import Path as SASPath

        known = SASPath.get_available_releases()
        for name in (release, version.name, *version.aliases):
            if name.replace("-", "") in known:
                yield SASPath(release=name, public=name.startswith("DR"))
                return
    msg = (
        f"the installed sdss-tree does not know where {release} lies; name its MAPS files by path, "
        "or install the last versions that know the internal releases: "
        "pip install 'sdss-access==2.0.6' 'sdss-tree==3.1.7'"
    )
    raise ValueError(msg)


def _address(tree, species, names):
    path = Path(tree.full(species, **names))
    root = Path(os.environ["SAS_BASE_DIR"])
    if not path.is_relative_to(root) or ".." in path.parts:
        msg = f"{path} lies outside the local archive {root}"
        raise ValueError(msg)
    tree.set_netloc()
    tree.remote_base = conf.server.rstrip("/") or tree.get_remote_base()
    url = tree.url(species, **names)
    tree.set_netloc(dtn=True)
    tree.remote_base = conf.rsync_server.rstrip("/") or tree.get_remote_base(scheme="rsync")
    rsync_url = tree.url(species, sasdir="", **names)
    return Address(path=path, url=url, rsync_url=rsync_url, public=bool(tree.public))


@contextlib.contextmanager
def unchanged_environment():
    """
    Undo what sdss-access does to the process.

    It sets some hundred environment variables when it is imported and whenever a release is chosen,
    and keeps the release in a tree that all of its users share, Marvin among them. Its import
    also takes over how errors and warnings are shown.
    """
    with _one_at_a_time:
        environment, excepthook, show = dict(os.environ), sys.excepthook, warnings.showwarning
        # Importing it is a change of the environment, so it comes after the copy.
        import sdss_access

        tree = dict(vars(sdss_access.tree))
        try:
            yield
        finally:
            vars(sdss_access.tree).update(tree)
            sys.excepthook, warnings.showwarning = excepthook, show
            # Never an empty environment, not even for a moment: other threads may read it.
            for name in os.environ.keys() - environment.keys():
                del os.environ[name]
            os.environ.update(environment)
