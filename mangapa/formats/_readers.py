"""Choose the reader of a file among those registered with `astropy.io.registry`."""

from pathlib import Path
from typing import Any

from astropy.io import registry

from mangapa._utils.plugins import load_plugins
from mangapa._utils.types import PathLike
from mangapa.exceptions import FormatError, MapsFileError
from mangapa.fields import Galaxy
from mangapa.formats.manga import read_maps


def read_galaxy(path: PathLike, format: str | None = None, **options: Any) -> Galaxy:
    """
    Read a galaxy from a file of any known format.

    Formats are registered for `~mangapa.Galaxy` with `astropy.io.registry`, by mangapa and by
    plugins. A file that no format recognises is read as a MAPS file.

    Parameters
    ----------
    path : path-like
        The file.
    format : `str`, optional
        Name of the format, such as "manga-maps"; identified from the file if not given.
    **options
        Passed to the reader.

    Returns
    -------
    `~mangapa.Galaxy`

    Raises
    ------
    ValueError
        If ``format`` is not a known format.
    FileNotFoundError
        If the file does not exist.
    mangapa.exceptions.FormatError
        If several formats recognise the file.
    mangapa.exceptions.MapsFileError
        If the file is damaged, or no format recognises it.

    Examples
    --------
    >>> import mangapa
    >>> from mangapa.formats import read_galaxy
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=19)
    >>> path = mangapa.write_maps(galaxy, "renamed.fits.gz")
    >>> read_galaxy(path)
    <Galaxy 9999-1901 DR17 VOR10-MILESHC-MASTARSSP: stellar and halpha>
    """
    load_plugins()
    if format is None:
        matches = []
        if Path(path).exists():
            # The identifiers are given no open file: astropy would decompress it, and the reader
            # could not check the compressed file.
            matches = registry.identify_format("read", Galaxy, str(path), None, [path], {})
        if len(matches) > 1:
            msg = (
                f"several formats recognise {path}: {', '.join(sorted(matches))}; choose one, "
                f"such as format={min(matches)!r} (known formats: {_known_formats()})"
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
    return reader(path, **options)


def _known_formats():
    return ", ".join(sorted(registry.get_formats(Galaxy, "Read")["Format"]))
