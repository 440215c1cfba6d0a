"""Paths that users give, and files that appear complete or not at all."""

import contextlib
import errno
import glob
import os
import shutil
import tempfile
from pathlib import Path

from mangapa._utils.locks import locked_folder

#: Number of random characters at the end of the name of a temporary folder of Python.
RANDOM_LENGTH = 8

SUFFIXES = (".fits", ".fit", ".fts", ".gz", ".bz2", ".xz", ".zip")


def as_path(name, value):
    """
    Convert a path that a user gave as the argument ``name``; a leading ``~`` is expanded.

    The value may be text, bytes or an object with ``__fspath__``. Anything else is a TypeError, and
    what no file can be named (nothing, or a NUL byte) is a ValueError.
    """
    try:
        text = os.fsdecode(value)
    except TypeError:
        msg = f"{name} must be a path, not {type(value).__name__}: {value!r}"
        raise TypeError(msg) from None
    except UnicodeDecodeError as error:
        msg = f"{name}={value!r} cannot be decoded ({error}); give the path as text"
        raise ValueError(msg) from None
    if not text:
        msg = f"{name} is empty; name a file or a folder"
        raise ValueError(msg)
    try:
        os.fsencode(text)
    except UnicodeEncodeError as error:
        msg = f"{name}={value!r} is not the name of a file ({error.reason}); correct it"
        raise ValueError(msg) from None
    if "\0" in text:
        msg = f"{name}={value!r} has a NUL byte, which no file name can have; remove it"
        raise ValueError(msg)
    return Path(os.path.expanduser(text))


def printable(text):
    r"""
    Escape what cannot be printed in a path or another text from outside, for a message.

    Control characters become ``\n``, ``\x1b`` ..., and bytes that are not UTF-8 ``\udce9``, as in
    ``repr``. The result can be written to any stream or file in UTF-8.
    """
    characters = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))
    return "".join(characters)


def stem(path):
    """The name of a file without the suffixes of FITS and of compression."""
    name = Path(path).name
    while (shorter := Path(name)).suffix.lower() in SUFFIXES:
        name = shorter.stem
    return name


def identity(path):
    """Numbers that only this file has until it is deleted, or `None` if there is none."""
    try:
        state = os.stat(path)
    except OSError:
        return None
    return state.st_dev, state.st_ino


@contextlib.contextmanager
def replacing(path):
    """
    Yield a temporary path beside ``path``, and rename it to ``path`` at the end of the block.

    The suffixes are the same. An existing file is replaced in one step, or kept if writing fails.
    What a killed process left is removed by the next one that writes the same file.
    """
    path = Path(path)
    if path.is_dir():
        error = IsADirectoryError(f"{printable(path)} is a folder; name a file in it")
        error.errno = errno.EISDIR
        raise error
    prefix = f".{path.name[:50]}."
    for left_over in path.parent.glob(glob.escape(prefix) + "?" * RANDOM_LENGTH):
        with locked_folder(left_over, wait=False) as is_left_over:
            if is_left_over:
                shutil.rmtree(left_over, ignore_errors=True)
    while True:
        try:
            folder = tempfile.TemporaryDirectory(dir=path.parent, prefix=prefix)
        except OSError as error:
            reason = f"({error.strerror}); make it, or choose another folder"
            explained = type(error)(
                f"no file can be written in the folder {printable(path.parent)} {reason}"
            )
            explained.errno = error.errno
            raise explained from error
        with folder as name, locked_folder(name):
            if not os.path.isdir(name):
                continue  # Another writer took it for left over before it was locked.
            unfinished = Path(name) / path.name
            yield unfinished
            os.replace(unfinished, path)
            return
