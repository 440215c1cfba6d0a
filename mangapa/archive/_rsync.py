"""One file by the program rsync, which continues what was broken off."""

import os
import shutil
import subprocess
from urllib.parse import urlsplit

from mangapa.archive._configuration import conf
from mangapa.archive._http import credentials
from mangapa.archive._partial import partial_name
from mangapa.exceptions import DownloadError, NetworkError

__all__ = ["available", "source", "transfer"]

#: Exit values of rsync(1): errors of sockets, of the protocol's stream and time-outs.
NETWORK_EXITS = (10, 12, 30, 35)
#: Partial transfer due to error: a file that is not there, or no permission.
PARTIAL_EXIT = 23
#: Error starting the client-server protocol: unknown module, or a wrong password.
REFUSED_EXIT = 5
POLL = 0.2  # s


def available():
    """Whether the program is installed."""
    return shutil.which("rsync") is not None


def source(address):
    """The address that this transport takes the file from, as a `str`."""
    return address.rsync_url


def transfer(address, *, bar, stop):
    """
    Bring a file here, under a temporary name.

    Parameters, returns and errors are those of `mangapa.archive._http.transfer`.
    """
    partial = partial_name(address.path, "rsync")
    seconds = max(1, round(conf.timeout))
    command = [
        *("rsync", "--copy-links", "--times", "--inplace"),
        *(f"--timeout={seconds}", f"--contimeout={seconds}"),
        *(address.rsync_url, str(partial)),
    ]
    environment = dict(os.environ)
    if not address.public:
        environment["RSYNC_PASSWORD"] = credentials(address.rsync_url)[1]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        while True:
            try:
                _, complaint = process.communicate(timeout=POLL)
                break
            except subprocess.TimeoutExpired:
                if partial.exists():
                    bar.update(partial.stat().st_size - bar.n)
                if stop.is_set():
                    process.terminate()
    _refuse(process.returncode, complaint.strip(), address)
    return partial


def _refuse(status, complaint, address):
    if status == 0:
        return
    if status == PARTIAL_EXIT and "No such file" in complaint:
        msg = f"the server has no file {address.rsync_url}"
        raise FileNotFoundError(msg)
    if status == REFUSED_EXIT and "auth failed" in complaint:
        msg = (
            f"the server does not give {address.rsync_url} to you; look at the name and the "
            f"password of {urlsplit(address.rsync_url).hostname} in ~/.netrc"
        )
        raise PermissionError(msg)
    reason = f"rsync ended with status {status}: {complaint.partition(chr(10))[0]}"
    if status in NETWORK_EXITS or status < 0:
        raise NetworkError(reason)
    msg = f"{address.rsync_url} could not be downloaded ({reason})"
    raise DownloadError(msg)
