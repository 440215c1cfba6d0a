"""The report of a run in a real browser."""

import base64
import contextlib
import errno
import io
import json
import os
import re
import tempfile
import zlib
from dataclasses import replace

import numpy as np
import pytest

import mangapa
from mangapa._utils.files import printable
from mangapa.cli import main
from mangapa.report import write_report
from mangapa.report._labels import shortened
from mangapa.report._pictures import drawn
from mangapa.runs import catalogue
from mangapa.runs._images import FieldImage
from mangapa.runs._store import Result, RunStore
from mangapa.runs._workers import result_of
from tests.axe import WIDTHS, axe
from tests.chromium import screen
from tests.hostile import NAMES
from tests.waiting import until

TAB, ENTER, ESCAPE, LEFT, RIGHT = "\ue004", "\ue007", "\ue00c", "\ue012", "\ue014"
pytestmark = pytest.mark.needs_plotly
N_GALAXIES = 12
FAILURE = "there is no file <img src=x onerror=alert(1)>; check the name"


def galaxies():
    """Galaxies with many misalignments; one has no gas, and in one all gas is masked."""
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
    """An unfinished run with a failure whose message contains HTML."""
    folder = tmp_path_factory.mktemp("run")
    with RunStore(folder, {"release": "DR17"}) as store:
        store.add_sources([*(f"{8000 + n}-1901" for n in range(N_GALAXIES)), "bad", "left"])
        for galaxy in galaxies():
            store.add(result_of(galaxy.plateifu, mangapa.measure(galaxy)))
        store.add(Result(source="bad", error=FAILURE))
    return folder


@pytest.fixture(scope="module")
def report(run):
    return write_report(run, progress=False)


@pytest.fixture
def page(report, browser):
    browser.get(report.as_uri())
    assert until(lambda: len(cells(browser, 0)) == N_GALAXIES + 1)
    return browser


def cells(page, column):
    """The texts in a column of the table as it is displayed."""
    rows = page.find_elements("css selector", "#galaxies tbody tr")
    return [row.find_elements("css selector", "td")[column].text for row in rows]


def points(page, figure):
    return page.find_elements("css selector", f"#{figure} path.point")


def errors(page):
    return [line for line in page.get_log("browser") if line["level"] == "SEVERE"]


def table_in(path):
    """What a page unpacks to fill its table."""
    text = path.read_text(encoding="utf-8")
    table = re.search(r'<script type="text/plain" id="table">(.*?)</script>', text)
    return json.loads(zlib.decompress(base64.b64decode(table[1])))


def test_page_loads_nothing_from_elsewhere(run):
    text = write_report(run, run / "other.html", progress=False).read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=.?(https?:|//)", text)
    assert str(run) not in text


def test_page_shows_facts_and_figures(page):
    facts = page.find_element("id", "facts").text.replace("\n", " ")
    assert facts.startswith(
        f"{N_GALAXIES} of 14 galaxies have an angle 0 without an angle (0 with no good spaxel) "
        "1 failed 1 not measured yet"
    )
    for figure in ("misalignments", "position_angles", "errors_and_scores"):
        assert until(lambda one=figure: page.find_elements("css selector", f"#{one} .main-svg"))
    table = catalogue_of(page)
    n_angles = np.isfinite(table["pa_offset"]).sum()
    assert until(lambda: len(points(page, "position_angles")) == n_angles)
    assert errors(page) == []


def catalogue_of(page):
    return catalogue(re.sub("^file://", "", page.current_url).rpartition("/")[0])


def test_failures_are_shown_as_text(page):
    """A message is text, never HTML."""
    assert page.find_element("id", "failures").text.splitlines()[-1] == f"bad {FAILURE}"
    assert not page.find_elements("css selector", "img[src='x']")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A run whose galaxies have hostile names, and failures that repeat them."""
    folder = tmp_path_factory.mktemp("<b>{{ run }}")
    result = result_of("a", mangapa.measure(next(galaxies())))
    with RunStore(folder, {}) as store:
        store.add_sources([*NAMES, *(f"bad {name}" for name in NAMES)])
        for source, name in NAMES.items():
            result.parts["galaxy"] |= {"plateifu": name, "mangaid": name, "name": name}
            store.add(replace(result, source=source))
            error = name.encode(errors="replace").decode()
            store.add(Result(source=f"bad {source}", error=error))
    return folder


def hovered(page):
    return page.find_element("css selector", "#position_angles .hoverlayer").text


def test_names_are_text_on_the_page(hostile, browser):
    """In the table, in titles, in labels of points, and in failures; the policy stays silent."""
    browser.get(write_report(hostile, progress=False).as_uri())
    expected = [shortened(printable(name), 100) for name in NAMES.values()]
    assert until(lambda: cells(browser, 0)[: len(NAMES)] == expected)
    assert until(lambda: len(points(browser, "position_angles")) == len(NAMES))
    for place, label in enumerate(expected):
        browser.execute_script(
            "Plotly.Fx.hover('position_angles', [{curveNumber: 1, pointNumber: arguments[0]}])",
            place,
        )
        assert until(lambda one=label: hovered(browser).startswith(f"{one}: "))
        browser.execute_script(
            "document.getElementById('position_angles').emit('plotly_click', "
            "{points: [{customdata: arguments[0]}]})",
            place,
        )
        title = browser.find_element("css selector", "dialog h2").text
        assert title.startswith(label)
        browser.find_element("css selector", "dialog button").click()
    failures = browser.find_element("id", "failures").get_property("textContent")
    assert NAMES["image"] in failures
    assert browser.title == f"mangapa: {hostile.name}"
    assert not browser.find_elements("css selector", "img[src='x'], main a, [onfocus]")
    assert errors(browser) == []


def violation(page, script):
    """The part of the policy that a script violates."""
    wait = "addEventListener('securitypolicyviolation', (e) => arguments[0](e.effectiveDirective));"
    return page.execute_async_script(f"{wait} {script}")


def test_policy_blocks_scripts_of_others(page):
    """The second line of defence, should a name ever become markup."""
    markup = """document.body.insertAdjacentHTML("beforeend",
        "<p tabindex=0 onfocus='document.title=1'>a</p>"); document.body.lastChild.focus()"""
    assert violation(page, markup) == "script-src-attr"
    assert page.title.startswith("mangapa: ")
    page.get_log("browser")


def test_page_asks_nobody(page):
    assert violation(page, "fetch('http://127.0.0.1:9/').catch(() => {})") == "connect-src"
    page.get_log("browser")


@pytest.mark.promise(19)
def test_analyses_of_one_galaxy_have_rows_of_their_own(tmp_path, browser):
    result = result_of("a", mangapa.measure(next(galaxies())))
    daptypes = ("HYB10-MILESHC-MASTARSSP", "VOR10-MILESHC-MASTARSSP")
    with RunStore(tmp_path, {}) as store:
        store.add_sources(daptypes)
        for daptype in daptypes:
            result.parts["galaxy"]["daptype"] = daptype
            store.add(replace(result, source=daptype))
    browser.get(write_report(tmp_path, progress=False).as_uri())
    assert until(lambda: cells(browser, 0) == [f"8000-1901 {daptype}" for daptype in daptypes])


@pytest.mark.promise(20)
def test_values_beside_an_error_are_shown(tmp_path, browser):
    """A galaxy of which one field failed is in the table, with the message."""
    result = result_of("a", mangapa.measure(next(galaxies())))
    error = result.parts["galaxy"]["error"] = "Halpha: the field cannot be fitted <b>"
    with RunStore(tmp_path, {}) as store:
        store.add_sources(["a"])
        store.add(replace(result, error=error))
    browser.get(write_report(tmp_path, progress=False).as_uri())
    assert until(lambda: cells(browser, 0) == ["8000-1901"])
    assert cells(browser, -1)[0].startswith(error)


@pytest.mark.promise(21)
def test_reports_that_cannot_be_written(run, tmp_path, monkeypatch, capsys):
    """The message names another place; an old report is kept."""
    (tmp_path / "page.html").mkdir()
    assert main(["report", str(run), "--out", str(tmp_path / "page.html")]) == 1
    assert "cannot be written (Is a directory); name another file" in capsys.readouterr().err
    assert main(["report", str(run), "--out", str(tmp_path / "none" / "page.html")]) == 1
    assert f"there is no folder {tmp_path / 'none'} for the report" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]

    def refuse(**_):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(run))

    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    assert main(["report", str(run)]) == 1
    said = capsys.readouterr().err
    assert f"the report {run / 'report.html'} cannot be written (Read-only file system)" in said
    assert "'mangapa report RUN --out FILE.html'" in said


@pytest.mark.promise(21)
def test_run_that_cannot_be_written_has_a_report_elsewhere(tmp_path, tmp_path_factory, read_only):
    result = result_of("a", mangapa.measure(next(galaxies())))
    with RunStore(tmp_path, {}) as store:
        store.add_sources(["a"])
        store.add(result)
    page = tmp_path_factory.mktemp("elsewhere") / "page.html"
    read_only(
        f"""
        from mangapa.report import write_report

        try:
            write_report({str(tmp_path)!r}, progress=False)
        except PermissionError as error:
            assert "cannot be written (Permission denied); name another file" in str(error)
        else:
            raise AssertionError
        write_report({str(tmp_path)!r}, {str(page)!r}, progress=False)
        """
    )
    assert [galaxy["name"] for galaxy in table_in(page)] == ["8000-1901"]


def test_tilde_is_the_home_folder(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert write_report(run, "~/page.html", progress=False) == tmp_path / "page.html"
    assert (tmp_path / "page.html").is_file()


def test_table_sorts(page):
    head = page.find_element("css selector", "#galaxies thead th:nth-child(10)")
    assert head.text == "misalignment (deg)"

    def angles():
        return [float(text.split()[0]) for text in cells(page, 9) if text]

    in_order = sorted(angles())
    head.click()
    assert until(lambda: "dt-ordering-asc" in head.get_attribute("class") and angles() == in_order)
    head.click()
    assert until(lambda: angles() == in_order[::-1])
    assert len(in_order) == N_GALAXIES - 2


def test_search_finds_failures(page):
    page.find_element("css selector", "input[type=search]").send_keys("bad")
    assert until(lambda: cells(page, 0) == ["bad"])
    assert cells(page, -1) == [FAILURE]
    page.find_element("css selector", "#galaxies tbody button").click()
    dialog = page.find_element("id", "galaxy")
    assert until(lambda: title_of(dialog) == "bad")
    assert dialog.find_element("css selector", ".flags").text == FAILURE
    assert not dialog.find_element("id", "stellar").is_displayed()
    assert errors(page) == []


def test_table_filters(page):
    search = page.find_element("css selector", "input[type=search]")
    search.send_keys("8007")
    assert until(lambda: cells(page, 0) == ["8007-1901"])


def test_each_column_filters(page):
    """Find the galaxy without a good spaxel of gas."""
    field = page.find_element("css selector", "#galaxies thead tr:nth-child(2) > :last-child input")
    field.send_keys("every spaxel is masked")
    assert until(lambda: cells(page, 0) == ["8004-1901"])


def opened(page, row):
    """The dialog, after a click on a row."""
    page.find_elements("css selector", "#galaxies tbody tr")[row].click()
    dialog = page.find_element("id", "galaxy")
    assert until(lambda: title_of(dialog).startswith(f"{8000 + row}-1901"))
    return dialog


def title_of(dialog):
    return dialog.find_element("tag name", "h2").text


def test_click_opens_a_galaxy(page):
    table = catalogue_of(page)
    dialog = opened(page, 5)
    title = dialog.find_element("id", "stellar_title").text
    assert f"PA {table['stellar_pa'][5].value:.1f}" in title
    assert until(lambda: len(dialog.find_elements("css selector", "image")) == 2)
    page.switch_to.active_element.send_keys(LEFT)
    assert until(lambda: title_of(dialog).startswith("8004-1901"))
    assert until(lambda: "no good spaxel" in dialog.find_element("id", "halpha").text)
    page.switch_to.active_element.send_keys(ESCAPE)
    assert until(lambda: not dialog.is_displayed())
    assert errors(page) == []


def test_galaxy_shows_its_profile(page):
    """Each ring with an angle is drawn; a counter-rotating core is a remark."""
    assert "counter-rotating core" in cells(page, -1)[6]
    dialog = opened(page, 6)
    profile = mangapa.measure(list(galaxies())[6]).stellar_profile
    n_rings = np.isfinite(profile["pa"]).sum()
    assert until(lambda: len(points(page, "stellar_profile")) == n_rings)
    page.switch_to.active_element.send_keys(ESCAPE)
    assert until(lambda: not dialog.is_displayed())
    # The rings are on both sides of a core that turns over, and labels are angles on the sky.
    drawn, labels = page.execute_script(
        "const { data, layout } = document.getElementById('stellar_profile');"
        "return [data[1].y, layout.yaxis.ticktext];"
    )
    assert np.ptp(drawn) == pytest.approx(180, abs=15)
    turns = (drawn - profile["pa"][np.isfinite(profile["pa"])].value) / 360
    np.testing.assert_allclose(turns, np.round(turns), atol=1e-3)
    assert all(0 <= label < 360 for label in labels)
    # The gas of the previous galaxy disappears.
    opened(page, 3)
    assert until(lambda: points(page, "stellar_profile") and not points(page, "halpha_profile"))
    assert errors(page) == []


def focused(page):
    return page.switch_to.active_element


def test_labels_of_the_filters_are_words(page):
    inputs = page.find_elements("css selector", "#galaxies thead input")
    labels = [one.get_attribute("aria-label") for one in inputs]
    assert "filter: Stars, PA (deg)" in labels
    assert "filter: Hα, score" in labels
    assert not [label for label in labels if "<" in label]


def test_report_by_keyboard(page):
    """Filter, sort, open a row, go to the next, and be back at its row."""
    for _ in range(200):
        focused(page).send_keys(TAB)
        if focused(page).get_attribute("aria-label") == "filter: remarks":
            break
    focused(page).send_keys("core")
    assert until(lambda: cells(page, 0) == ["8006-1901"])
    focused(page).send_keys("\b" * 4)
    assert until(lambda: len(cells(page, 0)) == N_GALAXIES + 1)
    focused(page).send_keys(TAB)
    assert focused(page).text == "8000-1901"
    focused(page).send_keys(TAB)
    assert focused(page).text == "8001-1901"
    focused(page).send_keys(ENTER)
    dialog = page.find_element("id", "galaxy")
    assert until(lambda: title_of(dialog).startswith("8001-1901"))
    focused(page).send_keys(RIGHT)
    assert until(lambda: title_of(dialog).startswith("8002-1901"))
    focused(page).send_keys(ESCAPE)
    assert until(lambda: focused(page).text == "8002-1901")
    assert errors(page) == []


def test_focus_follows_to_another_page_of_the_table(page):
    page.execute_script("document.querySelector('#dt-length-0').value = 10")
    page.execute_script("document.querySelector('#dt-length-0').dispatchEvent(new Event('change'))")
    assert until(lambda: len(cells(page, 0)) == 10)
    page.find_elements("css selector", "#galaxies tbody button")[9].send_keys(ENTER)
    dialog = page.find_element("id", "galaxy")
    assert until(lambda: title_of(dialog).startswith("8009-1901"))
    focused(page).send_keys(RIGHT, ESCAPE)
    assert until(lambda: focused(page).text == "8010-1901")
    assert len(cells(page, 0)) == 3


@contextlib.contextmanager
def sized(page, width):
    with screen(page, width):
        page.refresh()
        assert until(lambda: points(page, "errors_and_scores"))
        yield


@pytest.mark.parametrize("width", WIDTHS)
def test_report_is_accessible(page, width):
    """The page, and the dialog of a galaxy and of a failure."""
    with sized(page, width):
        assert axe(page) == []
        for row in (6, N_GALAXIES):
            page.find_elements("css selector", "#galaxies tbody button")[row].click()
            assert until(lambda: page.find_element("id", "galaxy").is_displayed())
            assert axe(page) == []
            focused(page).send_keys(ESCAPE)


@pytest.mark.parametrize("width", [1400, 800, 400])
def test_narrow_screens_show_misalignment_and_remarks(page, width):
    """Without scrolling to the side, and in rows that are a few lines high."""
    with sized(page, width):
        row = page.find_elements("css selector", "#galaxies tbody tr")[6]
        for cell in row.find_elements("css selector", "td")[-2:]:
            assert cell.text
            assert cell.rect["x"] + cell.rect["width"] <= width
        heights = page.execute_script(
            "return [...document.querySelectorAll('#galaxies tbody tr')].map((r) => r.offsetHeight)"
        )
        assert max(heights) <= 80
        assert page.execute_script("return document.documentElement.scrollWidth") <= width


def test_what_was_measured_is_told(tmp_path):
    """Releases of the files, not of the settings; galaxies without a spaxel have no angle."""
    with RunStore(tmp_path, {"release": "DR17", "method": "disc", "model": "default"}) as store:
        store.add_sources(["a", "b"])
        for source, galaxy in zip("ab", galaxies(), strict=False):
            if source == "b":
                mask = np.ones_like(galaxy.stellar.mask)
                galaxy = replace(galaxy, stellar=replace(galaxy.stellar, mask=mask), halpha=None)
            galaxy = replace(galaxy, release="DR15", daptype="HYB10-GAU-MILESHC")
            store.add(result_of(source, mangapa.measure(galaxy)))
    text = write_report(tmp_path, progress=False).read_text(encoding="utf-8")
    assert "Files: MaNGA DR15 HYB10-GAU-MILESHC (2)." in text
    assert (
        "fitting method\ndisc. The usability of a field is judged by the network of mangapa" in text
    )
    assert "<dt>release of galaxies given by name:</dt> <dd>DR17</dd>" in text
    assert "<b>1</b> of 2 galaxies have an angle" in text
    assert "<b>1</b> without an angle (1 with no good spaxel)" in text


def test_report_of_a_survey_names_the_model(tmp_path):
    from mangapa.usability.model import load_model

    path = mangapa.write_maps(mangapa.simulate_galaxy(n_fibres=19), tmp_path / "a-MAPS-.fits.gz")
    mangapa.survey([path], tmp_path / "run", progress=False)
    text = write_report(tmp_path / "run", progress=False).read_text(encoding="utf-8")
    digests = load_model("default").card["sha256"].values()
    assert digests
    assert all(digest[:12] in text for digest in digests)


def test_point_of_a_figure_opens_its_galaxy(page):
    page.execute_script(
        "document.getElementById('position_angles').emit('plotly_click', "
        "{points: [{customdata: 7}]})"
    )
    dialog = page.find_element("id", "galaxy")
    assert until(lambda: title_of(dialog).startswith("8007-1901"))
    dialog.find_element("tag name", "button").click()
    assert until(lambda: not dialog.is_displayed())


def test_pictures_have_the_colours_of_the_fields(run, page):
    """The page paints the pixels that `picture` would, row by row."""
    from PIL import Image

    with RunStore(run) as store:
        source, row = next(store.rows())
        expected = drawn(
            FieldImage.from_bytes(store.images(source)["halpha"]), round(row["halpha_v_sys"], 1)
        )
    shown = "#galaxies tbody tr:first-child img[data-tracer=halpha][src]"
    assert until(lambda: page.find_elements("css selector", shown))
    found = page.find_element("css selector", shown).get_property("src")
    painted, drawn_here = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGBA"))
        for uri in (found, expected["picture"])
    )
    seen = drawn_here[..., 3] > 0
    np.testing.assert_array_equal(painted[..., 3] > 0, seen)
    np.testing.assert_array_equal(painted[seen], drawn_here[seen])


@pytest.mark.slow
def test_whole_release_loads_rows_on_demand(browser, tmp_path):
    """Of ten thousand galaxies, the page creates only the rows in view."""
    number = 10_000
    result = result_of("a", mangapa.measure(next(galaxies())))
    with RunStore(tmp_path, {}) as store:
        names = [f"{1000 + n}-1901" for n in range(number)]
        store.add_sources(names)
        for name in names:
            result.parts["galaxy"] |= {"plateifu": name, "name": name}
            store.add(replace(result, source=name))
    browser.get(write_report(tmp_path, progress=False).as_uri())
    assert until(lambda: len(browser.find_elements("css selector", "#galaxies img")) == 50)
    search = browser.find_element("css selector", "input[type=search]")
    search.send_keys("9876-")
    assert until(lambda: cells(browser, 0) == ["9876-1901"])
    assert errors(browser) == []


def test_command_writes_the_report(run, tmp_path, capsys):
    assert main(["report", str(run), "--out", str(tmp_path / "mine.html")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "mine.html")
    assert len(table_in(tmp_path / "mine.html")) == N_GALAXIES + 1
    assert main(["report", str(tmp_path / "absent")]) == 1
    assert "no run in" in capsys.readouterr().err


def test_report_of_an_empty_run(tmp_path, browser):
    RunStore(tmp_path, {}).close()
    browser.get(write_report(tmp_path, progress=False).as_uri())
    facts = browser.find_element("id", "facts").text.replace("\n", " ")
    assert facts.startswith("0 of 0 galaxies have an angle")
    assert errors(browser) == []
