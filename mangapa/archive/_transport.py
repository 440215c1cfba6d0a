"""What HTTP and rsync share: names of unfinished files, passwords, limits and refusals."""

import hashlib
import netrc
from urllib.parse import urlsplit

from mangapa.exceptions import DownloadError

#: Largest file that is downloaded, bytes; MAPS files have up to 0.1 GB, drpall and dapall 0.4 GB.
LARGEST = 1 << 30


def partial_name(path, version=""):
    """Name of an unfinished file of this version on the server: hidden, beside its final name."""
    digest = hashlib.sha256(version.encode()).hexdigest()[:12]
    return path.with_name(f".{path.name}.{digest}.part")


def partial_files(path):
    """List what earlier downloads of a file have left, the longest first."""
    parts = path.parent.glob(f".{path.name}.*.part")
    return sorted(parts, key=lambda part: part.stat().st_size, reverse=True)


def credentials(url):
    """
    Name and password for the server of ``url``, from ``~/.netrc``; never asked for.

    They come from an entry for this machine. A ``default`` entry is for no server in particular.
    """
    host = urlsplit(url).hostname
    found, reason = None, f"~/.netrc has no entry for {host}"
    try:
        found = netrc.netrc().hosts.get(host)
    except FileNotFoundError:
        reason = "there is no ~/.netrc"
    except (netrc.NetrcParseError, OSError, UnicodeDecodeError) as error:
        reason = f"~/.netrc cannot be used: {error}"
    if found is None:
        msg = (
            f"{url} is open to members of the collaboration only, and {reason}; add 'machine "
            f"{host} login NAME password PASSWORD' to ~/.netrc and make it private with chmod 600"
        )
        raise PermissionError(msg)
    return found[0] or "", found[2] or ""


def absent(url, detail=""):
    """Build the error for a file that the server does not have."""
    return FileNotFoundError(f"the server has no file {url}{detail}")


def refused(url, detail=""):
    """Build the error for a password that the server does not accept."""
    return PermissionError(
        f"the server refuses access to {url}{detail}; check the name and the password of "
        f"{urlsplit(url).hostname} in ~/.netrc"
    )


def too_large(url):
    """Build the error for a file that has more than `LARGEST` bytes."""
    return DownloadError(
        f"{url} has more than {LARGEST >> 20} MB, which no file of the archive has; if the address "
        "is right, download it by other means"
    )
