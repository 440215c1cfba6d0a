"""Choose the reader of a file among those registered with `astropy.io.registry`."""

import os
from dataclasses import replace
from typing import Any

from astropy.io import registry

from mangapa._utils.cards import clean_text
from mangapa._utils.files import as_path, printable, stem
from mangapa._utils.plugins import load_plugins
from mangapa._utils.types import PathLike
from mangapa.exceptions import FormatError, MapsFileError
from mangapa.fields import Galaxy
from mangapa.formats.manga import read_maps


def read_galaxy(path: PathLike, format: str | None = None, **options: Any) -> Galaxy:
    """
    Read a galaxy from a file of any format registered with `astropy.io.registry`.

    Parameters
    ----------
    path : path-like
        The file. A leading ``~`` is expanded.
    format : `str`, optional
        Name of the format, such as "manga-maps"; identified from the file if not given.
    **options
        Passed to the reader.

    Returns
    -------
    `~mangapa.Galaxy`

    Raises
    ------
    ValueError, FileNotFoundError
        If ``format`` is not known, or the file does not exist.
    mangapa.exceptions.FormatError, mangapa.exceptions.MapsFileError
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
    path = as_path("path", path)
    load_plugins()
    if format is None:
        # Identifiers open what exists, and would wait for ever for a pipe.
        is_readable = os.path.isfile(path) or os.path.isdir(path)
        # The identifiers are given no open file: astropy would decompress it, and the reader could
        # not check the compressed file.
        arguments = ("read", Galaxy, str(path), None, [path], {})
        matches = registry.identify_format(*arguments) if is_readable else []
        if len(matches) > 1:
            msg = (
                f"several formats recognise {printable(path)}: {', '.join(sorted(matches))}; "
                f"choose one, such as format={min(matches)!r} (known formats: {_known_formats()})"
            )
            raise FormatError(msg)
        if not matches:
            try:
                return read_maps(path)
            except MapsFileError as error:
                msg = f"{error}. No format recognises the file; known formats: {_known_formats()}"
                raise MapsFileError(msg) from error
        format = matches[0]
    try:
        reader = registry.get_reader(format, Galaxy)
    except registry.IORegistryError:
        msg = f"format={format!r} is not known; choose one of {_known_formats()}"
        raise ValueError(msg) from None
    galaxy = reader(path, **options)
    return galaxy if galaxy.name else replace(galaxy, name=clean_text(stem(path)))


def _known_formats():
    return ", ".join(sorted(registry.get_formats(Galaxy, "Read")["Format"]))
