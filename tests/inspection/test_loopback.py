"""What the browser of the tests does on the network, as it logs it."""

import ipaddress
import json
from urllib.parse import urlsplit

import pytest

from mangapa.report import write_report
from tests.chromium import chromium
from tests.inspection.test_page import Expert
from tests.waiting import until

pytestmark = [pytest.mark.needs_flask, pytest.mark.needs_plotly]


@pytest.fixture
def browsed(run, served, tmp_path):
    """Events of a browser that opens both pages: pairs of the name and the parameters."""
    log = tmp_path / "net-log.json"
    report = write_report(run, tmp_path / "report.html", progress=False)
    with chromium(f"log-net-log={log}") as browser:
        Expert(browser, served()[0]).judge("2", "2")
        browser.get(report.as_uri())
        assert until(lambda: browser.find_elements("css selector", "#galaxies img"))
    logged = json.loads(log.read_text(encoding="utf-8"))
    names = {number: name for name, number in logged["constants"]["logEventTypes"].items()}
    return [(names[event["type"]], event.get("params", {})) for event in logged["events"]]


def is_loopback(address):
    """Whether an "address:port" is one of this machine."""
    return ipaddress.ip_address(urlsplit(f"//{address}").hostname).is_loopback


@pytest.mark.promise(16)
def test_nothing_leaves_the_loopback(browsed):
    """Chromium looks up no name, sends no packet, and connects to this machine only."""
    kinds = {name for name, _ in browsed}
    assert not kinds & {"DNS_TRANSACTION", "HOST_RESOLVER_SYSTEM_TASK", "UDP_BYTES_SENT"}
    attempts = [given for name, given in browsed if name == "TCP_CONNECT_ATTEMPT"]
    connected = {given["address"] for given in attempts if "address" in given}
    assert connected
    assert [address for address in connected if not is_loopback(address)] == []
