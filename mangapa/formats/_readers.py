"""Choose the reader of a file among those registered with `astropy.io.registry`."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from astropy.io import registry

from mangapa._utils.cards import clean_text
from mangapa._utils.files import as_path, printable, stem
from mangapa._utils.plugins import load_plugins
from mangapa._utils.types import PathLike
from mangapa.exceptions import FormatError, GalaxyFileError, MapsFileError
from mangapa.fields import Galaxy
from mangapa.formats._choices import paths_of
from mangapa.formats._files import outline
from mangapa.formats._format import formats
from mangapa.formats._sky import is_on_sky
from mangapa.formats.manga import read_maps

#: Columns of a table that a message names.
MOST_COLUMNS = 5


def read_galaxy(
    path: PathLike | Sequence[PathLike], format: str | None = None, **options: Any
) -> Galaxy:
    """
    Read a galaxy from a file of any format registered with `astropy.io.registry`.

    Parameters
    ----------
    path : path-like, or sequence of path-like
        The file; or several files of one observation, such as those of the stars and of the gas. A
        leading ``~`` is expanded.
    format : `str`, optional
        Name of the format, such as "manga-maps"; identified from the file if not given. The command
        ``mangapa formats`` lists them.
    **options
        Passed to the reader.

    Returns
    -------
    `~mangapa.Galaxy`

    Raises
    ------
    ValueError, FileNotFoundError
        If ``format`` is not known, or the file does not exist.
    mangapa.exceptions.FormatError, mangapa.exceptions.GalaxyFileError
        If several formats recognise the file; if none does, or the file is damaged.

    Examples
    --------
    >>> import mangapa
    >>> from mangapa.formats import read_galaxy
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=19)
    >>> path = mangapa.write_maps(galaxy, "renamed.fits.gz")
    >>> read_galaxy(path)
    <Galaxy 9999-1901 DR17 VOR10-MILESHC-MASTARSSP: stellar and halpha>
    """
    paths = paths_of(path)
    load_plugins()
    format = _common_format(paths) if format is None else format
    if format is None:
        return _refuse(next(one for one in paths if _format_of(one) is None))
    try:
        reader = registry.get_reader(format, Galaxy)
    except registry.IORegistryError:
        msg = f"format={format!r} is not known; choose one of {_known_formats()}"
        raise ValueError(msg) from None
    galaxy = reader(paths if len(paths) > 1 else paths[0], **options)
    return galaxy if galaxy.name else replace(galaxy, name=clean_text(stem(paths[0])))


def read_by_settings(path, settings):
    """Read a galaxy with those of the `ReadSettings` that its format has."""
    several = isinstance(path, (list, tuple))
    known = formats()
    name = _common_format(path if several else [path])
    options = next((one.options for one in known if one.name == name), ())
    return read_galaxy(path, name, **{option: getattr(settings, option) for option in options})


def _common_format(paths):
    """Name of the format of all files of a galaxy; `None` if no format recognises one of them."""
    found = {_format_of(one) for one in paths}
    if None in found:
        return None
    known = [one for one in formats() if one.name in found]
    observations = {one.observation(path) for one in known for path in paths} - {None}
    if len(found) > 1 or len(observations) > 1:
        several = found if len(found) > 1 else observations
        what = "formats" if len(found) > 1 else "galaxies or observations"
        msg = (
            f"{printable(paths[0])} and the {len(paths) - 1} files with it are of several {what} "
            f"({printable(', '.join(sorted(map(str, several))))}); name the files of one galaxy"
        )
        raise FormatError(msg)
    return next(iter(found), None)


def _format_of(path):
    """Name of the format that recognises a file; `None` if there is none."""
    # Identifiers open what exists, and would wait for ever for a pipe.
    if not (os.path.isfile(path) or os.path.isdir(path)):
        return None
    # The identifiers are given no open file: astropy would decompress it, and the reader could not
    # check the compressed file.
    matches = registry.identify_format("read", Galaxy, str(path), None, [path], {})
    # What was written keeps the cards of its survey.
    written = {one.name for one in formats() if one.write is not None}
    generic = {one.name for one in formats() if one.is_generic}
    matches = [name for name in matches if name in written] or matches
    matches = [name for name in matches if name not in generic] or matches
    if len(matches) > 1:
        msg = (
            f"several formats recognise {printable(path)}: {', '.join(sorted(matches))}; "
            f"choose one, such as format={min(matches)!r} (known formats: {_known_formats()})"
        )
        raise FormatError(msg)
    return matches[0] if matches else None


def _refuse(path):
    """Say why a file that no format recognises cannot be read."""
    found = outline(path)
    if found and found.columns and all(len(hdu.shape) < 2 or hdu.columns for hdu in found.hdus):
        columns = ", ".join(sorted(found.columns)[:MOST_COLUMNS])
        msg = (
            f"{printable(path)} is a table with the columns {printable(columns)}, and not the file "
            "of a galaxy; to measure the galaxies that it lists, write their names, one in each "
            "line, to a file, and use 'mangapa measure --list FILE'. No format recognises the "
            f"file; known formats: {_known_formats()}"
        )
        raise MapsFileError(msg)
    if found and not any("DAPFRMT" in hdu or "PLATEIFU" in hdu for hdu in found.hdus):
        has_images = any(len(hdu.shape) > 1 and not hdu.columns for hdu in found.hdus)
        reason = (
            "no image with coordinates on the sky (cards CTYPE1 and CTYPE2); add them to the header"
            if has_images and not any(map(is_on_sky, found.hdus))
            else "neither a map nor a table that is known; name another file of the galaxy"
        )
        msg = (
            f"{printable(path)} holds {reason}. No format recognises the file; known formats: "
            f"{_known_formats()}"
        )
        raise GalaxyFileError(msg)
    try:
        return read_maps(path)
    except MapsFileError as error:
        msg = f"{error}. No format recognises the file; known formats: {_known_formats()}"
        raise MapsFileError(msg) from error


def write_galaxy(galaxy: Galaxy, path: PathLike, format: str | None = None, **options: Any) -> None:
    """
    Write a galaxy to a file of any format that can be written.

    Parameters
    ----------
    galaxy : `~mangapa.Galaxy`
        The galaxy, of any survey.
    path : path-like
        The file. A leading ``~`` is expanded.
    format : `str`, optional
        Name of the format, such as "mangapa-fits"; that of the end of the name if not given.
    **options
        Passed to the writer, such as ``overwrite``.

    Raises
    ------
    ValueError
        If ``format`` is not known or cannot be written, or no format belongs to the name.

    Examples
    --------
    >>> import mangapa
    >>> from mangapa.formats import read_galaxy, write_galaxy
    >>> write_galaxy(mangapa.simulate_galaxy(n_fibres=19), "toy.ecsv")
    >>> read_galaxy("toy.ecsv")
    <Galaxy 9999-1901 DR17 VOR10-MILESHC-MASTARSSP: stellar and halpha>
    """
    path = as_path("path", path)
    load_plugins()
    known = sorted(registry.get_formats(Galaxy, "Write")["Format"])
    if format is None:
        matches = registry.identify_format("write", Galaxy, str(path), None, [path], {})
        if len(matches) != 1:
            suffixes = ", ".join(suffix for one in formats() for suffix in one.suffixes)
            msg = f"path={str(path)!r} must end in one of {suffixes}, or give format="
            raise ValueError(msg)
        (format,) = matches
    if format not in known:
        msg = f"format={format!r} is not one that can be written; choose one of {', '.join(known)}"
        raise ValueError(msg)
    registry.get_writer(format, Galaxy)(galaxy, path, **options)


def _known_formats():
    return ", ".join(sorted(registry.get_formats(Galaxy, "Read")["Format"]))
