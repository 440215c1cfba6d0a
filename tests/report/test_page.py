"""The page of a run, read by a true browser."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

import mangapa
from mangapa.cli import main
from mangapa.report import write_report
from mangapa.runs import catalogue
from mangapa.runs.store import Result, RunStore
from mangapa.runs.workers import result_of

pytestmark = pytest.mark.needs_plotly
N_GALAXIES = 12
FAILURE = "there is no file <img src=x onerror=alert(1)>; check the name"


def galaxies():
    """Galaxies of many misalignments; one without gas, one whose gas is all masked."""
    for number in range(N_GALAXIES):
        galaxy = mangapa.simulate_galaxy(
            plateifu=f"{8000 + number}-1901",
            n_fibres=19,
            pa_stellar=30 * number,
            pa_halpha=45 * number,
            core_radius=2.5 if number == 6 else 0,
            seed=number,
        )
        gas = galaxy.halpha
        if number == 3:
            galaxy = replace(galaxy, halpha=None)
        if number == 4:
            galaxy = replace(galaxy, halpha=replace(gas, mask=np.ones_like(gas.mask)))
        yield galaxy


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run with failures, one of which would like to be a script, and not at its end."""
    folder = tmp_path_factory.mktemp("run")
    with RunStore(folder, {"release": "DR17"}) as store:
        store.add_sources([*(f"{8000 + n}-1901" for n in range(N_GALAXIES)), "bad", "left"])
        for galaxy in galaxies():
            store.add(result_of(galaxy.plateifu, mangapa.measure(galaxy)))
        store.add(Result(source="bad", error=FAILURE))
    return folder


@pytest.fixture(scope="module")
def page(run, browser):
    browser.get(write_report(run, progress=False).as_uri())
    return browser


def cells(page, column):
    """The texts of a column of the table as it is seen."""
    rows = page.find_elements("css selector", "#galaxies tbody tr")
    return [row.find_elements("css selector", "td")[column].text for row in rows]


def errors(page):
    return [line for line in page.get_log("browser") if line["level"] == "SEVERE"]


def test_it_needs_nothing_else(run):
    text = write_report(run, run / "other.html", progress=False).read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=.?(https?:|//)", text)
    assert str(run) not in text


def test_it_loads(page):
    assert len(cells(page, 0)) == N_GALAXIES
    facts = page.find_element("id", "facts").text.replace("\n", " ")
    assert f"{N_GALAXIES} of 14 galaxies measured 1 failed 1 left to do" in facts
    for figure in ("misalignments", "position_angles", "errors_and_scores"):
        assert page.find_elements("css selector", f"#{figure} .main-svg")
    points = page.find_elements("css selector", "#position_angles path.point")
    table = catalogue_of(page)
    assert len(points) == np.isfinite(table["pa_offset"]).sum()
    assert errors(page) == []


def catalogue_of(page):
    return catalogue(re.sub("^file://", "", page.current_url).rpartition("/")[0])


def test_failures_are_told_as_they_are(page):
    """What comes from outside is text, not a part of the page."""
    assert page.find_element("id", "failures").text.splitlines()[-1] == f"bad {FAILURE}"
    assert not page.find_elements("css selector", "img[src='x']")


def test_it_sorts(page):
    head = page.find_element("css selector", "#galaxies thead th:nth-child(10)")
    assert head.text == "misalignment (deg)"
    angles = {}
    for click in ("ascending", "descending"):
        head.click()
        found = [float(text.split()[0]) for text in cells(page, 9) if text]
        angles[click] = found
    assert angles["ascending"] == sorted(angles["ascending"])
    assert angles["descending"] == sorted(angles["ascending"], reverse=True)
    assert len(found) == N_GALAXIES - 2
    head.click()


def test_it_filters(page):
    search = page.find_element("css selector", "input[type=search]")
    search.send_keys("8007")
    assert cells(page, 0) == ["8007-1901"]
    search.clear()
    search.send_keys(" ")
    assert len(cells(page, 0)) == N_GALAXIES
    # The field of one column, for the galaxies without a good spaxel of gas.
    field = page.find_element("css selector", "#galaxies thead tr:nth-child(2) > :last-child input")
    field.send_keys("every spaxel is masked")
    assert cells(page, 0) == ["8004-1901"]
    field.clear()
    field.send_keys(" ")
    assert len(cells(page, 0)) == N_GALAXIES


def test_it_opens_a_galaxy(page):
    table = catalogue_of(page)
    page.find_elements("css selector", "#galaxies tbody tr")[5].click()
    dialog = page.find_element("id", "galaxy")
    assert dialog.is_displayed()
    assert dialog.find_element("tag name", "h2").text.startswith("8005-1901")
    title = dialog.find_element("css selector", "#stellar .gtitle").text
    assert f"PA {table['stellar_pa'][5].value:.1f}" in title
    # The picture is that of the field, and lies where the field does.
    assert len(dialog.find_elements("css selector", "image")) == 2
    page.switch_to.active_element.send_keys("\ue012")  # left
    assert dialog.find_element("tag name", "h2").text.startswith("8004-1901")
    assert "no good spaxel" in dialog.find_element("id", "halpha").text
    page.switch_to.active_element.send_keys("\ue00c")  # escape
    assert not dialog.is_displayed()
    assert errors(page) == []


def test_a_galaxy_has_its_profile(page):
    """The angle on each ring that tells one; a core that counter-rotates is a remark."""
    rows = page.find_elements("css selector", "#galaxies tbody tr")
    assert "counter-rotating core" in rows[6].find_elements("css selector", "td")[-1].text
    rows[6].click()
    points = page.find_elements("css selector", "#stellar_profile path.point")
    profile = mangapa.measure(list(galaxies())[6]).stellar_profile
    assert len(points) == np.isfinite(profile["pa"]).sum()
    page.switch_to.active_element.send_keys("\ue00c")
    # A galaxy without gas leaves no profile of the one before.
    rows[3].click()
    assert not page.find_elements("css selector", "#halpha_profile path.point")
    page.switch_to.active_element.send_keys("\ue00c")
    assert errors(page) == []


def test_a_point_opens_its_galaxy(page):
    page.execute_script(
        "document.getElementById('position_angles').emit('plotly_click', "
        "{points: [{customdata: 7}]})"
    )
    dialog = page.find_element("id", "galaxy")
    assert dialog.find_element("tag name", "h2").text.startswith("8007-1901")
    dialog.find_element("tag name", "button").click()


def test_a_whole_release(browser, tmp_path):
    """Of ten thousand galaxies only those that are seen are in the page's tree."""
    number = 10_000
    result = result_of("a", mangapa.measure(next(galaxies())))
    with RunStore(tmp_path, {}) as store:
        names = [f"{1000 + n}-1901" for n in range(number)]
        store.add_sources(names)
        for name in names:
            result.parts["galaxy"]["plateifu"] = name
            store.add(replace(result, source=name))
    browser.get(write_report(tmp_path, progress=False).as_uri())
    assert len(browser.find_elements("css selector", "#galaxies img")) == 50
    search = browser.find_element("css selector", "input[type=search]")
    search.send_keys("9876-")
    assert cells(browser, 0) == ["9876-1901"]
    assert errors(browser) == []


def test_the_command(run, tmp_path, capsys):
    assert main(["report", str(run), "--out", str(tmp_path / "mine.html")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "mine.html")
    data = re.search(
        r'<script type="application/json" id="data">(.*?)</script>',
        (tmp_path / "mine.html").read_text(encoding="utf-8"),
        re.DOTALL,
    )
    assert len(json.loads(data[1])["galaxies"]) == N_GALAXIES
    assert main(["report", str(tmp_path / "absent")]) == 1
    assert "no run in" in capsys.readouterr().err


def test_an_empty_run(tmp_path, browser):
    RunStore(tmp_path, {}).close()
    browser.get(write_report(tmp_path, progress=False).as_uri())
    assert "0 of 0 galaxies measured" in browser.find_element("id", "facts").text.replace("\n", " ")
    assert errors(browser) == []
