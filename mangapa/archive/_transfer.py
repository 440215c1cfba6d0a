"""From the archive to the local copy: a file appears whole under its name, or not at all."""

import contextlib
import errno
import gzip
import os
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor, as_completed

from mangapa.archive import _http as http
from mangapa.archive import _rsync as rsync
from mangapa.archive._configuration import conf
from mangapa.archive._partial import begun
from mangapa.exceptions import DownloadError, NetworkError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

__all__ = ["damage", "fetch", "fetch_all"]

#: Seconds before the second and before the third try, and at most.
WAITS = (1.0, 4.0)
LONGEST_WAIT = 60.0
BLOCK = 1 << 20
#: A FITS file is made of blocks of this size.
FITS_BLOCK = 2880


def fetch_all(addresses, *, use_rsync=False, progress=True):
    """
    Download files, several at once.

    Parameters
    ----------
    addresses : iterable of `~mangapa.archive._addresses.Address`
        What to download; a file that is here and whole is left as it is.
    use_rsync : `bool`, optional
        By the program ``rsync`` instead of HTTPS.
    progress : `bool`, optional
        Show a bar for each file and one for all, if there is a terminal.

    Yields
    ------
    address : `~mangapa.archive._addresses.Address`
        As they are finished.
    error : `OSError` or `None`
        Why there is no such file now.
    """
    from tqdm import tqdm

    addresses = list(addresses)
    stop = threading.Event()
    hidden = None if progress else True
    with (
        tqdm(total=len(addresses), unit="file", disable=hidden, leave=False) as bar,
        ThreadPoolExecutor(conf.parallel_downloads) as pool,
    ):
        running = {
            pool.submit(fetch, address, use_rsync=use_rsync, progress=progress, stop=stop): address
            for address in addresses
        }
        try:
            for done in as_completed(running):
                error = done.exception()
                if error is not None and not isinstance(error, OSError):
                    raise error
                bar.update()
                yield running[done], error
        finally:
            # Whoever looks no longer at the results wants no more files.
            stop.set()
            pool.shutdown(cancel_futures=True)


def fetch(address, *, use_rsync=False, progress=True, stop=None):
    """
    Download one file.

    What an interrupted download has left is used by the next one. Only network faults are tried
    again.

    Parameters
    ----------
    address : `~mangapa.archive._addresses.Address`
        What to download; a file that is here and whole is left as it is.
    use_rsync : `bool`, optional
        By the program ``rsync`` instead of HTTPS.
    progress : `bool`, optional
        Show a progress bar, if there is a terminal.
    stop : `~threading.Event`, optional
        Give up when it is set.

    Raises
    ------
    FileNotFoundError
        If the server has no such file.
    PermissionError
        If it wants a password that is not in ``~/.netrc``, or another one.
    mangapa.exceptions.DownloadError
        If the network fails three times.
    """
    from tqdm import tqdm

    stop = threading.Event() if stop is None else stop
    path, transport = address.path, rsync if use_rsync else http
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = None if progress else True
    bar = tqdm(desc=path.name, unit="B", unit_scale=True, disable=hidden, leave=False)
    with _alone_in(path.parent), bar:
        if path.is_file() and damage(path) is None:
            return
        for wait in (*WAITS, None):
            try:
                partial = transport.transfer(address, bar=bar, stop=stop)
                flaw = damage(partial)
                if flaw is None:
                    _name(partial, path)
                    return
                partial.unlink()
                trouble = NetworkError(f"what arrived is {flaw}")
            except NetworkError as fault:
                trouble = fault
            if wait is None or stop.wait(min(max(wait, trouble.wait), LONGEST_WAIT)):
                break
    msg = (
        f"{transport.source(address)} could not be downloaded ({trouble}"
        f"{'' if stop.is_set() else f'; {len(WAITS) + 1} tries'}); look at the connection and run "
        "it again: it will go on where it was broken off"
    )
    raise DownloadError(msg)


def damage(path):
    """
    What is wrong with a FITS file, compressed or not.

    Parameters
    ----------
    path : `~pathlib.Path`
        A compressed file is told by its name, with or without ``.part`` behind it, and read to its
        end, where its checksum stands.

    Returns
    -------
    `str` or `None`
        In words; `None` where nothing is found.
    """
    compressed = ".gz" in path.suffixes
    size = 0
    try:
        with gzip.open(path) if compressed else open(path, "rb") as file:
            start = file.read(BLOCK)
            size = len(start)
            while block := file.read(BLOCK):
                size += len(block)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        with open(path, "rb") as file:
            start = file.read(BLOCK)
        return "a web page, no file" if _is_page(start) else f"damaged ({error})"
    if not start.startswith(b"SIMPLE  ="):
        return "a web page, no file" if _is_page(start) else "no FITS file"
    return "truncated" if size % FITS_BLOCK else None


def _is_page(start):
    return start.lstrip()[:1] == b"<"


def _name(partial, path):
    """Give a complete file its final name, once its bytes are on the disk."""
    with open(partial, "rb") as file:
        os.fsync(file.fileno())
    os.replace(partial, path)
    for leftover in begun(path):
        leftover.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone_in(folder):
    """
    One download at a time in a folder, over threads and processes.

    The others wait, and then find the file. Where there are no such locks, as on some network file
    systems, two downloads of one file may disturb each other; what they damage is not kept.
    """
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.EBADF, errno.EINVAL):
                raise
        yield
    finally:
        os.close(descriptor)
