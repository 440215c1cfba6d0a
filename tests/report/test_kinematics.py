"""The report of a run that measured the kinematics: a filter by class, and dispersions."""

from dataclasses import replace

import numpy as np
import pytest

import mangapa
from mangapa import MeasurementSettings
from mangapa._titles import CLASS_TITLES, GROUP_TITLES
from mangapa.catalogue._kinematic_columns import likely_classes
from mangapa.report import write_report
from mangapa.report._kinematics import class_choices, kinematics_of
from mangapa.report._pictures import (
    FIRST,
    N_DISPERSION_COLOURS,
    dispersion_palette,
    packed_dispersion,
)
from mangapa.runs import catalogue
from mangapa.runs._identity import run_settings
from mangapa.runs._images import FieldImage, image_of
from mangapa.runs._store import Result, RunStore
from mangapa.runs._workers import result_of
from tests.axe import WIDTHS, axe
from tests.chromium import screen
from tests.report.test_page import cells, errors, focused, table_in, title_of
from tests.waiting import until

pytestmark = pytest.mark.needs_plotly
DOWN, ENTER, ESCAPE = "\ue015", "\ue007", "\ue00c"
N_GALAXIES = 4


def written(folder, *, columns):
    """A run of discs, of which one has no gas and one no dispersions, and its report."""
    settings = MeasurementSettings(columns=columns)
    with RunStore(folder, run_settings(settings)) as store:
        store.add_sources([*(f"{8000 + n}-3701" for n in range(N_GALAXIES)), "bad"])
        for number in range(N_GALAXIES):
            galaxy = mangapa.simulate_galaxy(
                plateifu=f"{8000 + number}-3701",
                n_fibres=37,
                inclination=60,
                pa_stellar=30 * number,
                pa_halpha=35 * number,
                seed=number,
            )
            if number == 1:
                galaxy = replace(galaxy, halpha=None)
            if number == 2:
                galaxy = replace(galaxy, stellar=replace(galaxy.stellar, dispersion=None))
            store.add(result_of(galaxy.plateifu, mangapa.measure(galaxy, settings=settings)))
        store.add(Result(source="bad", error="no file"))
    return write_report(folder, progress=False)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return written(tmp_path_factory.mktemp("kinematics"), columns="kinematics")


@pytest.fixture
def page(report, browser):
    browser.get(report.as_uri())
    assert until(lambda: len(cells(browser, 0)) == N_GALAXIES + 1)
    return browser


def test_reports_without_kinematics_have_none_of_it(report, tmp_path):
    """Neither the filter nor anything in the tables."""
    plain = written(tmp_path, columns="standard")
    text = plain.read_text(encoding="utf-8")
    for word in ('id="class"', "_dispersion", "drawKinematics(tracer, section, field) {"):
        assert word not in text
        assert word in report.read_text(encoding="utf-8")
    assert "classes" not in table_in(plain)[0]["stellar"]
    assert "classes" in table_in(report)[0]["stellar"]


def likely(table, tracer, name):
    """Galaxies of a class or group, as the catalogue has them."""
    rows = [dict(zip(table.colnames, row, strict=True)) for row in table.iterrows()]
    return [
        row["plateifu"]
        for row in rows
        if name in likely_classes(tracer, row) or row[f"{tracer}_group"] == name
    ]


def test_a_class_filters_the_table(report, page):
    from selenium.webdriver.support.select import Select

    table = catalogue(report.parent)
    choice = Select(page.find_element("id", "class"))
    values = [option.get_attribute("value") for option in choice.options]
    assert len(values) == 1 + 2 * (1 + len(CLASS_TITLES) + len(GROUP_TITLES))
    several = 0
    for value in values[1:]:
        tracer, name = value.split()
        expected = likely(table, tracer, name)
        choice.select_by_value(value)
        assert f"({len(expected)})" in choice.first_selected_option.text
        shown = expected or ["No matching records found"]
        assert until(lambda shown=shown: cells(page, 0) == shown), value
        several += 0 < len(expected) < N_GALAXIES
    assert several > 0
    choice.select_by_value("")
    assert until(lambda: len(cells(page, 0)) == N_GALAXIES + 1)
    assert errors(page) == []


def test_the_filter_by_keyboard(page):
    choice = page.find_element("id", "class")
    assert choice.accessible_name == "Kinematic class or group:"
    choice.send_keys(DOWN)
    assert until(lambda: "bad" not in cells(page, 0))
    assert "8000-3701" in cells(page, 0)


def opened(page, row):
    page.find_elements("css selector", "#galaxies tbody tr")[row].click()
    dialog = page.find_element("id", "galaxy")
    assert until(lambda: title_of(dialog).startswith(f"{8000 + row}-3701"))
    return dialog


def test_a_galaxy_shows_its_dispersions_beside_its_velocities(report, page):
    dialog = opened(page, 0)
    places = "stellar", "stellar_dispersion", "halpha", "halpha_dispersion"
    for name in places:
        place = dialog.find_element("id", name)
        assert until(lambda place=place: place.find_elements("css selector", "image"))
    boxes = {name: dialog.find_element("id", name).rect for name in places}
    for tracer in ("stellar", "halpha"):
        velocity, dispersion = boxes[tracer], boxes[f"{tracer}_dispersion"]
        assert velocity["y"] == dispersion["y"]
        assert velocity["x"] + velocity["width"] <= dispersion["x"] + 1
    # North is up, and East is left.
    x, y = page.execute_script(
        "const { xaxis, yaxis } = document.getElementById('stellar_dispersion').layout;"
        "return [xaxis.range, yaxis.range];"
    )
    assert x[0] > x[1]
    assert y[0] < y[1]
    row = catalogue(report.parent)[0]
    text = dialog.find_element("css selector", ".kinematics").text
    assert f"k5/k1 {row['stellar_k51']:.3f}" in text
    assert f"{row['stellar_psi'].value:.1f}" in text
    assert f"group {row['stellar_group']}: " in text
    focused(page).send_keys(ESCAPE)
    # What the previous galaxy showed disappears.
    assert until(lambda: not dialog.is_displayed())
    opened(page, 2)
    assert until(lambda: dialog.find_elements("css selector", "#halpha_dispersion image"))
    assert not dialog.find_element("id", "stellar_dispersion").is_displayed()
    assert errors(page) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_it_is_accessible(page, width):
    with screen(page, width):
        page.refresh()
        assert until(lambda: page.find_elements("css selector", "#errors_and_scores path.point"))
        assert axe(page) == []
        assert page.execute_script("return document.documentElement.scrollWidth") <= width
        page.find_elements("css selector", "#galaxies tbody button")[0].click()
        assert until(lambda: page.find_elements("css selector", "#stellar_dispersion image"))
        assert axe(page) == []
        focused(page).send_keys(ESCAPE)


def test_pixels_are_those_of_the_dispersions():
    dispersion = np.array([[50.0, 100.0, 150.0], [np.nan, 60.0, 140.0]])
    image = FieldImage(
        velocity=np.zeros((2, 3)), extent=(3.0, -3.0, -2.0, 2.0), dispersion=dispersion
    )
    found = packed_dispersion(image)
    steps = np.array([ord(one) - FIRST for one in found["pixels"]])
    numbers = (np.cumsum(steps) % (N_DISPERSION_COLOURS + 1)).reshape(-1, found["width"])
    assert len(dispersion_palette()) == N_DISPERSION_COLOURS + 1
    low, high = found["colours"]
    assert numbers[1, 0] == N_DISPERSION_COLOURS
    share = (np.clip(dispersion, low, high) - low) / (high - low)
    known = np.isfinite(dispersion)
    np.testing.assert_allclose(numbers[known] / (N_DISPERSION_COLOURS - 1), share[known], atol=0.03)
    assert packed_dispersion(replace(image, dispersion=None)) is None


def test_a_non_regular_rotator_is_not_a_regular_one():
    row = {"stellar_class_regular_rotator": 0.2, "stellar_class_two_sigma": 0.9}
    assert [*likely_classes("stellar", row)] == ["non_regular_rotator", "two_sigma"]
    assert kinematics_of("stellar", row)["classes"] == ["non_regular_rotator", "two_sigma"]
    assert likely_classes("stellar", {"stellar_class_regular_rotator": None}) == {}
    assert likely_classes("stellar", {"stellar_class_regular_rotator": np.nan}) == {}
    choices = class_choices([row, {"stellar_group": "d"}, {"error": "no file"}])
    numbers = {value: number for value, _, number in choices["Stars"]}
    assert numbers["stellar regular_rotator"] == 0
    assert numbers["stellar two_sigma"] == numbers["stellar d"] == 1


def test_dispersions_of_a_true_file_take_little_room(real_maps):
    """No more than the velocities, of which the largest bundles have the most."""
    galaxy = mangapa.read_maps(real_maps)
    for tracer in mangapa.fields.TRACERS:
        field = mangapa.clean(galaxy.tracer(tracer))
        plain = len(image_of(field).to_bytes())
        assert plain < len(image_of(field, with_dispersion=True).to_bytes()) < 2.2 * plain
