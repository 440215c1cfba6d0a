"""Replies of the server, and requests that it refuses."""

import http.client
import json
import socket
import uuid
from statistics import median
from urllib.parse import quote, urlsplit

import pytest

from tests.hostile import NAMES
from tests.inspection.conftest import N_GALAXIES, NO_GAS

pytestmark = [pytest.mark.needs_flask, pytest.mark.needs_plotly]


class Page:
    """Send requests as a browser does."""

    def __init__(self, address, inspection):
        self.parts, self.inspection = urlsplit(address), inspection
        self.headers = {"Host": self.parts.netloc}

    def ask(self, path, posted=None, *, body=None, method=None, token=None, **headers):
        connection = http.client.HTTPConnection(self.parts.hostname, self.parts.port, timeout=20)
        body = body if posted is None else json.dumps(posted)
        token = self.parts.path if token is None else token
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        headers = {**self.headers, "Content-Type": "application/json", **named}
        try:
            connection.putrequest(
                method or ("GET" if body is None else "POST"), token + path, skip_host=True
            )
            for name, value in headers.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader(
                    "Content-Length", str(len(body.encode(errors="surrogatepass")))
                )
            connection.endheaders(None if body is None else body.encode(errors="surrogatepass"))
            response = connection.getresponse()
            self.answered = response.headers
            return response.status, response.read().decode()
        finally:
            connection.close()

    @property
    def stored(self):
        return len(self.inspection.store.history(withdrawn=True))


@pytest.fixture
def page(served):
    return Page(*served())


def answer(page, **other):
    first = page.inspection.plan.showings[0]
    return {
        "id": str(uuid.uuid4()),
        "action": "judged",
        "galaxy": first.galaxy,
        "showing": 1,
        "tracer": "stellar",
        "series": "",
        "place": 1,
        "seconds": 2.5,
        "quality": 2,
        "feature": 0,
        "note": 0,
        "comment": "",
        **other,
    }


def test_page_and_its_files(page):
    status, text = page.ask("")
    assert status == 200
    assert "do not use" in text
    policy = page.answered["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert page.answered["Referrer-Policy"] == "no-referrer"
    for name in ("inspect.js", "inspect.css", "plotly.js"):
        assert page.ask(name)[0] == 200
        assert "{%" not in page.ask(name)[1][:500]


def test_session_lists_showings_and_history(page):
    session = json.loads(page.ask("session")[1])
    assert len(session["showings"]) == N_GALAXIES
    assert {"galaxy": NO_GAS, "showing": 1, "tracers": ["stellar"]} in session["showings"]
    assert session["history"] == []
    assert session["expert"] == "vera"


def test_data_of_a_galaxy(page, served):
    status, text = page.ask(f"galaxy?name={NO_GAS}")
    galaxy = json.loads(text)
    assert status == 200
    assert galaxy["stellar"]["picture"].startswith("data:image/png;base64,")
    assert galaxy["stellar"]["pa_err"] > 0
    assert len(galaxy["stellar"]["profile"]["radius"]) > 3
    assert "picture" not in galaxy["halpha"]
    assert galaxy["halpha"]["flags"] == "the galaxy has no map of this tracer"
    assert galaxy["links"][0] == ["Marvin", f"https://dr17.sdss.org/marvin/galaxy/{NO_GAS}/"]
    # The page does not receive the score before the answer, unless it was requested.
    assert "score" not in text
    shown = Page(*served("jan", show_scores=True))
    assert 0 <= json.loads(shown.ask(f"galaxy?name={NO_GAS}")[1])["stellar"]["score"] <= 1
    assert page.ask("galaxy?name=1-1")[0] == 404
    assert page.ask("galaxy?name=bad")[0] == 404
    assert page.ask("galaxy")[0] == 404


def test_answers_are_stored(page):
    one = answer(page, comment="<b>α</b>")
    assert page.ask("judgements", one) == (200, '{"network":null}\n')
    assert page.ask("judgements", one)[0] == 200
    (kept,) = page.inspection.store.history()
    assert (kept.expert, kept.quality, kept.comment, kept.seconds) == ("vera", 2, "<b>α</b>", 2.5)
    status, reply = page.ask("judgements", answer(page, tracer="halpha", quality=0, note=1))
    assert status == 200
    assert json.loads(reply)["network"].keys() == {"stellar", "halpha"}
    assert page.ask("judgements", withdrawing(one))[0] == 200
    assert page.stored == 3
    session = json.loads(page.ask("session")[1])
    assert [said["tracer"] for said in session["history"]] == ["halpha"]


def withdrawing(one):
    return {"id": str(uuid.uuid4()), "action": "withdrawn", "withdraws": one["id"]}


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Host": "evil.example"}, "for this machine only"),
        ({"Host": "127.0.0.1:1"}, "for this machine only"),
        ({"Host": ""}, "for this machine only"),
        ({"Origin": "http://evil.example"}, "does not answer other pages"),
        ({"Origin": "null"}, "does not answer other pages"),
        ({"Origin": "http://127.0.0.1:1"}, "does not answer other pages"),
        ({"token": "/"}, "open the address"),
        ({"token": "/wrong/"}, "open the address"),
        ({"token": "/%C3%BC/"}, "open the address"),
    ],
)
def test_other_senders_are_refused(page, headers, why):
    for path, posted in (("", None), ("session", None), ("judgements", answer(page))):
        status, text = page.ask(path, posted, **headers)
        assert status == 403
        assert why in text
    assert page.stored == 0


def test_own_page_is_accepted(page):
    own = f"http://{page.parts.netloc}"
    assert page.ask("judgements", answer(page), Origin=own)[0] == 200
    local = f"localhost:{page.parts.port}"
    assert page.ask("", Host=local, Origin=f"http://{local}")[0] == 200


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"quality": 7}, "quality must be one of 0, 1, 2"),
        ({"quality": True}, "quality must be one of"),
        ({"quality": "2"}, "quality must be one of"),
        ({"quality": None}, "quality must be one of"),
        ({"feature": 4}, "feature must be one of 0, 1, 2, 3"),
        ({"note": 1}, "note must be 0 for the stars"),
        ({"galaxy": "1-1"}, "galaxy must be a galaxy of the run"),
        ({"galaxy": ["1-1"]}, "galaxy must be a galaxy of the run"),
        ({"galaxy": NO_GAS, "tracer": "halpha"}, f"tracer must be one that {NO_GAS} has: stellar"),
        ({"tracer": "dust"}, "tracer must be one that"),
        ({"showing": 3}, "showing must be an integer from 1 to 2"),
        ({"showing": True}, "showing must be"),
        ({"place": 0}, "place must be"),
        ({"seconds": -1}, "seconds must be a number"),
        ({"seconds": float("nan")}, "seconds must be a number"),
        ({"series": "mine"}, "series must be"),
        ({"comment": "x" * 2001}, "at most 2000 characters"),
        ({"comment": "\ud800"}, "surrogates not allowed"),
        ({"id": "1; drop table judgements"}, "id must be a UUID"),
        ({"action": "guessed"}, "whose action is one of"),
        ({"expert": "jan"}, "must have action, comment, feature"),
    ],
)
def test_wrong_answers_are_refused(page, wrong, why):
    status, text = page.ask("judgements", answer(page, **wrong))
    assert status == 400
    assert why in text
    assert page.stored == 0


@pytest.mark.parametrize("posted", [[], 1, "judged", {}, {"action": []}])
def test_answers_that_are_not_objects_are_refused(page, posted):
    assert page.ask("judgements", posted, method="POST")[0] == 400
    assert page.stored == 0


@pytest.mark.parametrize("depth", [1000, 16_000])
@pytest.mark.parametrize("brackets", ["[]", '{"a":1}'])
def test_nested_answers_are_refused(page, depth, brackets):
    opening, closing = brackets[:-1].rstrip("1"), brackets[-1]
    body = f"{opening * depth}{1}{closing * depth}"[:32_768]
    status, _ = page.ask("judgements", body=body)
    assert status == 400
    assert page.stored == 0


@pytest.mark.parametrize("body", ["", "{", "1" * 30_000, "\0", '{"a": 1', "NaN", "\ud800"])
def test_bodies_that_are_not_json_are_refused(page, body):
    assert page.ask("judgements", body=body)[0] == 400
    assert page.stored == 0


@pytest.mark.promise(21)
def test_answers_wait_while_the_store_cannot_be_used(page, tmp_path):
    """The page learns why, and sends the same answer again."""
    one, store = answer(page), page.inspection.store
    store.path.rename(tmp_path / "moved")
    status, text = page.ask("judgements", one)
    assert status == 503
    assert text.startswith(f"{store.path} has been moved, replaced or deleted; put it back")
    (tmp_path / "moved").rename(store.path)
    assert page.ask("judgements", one)[0] == 200
    assert page.stored == 1


def test_other_requests_are_refused(page):
    assert page.ask("judgements", answer(page), Content_Type="text/plain")[0] == 415
    assert page.ask("judgements", {"comment": "x" * 40_000})[0] == 413
    assert page.ask("judgements")[0] == 405
    assert page.ask("judgements", {}, method="DELETE")[0] == 405
    assert page.ask("elsewhere")[0] == 404
    assert page.ask("..%2f..%2fetc/passwd")[0] == 404
    assert page.stored == 0


def test_experts_withdraw_only_their_own_judgements(page, served):
    one = answer(page)
    page.ask("judgements", one)
    jan = Page(*served("jan"))
    assert jan.ask("judgements", withdrawing(one))[0] == 400
    assert page.ask("judgements", withdrawing({"id": str(uuid.uuid4())}))[0] == 400
    assert page.ask("judgements", withdrawing(one))[0] == 200
    assert page.ask("judgements", withdrawing(one))[0] == 400
    assert page.stored == 2


def test_summary_of_a_session(page):
    shown = page.inspection.plan.showings[:3]
    for number, one in enumerate(shown, start=1):
        for tracer in page.inspection.galaxies.tracers[one.galaxy]:
            page.ask("judgements", answer(page, galaxy=one.galaxy, place=number, tracer=tracer))
    summary = json.loads(page.ask("summary")[1])
    assert (summary["done"], summary["left"], summary["total"]) == (3, N_GALAXIES - 3, N_GALAXIES)
    assert summary["classes"]["stellar"] == [0, 0, 3]
    assert summary["network"][0] == page.stored
    assert summary["oneself"] == [0, None]
    numbers = [len(page.inspection.galaxies.tracers[one.galaxy]) for one in shown]
    assert summary["seconds"] == 2.5 * median(numbers)


def test_other_machines_cannot_connect(page):
    """The server listens on the loopback interface only."""
    with socket.socket() as other:
        other.settimeout(2)
        assert other.connect_ex((_own_address(), page.parts.port))


def _own_address():
    """The address of this machine in its network; a reserved one if it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "192.0.2.1"
        found = probe.getsockname()[0]
    return "192.0.2.1" if found.startswith("127.") else found


def test_servers_take_free_ports(served):
    first, second = (urlsplit(served(name, port=None)[0]).port for name in ("a", "b"))
    assert first != second
    with pytest.raises(
        OSError, match=f"port={first} cannot be opened.*choose another port, or none"
    ):
        served("c", port=first)


@pytest.mark.parametrize("port", [-1, 65_536, 70_000])
def test_ports_that_do_not_exist_are_refused(served, port):
    with pytest.raises(ValueError, match=f"port={port} must be between 0 and 65535; 0 takes any"):
        served(port=port)


def test_names_are_text_and_never_html(served):
    page = Page(*served('<img src=x onerror="alert(1)">'))
    assert "<img src=x" not in page.ask("")[1]
    assert page.answered["Content-Type"] == "text/html; charset=utf-8"
    assert page.ask(f"galaxy?name={quote('<b>')}")[0] == 404
    assert "<b>" not in page.ask(f"galaxy?name={quote('<b>')}")[1]


@pytest.mark.promise(19)
def test_galaxies_of_any_name_are_served_and_judged(served, run_of):
    page = Page(*served(folder=run_of(list(NAMES.values()))))
    session = json.loads(page.ask("session")[1])
    labels = set()
    for place, showing in enumerate(session["showings"], start=1):
        name = showing["galaxy"]
        status, text = page.ask(f"galaxy?name={quote(name)}")
        assert status == 200
        assert page.answered["Content-Type"] == "application/json"
        labels.add(json.loads(text)["label"])
        assert page.ask("judgements", answer(page, galaxy=name, place=place))[0] == 200
    assert page.stored == len(labels) == len(NAMES)
