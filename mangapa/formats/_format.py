"""What a file format is: how its files are known and read, and what their numbers mean."""

import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from astropy.io import registry

from mangapa._utils.plugins import load_plugins
from mangapa.fields import Galaxy
from mangapa.formats._files import Outline, first_lines, outline

__all__ = ["Format", "format_of_name", "formats", "register_format"]

_formats: "dict[str, Format]" = {}
#: Modules that registered the formats, by the name of the format; worker processes import them.
_modules: "dict[str, str | None]" = {}


@dataclass(frozen=True, kw_only=True)
class Format:
    """
    A file format: how its files are known and read, and what their numbers mean.

    Attributes
    ----------
    name : `str`
        Name of the format in `astropy.io.registry`, such as "sami".
    title : `str`
        What the files are, in a few words.
    files : `str`
        The name of a typical file.
    read : callable
        Takes the path of a file, or a list of the paths of one observation, and the ``options`` by
        name; returns a `~mangapa.Galaxy`.
    recognise : callable
        Takes an `Outline`, and returns whether the file is of this format.
    write : callable or `None`
        Takes a galaxy, a path and ``overwrite``; writes files with names that end in ``suffixes``.
    suffixes : `tuple` of `str`
        Ends of the names of files that are written in this format, if no other is chosen.
    recognise_text : callable or `None`
        The same for text files: takes the first lines of one that is not a FITS file.
    survey : `str` or `None`
        The survey that makes such files.
    names : `re.Pattern` or `None`
        Matches the names of such files as a whole, and of no others. Files in one folder with the
        same group ``observation`` belong to one galaxy, observed once. `None` if the names vary.
    names_suffice : `bool`
        Whether a file with such a name is of this format, whatever is in it.
    options : `tuple` of `str`
        Options that ``read`` takes: "binning" and "components".
    offset_sign : {1, -1} or `None`
        Factor that makes the first coordinate of the file grow to the East; `None` if coordinates
        on the sky are computed from a header.
    missing : `str`
        How the file marks a missing value.
    frame : `str`
        What the velocities are relative to.
    error : `str`
        What the errors are.
    dispersion : `str`
        Of what the velocity dispersions are, whether the instrument's part is in them, and how that
        is known; empty if none are read.
    is_generic : `bool`
        Whether another format that recognises the file is preferred.
    """

    name: str
    title: str
    files: str
    read: Callable[..., Galaxy]
    recognise: Callable[[Outline], bool]
    write: Callable[..., None] | None = None
    suffixes: tuple[str, ...] = ()
    recognise_text: Callable[[str], bool] | None = None
    survey: str | None = None
    names: re.Pattern[str] | None = None
    names_suffice: bool = False
    options: tuple[str, ...] = ()
    offset_sign: int | None = None
    missing: str = "NaN"
    frame: str = "systemic velocity"
    error: str = "1 sigma"
    dispersion: str = ""
    is_generic: bool = False

    def observation(self, path: str | Path) -> str | None:
        """
        The observation to which a file belongs, by its name.

        Parameters
        ----------
        path : path-like
            The file.

        Returns
        -------
        `str` or `None`
            `None` if it is not the name of such a file.
        """
        found = self.names and self.names.fullmatch(os.path.basename(path))
        return found["observation"] if found else None


def register_format(new: Format) -> None:
    """
    Add a file format, so that ``Galaxy.read``, `~mangapa.measure` and the commands know it.

    Parameters
    ----------
    new : `Format`
        The format.

    Raises
    ------
    ValueError
        If a format of this name exists, or ``names`` lacks the group.

    Examples
    --------
    See :ref:`extend`.
    """
    if new.name in _formats or new.name in {*registry.get_formats(Galaxy)["Format"]}:
        msg = f"a format named {new.name!r} is registered already; choose another name"
        raise ValueError(msg)
    if new.names is not None and "observation" not in new.names.groupindex:
        msg = f"names={new.names.pattern!r} must have a group (?P<observation>...)"
        raise ValueError(msg)
    _formats[new.name] = new
    _modules[new.name] = sys._getframe(1).f_globals.get("__name__")

    def identify(origin, path, fileobj, *args, **kwargs):
        if path is None:
            return False
        if origin == "write":
            return str(path).lower().endswith(new.suffixes)
        by_name = format_of_name(path)
        if by_name is not None and by_name.names_suffice:
            return by_name is new
        found = outline(path)
        if found is None and new.recognise_text is not None:
            return new.recognise_text(first_lines(path))
        return found is not None and new.recognise(found)

    registry.register_reader(new.name, Galaxy, new.read)
    registry.register_identifier(new.name, Galaxy, identify)
    if new.write is not None:
        registry.register_writer(new.name, Galaxy, new.write)


def formats() -> tuple[Format, ...]:
    """
    Return the known file formats, those of plugins included.

    Returns
    -------
    `tuple` of `Format`

    Examples
    --------
    >>> from mangapa.formats import formats
    >>> "manga-maps" in [one.name for one in formats()]
    True
    """
    load_plugins()
    return tuple(_formats.values())


def module_of(one: Format) -> str | None:
    """
    Return the module that registered a format.

    Parameters
    ----------
    one : `Format`
        A format.

    Returns
    -------
    `str` or `None`
    """
    return _modules[one.name]


def format_of_name(path: str | Path) -> Format | None:
    """
    Return the format of which a file seems to be, by its name alone.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    `Format` or `None`
    """
    known = (one for one in _formats.values() if one.observation(path) is not None)
    return next(known, None)
