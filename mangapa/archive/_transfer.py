"""Download files so that each appears under its name complete or not at all."""

import contextlib
import os
import queue
import threading
import time

from mangapa._utils.locks import locked_folder
from mangapa._utils.progress import progress_bar
from mangapa.archive import _http as http
from mangapa.archive import _rsync as rsync
from mangapa.archive._configuration import conf
from mangapa.archive._contents import flaw_of
from mangapa.archive._transport import partial_files
from mangapa.exceptions import DownloadError, NetworkError

#: Seconds before the second and before the third try, unless the server names a time.
WAITS = (1.0, 4.0)
#: Seconds that a server may make us wait.
LONGEST_WAIT = 60.0
#: Seconds that cancelled downloads have to end. Those that receive data and programs of rsync do;
#: one that waits for a server ends by its time-out, or with the process, whichever is first.
GRACE = 0.5


def fetch_all(addresses, *, use_rsync=False, progress=True):
    """
    Download files, several at once; yield each address with its `OSError` or None when done.

    If the caller stops iterating, the remaining downloads are cancelled.
    """
    addresses = list(addresses)
    waiting, done, stop = queue.SimpleQueue(), queue.SimpleQueue(), threading.Event()
    for address in addresses:
        waiting.put(address)

    def work():
        with contextlib.suppress(queue.Empty):
            while not stop.is_set():
                address, error = waiting.get_nowait(), None
                try:
                    fetch(address, use_rsync=use_rsync, progress=progress, stop=stop)
                except BaseException as caught:  # The caller's thread raises it.
                    error = caught
                done.put((address, error))

    # An executor would wait for threads that wait for a server or another process.
    threads = [
        threading.Thread(target=work, daemon=True)
        for _ in range(min(conf.parallel_downloads, len(addresses)))
    ]
    with progress_bar(total=len(addresses), unit="file", show=progress) as bar:
        try:
            for thread in threads:
                thread.start()
            for _ in addresses:
                address, error = done.get()
                if error is not None and not isinstance(error, OSError):
                    raise error
                bar.update()
                yield address, error
        finally:
            stop.set()
            end = time.monotonic() + GRACE
            for thread in threads:
                if thread.ident is not None:
                    thread.join(max(0, end - time.monotonic()))


def fetch(address, *, use_rsync=False, progress=True, stop=None):
    """
    Download one file, unless it exists and is sound; the event ``stop`` ends the download.

    Network errors are retried twice, and then raise `DownloadError`. All else raises at once: a
    missing file, a wrong password, a web page or the file of another galaxy, a full disk.
    """
    stop = threading.Event() if stop is None else stop
    path = address.path
    with _explained(address):
        path.parent.mkdir(parents=True, exist_ok=True)
        bar = progress_bar(desc=path.name, unit="B", unit_scale=True, show=progress)
        # One download at a time in a folder, over threads and processes. Without locks, as on some
        # network file systems, two of one file may damage each other; that is found.
        with locked_folder(path.parent), bar:
            if path.is_file() and flaw_of(path, address.plateifu) is None:
                return
            for wait in (*WAITS, None):
                try:
                    _try(address, rsync if use_rsync else http, bar=bar, stop=stop)
                    return
                except NetworkError as error:
                    failure = error
                if wait is None or stop.wait(min(max(wait, failure.wait), LONGEST_WAIT)):
                    break
    url = address.rsync_url if use_rsync else address.url
    tries = "" if stop.is_set() else f"; {len(WAITS) + 1} tries"
    msg = (
        f"{url} could not be downloaded ({failure}{tries}); check the connection and run it again: "
        "the download resumes where it was interrupted"
    )
    raise DownloadError(msg)


def _try(address, transport, *, bar, stop):
    """Download a file, and give it its final name if it is sound."""
    partial = transport.transfer(address, bar=bar, stop=stop)
    flaw = flaw_of(partial, address.plateifu)
    if flaw is None:
        _commit(partial, address.path)
        return
    partial.unlink()
    if not flaw.is_final:
        msg = f"what arrived {flaw.text}"
        raise NetworkError(msg)
    msg = (
        f"what the server sends for {address.url} {flaw.text}; open the address in a browser, and "
        "log in to the network or correct the setting server if it is a page"
    )
    raise DownloadError(msg)


@contextlib.contextmanager
def _explained(address):
    """Explain an error of the file system; those of the server have no number."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        msg = f"{address.path} cannot be stored ({error.strerror}); {address.remedy}"
        raise DownloadError(msg) from error


def _commit(partial, path):
    """Give a complete file its final name, once its bytes are on the disk."""
    with open(partial, "rb") as file:
        os.fsync(file.fileno())
    os.replace(partial, path)
    for leftover in partial_files(path):
        leftover.unlink(missing_ok=True)
