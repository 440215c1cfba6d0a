"""The files of a galaxy, and which of several is read, by their binnings and components."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mangapa._utils.files import as_path, printable
from mangapa._utils.types import PathLike
from mangapa.exceptions import GalaxyFileError

__all__ = ["Product", "check_name", "choose", "one_observation", "one_path", "paths_of"]


def paths_of(path: PathLike | Sequence[PathLike]) -> list[Path]:
    """
    Paths of the files of one galaxy.

    Parameters
    ----------
    path : path-like, or sequence of path-like
        One file or several.

    Returns
    -------
    `list` of `~pathlib.Path`

    Raises
    ------
    TypeError, ValueError
        If one of them is not a path, or there is none.
    """
    paths = [as_path("path", one) for one in (path if isinstance(path, (list, tuple)) else [path])]
    if not paths:
        msg = "path is an empty list; name the files of a galaxy"
        raise ValueError(msg)
    return paths


def one_path(path: PathLike | Sequence[PathLike]) -> Path:
    """
    Path of the file of a format that keeps all of a galaxy in one file.

    Parameters
    ----------
    path : path-like, or sequence of path-like
        What the user named.

    Returns
    -------
    `~pathlib.Path`

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If there are several files.
    """
    first, *others = paths_of(path)
    if others:
        msg = (
            f"{printable(first)} and {printable(others[0])} each hold a whole galaxy; "
            "name one of them"
        )
        raise GalaxyFileError(msg)
    return first


@dataclass(frozen=True, kw_only=True)
class Product:
    """
    What a file holds, and of which observation.

    Attributes
    ----------
    path : `~pathlib.Path`
        The file.
    kind : `str`
        The tracer of which it has velocities, or else what it has.
    observation : `str` or `None`
        Such as "41144_A", or "41144" if it is not known which; `None` if nothing is known.
    binning, components : `str`
        How it was made.
    """

    path: Path
    kind: str
    observation: str | None
    binning: str
    components: str


P = TypeVar("P", bound=Product)


def check_name(name: str, value: str, allowed: Collection[str]) -> None:
    """
    Raise an error unless the value of an option is allowed.

    Parameters
    ----------
    name : `str`
        Name of the option.
    value : `str`
        Its value.
    allowed : collection of `str`
        What it may be.

    Raises
    ------
    ValueError
        If it is something else.
    """
    if value not in allowed:
        msg = f"{name}={value!r} is not known; choose one of {', '.join(allowed)}"
        raise ValueError(msg)


def one_observation(files: Sequence[Product]) -> str | None:
    """
    Return the observation to which all files belong.

    Parameters
    ----------
    files : sequence of `Product`
        The files.

    Returns
    -------
    `str` or `None`
        `None` if no file says which.

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If there are several.
    """
    known = {one.observation for one in files if one.observation}
    known -= {short for short in known for other in known if other.startswith(f"{short}_")}
    if len(known) > 1:
        msg = (
            f"{printable(files[0].path)} and the files with it are of several observations "
            f"({', '.join(sorted(known))}); read the files of one at a time"
        )
        raise GalaxyFileError(msg)
    return next(iter(known), None)


def choose(
    files: Sequence[P],
    binning: str,
    components: str,
    binnings: Sequence[str],
    components_of: Mapping[str, Sequence[str]],
) -> list[P]:
    """
    Choose the file of each tracer that has the wanted binning and components.

    Parameters
    ----------
    files : sequence of `Product`
        The files; those without velocities are left out.
    binning, components : `str`
        What is wanted; with "default" the first of those there are.
    binnings : sequence of `str`
        All binnings, in the order of preference.
    components_of : mapping
        By tracer, all that ``components`` may be, in the order of preference. A choice that belongs
        to one tracer leaves the other as by default.

    Returns
    -------
    `list` of `Product`
        One for each tracer of which there is any, stars first; at least one.

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If there are none, or two are the same product.
    """

    def rank(one):
        return binnings.index(one.binning), components_of[one.kind].index(one.components)

    there = [one for one in files if one.kind in components_of]
    chosen = {}
    for tracer, names in components_of.items():
        wanted = [
            one
            for one in there
            if one.kind == tracer
            and binning in ("default", one.binning)
            and (components == one.components or components not in names)
        ]
        if wanted:
            chosen[tracer] = min(wanted, key=rank)
            twice = [printable(one.path) for one in wanted if rank(one) == rank(chosen[tracer])]
            if len(twice) > 1:
                msg = f"{' and '.join(twice)} are the same product; name one of them"
                raise GalaxyFileError(msg)
    lacking = {one.kind for one in there if components in components_of[one.kind]} - set(chosen)
    if lacking or not chosen:
        has = ", ".join(sorted({f"{one.binning} {one.components}" for one in there}))
        msg = (
            f"{printable(files[0].path)} and the files with it have no velocities with "
            f"binning={binning!r} and components={components!r}; there are {has}"
        )
        raise GalaxyFileError(msg)
    return list(chosen.values())
