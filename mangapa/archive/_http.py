"""Download one file by HTTP(S), resuming an interrupted download if the server allows it."""

import re

from mangapa.archive._configuration import conf
from mangapa.archive._transport import absent, credentials, partial_files, partial_name, refused
from mangapa.exceptions import DownloadError, NetworkError

#: Bytes per block; small, so that little is lost when a server stops sending.
BLOCK = 1 << 14
#: Status codes after which another try may succeed (RFC 9110, RFC 6585, RFC 8470).
TRANSIENT = (408, 425, 429, 500, 502, 503, 504)
CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


def exists(address):
    """Return True if the server has the file, and False also if it does not answer."""
    import requests

    try:
        with _request("HEAD", address) as response:
            return response.ok
    except (requests.RequestException, OSError):
        return False


def transfer(address, *, bar, stop):
    """
    Download a file under a temporary name, and return that name.

    The progress bar ``bar`` counts bytes; the download ends early when the event ``stop`` is set.
    Raises `NetworkError` if another try may succeed, and `FileNotFoundError`, `PermissionError` or
    `DownloadError` if not.
    """
    import requests
    import urllib3

    try:
        for partial in (*partial_files(address.path), None):
            found = _download(address, partial, bar=bar, stop=stop)
            if found is not None:
                return found
            partial.unlink()
    except (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError) as error:
        raise NetworkError(_root_cause(error)) from error
    except requests.RequestException as error:
        msg = f"{address.url} could not be downloaded ({error})"
        raise DownloadError(msg) from error


def _download(address, partial, *, bar, stop):
    """Download a file, or the rest of ``partial``; None if the server's version is another."""
    size = partial.stat().st_size if partial else 0
    with _request("GET", address, **({"Range": f"bytes={size}-"} if size else {})) as response:
        content_range = response.headers.get("Content-Range", "")
        if size and response.status_code == 416:
            # There is no rest: the file is complete if the server's has the same size.
            return partial if content_range == f"bytes */{size}" else None
        _check_status(response, address)
        # A server that ignores ranges sends the whole file.
        part = CONTENT_RANGE.fullmatch(content_range) if response.status_code == 206 else None
        start, total = part.groups() if part else (0, response.headers.get("Content-Length", "*"))
        start, total = int(start), None if total == "*" else int(total)
        version = _version(response, total)
        target = partial_name(address.path, version)
        if size and start and (start != size or not version or target != partial):
            return None
        _receive(response, target, start, total, bar=bar, stop=stop)
        return target


def _request(method, address, **headers):
    import requests

    return requests.request(
        method,
        address.url,
        stream=True,
        timeout=conf.timeout,
        auth=None if address.public else credentials(address.url),
        # Transfer the file as it is stored, so that sizes and checksums agree.
        headers={"Accept-Encoding": "identity", **headers},
    )


def _check_status(response, address):
    """Raise the error that the status code of a response means."""
    status, url = response.status_code, address.url
    if status in (404, 410):
        raise absent(url, f" (status {status})")
    if status in (401, 403):
        raise refused(url, f" (status {status})")
    if status in TRANSIENT:
        msg = f"status {status} {response.reason}"
        retry_after = response.headers.get("Retry-After", "")
        raise NetworkError(msg, wait=float(retry_after) if retry_after.isdecimal() else 0)
    if not response.ok:
        msg = f"the server answers {status} {response.reason} to {url}"
        raise DownloadError(msg)


def _version(response, total):
    """Identify this version of a file; empty if the server does not, and nothing is resumed."""
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
        msg = f"only {size} of {total} bytes arrived"
        raise NetworkError(msg)


def _root_cause(error):
    """Message of the innermost error; requests and urllib3 wrap it several times."""
    while error.__context__ is not None and not isinstance(error, TimeoutError):
        error = error.__context__
    return str(error) or type(error).__name__
