"""Answers of a server that are out of the ordinary."""

import base64
import gzip
import itertools
import shutil
import socket
import ssl
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest

import mangapa
from mangapa._utils.progress import progress_bar
from mangapa.archive import _http as http
from mangapa.archive._transfer import fetch
from mangapa.archive._transport import partial_files, partial_name
from mangapa.exceptions import DownloadError, NetworkError
from tests.archive_server import answering


def transfer(address):
    with progress_bar(show=False) as bar:
        return http.transfer(address, bar=bar, stop=threading.Event())


@pytest.fixture
def interrupted(archive):
    """The server, after a download that it interrupted half-way."""
    archive.address.path.parent.mkdir(parents=True)
    archive.faults[archive.file.name] = ["short"]
    with pytest.raises(NetworkError, match="IncompleteRead"):
        transfer(archive.address)
    assert len(partial_files(archive.address.path)) == 1
    return archive


def test_interrupted_download_is_resumed(interrupted):
    (left,) = partial_files(interrupted.address.path)
    size = left.stat().st_size
    assert transfer(interrupted.address) == left
    assert left.read_bytes() == interrupted.file.read_bytes()
    assert interrupted.gets == [None, f"bytes={size}-"]


@pytest.mark.parametrize("fault", ["shift", "nameless"])
def test_other_rest_than_requested(interrupted, fault):
    """It begins elsewhere, or may be of another version: the download starts again."""
    interrupted.faults[interrupted.file.name] = [fault]
    partial = transfer(interrupted.address)
    assert partial.read_bytes() == interrupted.file.read_bytes()
    assert [one is None for one in interrupted.gets] == [True, False, True]


def test_existence(archive):
    assert http.exists(archive.address)
    assert not http.exists(replace(archive.address, url=archive.address.url + "x"))
    assert not http.exists(replace(archive.address, url="http://127.0.0.1:9/sas/x.fits.gz"))


def test_invalid_address_is_final(archive):
    with pytest.raises(DownloadError, match=r"http:// could not be downloaded \(.*host") as caught:
        transfer(replace(archive.address, url="http://"))
    assert not isinstance(caught.value, NetworkError)


def fetched_from(archive, answer, **options):
    """Fetch the file from a server with these answers; returns its requests."""
    with answering(answer, **options) as (port, requests):
        fetch(replace(archive.address, url=f"http://127.0.0.1:{port}/x.fits.gz"))
    return requests


def refused_by(archive, answer, match):
    """What `fetched_from` returns, if the download fails with this message and leaves no file."""
    with (
        answering(answer) as (port, requests),
        pytest.raises(OSError, match=match) as caught,
    ):
        fetch(replace(archive.address, url=f"http://127.0.0.1:{port}/x.fits.gz"))
    assert "127.0.0.1" in str(caught.value)
    assert not archive.address.path.exists()
    return requests


def once(*lines, body=b""):
    """An answer of these header lines, and a body."""
    return lambda request: ["\r\n".join(lines).encode() + b"\r\n\r\n", body]


OK = "HTTP/1.1 200 OK"


@pytest.mark.promise(6)
@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (once(OK, "Content-Length: abc", body=b"x"), "'Content-Length: abc', which is not"),
        (once(OK, "Content-Length: -5", body=b"x"), "'Content-Length: -5', which is not"),
        (once(OK, f"Content-Length: {'9' * 5000}", body=b"x"), "'Content-Length: 9999"),
        (once(OK, "Content-Length: 500", body=b"SIMPLE  ="), "IncompleteRead"),
        (once(OK, "Transfer-Encoding: chunked", body=b"5\r\nSIMPL\r\n5\r\nE"), "IncompleteRead"),
        (once(OK, "Transfer-Encoding: chunked", body=b"zz\r\nSIMPL"), "zz.*3 tries"),
        (once("garbage"), "garbage"),
        (once(OK, *["X: y"] * 200), "more than 100 headers"),
        (once("HTTP/1.1 206 Partial Content", body=b"SIMPLE"), "a part of the file"),
        (once("HTTP/1.1 501 Not Implemented"), "status 501"),
        (lambda request: [], "without response"),
    ],
)
def test_network_faults_of_a_hostile_server_are_tried_three_times(archive, answer, match):
    assert len(refused_by(archive, answer, match)) == 3


@pytest.mark.promise(6)
@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (once(OK, body=b"<html>log in</html>"), "is a web page.*browser"),
        (once(OK, body=b"what?"), "is not a FITS file"),
        (once(OK, "Content-Length: 0"), "is empty"),
        (once("HTTP/1.1 204 No Content"), "answers 204 No Content to http.*without the file"),
        (once("HTTP/1.1 300 Choices"), "answers 300"),
        (once("HTTP/1.1 304 \x1b[31mred"), r"answers 304 \\x1b\[31mred"),
        (once("HTTP/1.1 401 Who"), "refuses access.*status 401"),
        (once("HTTP/1.1 403 No"), "refuses access.*status 403"),
        (once("HTTP/1.1 404 No"), "has no file.*status 404"),
        (once("HTTP/1.1 410 Gone"), "has no file.*status 410"),
        (once(OK, "Content-Length: 5", "Content-Length: 6", body=b"x"), "5, 6"),
        (once(OK, f"Content-Length: {2 << 30}"), "more than 1024 MB"),
        (once("HTTP/1.1 302 Found", "Location: file:///etc/passwd"), "not a web address"),
        (once("HTTP/1.1 302 Found", "Location: ftp://127.0.0.1/"), "not a web address"),
        (once("HTTP/1.1 302 Found", "Location: http://[::1"), "could not be downloaded .*IPv6"),
    ],
)
def test_other_answers_are_final(archive, answer, match):
    assert len(refused_by(archive, answer, match)) == 1


@pytest.mark.promise(6)
def test_circle_of_redirects_is_final(archive):
    answer = once("HTTP/1.1 302 Found", "Location: /y")
    requests = refused_by(archive, answer, "redirects more than 10 times")
    assert len(requests) == 11


@pytest.mark.promise(22)
def test_endless_body_is_limited(archive, monkeypatch):
    monkeypatch.setattr(http, "LARGEST", 1 << 20)

    def answer(request):
        yield f"{OK}\r\n\r\n".encode()
        yield from itertools.repeat(b"SIMPLE  =" * 1000)

    assert len(refused_by(archive, answer, "has more than .* MB")) == 1


@pytest.mark.promise(22)
def test_slow_drip_is_a_network_fault(archive):
    never = threading.Event()

    def answer(request):
        yield f"{OK}\r\n\r\n".encode()
        while not never.wait(0.02):
            yield b"x"

    with mangapa.conf.set_temp("timeout", 0.2):
        requests = refused_by(archive, answer, r"only \d+ bytes arrived in 0.2 s")
    assert len(requests) == 3


@pytest.mark.promise(22)
@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX: "], ids=["status", "header"])
def test_slow_drip_of_the_header_is_a_network_fault(archive, start):
    never = threading.Event()

    def answer(request):
        yield start
        while not never.wait(0.02):
            yield b"H"

    with mangapa.conf.set_temp("timeout", 0.1):
        match = r"the header of the server's answer was not complete after 0.3 s; 3 tries"
        requests = refused_by(archive, answer, match)
    assert len(requests) == 3


def test_body_of_a_redirect_is_not_read(archive):
    content = archive.file.read_bytes()

    def answer(request):
        if request.startswith("GET /x"):
            yield b"HTTP/1.1 302 Found\r\nLocation: /file\r\n\r\n"
            yield from itertools.repeat(b"x" * 1000)
        yield f"{OK}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content

    assert len(fetched_from(archive, answer)) == 2
    assert archive.address.path.read_bytes() == content


def test_content_encoding_is_ignored(archive):
    """The file is stored as it was sent, even if the server calls its compression an encoding."""
    content = archive.file.read_bytes()
    fetched_from(archive, once(OK, "Content-Encoding: gzip", body=content))
    assert archive.address.path.read_bytes() == content
    archive.address.path.unlink()
    twice = once(OK, "Content-Encoding: gzip", body=gzip.compress(content))
    assert len(refused_by(archive, twice, "is compressed twice")) == 1


def test_range_of_absurd_size(archive):
    """The rest is not what was asked for: the download starts again."""
    content = archive.file.read_bytes()
    archive.address.path.parent.mkdir(parents=True)
    partial_name(archive.address.path, "any").write_bytes(b"SIMPLE")

    def answer(request):
        if "Range" in request:
            nines = "9" * 5000
            yield f"HTTP/1.1 206 OK\r\nContent-Range: bytes {nines}-{nines}/*\r\n\r\n".encode()
        yield f"{OK}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content

    assert len(fetched_from(archive, answer)) == 2
    assert archive.address.path.read_bytes() == content


@pytest.fixture
def default_login(credentials):
    """A ~/.netrc with the server at 127.0.0.1, and a default entry."""
    with credentials.open("a") as file:
        file.write("default\n  login everyone\n  password guessed\n")
    return credentials


def authorizations(requests):
    """The Authorization header of each request, or None."""
    return [
        next((line for line in text.splitlines() if line.startswith("Authorization")), None)
        for text in requests
    ]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("public", [True, False])
def test_password_is_not_sent_to_the_server_of_a_redirect(archive, default_login, host, public):
    content = archive.file.read_bytes()
    answer = once(OK, body=content)
    with answering(answer) as (second, redirected):
        redirect = once("HTTP/1.1 302 Found", f"Location: http://{host}:{second}/y")
        with answering(redirect) as (first, requests):
            url = f"http://127.0.0.1:{first}/x"
            fetch(replace(archive.address, url=url, public=public))
    sent = base64.b64encode(b"sdss:secret").decode()
    assert authorizations(requests) == [f"Authorization: Basic {sent}"]
    assert authorizations(redirected) == [None]
    assert archive.address.path.read_bytes() == content


def test_default_entry_is_for_no_server(archive, default_login):
    default_login.write_text("default login everyone password guessed\n")
    default_login.chmod(0o600)
    with answering(once(OK, body=archive.file.read_bytes())) as (port, requests):
        address = replace(archive.address, url=f"http://127.0.0.1:{port}/x")
        with pytest.raises(PermissionError, match=r"netrc has no entry for 127\.0\.0\.1"):
            fetch(replace(address, public=False))
        fetch(address)
    assert authorizations(requests) == [None]


def test_ipv6(archive):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("there is no IPv6 on the loopback")
    with answering(once(OK, body=archive.file.read_bytes()), host="::1") as (port, _):
        fetch(replace(archive.address, url=f"http://[::1]:{port}/x"))
    assert archive.address.path.read_bytes() == archive.file.read_bytes()


@pytest.mark.promise(6)
def test_invalid_certificate_is_final(archive, tmp_path, monkeypatch):
    if shutil.which("openssl") is None:
        pytest.skip("the program openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext"
    subject = ["subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *subject], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    connections = []

    def wrap(server):
        layered = context.wrap_socket(server, server_side=True)
        accept = layered.accept
        layered.accept = lambda: (connections.append(1), accept())[1]
        return layered

    answer = once(OK, body=archive.file.read_bytes())
    with answering(answer, wrap=wrap) as (port, requests):
        address = replace(archive.address, url=f"https://127.0.0.1:{port}/x")
        with pytest.raises(DownloadError, match=r"certificate is not valid \(self.signed"):
            fetch(address)
        assert len(connections) == 1
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        fetch(address)
        assert len(requests) == 1
        archive.address.path.unlink()
        plain = once("HTTP/1.1 302 Found", "Location: http://127.0.0.1:9/x")
    with answering(plain, wrap=wrap) as (port, _):
        address = replace(archive.address, url=f"https://127.0.0.1:{port}/x")
        with pytest.raises(DownloadError, match=r"redirects to http.*which is not encrypted"):
            fetch(address)
    assert not Path(archive.address.path).exists()
