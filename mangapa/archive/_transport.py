"""What HTTP and rsync share: names of unfinished files, passwords and refusals."""

import hashlib
import netrc
from urllib.parse import urlsplit


def partial_name(path, version=""):
    """
    Name of an unfinished file: hidden, beside its final name.

    ``version`` distinguishes this version of the file from others that the server may have.
    """
    digest = hashlib.sha256(version.encode()).hexdigest()[:12]
    return path.with_name(f".{path.name}.{digest}.part")


def partial_files(path):
    """List what earlier downloads of a file have left, the longest first."""
    parts = path.parent.glob(f".{path.name}.*.part")
    return sorted(parts, key=lambda part: part.stat().st_size, reverse=True)


def credentials(url):
    """Name and password for the server of ``url``, from ``~/.netrc``; never asked for."""
    host = urlsplit(url).hostname
    try:
        found = netrc.netrc().authenticators(host)
        reason = f"~/.netrc has no entry for {host}"
    except FileNotFoundError:
        found, reason = None, "there is no ~/.netrc"
    except netrc.NetrcParseError as error:
        found, reason = None, f"~/.netrc cannot be used: {error}"
    if found is None:
        msg = (
            f"{url} is open to members of the collaboration only, and {reason}; add 'machine "
            f"{host} login NAME password PASSWORD' to ~/.netrc and make it private with chmod 600"
        )
        raise PermissionError(msg)
    return found[0], found[2]


def absent(url, detail=""):
    """Build the error for a file that the server does not have."""
    return FileNotFoundError(f"the server has no file {url}{detail}")


def refused(url, detail=""):
    """Build the error for a password that the server does not accept."""
    return PermissionError(
        f"the server refuses access to {url}{detail}; check the name and the password of "
        f"{urlsplit(url).hostname} in ~/.netrc"
    )
