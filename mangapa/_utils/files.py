"""Files that appear whole or not at all, and checks that a file is whole."""

import contextlib
import os
import tempfile
from pathlib import Path

__all__ = ["replacing"]


@contextlib.contextmanager
def replacing(path):
    """
    Write a file under a temporary name beside ``path``, and rename it when it is complete.

    Parameters
    ----------
    path : path-like
        The final name; an existing file is replaced in one step, or not touched if writing fails.

    Yields
    ------
    `~pathlib.Path`
        The name to write to, with the same suffixes.

    Examples
    --------
    >>> from pathlib import Path
    >>> from mangapa._utils.files import replacing
    >>> with replacing("answer.txt") as unfinished:
    ...     _ = unfinished.write_text("42")
    >>> Path("answer.txt").read_text()
    '42'
    """
    path = Path(path)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        unfinished = Path(folder) / path.name
        yield unfinished
        os.replace(unfinished, path)
