"""Where a file belongs in the local archive and where it comes from, according to sdss-access."""

import configparser
import contextlib
import os
import sys
import threading
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

from mangapa._utils.files import as_path
from mangapa._utils.options import closest
from mangapa.archive._configuration import conf
from mangapa.archive._identifiers import did_you_mean, is_plateifu
from mangapa.archive.releases import release_named

#: Number of the analysis in names of MPL-4: 1 for MIUSCAT-THIN, then the number of the binning.
MPL4_NUMBERS = {"STON": 11, "NONE": 13, "RADIAL": 17}
#: What to do if a file cannot be stored in the local archive.
REMEDY = (
    "make room or get access, or set SAS_BASE_DIR to another folder (for the tables drpall and "
    "dapall, the setting table_folder). What has arrived is kept, and the download resumes"
)
#: sdss-access keeps one state for the whole process.
_lock = threading.RLock()


@dataclass(frozen=True, kw_only=True)
class Address:
    """A file of the Science Archive Server (SAS)."""

    path: Path  # in the local archive
    url: str
    rsync_url: str
    public: bool  # needs no password
    plateifu: str | None = None  # the galaxy of a MAPS file
    remedy: str = REMEDY  # what to do if it cannot be stored


def maps_addresses(plateifus, *, release, daptype=None):
    """Addresses of the MAPS files of a list of plate-IFUs; ``daptype`` as in `daptype_named`."""
    for plateifu in plateifus:
        if not is_plateifu(plateifu):
            msg = f"plateifu={plateifu!r} must look like 8485-1901{did_you_mean(plateifu)}"
            raise ValueError(msg)
    version = release_named(release)
    daptype = daptype_named(daptype, version)
    with _tree(release) as tree:
        return [
            replace(_address(tree, *_maps_keywords(version, one, daptype)), plateifu=one)
            for one in plateifus
        ]


def table_address(name, *, release):
    """Address of the table "drpall" or "dapall" of a release."""
    version = release_named(release)
    keywords = {"drpver": version.drpver, "dapver": version.dapver}
    with _tree(release) as tree:
        return _address(tree, name, keywords)


def daptype_named(daptype, version):
    """Full name of an analysis, from that or its bintype; from nothing, the release's default."""
    if daptype is not None and not isinstance(daptype, str):
        msg = f"daptype={daptype!r} must be text such as 'VOR10', not {type(daptype).__name__}"
        raise TypeError(msg)
    known = version.daptypes
    for full in known:
        if not daptype or daptype in (full, full.split("-")[0]):
            return full
    meant = closest(daptype, [*version.bintypes, *known])
    msg = f"daptype={daptype!r} is not in {version.name}{meant}; choose one of {', '.join(known)}"
    raise ValueError(msg)


def _maps_keywords(version, plateifu, daptype):
    """The file species and the keywords by which sdss-access knows a MAPS file."""
    plate, ifu = plateifu.split("-")
    keywords = {"drpver": version.drpver, "dapver": version.dapver, "plate": plate, "ifu": ifu}
    if version.name == "MPL-4":
        bintype = daptype.split("-")[0]
        return "mangamap", {**keywords, "bintype": bintype, "n": MPL4_NUMBERS[bintype]}
    return "mangadap", {**keywords, "mode": "MAPS", "daptype": daptype}


def local_archive():
    """Folder of the local copy of the archive, as an absolute path."""
    root = as_path("SAS_BASE_DIR", os.environ.get("SAS_BASE_DIR") or "~/sas")
    if str(root).startswith("~"):
        msg = f"SAS_BASE_DIR={str(root)!r} names an unknown user; set it to the folder's full path"
        raise ValueError(msg)
    return Path(os.path.abspath(root))


@contextlib.contextmanager
def _tree(release):
    """The paths of a release, under the first of its names that the installed sdss-tree knows."""
    version = release_named(release)
    with _sdss_access(local_archive()):
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
        msg = (
            f"{path} is outside the local archive {root}; set SAS_BASE_DIR to another folder, and "
            "remove what the settings of sdss-access preserve of the environment"
        )
        raise ValueError(msg)
    tree.set_netloc()
    tree.remote_base = conf.server.rstrip("/") or tree.get_remote_base()
    url = tree.url(species, **keywords)
    tree.set_netloc(dtn=True)
    tree.remote_base = conf.rsync_server.rstrip("/") or tree.get_remote_base(scheme="rsync")
    rsync_url = tree.url(species, sasdir="", **keywords)
    return Address(path=path, url=url, rsync_url=rsync_url, public=bool(tree.public))


@contextlib.contextmanager
def _sdss_access(root):
    """Let sdss-access work with the local archive ``root``, and explain why it cannot."""
    way_out = "set SAS_BASE_DIR to the folder of your copy of the archive"
    try:
        with unchanged_environment(SAS_BASE_DIR=str(root)):
            yield
    except OSError as error:
        # It makes the folder.
        msg = f"the local archive {root} cannot be used ({error.strerror or error}); {way_out}"
        raise type(error)(msg) from error
    except configparser.Error as error:
        msg = f"sdss-access cannot use the local archive {root} ({error}); {way_out}"
        raise ValueError(msg) from error


@contextlib.contextmanager
def unchanged_environment(**variables):
    """
    Set environment variables for a block, and undo what sdss-access does to the process in it.

    Its import, and each choice of a release, set about a hundred environment variables and a tree
    that all of its users share. Its import also replaces the hooks for errors and warnings.
    """
    with _lock:
        environment, excepthook, show = dict(os.environ), sys.excepthook, warnings.showwarning
        shared, before = {}, {}
        try:
            os.environ.update(variables)
            # The import changes the environment, so it follows the copy.
            import sdss_access

            shared = vars(sdss_access.tree)
            before = dict(shared)
            yield
        finally:
            shared.update(before)
            sys.excepthook, warnings.showwarning = excepthook, show
            # The environment is never empty, not even for a moment: other threads may read it.
            for name in os.environ.keys() - environment.keys():
                del os.environ[name]
            os.environ.update(environment)
