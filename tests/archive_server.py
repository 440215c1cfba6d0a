"""A small Science Archive Server on the loopback that can imitate network faults."""

import base64
import contextlib
import email.utils
import re
import socket
import socketserver
import struct
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from astropy.io import fits
from astropy.table import Table


class Archive:
    """
    A folder in the layout of the archive, served below ``/sas``.

    ``faults[name]`` lists the faults of the next requests for a file, in order; ``asked`` lists the
    requests as (method, path, Range header).
    """

    def __init__(self, root):
        self.root = root
        self.faults = defaultdict(list)
        self.asked = []
        self.ranges = True
        self.password = None
        self.delay = 0
        self.at_once = self.most_at_once = 0
        self.stopped = threading.Event()

    @property
    def gets(self):
        """The Range header of each GET request."""
        return [asked_range for method, _, asked_range in self.asked if method == "GET"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        archive = self.server.archive
        archive.at_once += 1
        archive.most_at_once = max(archive.most_at_once, archive.at_once)
        try:
            archive.stopped.wait(archive.delay)
            self.answer(body=True)
        finally:
            archive.at_once -= 1

    def answer(self, *, body):
        archive = self.server.archive
        asked_range = self.headers.get("Range")
        archive.asked.append((self.command, self.path, asked_range))
        file = archive.root / self.path.removeprefix("/sas/")
        faults = archive.faults[file.name]
        fault = faults.pop(0) if faults and body else None
        if archive.password and not self.knows_password():
            return self.plain(401, b"who are you?")
        if isinstance(fault, int):
            return self.plain(fault, b"not now")
        if fault == "silent":
            self.close_connection = True
            return archive.stopped.wait(60)
        if fault == "page":
            return self.plain(200, b"<html>log in to the hotel's network</html>")
        if not file.is_file():
            return self.plain(404, b"no such file")
        content = file.read_bytes()
        start = 0
        match = re.fullmatch(r"bytes=(\d+)-", asked_range or "")
        if match and archive.ranges:
            start = int(match[1])
            if start >= len(content):
                return self.plain(416, b"", {"Content-Range": f"bytes */{len(content)}"})
        if fault == "flip":
            middle = (start + len(content)) // 2
            content = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        headers = {"ETag": f'"{hash(file.read_bytes())}"'}
        headers["Last-Modified"] = email.utils.formatdate(file.stat().st_mtime, usegmt=True)
        if start:
            first = start + 1 if fault == "shift" else start
            headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        if start and fault == "nameless":
            headers = {"Content-Range": headers["Content-Range"]}
        self.send_response(206 if start else 200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if not body:
            return None
        content = content[start:]
        if fault in ("short", "cut", "stall"):
            content = content[: len(content) // 2]
            self.close_connection = True
        self.wfile.write(content)
        self.wfile.flush()
        if fault == "stall":
            archive.stopped.wait(60)
        if fault == "cut":
            # Reset the connection instead of closing it.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        return None

    def plain(self, status, content, headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def knows_password(self):
        kind, _, coded = self.headers.get("Authorization", "").partition(" ")
        return kind == "Basic" and base64.b64decode(coded).decode() == self.server.archive.password


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args):
        """Ignore clients that disconnect, as these tests make them do."""


@contextlib.contextmanager
def served(root):
    """Serve a folder; yields the address and the `Archive`."""
    server = Server(("127.0.0.1", 0), Handler)
    server.archive = Archive(root)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", server.archive
    finally:
        server.archive.stopped.set()
        server.shutdown()
        server.server_close()


class RawHandler(socketserver.StreamRequestHandler):
    def handle(self):
        request = b""
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            request += line
        self.server.requests.append(request.decode("latin-1"))
        with contextlib.suppress(OSError):  # The client is free to leave.
            for piece in self.server.answer(self.server.requests[-1]):
                if self.server.stopped.is_set():
                    return
                self.wfile.write(piece)


class RawServer(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True


class RawServer6(RawServer):
    address_family = socket.AF_INET6


@contextlib.contextmanager
def answering(answer, host="127.0.0.1", wrap=None):
    """
    Answer each request with the bytes that ``answer(request)`` yields, whatever they are.

    ``wrap`` puts a layer, such as TLS, on the socket. Yields the port and the list of requests.
    """
    kind = RawServer6 if ":" in host else RawServer
    with kind((host, 0), RawHandler) as server:
        server.answer, server.requests, server.stopped = answer, [], threading.Event()
        if wrap is not None:
            server.socket = wrap(server.socket)
        server.handle_error = lambda *args: None
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield server.server_address[1], server.requests
        finally:
            server.stopped.set()
            server.shutdown()


def write_drpall(path, galaxies):
    """
    Write a table drpall.

    ``galaxies`` are (plateifu, mangaid, z, target bit). Without a target bit it is not a galaxy,
    and without a redshift it is not in the NASA-Sloan Atlas.
    """
    plateifus, mangaids, redshifts, targets = zip(*galaxies, strict=True)
    n = len(galaxies)
    absent = np.isnan(redshifts)
    table = Table(
        {
            "plateifu": np.array(plateifus, "S12"),
            "mangaid": np.array(mangaids, "S11"),
            "objra": np.linspace(10, 20, n),
            "objdec": np.linspace(-5, 5, n),
            "nsa_z": np.where(absent, -9999.0, redshifts),
            "nsa_elpetro_phi": np.where(absent, -9999.0, np.linspace(0, 170, n)),
            "nsa_elpetro_ba": np.where(absent, -9999.0, np.linspace(0.2, 1, n)).astype("f4"),
            "nsa_elpetro_th50_r": np.where(absent, -9999.0, np.linspace(2, 10, n)).astype("f4"),
            "drp3qual": np.zeros(n, "i4"),
            "mngtarg1": np.array(targets, "i4"),
            "mngtarg3": np.zeros(n, "i4"),
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    hdu = fits.BinTableHDU(table, name="MANGA")
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path, overwrite=True)


def write_dapall(path, bits, daptype, *, by_extension=True):
    """Write a table dapall from bits by plate-IFU; since DR17 with an extension per daptype."""
    table = Table(
        {
            "PLATEIFU": np.array([*bits, "1-2"], "S12"),
            "DAPTYPE": np.array([daptype] * (len(bits) + 1), "S30"),
            "DAPDONE": [True] * len(bits) + [False],
            "DAPQUAL": np.array([*bits.values(), 0], "i4"),
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    hdu = fits.BinTableHDU(table, name=daptype if by_extension else "DAPALL")
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path, overwrite=True)
