"""A catalogue from a service on the loopback that answers queries as TAP services do."""

import contextlib
import io
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import numpy as np
import pytest
from astropy.table import Table

import mangapa
from mangapa.catalogue import fetch_published, read_published
from mangapa.exceptions import DownloadError

STARS = Table(
    {
        "CUBEIDPUB": ["1001_A", "1001_B", "1002_A"],
        "CATID": [1001, 1001, 1002],
        "PA_STELKIN": np.array([328, np.nan, 10.5], "f4"),
        "PA_STELKIN_ERR": np.array([0.75, np.nan, 29.916666], "f4"),
    }
)
GAS = Table(
    {
        "CUBEIDPUB": ["1003_A", "1001_B", "1001_A"],
        "CATID": [1003, 1001, 1001],
        "PA_GASKIN": [1.0, 330.5, 330.0],
        "PA_GASKIN_ERR": [0.2, 0.16666667, 0.16666667],
    }
)
TABLES = {"sami_dr3.samiDR3Stelkin": STARS, "sami_dr3.samiDR3gaskinPA": GAS}
OVERFLOW = b'<INFO name="QUERY_STATUS" value="OVERFLOW"/></RESOURCE>'
REFUSAL = (
    b'<VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">'
    b'<INFO name="QUERY_STATUS" value="ERROR">no such table</INFO></RESOURCE></VOTABLE>'
)


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        asked = {name: values[0] for name, values in parse_qs(body).items()}
        service = self.server
        service.asked.append((self.path, asked, self.headers.get("Authorization")))
        fault = service.faults.pop(0) if service.faults else None
        status = fault if isinstance(fault, int) else 200
        columns, name = re.fullmatch(r"SELECT (.+) FROM (\S+)", asked["QUERY"]).groups()
        table = TABLES[name][columns.split(", ")]
        if service.lower:
            table.rename_columns(table.colnames, [one.lower() for one in table.colnames])
        content = io.BytesIO()
        table.write(content, format="votable")
        content = content.getvalue()
        if fault == "overflow":
            content = content.replace(b"</RESOURCE>", OVERFLOW)
        if fault == "page" or status != 200:
            content = b"<html>log in</html>"
        elif fault == "refused":
            content = REFUSAL
        self.send_response(status)
        self.send_header("Content-Type", "application/x-votable+xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if fault == "cut" else content)


@pytest.fixture
def service():
    """A service with the two tables; ``faults`` are those of the next answers."""
    pytest.importorskip("pyvo")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.faults, server.lower = [], [], False
    server.url = f"http://127.0.0.1:{server.server_address[1]}/tap"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    with mangapa.conf.set_temp("timeout", 2.0), contextlib.closing(server.socket):
        yield server
        server.shutdown()


@pytest.mark.parametrize("lower", [False, True])
def test_sami(service, tmp_path, lower):
    service.lower = lower
    table = fetch_published("sami-dr3", server=service.url)
    rows = {(row["name"], row["observation"]): row for row in table}
    assert [*rows] == [("1001", "A"), ("1001", "B"), ("1002", "A"), ("1003", "A")]
    angles = [(row["stellar_pa"].value, row["halpha_pa"].value) for row in rows.values()]
    np.testing.assert_array_equal(
        angles, [(148, 150), (np.nan, 150.5), (190.5, np.nan), (np.nan, 181)]
    )
    assert table["stellar_flags"].tolist() == [0, None, 256, None]
    STARS.write(tmp_path / "stars.csv")
    same = read_published(tmp_path / "stars.csv")
    assert same.meta == table.meta
    assert {*same.colnames} < {*table.colnames}
    np.testing.assert_array_equal(same["stellar_pa"].value, table["stellar_pa"].value[:3])
    paths, asked, logins = zip(*service.asked, strict=True)
    assert paths == ("/tap/sync",) * 2
    assert {one["LANG"] for one in asked} == {"ADQL"}
    assert logins == (None, None)


@pytest.mark.promise(6)
def test_a_busy_service_is_asked_again(service):
    service.faults = [503]
    assert len(fetch_published(server=service.url + "/")) == 4
    assert len(service.asked) == 3


@pytest.mark.promise(6)
@pytest.mark.parametrize("fault", ["overflow", "page", "refused", "cut", 404])
def test_nothing_but_the_whole_table_is_returned(service, fault):
    service.faults = [fault] * 3
    with pytest.raises(DownloadError, match=r"/tap did not answer 'SELECT CUBEIDPUB, .* try again"):
        fetch_published(server=service.url)


def test_a_service_that_is_not_there(service):
    service.shutdown()
    service.server_close()
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1.* did not answer"):
        fetch_published(server=service.url)


def test_other_catalogues_are_not_known():
    with pytest.raises(ValueError, match=r"name='sami' is not known.*choose one of 'sami-dr3'"):
        fetch_published("sami")


def test_pyvo_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyvo", None)
    with pytest.raises(ImportError, match=r"needs pyvo.*mangapa\[vo\]"):
        fetch_published()
