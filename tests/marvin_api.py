"""A local stand-in for Marvin's web API that serves what Maps requests in remote mode."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from astropy.io import fits
from astropy.wcs import WCS

MAPS = "/marvin/api/maps/{name}/{bintype}/{template}/"
ROUTES = {
    "api": {
        "getMaps": {"url": MAPS, "methods": ["GET", "POST"]},
        "getmap": {"url": MAPS + "map/{property_name}/{channel}/", "methods": ["GET", "POST"]},
    }
}


@contextlib.contextmanager
def marvin_api(path, release="DR17"):
    """Serve one MAPS file; yield the port and the list of requested paths."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_GET(self):
            self.answer(parse_qs(urlsplit(self.path).query))

        def do_POST(self):
            length = int(self.headers.get("Content-Length") or 0)
            self.answer(parse_qs(self.rfile.read(length).decode()))

        def answer(self, _):
            parts = [unquote(p) for p in urlsplit(self.path).path.split("/") if p][2:]
            asked.append("/".join(parts))
            reply = {
                "status": 1,
                "error": None,
                "traceback": None,
                "inconfig": {"release": release},
            }
            if parts[:2] == ["general", "getroutemap"]:
                reply["urlmap"] = ROUTES
            else:
                with fits.open(path) as hdus:
                    name, channel = (*parts[5:7], None, None)[:2]
                    reply["data"] = _map(hdus, name, channel) if name else _summary(hdus, parts)
            body = json.dumps(reply).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()


def _summary(hdus, parts):
    header = hdus[0].header
    return {
        "mangaid": header["MANGAID"],
        "plateifu": header["PLATEIFU"],
        "header": header.tostring(),
        "wcs": WCS(hdus["EMLINE_GFLUX"].header).sub(2).to_header_string(),
        "bintype": parts[2],
        "template": parts[3],
        "shape": list(hdus["EMLINE_GFLUX"].shape[1:]),
    }


def _map(hdus, name, channel):
    name = name.upper()
    cards = hdus[name].header
    channels = {
        str(cards[card]).lower().replace(". ", "_").replace("-", "_").replace(" ", "_"): index
        for index, card in enumerate(c for c in cards if c[0] == "C" and c[1:].isdigit())
    }
    plane = ... if channel == "None" else channels[channel]

    def values(extension):
        return hdus[extension].data[plane].tolist() if extension in hdus else None

    return {
        "value": values(name),
        "ivar": values(f"{name}_IVAR"),
        "mask": values(f"{name}_MASK"),
        "unit": cards.get("BUNIT", ""),
    }
