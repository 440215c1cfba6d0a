"""The page in a real browser, by keyboard alone."""

import contextlib
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from statistics import median
from urllib.parse import urlsplit

import pytest

from mangapa.cli._browser import in_browser
from mangapa.inspection import JudgementStore
from mangapa.inspection._store_file import FILE_NAME
from tests.axe import WIDTHS, axe
from tests.chromium import screen
from tests.hostile import NAMES
from tests.inspection.conftest import N_GALAXIES, NO_GAS
from tests.waiting import until

pytestmark = [pytest.mark.needs_flask, pytest.mark.needs_plotly]
KEYS = {
    "back": "\ue012",
    "forward": "\ue014",
    "up": "\ue013",
    "enter": "\ue007",
    "tab": "\ue004",
    "escape": "\ue00c",
}


class Expert:
    """Somebody who uses a browser without the mouse."""

    def __init__(self, browser, address):
        self.browser = browser
        browser.get_log("browser")
        browser.get(address)
        self.wait_for_galaxy("")

    def press(self, *keys):
        for key in keys:
            self.browser.switch_to.active_element.send_keys(KEYS.get(key, key))

    @property
    def place(self):
        """The number of the showing that is displayed, or "end"."""
        return self.browser.execute_script("return document.body?.dataset.shown || ''")

    def wait_for_galaxy(self, before):
        until(lambda: self.place != before)

    def judge(self, *keys):
        before = self.place
        self.press(*keys)
        self.wait_for_galaxy(before)

    @property
    def has_gas(self):
        return "no field to judge" not in self.text("halpha")

    def text(self, name):
        return self.browser.find_element("id", name).text

    def pressed(self, tracer):
        chosen = f"#{tracer} [aria-pressed=true]"
        return [one.text[2:] for one in self.browser.find_elements("css selector", chosen)]

    def errors(self):
        return [line for line in self.browser.get_log("browser") if line["level"] == "SEVERE"]


@contextlib.contextmanager
def command(*arguments, browser=None):
    """Run ``mangapa inspect`` in another process; yield its address and the process."""
    options = ["--no-browser"] if browser is None else []
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "mangapa", "inspect", *map(str, arguments), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "BROWSER": str(browser)},
        start_new_session=True,
        # Background jobs of a shell ignore Ctrl-C, and their children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        yield address, process
    finally:
        process.kill()
        process.communicate()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.slow
def test_fifty_galaxies(browser, run, tmp_path):
    """
    Judge fifty galaxies, with a reload, an undo, a second expert and a killed server on the way.

    The test keeps all answers too, and compares them with the store.
    """
    path, port = tmp_path / FILE_NAME, free_port()
    options = (run, "--store", path, "--port", port, "--repeat", "0", "--expert")
    said, times, plain = {}, [], "20112"

    def go_to(expert, number):
        while expert.place != str(number) if number < N_GALAXIES else expert.place != "end":
            galaxy, place = expert.text("name"), int(expert.place)
            stars, gas = plain[place % 5], plain[place % 3]
            has_gas = expert.has_gas
            said[galaxy, "stellar"] = int(stars)
            if has_gas:
                said[galaxy, "halpha"] = int(gas)
            expert.judge(stars, *gas * has_gas)
            yield place

    def judge_as_jan(galaxies):
        with command(run, "--store", path, "--expert", "jan") as (address, _):
            _post_all(address, galaxies)

    with command(*options, "vera") as (address, process):
        expert = Expert(browser, address)
        first = browser.execute_script("return document.body?.dataset.shown")
        assert first == "0"
        parallel = threading.Thread(target=judge_as_jan, args=(20,))
        parallel.start()
        for place in go_to(expert, 18):
            if place == 9:
                # In the middle of a galaxy, after the stars.
                expert.press("1")
                until(lambda: expert.text("stored") == "all stored")
                times += _times(browser)
                browser.refresh()
                until(lambda: expert.place == "10")
                assert expert.pressed("stellar") == ["messy"]
                expert.press("u")
                until(lambda: expert.pressed("stellar") == [])
        times += _times(browser)
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed = address
        # Judge two more galaxies while the server is down; the page keeps the answers.
        for _ in go_to(expert, 20):
            pass
        until(lambda: "not stored yet" in expert.text("trouble"))
        # The reply to the last answer before the kill may be missing too.
        assert re.search("[2-5] answers", expert.text("trouble"))
    with command(*options, "vera") as (address, process):
        # The new page sends what the old one still holds.
        browser.execute_script("window.onbeforeunload = null")
        browser.get(address)
        with contextlib.suppress(Exception):
            browser.switch_to.alert.accept()
        until(lambda: expert.place == "20")
        for _ in go_to(expert, N_GALAXIES):
            pass
        times += _times(browser)
        assert "All galaxies are judged" in expert.text("end-title")
        assert f"{N_GALAXIES} of {N_GALAXIES}" in expert.text("summary")
        assert re.search("Stars: do not use.*Hα: do not use", expert.text("summary"), re.DOTALL)
        parallel.join()
        # The killed server causes network errors, and the new one refuses the old page if that is
        # not closed yet; there are no others.
        errors = [one["message"] for one in expert.errors()]
        expected = "net::ERR_", f"{killed.rstrip('/')}/judgements"
        assert [one for one in errors if not any(text in one for text in expected)] == []
        os.kill(process.pid, signal.SIGINT)
        assert "holds 99 judgements of vera" in process.communicate(timeout=20)[0]
        assert process.returncode == 0
    with JudgementStore(path) as store:
        history = store.history(expert="vera")
        kept = {(one.galaxy, one.tracer): one.quality for one in history}
        assert kept == said
        assert len(history) == len(kept) == 2 * N_GALAXIES - 1
        assert (NO_GAS, "halpha") not in kept
        assert len(store.history(expert="vera", withdrawn=True)) == len(history) + 2
        assert store.experts()["jan"] == 20
    assert len(times) >= N_GALAXIES - 5
    # Shown with -rP; the goal on an idle machine is 150 ms.
    print(f"median of {len(times)}: {median(times):.0f} ms, largest {max(times):.0f} ms")


def _times(browser):
    """Times without the first galaxy of the page, which follows no key."""
    script = "return performance.getEntriesByName('next galaxy').map((one) => one.duration)"
    return browser.execute_script(script)[1:]


def _post_all(address, number):
    """Judge galaxies without a browser."""
    import uuid
    from urllib.request import Request, urlopen

    session = json.load(urlopen(f"{address}session"))
    for place, shown in enumerate(session["showings"][:number], start=1):
        one = {
            "id": str(uuid.uuid4()),
            "action": "judged",
            **{name: shown[name] for name in ("galaxy", "showing")},
            "tracer": "stellar",
            "series": "",
            "place": place,
            "seconds": 1,
            "quality": 1,
            "feature": 0,
            "note": 0,
            "comment": "",
        }
        request = Request(f"{address}judgements", json.dumps(one).encode())
        request.add_header("Content-Type", "application/json")
        urlopen(request).close()


@pytest.fixture
def expert(browser, served):
    # An earlier page may still complain that its server has ended.
    browser.get("about:blank")
    browser.get_log("browser")
    address, inspection = served()
    expert = Expert(browser, address)
    expert.store = inspection.store
    yield expert
    assert expert.errors() == []


def stored(expert, number):
    """The judgements, as soon as the store holds this number of rows."""
    until(lambda: len(expert.store.history(withdrawn=True)) == number)
    return expert.store.history()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_the_command(run, tmp_path, number):
    """The judgements are stored, and nothing is said of the signal."""
    with command(run, "--store", tmp_path / FILE_NAME, "--expert", "jan") as (address, process):
        _post_all(address, 3)
        process.send_signal(number)
        said, trouble = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "holds 3 judgements of jan" in said
    assert trouble == ""


@pytest.fixture
def program(tmp_path):
    """Write an executable Python script."""

    def write(text):
        path = tmp_path / "program"
        path.write_text(f"#!{sys.executable}\n{textwrap.dedent(text)}")
        path.chmod(0o755)
        return path

    return write


#: What a browser does that is in the foreground until it has shown the page.
FOREGROUND = """
import json, os, re, sys
from urllib.request import urlopen, url2pathname

page = url2pathname(sys.argv[1].removeprefix("file://"))
text = open(page).read()
address = re.search('url=(.*)"', text)[1]
seen = {"arguments": sys.argv[1:], "page": page, "address": address,
        "modes": [os.stat(one).st_mode & 0o777 for one in (page, os.path.dirname(page))],
        "status": urlopen(address).status}
with open("PLACE.part", "w") as file:
    json.dump(seen, file)
os.rename("PLACE.part", "PLACE")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_only_the_user_can_see_the_address(run, tmp_path, program, number):
    """Other users see the arguments of a browser. It may also wait for the page before it ends."""
    place = tmp_path / "seen"
    browser = program(FOREGROUND.replace("PLACE", str(place)))
    options = (run, "--store", tmp_path / FILE_NAME, "--expert", "jan")
    with command(*options, browser=f"{browser} %s") as (address, process):
        seen = until(lambda: json.loads(place.read_text()))
        process.send_signal(number)
        _, trouble = process.communicate(timeout=30)
    assert seen["address"] == address
    assert seen["status"] == 200
    token = urlsplit(address).path.strip("/")
    assert token not in " ".join(seen["arguments"])
    assert seen["modes"] == [0o600, 0o700]
    assert not os.path.exists(os.path.dirname(seen["page"]))
    assert (process.returncode, trouble) == (0, "")


def test_address_is_printed_if_no_browser_opens(run, tmp_path, program):
    browser = program("raise SystemExit(1)")
    options = (run, "--store", tmp_path / FILE_NAME, "--expert", "jan")
    with command(*options, browser=f"{browser} %s") as (_, process):
        assert "open the address above in one" in process.stderr.readline()


def test_file_for_the_browser_leads_to_the_page(browser, served, monkeypatch):
    opened = queue.Queue()
    monkeypatch.setattr("webbrowser.open", lambda uri: opened.put(uri) or True)
    address, _ = served()
    with in_browser(address):
        browser.get(opened.get(timeout=30))
        assert until(lambda: browser.current_url == address)
        # As soon as a galaxy is shown, the title begins with its name.
        assert until(lambda: browser.title.endswith(": velocity fields by eye"))


@pytest.mark.promise(21)
def test_page_says_that_an_answer_is_not_stored(expert, tmp_path):
    """And sends it as soon as the store can be used again."""
    path = expert.store.path
    path.rename(tmp_path / "moved")
    expert.press("1")
    until(lambda: "1 answer not stored yet" in expert.text("trouble"))
    assert "has been moved, replaced or deleted; put it back" in expert.text("trouble")
    assert expert.text("stored") == "not stored"
    (tmp_path / "moved").rename(path)
    assert [one.quality for one in stored(expert, 1)] == [1]
    until(lambda: expert.text("stored") == "all stored" and not expert.text("trouble"))
    refusals = expert.errors()
    assert refusals
    others = [one for one in refusals if "judgements - Failed to load" not in one["message"]]
    assert others == []


def test_message_covers_no_button(browser, served, tmp_path):
    size = browser.get_window_size()
    browser.set_window_size(1320, 1000)
    try:
        address, inspection = served()
        expert = Expert(browser, address)
        inspection.store.path.rename(tmp_path / "moved")
        expert.press("1")
        until(lambda: "not stored yet" in expert.text("trouble"))
        assert until(lambda: browser.execute_script(APART))
        (tmp_path / "moved").rename(inspection.store.path)
        stored(inspection, 1)
    finally:
        browser.set_window_size(size["width"], size["height"])


#: Whether the figure of the stars ends above their buttons.
APART = """
const edges = (name) => document.querySelector(`#stellar ${name}`).getBoundingClientRect();
return edges(".main-svg").bottom <= edges(".answers").top;
"""


def test_answers_are_sent_where_the_browser_keeps_nothing(expert):
    expert.browser.execute_script(
        "Storage.prototype.setItem = () => { throw new DOMException('full'); }"
    )
    expert.judge("2", "1")
    assert [one.quality for one in stored(expert, 2)] == [2, 1]


def test_names_are_text_on_the_page(browser, served, run_of):
    address, inspection = served(folder=run_of(list(NAMES.values())))
    expert = Expert(browser, address)
    for showing in inspection.plan.showings:
        label = inspection.galaxies.labels[showing.galaxy]
        assert expert.browser.find_element("id", "name").get_property("textContent") == label
        assert browser.title == " ".join(f"{label}: velocity fields by eye".split())
        expert.judge("2", "2")
    assert expert.place == "end"
    assert not browser.find_elements("css selector", "img[src='x'], [onfocus]")
    assert len(stored(inspection, 2 * len(NAMES))) == 2 * len(NAMES)
    assert expert.errors() == []


def test_marks_notes_and_comments(expert):
    expert.judge(*"k2", *"wd", "t", *"a tail <b>", "enter", "0")
    stars, gas = stored(expert, 2)
    assert (stars.quality, stars.feature, stars.note, stars.comment) == (2, 1, 0, "")
    assert (gas.quality, gas.feature, gas.note, gas.comment) == (0, 2, 1, "a tail <b>")
    assert stars.seconds > 0
    assert (stars.place, stars.showing) == (1, 1)
    # The next galaxy begins without answers.
    assert expert.pressed("stellar") == expert.pressed("halpha") == []
    until(lambda: "network" in expert.text("last"))
    assert re.search(
        r"Stars: 2 clean, decoupled core; network: .* Hα: 0 do not use, warp, depl",
        expert.text("last"),
    )


def test_answers_can_be_changed(expert):
    expert.judge("2", "2")
    expert.judge("back")
    assert expert.pressed("stellar") == ["clean"]
    # A mark on a judged field is a new answer; the same key removes it.
    expert.press("m")
    assert stored(expert, 3)[-1].feature == 3
    expert.press("m", "1")
    assert stored(expert, 5)[-1].quality == 1
    expert.judge("enter")
    assert expert.place == "1"
    opinion = {one.tracer: one.quality for one in expert.store.history()}
    assert opinion == {"stellar": 1, "halpha": 2}


def test_undo_can_be_repeated(expert):
    expert.judge("2", "2")
    expert.press("1")
    expert.press("u")
    until(lambda: expert.pressed("stellar") == [])
    assert expert.place == "1"
    expert.judge("u")
    assert expert.place == "0"
    assert (expert.pressed("stellar"), expert.pressed("halpha")) == (["clean"], [])
    until(lambda: expert.browser.execute_script("return document.body?.dataset.shown") == "0")
    expert.press("u")
    until(lambda: expert.pressed("stellar") == [])
    assert stored(expert, 6) == []
    expert.press("u")
    expert.judge("0", "0")
    assert len(stored(expert, 8)) == 2


def test_skipped_galaxies_can_be_judged_at_the_end(browser, served):
    address, inspection = served(number=3)
    expert = Expert(browser, address)
    expert.judge("s")
    assert [one.action for one in inspection.store.history()] == ["skipped"]
    for _ in range(2):
        expert.judge("1", *"1" * expert.has_gas)
    assert expert.place == "end"
    assert "1\nskipped" in expert.text("summary")
    browser.refresh()
    until(lambda: expert.place == "end" and expert.text("summary"))
    expert.judge("r")
    assert expert.place == "0"
    expert.judge("2", *"2" * expert.has_gas)
    assert expert.place == "end"
    assert "All galaxies are judged" in expert.text("end-title")
    assert expert.errors() == []


def comment(expert):
    return expert.browser.find_element("id", "comment").get_property("value")


def test_words_and_marks_of_a_skipped_galaxy_are_kept(expert):
    """The page says where they are; a reload brings them back, and the class stores them."""
    expert.press("k", "t", *"a star", "enter")
    assert expert.text("stored") == "all stored; 1 without a class kept in this browser"
    expert.judge("s")
    assert (comment(expert), expert.pressed("stellar")) == ("", [])
    assert expert.text("stored").endswith("; 1 without a class kept in this browser")
    expert.browser.refresh()
    until(lambda: expert.place == "1")
    expert.judge("back")
    assert (comment(expert), expert.pressed("stellar")) == ("a star", ["decoupled core"])
    expert.press("2")
    _, judged = stored(expert, 2)
    assert (judged.quality, judged.feature, judged.comment) == (2, 1, "a star")
    until(lambda: expert.text("stored") == "all stored")
    assert expert.errors() == []


def test_words_that_the_browser_cannot_keep_are_told(expert):
    expert.browser.execute_script(
        "Storage.prototype.setItem = () => { throw new DOMException('full'); }"
    )
    expert.press("t", *"a star", "enter")
    assert expert.text("stored").endswith("; 1 without a class lost when this page is closed")


def test_undo_restores_marks_and_words(expert):
    """Only the class is undone."""
    expert.judge(*"k2", *"wd", "t", *"a tail", "enter", "1")
    expert.judge("u")
    assert expert.pressed("halpha") == ["warp", "depletion"]
    assert comment(expert) == "a tail"
    expert.judge("0")
    gas = stored(expert, 4)[-1]
    assert (gas.quality, gas.feature, gas.note, gas.comment) == (0, 2, 1, "a tail")
    until(lambda: expert.text("stored") == "all stored")
    # An answer that replaced another: the earlier one stands again.
    expert.judge("back")
    expert.press("m")
    expert.press("u")
    until(lambda: expert.pressed("stellar") == ["clean", "decoupled core"])
    assert expert.text("stored").startswith(("all stored", "storing"))
    assert "without a class" not in expert.text("stored")


def test_buttons_by_keyboard(expert):
    """Every button and link can be reached, and Enter presses the one that has the focus."""
    active = "return document.activeElement.textContent.trim()"
    reached = []
    while "help" not in "".join(reached[-1:]):
        expert.press("tab")
        reached.append(expert.browser.execute_script(active))
        assert len(reached) < 40
    assert sum("clean" in one for one in reached) == 2
    assert {"u undo", "s skip"} <= set(reached)
    expert.press("enter")
    assert expert.browser.find_element("id", "help").is_displayed()
    expert.press("escape")
    assert expert.browser.execute_script(active) == "? help"
    expert.browser.execute_script("document.querySelector('#stellar [data-quality=\"2\"]').focus()")
    expert.press("enter")
    assert [one.quality for one in stored(expert, 1)] == [2]


@pytest.mark.parametrize("width", WIDTHS)
def test_page_is_accessible(browser, served, width):
    """The question, the keys, and the end."""
    address, _ = served(number=1)
    with screen(browser, width):
        expert = Expert(browser, address)
        assert axe(browser) == []
        expert.press("k", "?")
        assert axe(browser) == []
        expert.press("escape")
        expert.judge("1", *"1" * expert.has_gas)
        assert expert.place == "end"
        assert axe(browser) == []


def test_galaxy_without_gas(browser, served):
    address, inspection = served(order="list", only=[NO_GAS])
    expert = Expert(browser, address)
    assert "no field to judge" in expert.text("halpha")
    assert "the galaxy has no map of this tracer" in expert.text("halpha")
    expert.judge(*"d2")
    assert expert.place == "end"
    (kept,) = inspection.store.history()
    assert (kept.tracer, kept.quality, kept.note) == ("stellar", 2, 0)
    assert inspection.plan.series == kept.series != ""
    assert expert.errors() == []


def test_network_is_hidden_until_the_answer(expert, browser, served):
    assert "network" not in expert.text("question")
    loud = Expert(browser, served("jan", show_scores=True)[0])
    assert "network" in loud.text("stellar")


def test_position_angle_against_radius_is_drawn(expert):
    assert _dotted(expert) == 2


def _dotted(expert):
    script = (
        "return document.getElementById('stellar-field').data.filter((d) => d.line?.dash).length"
    )
    return expert.browser.execute_script(script)


def test_held_key_is_one_answer(expert):
    expert.browser.execute_script(
        "for (let i = 0; i < 9; i++) document.dispatchEvent("
        "new KeyboardEvent('keydown', { key: '2', repeat: i > 0 }))"
    )
    assert len(stored(expert, 1)) == 1
    # The first two keys judge the stars and the gas; the others come before the next galaxy.
    expert.browser.execute_script(
        "for (const key of '1000') document.dispatchEvent(new KeyboardEvent('keydown', { key }))"
    )
    until(lambda: expert.place == "1")
    assert [one.quality for one in stored(expert, 2)] == [2, 1]


def test_page_fits_a_tablet(browser, served):
    """No scrolling is needed, and buttons do the same as keys."""
    size = browser.get_window_size()
    browser.set_window_size(820, 1180)
    try:
        expert = Expert(browser, served()[0])
        assert browser.execute_script(
            "return document.documentElement.scrollHeight <= innerHeight"
            " && document.documentElement.scrollWidth <= innerWidth"
        )
        for tracer in ("halpha", "stellar"):
            browser.find_element("css selector", f"#{tracer} [data-quality='2']").click()
        expert.wait_for_galaxy("0")
    finally:
        browser.set_window_size(size["width"], size["height"])


def test_help_disables_the_other_keys(expert):
    expert.press("?")
    assert "decoupled core" in expert.text("help")
    expert.press("2")
    assert expert.store.history() == []
