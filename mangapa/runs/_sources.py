"""The sources of a survey as a list of names: files, plate-IFUs and MaNGA-IDs."""

import glob
import os
from pathlib import Path

from mangapa.archive import is_identifier

#: MAPS files in a folder, at any depth.
MAPS_FILES = "**/*-MAPS-*.fits*"


def listed(sources):
    """
    List all sources as strings, without duplicates.

    A folder stands for its MAPS files, and a pattern such as ``maps/*.fits.gz`` for the files that
    match it, both sorted by name. A folder or pattern without files raises FileNotFoundError.
    """
    if isinstance(sources, (str, os.PathLike)):
        sources = [sources]
    names = []
    for source in sources:
        if not isinstance(source, (str, os.PathLike)):
            msg = f"a source must be a path or an identifier, not {type(source).__name__}"
            raise TypeError(msg)
        names += _expanded(os.fspath(source))
    return list(dict.fromkeys(names))


def _expanded(source):
    path = Path(source)
    if is_identifier(source):
        return [source]
    if path.is_dir():
        files = sorted(str(file) for file in path.glob(MAPS_FILES) if file.is_file())
        missing = f"no MAPS file (*-MAPS-*.fits*) in the folder {source}"
    elif glob.has_magic(source) and not path.exists():
        files = sorted(glob.glob(source, recursive=True))
        missing = f"no file that matches {source}"
    else:
        # A missing file costs its own row and does not stop the run.
        return [source]
    if not files:
        msg = f"there is {missing}; name another, or plate-IFUs and a release"
        raise FileNotFoundError(msg)
    return files
