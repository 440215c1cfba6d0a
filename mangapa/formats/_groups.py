"""Files that belong together: those of one observation, by their names alone."""

import glob
import os
import re
from itertools import takewhile

from mangapa.formats._format import format_of_name, formats

__all__ = ["observation_of", "pattern_of"]


def observation_of(path: str) -> "tuple[str, str] | None":
    """
    Return what the files of one observation in a folder have in common.

    Parameters
    ----------
    path : `str`
        A file, which is not opened.

    Returns
    -------
    `tuple` of `str` or `None`
        Format and observation; `None` if the file is a galaxy of its own.
    """
    formats()  # those of plugins, too
    known, name = format_of_name(path), os.path.basename(path)
    if known is None or (observation := known.observation(name)) in (None, name):
        return None
    return known.name, observation


def pattern_of(paths: "list[str] | tuple[str, ...]") -> str:
    """
    Return one text for the files of a galaxy.

    Parameters
    ----------
    paths : sequence of `str`
        Files, as the user spelled them.

    Returns
    -------
    `str`
        One path as it is; a pattern that the files in a folder match; or else a list of the paths.

    Examples
    --------
    >>> from mangapa.formats._groups import pattern_of
    >>> pattern_of(["maps/7_A_gas.fits", "maps/7_A_stars.fits"])
    'maps/7_A_*.fits'
    """
    folders, names = zip(*map(os.path.split, paths), strict=True)
    if len(paths) == 1 or len({*folders}) > 1:
        return ", ".join(paths)
    start = _common_start(names)
    end = _common_start([name[len(start) :][::-1] for name in names])[::-1]
    end = re.sub(r"^[^\W_]+", "", end)  # the end of a word
    return os.path.join(folders[0], f"{glob.escape(start)}*{glob.escape(end)}")


def _common_start(texts):
    same = takewhile(lambda letters: len({*letters}) == 1, zip(*texts, strict=False))
    return "".join(letters[0] for letters in same)
