"""
Figures of fields, galaxies and profiles: North is up, East is left, colours are centred on v_sys.

All ``plot`` methods follow one rule. If one pair of axes is enough (`~mangapa.VelocityField`,
`~mangapa.KinematicPA`), the method takes ``ax=None`` and returns the Axes. If several are needed
(`~mangapa.Galaxy`, `~mangapa.Measurement`, `~mangapa.PAProfile`, `~mangapa.KinemetryProfile`,
`~mangapa.catalogue.Comparison`), it takes ``figure=None`` and returns the Figure. By default, the
figure is a new one of `matplotlib.pyplot`, which interactive sessions show.
"""

from typing import TYPE_CHECKING

import numpy as np

from mangapa._marks import (
    LINE,
    draw_angle,
    draw_angles,
    draw_column,
    draw_compass,
    draw_ellipses,
    draw_rings,
)
from mangapa._spaxel_maps import draw_spaxels, reach_of, values_of
from mangapa._titles import (
    field_title,
    galaxy_title,
    kinemetry_title,
    profile_title,
    with_error,
)
from mangapa._utils.imports import import_extra
from mangapa.fields import TRACERS, VELOCITY, VelocityField
from mangapa.flags import NO_MAP

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from mangapa.fitting import KinematicPA
    from mangapa.measurement import Measurement
    from mangapa.profiles import KinemetryProfile, PAProfile
    from mangapa.usability import Usability

__all__ = [
    *("colour_range", "dispersion_range"),
    *("plot_field", "plot_kinemetry", "plot_measurement", "plot_profile"),
]

#: A diverging colour map, which readers with any colour vision can read.
COLOURS = "RdBu_r"
#: A sequential one for dispersions (Nunez, Anderton & Renslow 2018, PLoS ONE 13, e0199239).
DISPERSION_COLOURS = "cividis"
#: Percentiles of the dispersions at which their colours end.
DISPERSION_SPAN = (1, 99)
#: Percentile of the velocities that the colours span; a few wild spaxels must not bleach the rest.
COLOUR_SPAN = 98
LEGEND = (
    "arrow: kinematic axis, to the receding side; arcs: 1-sigma error; faint: rejected spaxels; in "
    "brackets: probability that an expert\nwould use the field; velocities are relative to the "
    "systemic one of the file, the white one is fitted; one scale for both fields"
)
#: Opacity of rejected spaxels.
FAINT = 0.3
PROFILE_LEGEND = (
    "dots: the receding side on each ring, with 1-sigma error; circles: the approaching side;\n"
    "pale: hardly constrained"
)

#: Columns of an even moment that are drawn, and the title of the second.
KINEMETRY_EVEN = ("k0", "k40", "k4 / k0")


def new_figure(size=None):
    """Make a figure with pyplot, so that interactive sessions show it; size in inches."""
    pyplot = import_extra("matplotlib.pyplot", "plot", "Plotting")
    from mangapa._notebook_figure import Figure as NotebookFigure

    return pyplot.figure(figsize=size, layout="constrained", FigureClass=NotebookFigure)


def plot_field(
    field: VelocityField,
    ax: "Axes | None" = None,
    *,
    quantity: str = "velocity",
    result: "KinematicPA | None" = None,
    usability: "Usability | None" = None,
    profile: "PAProfile | None" = None,
    colorbar: bool = True,
    span: float | None = None,
) -> "Axes":
    """
    Draw velocities or their dispersions, with a position angle or a profile.

    Rejected spaxels are faint. A line marks the kinematic axis, with an arrow to the receding side
    and arcs of 1 sigma. Each ring of a profile has a dot on its receding side and a circle on its
    approaching side, with arcs of 1 sigma. White is the systemic velocity, or the median one.
    Dispersions are free of the instrument's part where that is known.

    Parameters
    ----------
    field : `~mangapa.VelocityField`
        Field to draw.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw on; those of a new figure by default.
    quantity : {"velocity", "dispersion"}, optional
        What the colours show.
    result : `~mangapa.KinematicPA`, optional
        Position angle of the field.
    usability : `~mangapa.Usability`, optional
        Usability of the field, for the title.
    profile : `~mangapa.PAProfile`, optional
        Position angle at each radius.
    colorbar : `bool`, optional
        If true, draw the colour bar.
    span : `float`, optional
        Velocity on either side of white at which the colours end, km/s; by default, they span 98 %
        of the velocities. Dispersions are not affected.

    Returns
    -------
    `~matplotlib.axes.Axes`

    Raises
    ------
    ValueError
        If ``quantity`` is unknown, or if the field has no dispersions.
    ImportError
        If matplotlib is not installed.
    """
    values = values_of(field, quantity)
    if ax is None:
        ax = new_figure().subplots()
    reach = reach_of(field)
    ax.set(title=field_title(field, result, usability), aspect="equal")
    ax.set(xlim=(reach, -reach), xlabel=r"East offset $\Delta\alpha\,\cos\delta$ (arcsec)")
    ax.set(ylim=(-reach, reach), ylabel=r"North offset $\Delta\delta$ (arcsec)")
    draw_compass(ax, reach)
    if not field.n_spaxels:
        ax.text(0, 0, "no good spaxel", ha="center", va="center", color="0.4")
        return ax
    v_sys = _systemic(result)
    if quantity == "velocity":
        centre, own_span = colour_range(values[field.good], v_sys)
        span = own_span if span is None else span
        colours = {"cmap": COLOURS, "vmin": centre - span, "vmax": centre + span}
        white = "the systemic one" if np.isfinite(v_sys) else "the median"
        label = f"Velocity (km/s), white: {white}"
    else:
        low, high = dispersion_range(values[field.good])
        colours = {"cmap": DISPERSION_COLOURS, "vmin": low, "vmax": high}
        label = "Velocity dispersion (km/s)"
    for shown, alpha in ((field._cleaned_away, FAINT), (field.good, 1.0)):
        image = draw_spaxels(
            ax, field, np.where(shown, values, np.nan), {**colours, "alpha": alpha}
        )
    if colorbar:
        bar = ax.figure.colorbar(image, ax=ax, shrink=0.85, extend="both")
        bar.set_label(label)
        if quantity == "velocity":
            bar.ax.axhline(centre, color=LINE, lw=0.8)
    if result is not None and np.isfinite(result.pa):
        draw_angle(ax, result, reach)
    if profile is not None:
        draw_rings(ax, profile)
    return ax


def colour_range(velocity: np.ndarray, v_sys: float = np.nan) -> tuple[float, float]:
    """
    Range of the colours of a velocity field.

    Parameters
    ----------
    velocity : `~numpy.ndarray`
        Good velocities, km/s, any shape.
    v_sys : `float`, optional
        Systemic velocity, km/s; the median velocity if it is not finite.

    Returns
    -------
    centre, span : `float`
        The colours run from ``centre - span`` to ``centre + span``, km/s.
    """
    centre = v_sys if np.isfinite(v_sys) else float(np.median(velocity))
    return centre, max(float(np.percentile(np.abs(velocity - centre), COLOUR_SPAN)), 1.0)


def dispersion_range(dispersion: np.ndarray) -> tuple[float, float]:
    """
    Range of the colours of a map of velocity dispersions.

    Parameters
    ----------
    dispersion : `~numpy.ndarray`
        Dispersions of good spaxels, km/s, any shape; NaN where unknown.

    Returns
    -------
    low, high : `float`
        Where the colours begin and end, km/s, at least 1 km/s apart.
    """
    known = dispersion[np.isfinite(dispersion)]
    low, high = np.percentile(known, DISPERSION_SPAN) if known.size else (0.0, 1.0)
    return float(low), float(max(high, low + 1))


def plot_pair(galaxy, figure=None, measurement=None):
    """Draw both fields of a galaxy side by side, with the angles and scores of a measurement."""
    figure = figure or new_figure((11, 5.2))
    results = [getattr(measurement, tracer, None) for tracer in TRACERS]
    fields = [galaxy.tracer(tracer) for tracer in TRACERS]
    # One scale for both tracers, so that the same colour is the same rotation.
    spans = [
        colour_range(field.velocity.to_value(VELOCITY)[field.good], _systemic(result))[1]
        for field, result in zip(fields, results, strict=True)
        if field is not None and field.n_spaxels
    ]
    span = max(spans, default=None)
    columns = zip(figure.subplots(1, 2), TRACERS, fields, results, strict=True)
    for ax, tracer, field, result in columns:
        if field is None:
            ax.set_axis_off()
            ax.text(0.5, 0.5, NO_MAP, ha="center", transform=ax.transAxes)
        else:
            usability = getattr(measurement, f"{tracer}_usability", None)
            plot_field(field, ax, result=result, usability=usability, span=span)
    figure.suptitle(galaxy_title(galaxy))
    return figure


def plot_measurement(measurement: "Measurement", figure: "Figure | None" = None) -> "Figure":
    """
    Draw both fields of a galaxy side by side, with their position angles.

    Parameters
    ----------
    measurement : `~mangapa.Measurement`
        Measurement to draw.
    figure : `~matplotlib.figure.Figure`, optional
        Figure to draw on; a new one by default.

    Returns
    -------
    `~matplotlib.figure.Figure`

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    figure = plot_pair(measurement.galaxy, figure, measurement)
    offset = measurement.misalignment
    if np.isfinite(offset.angle):
        title = f"{figure.get_suptitle()}\nmisalignment {with_error(offset.angle, offset.error)}"
        figure.suptitle(title)
    figure.supxlabel(LEGEND, fontsize="small", color="0.35")
    return figure


def plot_profile(
    profile: "PAProfile", figure: "Figure | None" = None, *, result: "KinematicPA | None" = None
) -> "Figure":
    """
    Draw a field with the axis of each ring, and the position angle against radius below it.

    Parameters
    ----------
    profile : `~mangapa.PAProfile`
        Profile to draw; if it has no field, the angles alone.
    figure : `~matplotlib.figure.Figure`, optional
        Figure to draw on; a new one by default.
    result : `~mangapa.KinematicPA`, optional
        Global position angle, for comparison.

    Returns
    -------
    `~matplotlib.figure.Figure`

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    has_map = profile.field is not None
    figure = figure or new_figure((5.6, 8.2) if has_map else (5.6, 3.4))
    if profile.field is not None:
        above, below = figure.subplots(2, 1, height_ratios=(2.2, 1))
        plot_field(profile.field, above, profile=profile)
        above.set_title(profile_title(profile))
    else:
        below = figure.subplots()
    draw_angles(below, profile, result)
    figure.supxlabel(PROFILE_LEGEND, fontsize="small", color="0.35")
    return figure


def plot_kinemetry(profile: "KinemetryProfile", figure: "Figure | None" = None) -> "Figure":
    """
    Draw a field with the ellipses of its rings, and angle, shape and harmonics against radius.

    Parameters
    ----------
    profile : `~mangapa.KinemetryProfile`
        Profile to draw; if it has no field, the profiles alone.
    figure : `~matplotlib.figure.Figure`, optional
        Figure to draw on; a new one by default.

    Returns
    -------
    `~matplotlib.figure.Figure`

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    figure = figure or new_figure((5.2, 6.4) if profile.field is None else (10.5, 6.4))
    right = figure
    if profile.field is not None:
        left, right = figure.subfigures(1, 2, width_ratios=(1.2, 1))
        ax = plot_field(profile.field, left.subplots())
        draw_ellipses(ax, profile)
        ax.set_title(kinemetry_title(profile))
    axes = right.subplots(4, 1, sharex=True)
    draw_angles(axes[0], profile, None)
    axes[0].set(xlabel=None, ylabel="PA (deg)")
    main, ratio, title = ("k1", "k51", "k5 / k1") if "k51" in profile.colnames else KINEMETRY_EVEN
    unit = profile[main].unit
    unit = f" ({unit:latex_inline})" if unit.to_string() else ""
    columns = (("axis_ratio", "Axis ratio"), (main, f"{main}{unit}"), (ratio, title))
    for ax, (name, label) in zip(axes[1:], columns, strict=True):
        draw_column(ax, profile, name, label)
    axes[-1].set(xlabel="Semi-major axis (arcsec)")
    return figure


def _systemic(result):
    """Systemic velocity of a result in km/s, NaN if there is none."""
    return np.nan if result is None else result.v_sys.to_value(VELOCITY)
