"""Download one file by HTTP(S), resuming an interrupted download if the server allows it."""

import re
import ssl
import time
from urllib.parse import urljoin, urlsplit

from mangapa._utils.files import printable
from mangapa.archive._configuration import conf
from mangapa.archive._transport import (
    LARGEST,
    absent,
    credentials,
    partial_files,
    partial_name,
    refused,
    too_large,
)
from mangapa.exceptions import DownloadError, NetworkError

#: Bytes per block; small, so that little is lost when a server stops sending. A server that sends
#: less in the time that the setting ``timeout`` gives is treated as one that sends nothing.
BLOCK = 1 << 14
#: Status codes below 500 after which another try may succeed (RFC 9110, RFC 6585, RFC 8470).
TRANSIENT = (408, 425, 429)
MOST_REDIRECTS = 10
#: Sizes of up to 15 digits: Python refuses to convert numbers of thousands of digits.
SIZE = re.compile(r"[0-9]{1,15}")
CONTENT_RANGE = re.compile(rf"bytes ({SIZE.pattern})-{SIZE.pattern}/({SIZE.pattern}|\*)")
#: Characters of a server's text that are quoted.
QUOTED = 80


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

    ``bar`` counts bytes, and the event ``stop`` ends the download. Raises `NetworkError` if another
    try may succeed, else `FileNotFoundError`, `PermissionError` or `DownloadError`.
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
        cause = _root_cause(error)
        if isinstance(cause, ssl.SSLCertVerificationError):
            msg = (
                f"{address.url} could not be downloaded: the server's certificate is not valid "
                f"({cause.verify_message}); check the address and this machine's clock, and behind "
                "a proxy set REQUESTS_CA_BUNDLE to its certificates"
            )
            raise DownloadError(msg) from error
        raise NetworkError(str(cause) or type(cause).__name__) from error
    # What requests, urllib3 and the standard library raise for an invalid address is a ValueError.
    except (requests.RequestException, ValueError) as error:
        msg = f"{address.url} could not be downloaded ({error}); check the setting server"
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
        start, total = 0, _content_length(response)
        # A server that ignores ranges sends the whole file.
        if response.status_code == 206:
            part = CONTENT_RANGE.fullmatch(content_range)
            if not size:
                msg = "the server sends a part of the file instead of the whole"
                raise NetworkError(msg)
            if not part or int(part[1]) != size:
                return None
            start, total = size, None if part[2] == "*" else int(part[2])
        if total is not None and total > LARGEST:
            raise too_large(address.url)
        version = _version(response, total)
        target = partial_name(address.path, version)
        if start and (not version or target != partial):
            return None
        _receive(response, address, target, start, total, bar=bar, stop=stop)
        return target


def _request(method, address, **headers):
    """
    Send a request, and follow redirects.

    A name and a password go to the server they are for, and never to one that it redirects to.
    """
    import requests

    from mangapa.archive._timed import TimedAdapter

    url, login = address.url, _login(address)
    # Transfer the file as it is stored, so that sizes and checksums agree.
    headers = {"Accept-Encoding": "identity", **headers}
    with requests.Session() as session:
        # Redirects are followed below: requests would read their bodies to the end.
        session.get_redirect_target = lambda response: None
        for scheme in ("https://", "http://"):
            session.mount(scheme, TimedAdapter())
        for _ in range(MOST_REDIRECTS + 1):
            response = session.request(
                method, url, stream=True, timeout=conf.timeout, auth=login, headers=headers
            )
            if not response.is_redirect:
                return response
            response.close()
            target = urljoin(url, response.headers["Location"])
            schemes = urlsplit(url).scheme, urlsplit(target).scheme
            if schemes[1] not in ("http", "https") or schemes == ("https", "http"):
                msg = f"the server of {address.url} redirects to {_quoted(target)}, which is not "
                raise DownloadError(
                    msg + ("encrypted" if schemes[1] == "http" else "a web address")
                )
            if session.should_strip_auth(url, target):
                login = _anonymous
            url = target
    msg = f"the server of {address.url} redirects more than {MOST_REDIRECTS} times"
    raise DownloadError(msg)


def _login(address):
    try:
        name, password = credentials(address.url)
    except PermissionError:
        if address.public:
            return _anonymous
        raise
    return name.encode(), password.encode()


def _anonymous(request):
    """Send no name and password; without this, requests looks for them in ~/.netrc."""
    return request


def _content_length(response):
    """The number of bytes to come, or None if the server does not say."""
    text = response.headers.get("Content-Length")
    if text is None or "Transfer-Encoding" in response.headers:
        return None
    if not SIZE.fullmatch(text):
        msg = f"the server sends 'Content-Length: {_quoted(text)}', which is not a number of bytes"
        raise NetworkError(msg)
    return int(text)


def _quoted(text):
    return printable(text)[:QUOTED]


def _check_status(response, address):
    """Raise the error that the status code of a response means."""
    status, url = response.status_code, address.url
    if status in (404, 410):
        raise absent(url, f" (status {status})")
    if status in (401, 403):
        raise refused(url, f" (status {status})")
    if status in TRANSIENT or status >= 500:
        msg = f"status {status} {_quoted(response.reason)}"
        retry_after = response.headers.get("Retry-After", "")
        raise NetworkError(msg, wait=float(retry_after) if retry_after.isdecimal() else 0)
    if status not in (200, 206):
        msg = f"the server answers {status} {_quoted(response.reason)} to {url}, without the file"
        raise DownloadError(msg)


def _version(response, total):
    """Identify this version of a file; empty if the server does not, and nothing is resumed."""
    validators = [response.headers.get(name, "") for name in ("ETag", "Last-Modified")]
    return "|".join([*validators, str(total)]) if any(validators) else ""


def _receive(response, address, partial, size, total, *, bar, stop):
    bar.reset(total=total)
    bar.update(size)
    with open(partial, "ab" if size else "wb") as file:
        for block in _blocks(response):
            file.write(block)
            size += len(block)
            bar.update(len(block))
            if size > LARGEST:
                raise too_large(address.url)
            if stop.is_set():
                msg = "interrupted"
                raise NetworkError(msg)
    if total is not None and size != total:
        msg = f"only {size} of {total} bytes arrived"
        raise NetworkError(msg)


def _blocks(response):
    """Go through the body in blocks, each of which must arrive within the time-out."""
    import urllib3

    block, since, failure = b"", time.monotonic(), None
    while failure is None:
        try:
            piece = response.raw.read1(BLOCK - len(block), decode_content=False)
        except urllib3.exceptions.HTTPError as error:
            failure = error
            break
        if not piece:
            break
        block += piece
        if len(block) == BLOCK:
            yield block
            block, since = b"", time.monotonic()
        elif time.monotonic() - since > conf.timeout:
            failure = NetworkError(f"only {len(block)} bytes arrived in {conf.timeout:g} s")
    # What has arrived is kept, so that another try gets further.
    yield block
    if failure is not None:
        raise failure


def _root_cause(error):
    """Return the innermost error; requests and urllib3 wrap it several times."""
    while error.__context__ is not None and not isinstance(error, TimeoutError):
        error = error.__context__
    return error
