import json

import numpy as np
import pytest
from astropy import units as u

import mangapa
from mangapa.catalogue import tabulate
from mangapa.report import _figures as figures

pytestmark = pytest.mark.needs_plotly
ANGLES = (3.0, 4.0, 29.0, 30.0, 149.0, 180.0, np.nan)
LABELS = [f"galaxy {number}" for number in range(len(ANGLES))]


@pytest.fixture(scope="module")
def table():
    """A catalogue with known misalignments; the gas of the second galaxy is not usable."""
    measurement = mangapa.measure(mangapa.simulate_galaxy(plateifu="8485-1901", n_fibres=19))
    table = tabulate([measurement] * len(ANGLES))
    table["pa_offset"] = ANGLES * u.deg
    table["stellar_pa"][6] = np.nan * u.deg
    table["halpha_qual"][1] = 0
    return table


def test_each_galaxy_is_in_one_bar(table):
    every, both = figures.misalignments(table)["data"]
    assert every["name"] == "all (6)"
    assert both["name"] == "both fields usable (5)"
    counts = dict(zip(every["x"], every["y"], strict=True))
    assert {angle: number for angle, number in counts.items() if number} == {
        2.5: 2,
        27.5: 1,
        32.5: 1,
        147.5: 1,
        177.5: 1,
    }
    assert sum(both["y"]) == 5


def test_lines_mark_30_and_150_deg(table):
    shapes = figures.misalignments(table)["layout"]["shapes"]
    assert [shape["x0"] for shape in shapes] == [30, 150]


def test_points_carry_the_number_of_their_row(table):
    doubtful, both = figures.position_angles(table, LABELS)["data"]
    assert list(doubtful["customdata"]) == [1]
    assert list(both["customdata"]) == [0, 2, 3, 4, 5]
    stars, gas = figures.errors_and_scores(table, LABELS)["data"]
    assert len(stars["customdata"]) == len(gas["customdata"]) == len(ANGLES)


def test_labels_of_points_are_text(table):
    """Plotly would draw a link."""
    labels = ["<a href='https://evil.example'>M 31</a> &lt; %{x}", *LABELS[1:]]
    doubtful, both = figures.position_angles(table, labels)["data"]
    assert both["text"][0] == "&lt;a href='https://evil.example'&gt;M 31&lt;/a&gt; &amp;lt; %{x}"
    assert list(doubtful["text"]) == ["galaxy 1"]


@pytest.mark.parametrize(
    "draw",
    [
        figures.misalignments,
        lambda table: figures.position_angles(table, LABELS),
        lambda table: figures.errors_and_scores(table, LABELS),
    ],
    ids=["misalignments", "position_angles", "errors_and_scores"],
)
@pytest.mark.parametrize("rows", [slice(0, 0), slice(None)])
def test_figures_are_valid_json(table, draw, rows):
    from plotly.utils import PlotlyJSONEncoder

    figure = draw(table[rows])
    read = json.loads(json.dumps(figure, cls=PlotlyJSONEncoder, allow_nan=False))
    assert [trace["name"] for trace in read["data"]] == [one["name"] for one in figure["data"]]
