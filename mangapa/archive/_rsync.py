"""Download one file by the program ``rsync``, which resumes an interrupted download."""

import os
import subprocess

from mangapa._utils.files import printable
from mangapa.archive._configuration import conf
from mangapa.archive._transport import (
    LARGEST,
    absent,
    credentials,
    partial_name,
    refused,
    too_large,
)
from mangapa.exceptions import DownloadError, NetworkError

#: Exit values of rsync(1): errors in socket I/O and in the protocol data stream, time-outs.
NETWORK_EXITS = (10, 12, 30, 35)
#: Exit value of rsync(1): partial transfer; a missing file, or no permission to read it.
PARTIAL_EXIT = 23
#: Exit value of rsync(1): cannot start the protocol; an unknown module, or a wrong password.
REFUSED_EXIT = 5
#: What a daemon says, with that exit value, if it serves too many others.
BUSY = "max connections"
#: Interval between updates of the progress bar, s.
POLL = 0.2


def transfer(address, *, bar, stop):
    """Download a file under a temporary name, as `mangapa.archive._http.transfer` does."""
    partial = partial_name(address.path, "rsync")
    seconds = max(1, round(conf.timeout))
    options = (
        f"--copy-links --times --inplace --timeout={seconds} --contimeout={seconds} "
        f"--max-size={LARGEST} --"
    )
    # Without a password, rsync asks for one on the terminal, and waits.
    password = "" if address.public else credentials(address.rsync_url)[1]
    with subprocess.Popen(
        ["rsync", *options.split(), address.rsync_url, str(partial)],
        env={**os.environ, "RSYNC_PASSWORD": password},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        while True:
            try:
                _, stderr = process.communicate(timeout=POLL)
                break
            except subprocess.TimeoutExpired:
                if partial.exists():
                    bar.update(partial.stat().st_size - bar.n)
                if stop.is_set():
                    process.terminate()
    _check_exit(process.returncode, stderr.strip(), address.rsync_url)
    if not partial.is_file():
        raise too_large(address.rsync_url)
    return partial


def _check_exit(status, stderr, url):
    """Raise the error that an exit value of rsync means."""
    if status == 0:
        return
    if status == PARTIAL_EXIT and "No such file" in stderr:
        raise absent(url)
    if status == REFUSED_EXIT and "auth failed" in stderr:
        raise refused(url)
    reason = f"rsync ended with status {status}: {printable(stderr.partition(chr(10))[0])}"
    if status in NETWORK_EXITS or status < 0 or (status == REFUSED_EXIT and BUSY in stderr):
        raise NetworkError(reason)
    msg = (
        f"{url} could not be downloaded ({reason}); correct the cause, or download it without rsync"
    )
    raise DownloadError(msg)
