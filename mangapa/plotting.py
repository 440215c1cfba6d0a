"""
Figures of fields, galaxies and profiles: North is up, East is left, colours are centred on v_sys.

All ``plot`` methods follow one rule. If one pair of axes is enough (`~mangapa.VelocityField`,
`~mangapa.KinematicPA`), the method takes ``ax=None`` and returns the Axes. If several are needed
(`~mangapa.Galaxy`, `~mangapa.Measurement`, `~mangapa.PAProfile`,
`~mangapa.catalogue.Comparison`), it takes ``figure=None`` and returns the Figure. By default, the
figure is a new one of `matplotlib.pyplot`, which interactive sessions show.
"""

from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u

from mangapa._titles import field_title, galaxy_title, profile_title, with_error
from mangapa._utils.grid import grid_of
from mangapa._utils.imports import import_extra
from mangapa.angles import UNCONSTRAINED, middle_of_widest_gap
from mangapa.fields import TRACERS, VELOCITY, VelocityField
from mangapa.flags import NO_MAP

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from mangapa.fitting import KinematicPA
    from mangapa.measurement import Measurement
    from mangapa.profiles import PAProfile
    from mangapa.usability import Usability

__all__ = ["colour_range", "plot_field", "plot_measurement", "plot_profile"]

#: A diverging colour map, which readers with any colour vision can read.
COLOURS = "RdBu_r"
#: Percentile of the velocities that the colours span; a few wild spaxels must not bleach the rest.
COLOUR_SPAN = 98
LINE = "black"
#: Width of the white halo that shows lines on dark colours, points.
HALO = 2.0
LEGEND = (
    "arrow: kinematic axis, to the receding side; arcs: 1-sigma error; faint: rejected spaxels; "
    "in brackets: probability that an expert would use the field"
)
#: Opacity of rejected spaxels.
FAINT = 0.3
#: Colour of rings whose angle is hardly constrained.
PALE = "0.6"
#: Colour of the global angle, beside the black ones of the rings (Okabe & Ito 2008).
GLOBAL = "#009E73"
PROFILE_LEGEND = (
    "dots: the receding side on each ring, with 1-sigma error; circles: the approaching side;\n"
    "pale: hardly constrained"
)


def new_figure(size=None):
    """Make a figure with pyplot, so that interactive sessions show it; size in inches."""
    pyplot = import_extra("matplotlib.pyplot", "plot", "Plotting")
    from mangapa._notebook_figure import NotebookFigure

    return pyplot.figure(figsize=size, layout="constrained", FigureClass=NotebookFigure)


def plot_field(
    field: VelocityField,
    ax: "Axes | None" = None,
    *,
    result: "KinematicPA | None" = None,
    usability: "Usability | None" = None,
    profile: "PAProfile | None" = None,
    colorbar: bool = True,
    span: float | None = None,
) -> "Axes":
    """
    Draw a velocity field, with a position angle or a profile.

    Rejected spaxels are faint. A line marks the kinematic axis, with an arrow to the receding side
    and arcs of 1 sigma. Each ring of a profile has a dot on its receding side and a circle on its
    approaching side, with arcs of 1 sigma. White is the systemic velocity, or the median one.

    Parameters
    ----------
    field : `~mangapa.VelocityField`
        Field to draw.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw on; those of a new figure by default.
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
        of the velocities.

    Returns
    -------
    `~matplotlib.axes.Axes`

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    if ax is None:
        ax = new_figure().subplots()
    reach = _reach(field)
    ax.set(title=field_title(field, result, usability), aspect="equal")
    ax.set(xlim=(reach, -reach), xlabel=r"East offset $\Delta\alpha\,\cos\delta$ (arcsec)")
    ax.set(ylim=(-reach, reach), ylabel=r"North offset $\Delta\delta$ (arcsec)")
    _draw_compass(ax, reach)
    if not field.n_spaxels:
        ax.text(0, 0, "no good spaxel", ha="center", va="center", color="0.4")
        return ax
    velocity = field.velocity.to_value(VELOCITY)
    centre, own_span = _colours(field, result)
    span = own_span if span is None else span
    for shown, alpha in ((field._cleaned_away, FAINT), (field.good, 1.0)):
        image = _draw_spaxels(ax, field, np.where(shown, velocity, np.nan), centre, span, alpha)
    if colorbar:
        bar = ax.figure.colorbar(image, ax=ax, shrink=0.85, extend="both")
        white = "median" if result is None else r"$v_\mathrm{sys}$"
        bar.set_label(f"Velocity (km/s); white: {white}")
        bar.ax.axhline(centre, color=LINE, lw=0.8)
    if result is not None and np.isfinite(result.pa):
        _draw_angle(ax, result, reach)
    if profile is not None:
        _draw_rings(ax, profile)
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


def plot_pair(galaxy, figure=None, measurement=None):
    """Draw both fields of a galaxy side by side, with the angles and scores of a measurement."""
    figure = figure or new_figure((11, 5.2))
    results = [getattr(measurement, tracer, None) for tracer in TRACERS]
    fields = [galaxy.tracer(tracer) for tracer in TRACERS]
    # One scale for both tracers, so that the same colour is the same rotation.
    span = max(
        (_colours(*one)[1] for one in zip(fields, results, strict=True) if one[0]), default=None
    )
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
    _draw_angles(below, profile, result)
    figure.supxlabel(PROFILE_LEGEND, fontsize="small", color="0.35")
    return figure


def _colours(field, result):
    """`colour_range` of the good spaxels of a field."""
    v_sys = np.nan if result is None else result.v_sys.to_value(VELOCITY)
    return colour_range(field.velocity.to_value(VELOCITY)[field.good], v_sys)


def _reach(field):
    """Half the side of the frame, arcsec: all observed spaxels, and a margin."""
    seen = field.good | field._cleaned_away
    if not seen.any():
        seen = field._placed
    offsets = np.abs([field.x.value[seen], field.y.value[seen]])
    return 1.1 * offsets.max(initial=1.0)


def _draw_spaxels(ax, field, values, centre, span, alpha):
    x, y = field.x.value, field.y.value
    options = {"cmap": COLOURS, "alpha": alpha, "rasterized": True}
    options |= {"vmin": centre - span, "vmax": centre + span}
    grid = grid_of(x, y, field._placed)
    if grid is not None:
        x, y = grid.places(*np.indices(x.shape)[::-1])
        return ax.pcolormesh(x, y, values, shading="nearest", **options)
    shown = np.isfinite(values)
    return ax.scatter(x[shown], y[shown], c=values[shown], s=12, marker="s", **options)


def _draw_angle(ax, result, reach):
    """Draw the axis, its receding end, and its error as arcs, which show even a small one."""
    from matplotlib.patheffects import withStroke

    pa, length = result.pa.to_value(u.deg), 0.95 * reach

    def place(angle, distance=length):
        return distance * np.sin(np.radians(angle)), distance * np.cos(np.radians(angle))

    halo = [withStroke(linewidth=1.5 + 2 * HALO, foreground="white")]
    ax.plot(*np.transpose([place(pa + 180), (0, 0)]), color=LINE, lw=1.5, path_effects=halo)
    arrow = {"arrowstyle": "-|>", "color": LINE, "lw": 1.5, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", place(pa), (0, 0), arrowprops={**arrow, "path_effects": halo})
    error = result.pa_err_total.to_value(u.deg)
    if np.isfinite(error):
        for end in (pa, pa + 180):
            arc = place(end + np.linspace(-error, error), 0.8 * length)
            ax.plot(*arc, color=LINE, lw=3, solid_capstyle="round", path_effects=halo)


def _draw_rings(ax, profile):
    """Draw both ends of the axis on each ring, and their errors as arcs."""
    pa, error = (profile[name].to_value(u.deg) for name in ("pa", "pa_err"))
    from_axis = np.radians(pa - profile.pa_axis.to_value(u.deg))
    stretch = np.hypot(np.cos(from_axis), np.sin(from_axis) / profile.axis_ratio)
    distance = profile["radius"].to_value(u.arcsec) / stretch
    sure = error <= UNCONSTRAINED

    def places(angle, distance):
        return distance * np.sin(np.radians(angle)), distance * np.cos(np.radians(angle))

    for turn, face in ((0, LINE), (180, "white")):
        ax.plot(*places(pa[sure] + turn, distance[sure]), color=LINE, lw=1)
        for i in np.flatnonzero(sure):
            arc = pa[i] + turn + np.linspace(-error[i], error[i])
            ax.plot(*places(arc, distance[i]), color=LINE, lw=1)
        ends = places(pa[sure] + turn, distance[sure])
        ax.scatter(*ends, s=16, color=face, edgecolors=LINE, zorder=3)


def _draw_angles(ax, profile, result):
    """Draw the position angle against radius, with its axis cut where no ring points."""
    from matplotlib.ticker import MaxNLocator

    radius = profile["radius"].to_value(u.arcsec)
    pa, error = (profile[name].to_value(u.deg) for name in ("pa", "pa_err"))
    sure = error <= UNCONSTRAINED
    has_line = result is not None and np.isfinite(result.pa)
    shown = [*pa[sure if sure.any() else np.isfinite(pa)], *([result.pa.value] if has_line else [])]
    cut = middle_of_widest_gap(shown)

    def near(angle):
        return cut + (angle - cut) % 360

    for chosen, colour in ((sure, LINE), (np.isfinite(pa) & ~sure, PALE)):
        ax.errorbar(
            radius[chosen], near(pa[chosen]), error[chosen], fmt="o", ms=4, capsize=2, color=colour
        )
    if has_line:
        line, half = near(result.pa.to_value(u.deg)), result.pa_err_total.to_value(u.deg)
        ax.axhline(line, color=GLOBAL, lw=1.5, zorder=0, label="global")
        if np.isfinite(half):
            ax.axhspan(line - half, line + half, color=GLOBAL, alpha=0.25, lw=0, zorder=0)
        ax.legend()
    ax.set(xlim=(0, 1.05 * radius[np.isfinite(pa)].max(initial=1.0)))
    ax.set(xlabel="Semi-major axis (arcsec)", ylabel="Position angle (deg)")
    ax.yaxis.set_major_locator(MaxNLocator(7, steps=[1, 1.5, 2, 3, 4.5, 5, 10]))
    ax.yaxis.set_major_formatter(lambda angle, _: f"{angle % 360:g}")
    effective_radius = profile.meta.get("effective_radius")
    if effective_radius is not None:
        scale = (lambda r: r / effective_radius, lambda r: r * effective_radius)
        ax.secondary_xaxis("top", functions=scale).set_xlabel("in effective radii")


def _draw_compass(ax, reach):
    arm = 0.16 * reach
    x, y = 0.9 * arm - 0.93 * reach, -0.93 * reach
    arrow = {"arrowstyle": "<-", "color": "0.3", "shrinkA": 4, "shrinkB": 0}
    options = {"ha": "center", "va": "center", "fontsize": "small", "arrowprops": arrow}
    for name, dx, dy in (("N", 0, arm), ("E", arm, 0)):
        ax.annotate(name, (x, y), (x + dx, y + dy), **options)
