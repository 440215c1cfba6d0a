"""Read compressed files as a stream that ends, whatever they claim."""

import bz2
import contextlib
import lzma
import os
import re
import stat
import zipfile
import zlib
from pathlib import Path

from isal import igzip, isal_zlib

REMEDY = "delete it and fetch it again"
#: Names of files of the archive, also while they are downloaded; only these can be fetched again.
ARCHIVED = re.compile(r"-MAPS-|^\.?(drpall|dapall)-", re.IGNORECASE)
TOO_LARGE = "check that it is a MAPS file; no file is read beyond this limit"
#: Most bytes that are read of a file, unpacked. A MAPS file of MaNGA has up to 40 MB.
LARGEST = 4 << 30
#: A file that unpacks to more than this, and to more than so many times its size, is refused. MAPS
#: files shrink to about a fifth; what was made to fill the memory, to less than a thousandth.
SMALL, LARGEST_RATIO = 64 << 20, 100
#: First bytes of each compressed form.
GZIP, BZIP2, XZ, ZIP = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"PK\x03\x04"
#: What the standard library and isal raise for damage; bz2 and gzip also raise an OSError without
#: a number.
DAMAGE = (zlib.error, isal_zlib.error, lzma.LZMAError, zipfile.BadZipFile)
#: What it raises for a damaged directory of a zip archive: sizes and places that are negative or
#: too large, dates that do not exist, and versions and flags that nobody uses.
DAMAGED_DIRECTORY = (zipfile.BadZipFile, OverflowError, ValueError, NotImplementedError)


class FlawError(Exception):
    """What is wrong with a file: ``flaw`` completes a sentence that begins with its path."""

    def __init__(self, flaw, remedy="", *, elsewhere="check that it is whole, or copy it again"):
        super().__init__(flaw)
        self.flaw, self.remedy, self.elsewhere = flaw, remedy, elsewhere

    def remedy_for(self, path):
        """What to do about it; ``elsewhere`` if the file is not one of the archive."""
        return self.remedy or (REMEDY if ARCHIVED.search(Path(path).name) else self.elsewhere)


class Stream:
    """The unpacked bytes of a file, of which no more than ``limit`` can be read."""

    def __init__(self, stream, limit):
        self.stream, self.limit, self.position = stream, limit, 0

    def read(self, size):
        """Read ``size`` bytes, or fewer at the end; a `FlawError` tells of damage."""
        try:
            content = self.stream.read(size)
        except EOFError:
            raise FlawError(flaw="is truncated") from None
        except DAMAGE as error:
            raise FlawError(flaw=f"is corrupt ({error})") from error
        except OSError as error:
            if error.errno is not None:
                raise
            raise FlawError(flaw=f"is corrupt ({error})") from error
        self.position += len(content)
        self.check(0)
        return content

    def check(self, size):
        """Raise a `FlawError` if ``size`` more bytes are too many."""
        if self.position + size > self.limit:
            raise FlawError(
                flaw=f"holds or claims more than {self.limit >> 20} MiB unpacked", remedy=TOO_LARGE
            )


@contextlib.contextmanager
def unpacked(path):
    """
    Open a file of any compressed form that is known by its first bytes, as a `Stream`.

    A pipe or a device has no end, so it is refused before it is opened.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise FlawError(
            flaw="is not a regular file, but a folder, pipe or device", remedy="name a file"
        )
    with open(path, "rb") as file, contextlib.ExitStack() as stack:
        size, start = os.fstat(file.fileno()).st_size, file.read(len(XZ))
        file.seek(0)
        limit = min(LARGEST, max(SMALL, LARGEST_RATIO * size))
        if start.startswith(GZIP):
            stream = stack.enter_context(igzip.GzipFile(fileobj=file))
        elif start.startswith(BZIP2):
            stream = stack.enter_context(bz2.BZ2File(file))
        elif start == XZ:
            stream = stack.enter_context(lzma.LZMAFile(file, format=lzma.FORMAT_XZ))
        elif start.startswith(ZIP):
            stream = _only_member(file, stack)
        else:
            stream, limit = file, LARGEST
        yield Stream(stream, limit)


def _only_member(file, stack):
    """The one file in a zip archive, apart from what macOS adds."""
    try:
        archive = stack.enter_context(zipfile.ZipFile(file))
        members = [
            member
            for member in archive.infolist()
            if not member.is_dir() and not member.filename.startswith("__MACOSX/")
        ]
        if len(members) != 1:
            raise FlawError(
                flaw=f"is a zip archive of {len(members)} files", remedy="unpack it and name one"
            )
        # The standard library unpacks the other methods without a limit on the memory.
        if members[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FlawError(flaw="is a zip archive of an unusual kind", remedy="unpack it yourself")
        return stack.enter_context(archive.open(members[0]))
    except DAMAGED_DIRECTORY as error:
        raise FlawError(flaw=f"is corrupt ({error})") from error
    except RuntimeError as error:  # The member is encrypted.
        raise FlawError(
            flaw="is a zip archive with a password", remedy="unpack it yourself"
        ) from error
