"""What a survey is to measure, as a list of names: files, plate-IFUs, or a whole release."""

import glob
import os
from pathlib import Path

from mangapa.archive import is_identifier

__all__ = ["listed"]

#: MAPS files in a folder, however deep.
MAPS_FILES = "**/*-MAPS-*.fits*"


def listed(sources):
    """
    List sources.

    Parameters
    ----------
    sources : path-like, `str` or iterable of them
        A folder, whose MAPS files are meant; a pattern such as ``maps/*.fits.gz``; a file; a
        plate-IFU or MaNGA-ID; or any number of these.

    Returns
    -------
    `list` of `str`
        Each once, those of a folder or pattern sorted by name.

    Raises
    ------
    FileNotFoundError
        If a folder or a pattern holds no file.
    TypeError
        If a source is none of these.
    """
    if isinstance(sources, (str, os.PathLike)):
        sources = [sources]
    found = []
    for source in sources:
        if not isinstance(source, (str, os.PathLike)):
            msg = f"a source must be a path or an identifier, not {type(source).__name__}"
            raise TypeError(msg)
        found += _of_one(os.fspath(source))
    return list(dict.fromkeys(found))


def _of_one(source):
    if is_identifier(source):
        return [source]
    path = Path(source)
    if path.is_dir():
        files = sorted(str(file) for file in path.glob(MAPS_FILES) if file.is_file())
        where = f"no MAPS file (*-MAPS-*.fits*) in the folder {source}"
    elif glob.has_magic(source) and not path.exists():
        files, where = sorted(glob.glob(source, recursive=True)), f"no file like {source}"
    else:
        # A file that is not there is one row of the run, not its end.
        return [source]
    if not files:
        msg = f"there is {where}; name another, or plate-IFUs with a release"
        raise FileNotFoundError(msg)
    return files
