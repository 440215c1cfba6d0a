"""Where a file belongs in the local archive and where it comes from, according to sdss-access."""

import contextlib
import os
import sys
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path

from mangapa.archive._configuration import conf
from mangapa.archive.releases import PLATEIFU, release_named

#: Number of the analysis in names of MPL-4: 1 for MIUSCAT-THIN, then the number of the binning.
MPL4_NUMBERS = {"STON": 11, "NONE": 13, "RADIAL": 17}
#: sdss-access keeps one state for the whole process.
_lock = threading.RLock()


@dataclass(frozen=True, kw_only=True)
class Address:
    """
    A file of the Science Archive Server (SAS).

    ``path`` is its place in the local archive, ``url`` and ``rsync_url`` are where it is downloaded
    from, and a ``public`` file needs no password.
    """

    path: Path
    url: str
    rsync_url: str
    public: bool


def maps_addresses(plateifus, *, release, daptype=None):
    """
    Addresses of the MAPS files of plate-IFUs.

    ``daptype`` is that of `daptype_named`. A ValueError is raised if an argument is not valid, or
    the installed sdss-tree does not know the release.
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
            _address(tree, *_maps_keywords(version, plateifu, daptype)) for plateifu in plateifus
        ]


def table_address(name, *, release):
    """Address of the table "drpall" or "dapall" of a release."""
    version = release_named(release)
    keywords = {"drpver": version.drpver}
    if name == "dapall":
        keywords["dapver"] = version.dapver
    with _tree(release) as tree:
        return _address(tree, name, keywords)


def daptype_named(daptype, version):
    """
    Full name of an analysis of the release ``version``.

    ``daptype`` is the full name, the bintype alone, or empty for the default of the release.
    """
    for full in version.daptypes:
        if not daptype or daptype in (full, full.split("-")[0]):
            return full
    msg = (
        f"daptype={daptype!r} is not in {version.name}; choose one of {', '.join(version.daptypes)}"
    )
    raise ValueError(msg)


def _maps_keywords(version, plateifu, daptype):
    """The file species and the keywords by which sdss-access knows a MAPS file."""
    plate, ifu = plateifu.split("-")
    keywords = {"drpver": version.drpver, "dapver": version.dapver, "plate": plate, "ifu": ifu}
    if version.name == "MPL-4":
        bintype = daptype.split("-")[0]
        return "mangamap", {**keywords, "bintype": bintype, "n": MPL4_NUMBERS[bintype]}
    return "mangadap", {**keywords, "mode": "MAPS", "daptype": daptype}


@contextlib.contextmanager
def _tree(release):
    """The paths of a release, under the first of its names that the installed sdss-tree knows."""
    version = release_named(release)
    with unchanged_environment():
        from sdss_access.path import Path as SASPath

        known = SASPath.get_available_releases()
        for name in (release, version.name, *version.aliases):
            if name.replace("-", "") in known:
                yield SASPath(release=name, public=name.startswith("DR"))
                return
    msg = (
        f"the installed sdss-tree does not know the paths of {release}; give the paths of its MAPS "
        "files, or install the last versions that know the internal releases: "
        "pip install 'sdss-access==2.0.6' 'sdss-tree==3.1.7'"
    )
    raise ValueError(msg)


def _address(tree, species, keywords):
    path = Path(tree.full(species, **keywords))
    root = Path(os.environ["SAS_BASE_DIR"])
    if not path.is_relative_to(root) or ".." in path.parts:
        msg = f"{path} is outside the local archive {root}"
        raise ValueError(msg)
    tree.set_netloc()
    tree.remote_base = conf.server.rstrip("/") or tree.get_remote_base()
    url = tree.url(species, **keywords)
    tree.set_netloc(dtn=True)
    tree.remote_base = conf.rsync_server.rstrip("/") or tree.get_remote_base(scheme="rsync")
    rsync_url = tree.url(species, sasdir="", **keywords)
    return Address(path=path, url=url, rsync_url=rsync_url, public=bool(tree.public))


@contextlib.contextmanager
def unchanged_environment():
    """
    Undo what sdss-access does to the process.

    When it is imported, and whenever a release is chosen, it sets about a hundred environment
    variables and a tree that all of its users share, Marvin among them. Its import also replaces
    the hooks that show errors and warnings.
    """
    with _lock:
        environment, excepthook, show = dict(os.environ), sys.excepthook, warnings.showwarning
        # The import changes the environment, so it follows the copy.
        import sdss_access

        tree = dict(vars(sdss_access.tree))
        try:
            yield
        finally:
            vars(sdss_access.tree).update(tree)
            sys.excepthook, warnings.showwarning = excepthook, show
            # The environment is never empty, not even for a moment: other threads may read it.
            for name in os.environ.keys() - environment.keys():
                del os.environ[name]
            os.environ.update(environment)
