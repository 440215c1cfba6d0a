"""Files that appear complete or not at all."""

import contextlib
import os
import tempfile
from pathlib import Path


@contextlib.contextmanager
def replacing(path):
    """
    Yield a temporary path beside ``path``, and rename it to ``path`` at the end of the block.

    The suffixes are the same. An existing file is replaced in one step, or kept if writing fails.
    """
    path = Path(path)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        unfinished = Path(folder) / path.name
        yield unfinished
        os.replace(unfinished, path)
