"""Figures that need no explanation: North up, East left, colours centred on the galaxy."""

import numpy as np
from astropy import units as u

from mangapa.angles import UNCONSTRAINED
from mangapa.fields import TRACERS, VELOCITY

__all__ = ["colour_range", "plot_field", "plot_measurement", "plot_profile"]

TITLES = {"stellar": "Stars", "halpha": r"H$\alpha$"}
#: Diverging, and told apart by readers with any colour vision.
COLOURS = "RdBu_r"
#: Share of the velocities that the colours span; a few wild spaxels must not bleach the rest.
COLOUR_SPAN = 98
LINE = "black"
LEGEND = (
    "arrow: kinematic axis, to the receding side; wedge: 1-sigma error; faint: rejected spaxels; "
    "in brackets: probability that an expert would use the field"
)
FAINT = 0.3
#: Rings whose angle is hardly constrained are drawn so.
PALE = "0.6"
#: The global angle, beside the black ones of the rings.
GLOBAL = "#009E73"
PROFILE_LEGEND = (
    "dots: the receding side on each ring, with 1-sigma error; circles: the approaching side;\n"
    "pale: hardly constrained"
)


def _pyplot():
    try:
        from matplotlib import pyplot
    except ImportError as error:
        msg = "figures need matplotlib: pip install 'mangapa[plot]'"
        raise ImportError(msg) from error
    return pyplot


def plot_field(field, ax=None, *, result=None, usability=None, profile=None, colorbar=True):
    """
    Draw a velocity field, and a position angle upon it.

    Spaxels that cleaning rejected are faint. The line is the kinematic axis, the wedge its 1-sigma
    error, the arrow points to the receding side. Of a profile each ring has a dot on its receding
    and a circle on its approaching side, with 1-sigma errors as arcs.

    Parameters
    ----------
    field : `~mangapa.VelocityField`
        What to draw.
    ax : `~matplotlib.axes.Axes`, optional
        Where to draw; a new figure if not given.
    result : `~mangapa.KinematicPA`, optional
        The position angle.
    usability : `~mangapa.Usability`, optional
        Whether the field can be used.
    profile : `~mangapa.PAProfile`, optional
        The position angle at each radius.
    colorbar : `bool`, optional
        Whether to draw the scale of the colours.

    Returns
    -------
    `~matplotlib.axes.Axes`

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    if ax is None:
        ax = _pyplot().subplots(layout="constrained")[1]
    good = field.good
    ax.set_title(_field_title(field, result, usability))
    ax.set_aspect("equal")
    ax.set_xlabel(r"East offset $\Delta\alpha\,\cos\delta$ (arcsec)")
    ax.set_ylabel(r"North offset $\Delta\delta$ (arcsec)")
    reach = _reach(field)
    ax.set_xlim(reach, -reach)
    ax.set_ylim(-reach, reach)
    _draw_compass(ax, reach)
    if not good.any():
        ax.text(0, 0, "no good spaxel", ha="center", va="center", color="0.4")
        return ax
    velocity = field.velocity.to_value(VELOCITY)
    v_sys = np.nan if result is None else result.v_sys.to_value(VELOCITY)
    centre, span = colour_range(velocity[good], v_sys)
    for shown, alpha in ((field.rejection > 0, FAINT), (good, 1.0)):
        image = _draw_spaxels(ax, field, np.where(shown, velocity, np.nan), centre, span, alpha)
    if colorbar:
        bar = ax.figure.colorbar(image, ax=ax, shrink=0.85, extend="both")
        bar.set_label("Velocity (km/s)")
    if result is not None and np.isfinite(result.pa):
        _draw_angle(ax, result, reach)
    if profile is not None:
        _draw_rings(ax, profile)
    return ax


def colour_range(velocity, v_sys=np.nan):
    """
    What the colours of a velocity field span.

    Parameters
    ----------
    velocity : `~numpy.ndarray`
        Good velocities, km/s, any shape.
    v_sys : `float`, optional
        Systemic velocity, km/s; the median if not finite.

    Returns
    -------
    centre, span : `float`
        The colours run from one less the other to their sum, km/s.
    """
    centre = v_sys if np.isfinite(v_sys) else float(np.median(velocity))
    return centre, max(float(np.percentile(np.abs(velocity - centre), COLOUR_SPAN)), 1.0)


def plot_measurement(measurement, figure=None):
    """
    Draw the stellar and the H-alpha field of a galaxy side by side.

    Parameters
    ----------
    measurement : `~mangapa.Measurement`
        What to draw.
    figure : `~matplotlib.figure.Figure`, optional
        Where to draw; a new one if not given.

    Returns
    -------
    `~matplotlib.figure.Figure`

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    if figure is None:
        figure = _pyplot().figure(figsize=(11, 5.2), layout="constrained")
    for ax, tracer in zip(figure.subplots(1, 2), TRACERS, strict=True):
        field, result = measurement.galaxy.tracer(tracer), getattr(measurement, tracer)
        if field is None:
            ax.set_axis_off()
            ax.text(0.5, 0.5, result.flags.description, ha="center", transform=ax.transAxes)
        else:
            usability = getattr(measurement, f"{tracer}_usability")
            plot_field(field, ax, result=result, usability=usability)
    figure.suptitle(_galaxy_title(measurement))
    figure.supxlabel(LEGEND, fontsize="small", color="0.35")
    return figure


def plot_profile(profile, figure=None, *, result=None):
    """
    Draw a field with the axis of each ring upon it, and below it PA(R).

    Parameters
    ----------
    profile : `~mangapa.PAProfile`
        What to draw; the angles alone where it has no field.
    figure : `~matplotlib.figure.Figure`, optional
        Where to draw; a new one if not given.
    result : `~mangapa.KinematicPA`, optional
        The global position angle, to compare with.

    Returns
    -------
    `~matplotlib.figure.Figure`

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    has_map = profile.field is not None
    if figure is None:
        size = (5.6, 8.2) if has_map else (5.6, 3.4)
        figure = _pyplot().figure(figsize=size, layout="constrained")
    if has_map:
        above, below = figure.subplots(2, 1, height_ratios=(2.2, 1))
        plot_field(profile.field, above, profile=profile)
        above.set_title(_profile_title(profile))
    else:
        below = figure.subplots()
    _draw_angles(below, profile, result)
    figure.supxlabel(PROFILE_LEGEND, fontsize="small", color="0.35")
    return figure


def _field_title(field, result, usability):
    title = TITLES[field.tracer]
    if result is None:
        return title
    lines = [f"{title}: PA {_with_error(result.pa, result.pa_err)}"]
    if np.isnan(result.pa):
        lines = [f"{title}: no position angle"]
    if usability is not None and np.isfinite(usability.score):
        lines[0] += f", {'usable' if usability.usable else 'do not use'} ({usability.score:.2f})"
    if result.flags:
        lines.append(result.flags.description)
    return "\n".join(lines)


def _galaxy_title(measurement):
    galaxy, offset = measurement.galaxy, measurement.misalignment
    name = " ".join(part for part in (galaxy.plateifu, galaxy.release, galaxy.daptype) if part)
    if np.isnan(offset.angle):
        return name
    return f"{name}\nmisalignment {_with_error(offset.angle, offset.error)}"


def _with_error(angle, error):
    text = f"{angle.to_value(u.deg):.1f}"
    if np.isfinite(error):
        text += rf" $\pm$ {error.to_value(u.deg):.1f}"
    return text + r"$\degree$"


def _reach(field):
    """Half the side of the frame: all that was observed, and a margin."""
    seen = field.good | (field.rejection > 0)
    if not seen.any():
        seen = np.isfinite(field.x.value) & np.isfinite(field.y.value)
    offsets = np.abs([field.x.value[seen], field.y.value[seen]])
    return 1.1 * offsets.max(initial=1.0)


def _draw_spaxels(ax, field, values, centre, span, alpha):
    x, y = field.x.value, field.y.value
    options = {
        "cmap": COLOURS,
        "vmin": centre - span,
        "vmax": centre + span,
        "alpha": alpha,
        "rasterized": True,
    }
    on_grid = min(x.shape) > 1 and np.isfinite(x).all() and np.isfinite(y).all()
    if on_grid:
        return ax.pcolormesh(x, y, values, shading="nearest", **options)
    shown = np.isfinite(values)
    return ax.scatter(x[shown], y[shown], c=values[shown], s=12, marker="s", **options)


def _draw_angle(ax, result, reach):
    """The axis, its error and its receding end; angles grow from North towards East."""
    from matplotlib.patches import Wedge

    pa = result.pa.to_value(u.deg)
    angle = np.radians(pa)
    east, north = np.sin(angle), np.cos(angle)
    length = 0.95 * reach
    ax.plot([-length * east, 0], [-length * north, 0], color=LINE, lw=1.5)
    ax.annotate(
        "",
        xy=(length * east, length * north),
        xytext=(0, 0),
        arrowprops={"arrowstyle": "-|>", "color": LINE, "lw": 1.5, "shrinkA": 0, "shrinkB": 0},
    )
    error = result.pa_err.to_value(u.deg)
    if np.isfinite(error):
        # Matplotlib counts from +x, here East, towards +y.
        for towards in (90 - pa, 270 - pa):
            wedge = Wedge((0, 0), length, towards - error, towards + error)
            wedge.set(facecolor=LINE, alpha=0.25, edgecolor="none")
            ax.add_patch(wedge)


def _profile_title(profile):
    name = profile.meta.get("galaxy")
    title = TITLES[profile.meta["tracer"]] + (f" of {name}" if name else "")
    if np.isfinite(profile.field_asymmetry):
        asymmetry = f"{profile.field_asymmetry:.3f} $\\pm$ {profile.field_asymmetry_err:.3f}"
        title += f"\nasymmetry $(k_3 + k_5) / k_1$ = {asymmetry}"
    return title


def _draw_rings(ax, profile):
    """Both ends of the axis of each ring, where the ring meets it, and their errors as arcs."""
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
    """PA(R), without steps at 360 degrees."""
    radius = profile["radius"].to_value(u.arcsec)
    pa, error = (profile[name].to_value(u.deg) for name in ("pa", "pa_err"))
    sure = error <= UNCONSTRAINED
    weight = np.where(sure, 1 / np.maximum(error, 1.0), 0.0) ** 2
    middle = np.degrees(np.angle(np.nansum(weight * np.exp(1j * np.radians(pa)))))

    def near(angle):
        return (angle - middle + 180) % 360 - 180 + middle % 360

    for chosen, colour in ((sure, LINE), (np.isfinite(pa) & ~sure, PALE)):
        ax.errorbar(
            radius[chosen], near(pa[chosen]), error[chosen], fmt="o", ms=4, capsize=2, color=colour
        )
    if result is not None and np.isfinite(result.pa):
        line, half = near(result.pa.to_value(u.deg)), result.pa_err.to_value(u.deg)
        ax.axhline(line, color=GLOBAL, lw=1.5, zorder=0, label="global")
        if np.isfinite(half):
            ax.axhspan(line - half, line + half, color=GLOBAL, alpha=0.25, lw=0, zorder=0)
        ax.legend()
    ax.set_xlim(0, 1.05 * radius[np.isfinite(pa)].max(initial=1.0))
    ax.set_xlabel("Semi-major axis (arcsec)")
    ax.set_ylabel("Position angle (deg)")
    ax.yaxis.set_major_formatter(lambda angle, _: f"{angle % 360:g}")
    effective_radius = profile.meta.get("effective_radius", np.nan)
    if np.isfinite(effective_radius):
        scale = (lambda r: r / effective_radius, lambda r: r * effective_radius)
        ax.secondary_xaxis("top", functions=scale).set_xlabel("in effective radii")


def _draw_compass(ax, reach):
    corner, arm = 0.93 * reach, 0.16 * reach
    for name, dx, dy in (("N", 0, arm), ("E", arm, 0)):
        x, y = -corner + arm * 0.9, -corner
        ax.annotate(
            name,
            xy=(x, y),
            xytext=(x + dx, y + dy),
            ha="center",
            va="center",
            fontsize="small",
            arrowprops={"arrowstyle": "<-", "color": "0.3", "shrinkA": 4, "shrinkB": 0},
        )
