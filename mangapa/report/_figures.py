"""What a catalogue says as a whole, as figures that answer to the mouse."""

import numpy as np
from astropy import units as u

from mangapa.angles import COUNTER_ROTATING, MISALIGNED

__all__ = ["errors_and_scores", "misalignments", "position_angles"]

#: Told apart by readers with any colour vision (Okabe & Ito 2008).
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#9a9a9a"
BIN = 5
LAYOUT = {
    "template": "simple_white",
    "font": {"family": "system-ui, sans-serif", "size": 13},
    "margin": {"l": 60, "r": 15, "t": 15, "b": 55},
    "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    "hovermode": "closest",
}
TRACERS = {
    "stellar": ("Stars", "circle", BLUE),
    "halpha": ("H\N{GREEK SMALL LETTER ALPHA}", "diamond", ORANGE),
}


def misalignments(table):
    """
    How many galaxies are misaligned by how much.

    Parameters
    ----------
    table : `~astropy.table.QTable`
        A catalogue.

    Returns
    -------
    `dict`
        A figure of Plotly, as JSON takes it.
    """
    from plotly import graph_objects as go

    edges = np.arange(0, 180 + BIN, BIN)
    offset, both = table["pa_offset"].to_value(u.deg), both_usable(table)
    figure = go.Figure(layout=LAYOUT)
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


def position_angles(table):
    """
    The position angle of the gas against that of the stars.

    Parameters and result are those of `misalignments`; points carry the number of their row.
    """
    from plotly import graph_objects as go

    stars, gas = (table[f"{name}_pa"].to_value(u.deg) for name in TRACERS)
    both, there = both_usable(table), np.isfinite(stars) & np.isfinite(gas)
    figure = go.Figure(layout=LAYOUT)
    apart = MISALIGNED.to_value(u.deg)
    for shift in (-360, -180, 0, 180, 360):
        for off, dash in ((-apart, "dot"), (0, "solid"), (apart, "dot")):
            figure.add_shape(
                type="line",
                x0=-360,
                x1=720,
                y0=-360 + shift + off,
                y1=720 + shift + off,
                line={"color": "#b8b8b8", "width": 1, "dash": "solid" if not off else dash},
                layer="below",
            )
    for name, chosen, colour in (
        ("one or both not to be used", there & ~both, GREY),
        ("both fields usable", there & both, BLUE),
    ):
        figure.add_trace(_points(table, stars, gas, chosen, name=name, color=colour))
    for axis, title in (("x", "stars"), ("y", TRACERS["halpha"][0])):
        figure.update_layout(
            {
                f"{axis}axis": {
                    "title": {"text": f"position angle of {title} (deg)"},
                    "range": [0, 360],
                    "dtick": 90,
                }
            }
        )
    return figure.to_plotly_json()


def errors_and_scores(table):
    """
    The error of each position angle against the score of its field.

    Parameters and result are those of `misalignments`; points carry the number of their row.
    """
    from plotly import graph_objects as go

    figure = go.Figure(layout=LAYOUT)
    for tracer, (name, symbol, colour) in TRACERS.items():
        score = np.asarray(table[f"{tracer}_score"], float)
        error = table[f"{tracer}_pa_err"].to_value(u.deg)
        chosen = np.isfinite(score) & np.isfinite(error)
        figure.add_trace(
            _points(table, score, error, chosen, name=name, color=colour, symbol=symbol)
        )
    figure.update_xaxes(title="usability score", range=[-0.02, 1.02])
    figure.update_yaxes(title="1-sigma error of the angle (deg)", type="log", dtick=1)
    return figure.to_plotly_json()


def both_usable(table):
    """Where both fields of a galaxy can be used."""
    flags = (np.ma.asarray(table[name]) for name in ("stel_qual", "halpha_qual"))
    stars, gas = (np.ma.filled(flag, 0) > 0 for flag in flags)
    return stars & gas


def _points(table, x, y, chosen, *, name, **marker):
    from plotly import graph_objects as go

    rows = np.flatnonzero(chosen)
    return go.Scatter(
        x=np.round(x[rows], 3).tolist(),
        y=np.round(y[rows], 2).tolist(),
        text=[str(table["plateifu"][row]) for row in rows],
        customdata=rows.tolist(),
        mode="markers",
        name=f"{name} ({rows.size:,})",
        marker={"size": 5, "opacity": 0.6, **marker},
        hovertemplate="%{text}: %{x}, %{y}<extra></extra>",
    )
