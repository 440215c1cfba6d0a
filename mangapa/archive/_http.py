"""One file by HTTP(S), continued where it was broken off if the server allows it."""

import netrc
import re
from urllib.parse import urlsplit

from mangapa.archive._configuration import conf
from mangapa.archive._partial import begun, partial_name
from mangapa.exceptions import DownloadError, NetworkError

__all__ = ["credentials", "exists", "source", "transfer"]

#: Small: what has come when a server falls silent is kept in whole blocks.
BLOCK = 1 << 14
#: Answers of a server that may do better in a while.
TRANSIENT = (408, 425, 429, 500, 502, 503, 504)
CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


def source(address):
    """The address that this transport takes the file from, as a `str`."""
    return address.url


def exists(address):
    """Whether the server has the file; `False` as well where it does not answer."""
    import requests

    try:
        with _request("HEAD", address) as response:
            return response.ok
    except (requests.RequestException, OSError):
        return False


def transfer(address, *, bar, stop):
    """
    Bring a file here, under a temporary name.

    Parameters
    ----------
    address : `~mangapa.archive._addresses.Address`
        What to download.
    bar : `~tqdm.tqdm`
        Told of the bytes that have come.
    stop : `~threading.Event`
        Give up when it is set.

    Returns
    -------
    `~pathlib.Path`
        The temporary name; as many bytes as the server has announced.

    Raises
    ------
    FileNotFoundError
        If the server has no such file.
    PermissionError
        If the password is missing or wrong.
    mangapa.exceptions.NetworkError
        If another try may succeed.
    mangapa.exceptions.DownloadError
        If it will not.
    """
    import requests
    import urllib3

    try:
        for partial in begun(address.path):
            if _continue(address, partial, bar=bar, stop=stop):
                return partial
            partial.unlink()
        with _request("GET", address) as response:
            _refuse(response, address)
            length = response.headers.get("Content-Length")
            total = None if length is None else int(length)
            partial = partial_name(address.path, _version(response, total))
            _receive(response, partial, 0, total, bar=bar, stop=stop)
            return partial
    except (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError) as error:
        raise NetworkError(_in_words(error)) from error
    except requests.RequestException as error:
        msg = f"{address.url} could not be downloaded ({error})"
        raise DownloadError(msg) from error


def _continue(address, partial, *, bar, stop):
    """Ask for the rest of a file; whether what is here now is the whole of what the server has."""
    size = partial.stat().st_size
    if not size:
        return False
    with _request("GET", address, Range=f"bytes={size}-") as response:
        if response.status_code == 416:
            # Nothing is left to ask for: complete, unless the server has another file by now.
            return response.headers.get("Content-Range") == f"bytes */{size}"
        _refuse(response, address)
        answer = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if response.status_code != 206 or answer is None or answer[1] != str(size):
            return False
        total = None if answer[2] == "*" else int(answer[2])
        version = _version(response, total)
        if not version or partial != partial_name(address.path, version):
            return False
        _receive(response, partial, size, total, bar=bar, stop=stop)
        return True


def _request(method, address, **headers):
    import requests

    return requests.request(
        method,
        address.url,
        stream=True,
        timeout=conf.timeout,
        auth=None if address.public else credentials(address.url),
        # The file as it is stored: nothing compressed on the way, nothing unpacked here.
        headers={"Accept-Encoding": "identity", **headers},
    )


def credentials(url):
    """
    The name and the password of a server in ``~/.netrc``.

    Parameters
    ----------
    url : `str`
        An address on that server.

    Returns
    -------
    name, password : `str`

    Raises
    ------
    PermissionError
        If they are not there; nobody is asked at the keyboard.
    """
    host = urlsplit(url).hostname
    try:
        found = netrc.netrc().authenticators(host)
        trouble = f"~/.netrc knows no {host}"
    except FileNotFoundError:
        found, trouble = None, "there is no ~/.netrc"
    except netrc.NetrcParseError as error:
        found, trouble = None, f"~/.netrc cannot be used: {error}"
    if found is None:
        msg = (
            f"{url} is open to members of the collaboration only, and {trouble}; write "
            f"'machine {host} login NAME password PASSWORD' to ~/.netrc and 'chmod 600' it"
        )
        raise PermissionError(msg)
    return found[0], found[2]


def _refuse(response, address):
    """Raise what the status of an answer means."""
    status = response.status_code
    if status in (404, 410):
        msg = f"the server has no file {address.url} (status {status})"
        raise FileNotFoundError(msg)
    if status in (401, 403):
        msg = (
            f"the server does not give {address.url} to you (status {status}); look at the name "
            f"and the password of {urlsplit(address.url).hostname} in ~/.netrc"
        )
        raise PermissionError(msg)
    if status in TRANSIENT:
        msg = f"status {status} {response.reason}"
        retry_after = response.headers.get("Retry-After", "")
        raise NetworkError(msg, wait=float(retry_after) if retry_after.isdecimal() else 0)
    if not response.ok:
        msg = f"the server answers {status} {response.reason} to {address.url}"
        raise DownloadError(msg)


def _version(response, total):
    """What tells this version of a file from another; without it nothing is continued."""
    validators = [response.headers.get(name, "") for name in ("ETag", "Last-Modified")]
    return "|".join([*validators, str(total)]) if any(validators) else ""


def _receive(response, partial, size, total, *, bar, stop):
    bar.reset(total=total)
    bar.update(size)
    with open(partial, "ab" if size else "wb") as file:
        for block in response.raw.stream(BLOCK, decode_content=False):
            file.write(block)
            size += len(block)
            bar.update(len(block))
            if stop.is_set():
                msg = "interrupted"
                raise NetworkError(msg)
    if total is not None and size != total:
        msg = f"{size} of {total} bytes"
        raise NetworkError(msg)


def _in_words(error):
    """The innermost reason: what requests and urllib3 wrap around it says little more."""
    while error.__context__ is not None and not isinstance(error, TimeoutError):
        error = error.__context__
    return str(error) or type(error).__name__
