"""Interactive figures of a whole catalogue, as JSON for Plotly."""

from html import escape

import numpy as np
from astropy import units as u

from mangapa._utils.imports import import_extra
from mangapa.angles import COUNTER_ROTATING, MISALIGNED
from mangapa.fields import TRACER_TITLES, TRACERS

#: Colours that readers with any colour vision can distinguish (Okabe & Ito 2008).
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#9a9a9a"
#: Symbol and colour of each tracer.
STYLES = {"stellar": ("circle", BLUE), "halpha": ("diamond", ORANGE)}
#: Width of a bar, deg; it divides 30 and 150, so that no bar lies on both sides of a limit.
BIN = 5
FIGURE_LAYOUT = {
    "template": "simple_white",
    "font": {"family": "system-ui, sans-serif", "size": 13},
    "margin": {"l": 60, "r": 15, "t": 15, "b": 55},
    "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    "hovermode": "closest",
}


def misalignments(table):
    """Histogram of the misalignment of all galaxies, and of those with two usable fields."""
    edges = np.arange(0, 180 + BIN, BIN)
    offset, both = table["pa_offset"].to_value(u.deg), both_usable(table)
    figure = _figure()
    for name, chosen, colour in (
        ("all", np.isfinite(offset), "#d0d0d0"),
        ("both fields usable", both & np.isfinite(offset), BLUE),
    ):
        counts = np.histogram(offset[chosen], edges)[0]
        figure.add_bar(
            x=(edges[:-1] + BIN / 2).tolist(),
            y=counts.tolist(),
            width=BIN,
            name=f"{name} ({counts.sum():,})",
            marker={"color": colour, "line": {"color": "white", "width": 1}},
            hovertemplate=f"%{{x}} deg: %{{y}}<extra>{name}</extra>",
        )
    for angle, what, side, lower in (
        (MISALIGNED, "misaligned", "right", 0),
        (COUNTER_ROTATING, "counter-rotating", "left", 16),
    ):
        at = angle.to_value(u.deg)
        figure.add_vline(
            x=at,
            line={"dash": "dash", "color": "#444", "width": 1.2},
            annotation_text=f"{what} from {at:g}\N{DEGREE SIGN}",
            annotation_font_size=11,
            annotation_position=f"top {side}",
            annotation_yshift=-lower,
        )
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(title="misalignment of stars and gas (deg)", range=[0, 180], dtick=30)
    most = max(np.histogram(offset[np.isfinite(offset)], edges)[0].max(), 1)
    figure.update_yaxes(title="galaxies", type="log", dtick=1, range=[-0.3, np.log10(most) + 0.3])
    return figure.to_plotly_json()


def position_angles(table, labels):
    """Position angle of the gas against that of the stars; points carry the number of their row."""
    stars, gas = (table[f"{tracer}_pa"].to_value(u.deg) for tracer in TRACERS)
    both, finite = both_usable(table), np.isfinite(stars) & np.isfinite(gas)
    figure = _figure()
    apart = MISALIGNED.to_value(u.deg)
    for shift in (-360, -180, 0, 180, 360):
        for off in (-apart, 0, apart):
            line = {"color": "#767676", "width": 1, "dash": "dot" if off else "solid"}
            ends = {"x0": -360, "x1": 720, "y0": -360 + shift + off, "y1": 720 + shift + off}
            figure.add_shape(type="line", line=line, layer="below", **ends)
    for name, chosen, colour in (
        ("one or both fields not usable", finite & ~both, GREY),
        ("both fields usable", finite & both, BLUE),
    ):
        _add_points(figure, labels, stars, gas, chosen, name, color=colour)
    axis = {"range": [0, 360], "dtick": 90}
    figure.update_xaxes(title="position angle of the stars (deg)", **axis)
    figure.update_yaxes(title=f"position angle of {TRACER_TITLES['halpha']} (deg)", **axis)
    return figure.to_plotly_json()


def errors_and_scores(table, labels):
    """Error of each position angle against the score; points carry the number of their row."""
    figure = _figure()
    for tracer, (symbol, colour) in STYLES.items():
        score = np.asarray(table[f"{tracer}_score"], float)
        error = table[f"{tracer}_pa_err"].to_value(u.deg)
        chosen, name = np.isfinite(score) & np.isfinite(error), TRACER_TITLES[tracer]
        _add_points(figure, labels, score, error, chosen, name, color=colour, symbol=symbol)
    figure.update_xaxes(title="usability score", range=[-0.02, 1.02])
    figure.update_yaxes(title="1-sigma error of the angle (deg)", type="log", dtick=1)
    return figure.to_plotly_json()


def both_usable(table):
    """Rows in which both fields are usable."""
    return np.all([np.ma.filled(table[name], 0) > 0 for name in ("stel_qual", "halpha_qual")], 0)


def _figure():
    return import_extra("plotly.graph_objects", "report", "a report").Figure(layout=FIGURE_LAYOUT)


def _add_points(figure, labels, x, y, chosen, name, **marker):
    rows = np.flatnonzero(chosen)
    figure.add_scatter(
        x=np.round(x[rows], 3).tolist(),
        y=np.round(y[rows], 2).tolist(),
        # Plotly takes the text of a label for markup.
        text=[escape(labels[row], quote=False) for row in rows],
        customdata=rows.tolist(),
        mode="markers",
        name=f"{name} ({rows.size:,})",
        marker={"size": 5, "opacity": 0.6, **marker},
        hovertemplate="%{text}: %{x}, %{y}<extra></extra>",
    )
