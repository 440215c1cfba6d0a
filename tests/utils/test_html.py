import base64
import re
import sys

import numpy as np
import pytest
from astropy import units as u

import mangapa
from mangapa._utils.html import as_html, as_text

HOSTILE = "<b>&\"'"
ESCAPED = "&lt;b&gt;&amp;&quot;&#x27;"
#: Bytes of a drawing: a notebook with a hundred of them stays small.
LARGEST = 60_000


def pictures(shown):
    return [base64.b64decode(data) for data in re.findall(r"data:image/png;base64,([^\"]+)", shown)]


def test_text_is_escaped_and_missing_rows_are_left_out():
    shown = as_html(HOSTILE, [(HOSTILE, HOSTILE), ("empty", None), ("number", 3)])
    assert "<b>" not in shown
    assert shown.count(ESCAPED) == 3
    assert "empty" not in shown
    assert ">3</td>" in shown


def test_any_text_can_be_stored_in_a_notebook():
    """Bytes of a file name that are not UTF-8, and marks that turn the direction of text."""
    shown = as_html("a\udce9", [("b", "\u202ec"), ("d", "e\0")])
    assert "<caption" in shown.encode().decode()
    for escaped in ("a\\udce9<", ">\\u202ec<", ">e\\x00<"):
        assert escaped in shown


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((30.04 * u.deg, 0.5 * u.deg), "30.0 ± 0.5 deg"),
        ((30.04 * u.deg, 30 * u.arcmin, 2), "30.04 ± 0.50 deg"),
        ((30.04 * u.deg, np.nan * u.deg), "30.0 deg"),
        ((np.nan * u.deg, 1 * u.deg), "—"),
        ((0.876, np.nan, 2), "0.88"),
        ((0.876, 0.02, 2), "0.88 ± 0.02"),
    ],
)
def test_numbers_as_text(arguments, text):
    assert as_text(*arguments) == text


@pytest.mark.needs_matplotlib
def test_drawings_are_small_and_leave_no_figure_open():
    from matplotlib import pyplot

    pyplot.close("all")
    galaxy = mangapa.simulate_galaxy(n_fibres=127, snr=5, seed=1)
    measurement = mangapa.measure(galaxy)
    for one in (galaxy.stellar, galaxy, measurement.halpha, measurement):
        (picture,) = pictures(one._repr_html_())
        assert picture.startswith(b"\x89PNG")
        assert len(picture) < LARGEST
    assert not pyplot.get_fignums()


def test_runs_list_their_first_failures():
    failures = [(f"{name}.fits", f"{name}.fits: is damaged") for name in ("<a>", "b", "c", "d")]
    counts = {"total": 9, "measured": 3, "failed": 4, "rate": 0.5, "seconds": {}}
    shown = mangapa.RunSummary(folder="run", failures=failures, **counts)._repr_html_()
    assert shown.count("is damaged") == 3
    assert "&lt;a&gt;.fits: is damaged" in shown
    assert re.search(r">Left</th><td [^>]*>2</td>", shown)
    assert "0.50" in shown


def test_results_without_a_field_are_a_table_alone():
    shown = mangapa.KinematicPA(flags=mangapa.PAFlags.NO_MAP)._repr_html_()
    assert "the galaxy has no map of this tracer" in shown
    assert "nan" not in shown
    assert not pictures(shown)


def test_without_matplotlib_there_is_the_table_alone(monkeypatch, galaxy):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    shown = galaxy.stellar._repr_html_()
    assert ">9999-1901<" in shown
    assert "<img" not in shown


def cell(shown, name):
    """The value beside a name."""
    (value,) = re.findall(rf">{re.escape(name)}</th><td [^>]*>([^<]*)</td>", shown)
    return value


def test_every_result_is_a_table_in_a_notebook(galaxy):
    found = mangapa.measure(galaxy)
    apart = mangapa.misalignment(found.stellar, found.halpha)
    assert cell(apart._repr_html_(), "Angle") == as_text(apart.angle, apart.error)
    many = mangapa.misalignment([30, 200, np.nan], [100, 10, 20])._repr_html_()
    counts = [cell(many, name) for name in ("Galaxies", "Misaligned", "Counter-rotating")]
    assert [*counts, cell(many, "Missing")] == ["3", "2", "1", "1"]
    judged = mangapa.Usability(usable=True, score=0.876, model="<b>")._repr_html_()
    assert [cell(judged, "Field"), cell(judged, "Score")] == ["usable", "0.88"]
    assert cell(judged, "Model") == "&lt;b&gt;"
    features = found.features
    assert cell(features.stellar._repr_html_(), "Found") == "nothing"
    assert cell(features._repr_html_(), "Stars: found") == "nothing"
    assert "Hα: turn of the warp" in features._repr_html_()
    nothing = mangapa.Features()._repr_html_()
    assert nothing.count("the galaxy has no map of this tracer") == 2
    assert "nan" not in nothing
