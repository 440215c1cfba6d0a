"""Where an unfinished download waits: beside its final name, hidden, until it is complete."""

import hashlib

__all__ = ["begun", "partial_name"]


def partial_name(path, version=""):
    """
    The name of an unfinished file.

    Parameters
    ----------
    path : `~pathlib.Path`
        The final name.
    version : `str`, optional
        What tells this version of the file from others that the server may have in its place.

    Returns
    -------
    `~pathlib.Path`
    """
    digest = hashlib.sha256(version.encode()).hexdigest()[:12]
    return path.with_name(f".{path.name}.{digest}.part")


def begun(path):
    """
    What earlier downloads have left.

    Parameters
    ----------
    path : `~pathlib.Path`
        The final name.

    Returns
    -------
    `list` of `~pathlib.Path`
        The longest first.
    """
    parts = path.parent.glob(f".{path.name}.*.part")
    return sorted(parts, key=lambda part: part.stat().st_size, reverse=True)
