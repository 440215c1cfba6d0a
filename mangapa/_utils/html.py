"""Small tables for notebooks, which show them instead of a ``repr``."""

import base64
import io
from html import escape

import numpy as np
from astropy import units as u

from mangapa._utils.files import printable

#: Size of the drawing in inches, and its resolution: about 20 kB for a field.
SIZE = (3.4, 2.8)
DPI = 80
#: Size of two fields side by side.
PAIR_SIZE = (7.6, 3.2)
#: Notebooks align the text of tables to the right.
LEFT = 'style="text-align: left; vertical-align: top"'


def as_html(title, rows, draw=None, size=SIZE):
    """
    Make HTML of a table of (name, value) pairs, beside what ``draw(figure)`` draws on a figure.

    Rows whose value is `None` are left out. Without matplotlib there is no drawing.
    """
    body = "".join(
        f"<tr><th {LEFT}>{_shown(name)}</th><td {LEFT}>{_shown(value)}</td></tr>"
        for name, value in rows
        if value is not None
    )
    table = f"<table><caption {LEFT}>{_shown(title)}</caption><tbody>{body}</tbody></table>"
    picture = "" if draw is None else _picture(draw, size, title)
    layout = "display: flex; flex-wrap: wrap; align-items: flex-start; gap: 1em"
    return f'<div class="mangapa" style="{layout}">{table}{picture}</div>'


def as_text(value, error=np.nan, decimals=1):
    """Text of a number or a Quantity and of its error, which is one too; a dash without a value."""
    number, unit = getattr(value, "value", value), getattr(value, "unit", "")
    if np.isnan(number):
        return "—"
    margin = "" if np.isnan(error) else f" ± {u.Quantity(error).to_value(unit):.{decimals}f}"
    return f"{number:.{decimals}f}{margin} {unit}".rstrip()


def data_uri(content, kind):
    """Bytes of a MIME type as an address that a page can hold."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _shown(value):
    """Text of a page: no markup, and nothing that cannot be stored or that turns the direction."""
    return escape(printable(value))


def _picture(draw, size, title):
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        return ""
    content = io.BytesIO()
    with rc_context({"font.size": 8}):
        figure = Figure(figsize=size, dpi=DPI, layout="constrained")
        draw(figure)
        figure.savefig(content, format="png")
    return f'<img alt="{_shown(title)}" src="{data_uri(content.getvalue(), "image/png")}">'
