"""Marks on figures: axes, rings, the compass, and angles against radius."""

import numpy as np
from astropy import units as u

from mangapa._directions import cut
from mangapa.angles import UNCONSTRAINED

LINE = "black"
#: Width of the white halo that shows lines on dark colours, points.
HALO = 2.0
#: Points of a line that is an ellipse.
ELLIPSE_POINTS = 100
#: Colour of rings whose angle is hardly constrained.
PALE = "0.6"
#: Colour of the global angle, beside the black ones of the rings (Okabe & Ito 2008).
GLOBAL = "#009E73"


def halo(width):
    """Path effects that give a line of this width (points) its halo."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=width + 2 * HALO, foreground="white")]


def place(angle, distance):
    """Offsets (+x East, +y North) at a distance in a direction (deg, North through East)."""
    return distance * np.sin(np.radians(angle)), distance * np.cos(np.radians(angle))


def draw_angle(ax, result, reach):
    """Draw the axis, its receding end, and its error as arcs, which show even a small one."""
    pa, length = result.pa.to_value(u.deg), 0.95 * reach
    style = {"color": LINE, "lw": 1.5, "path_effects": halo(1.5)}
    ax.plot(*np.transpose([place(pa + 180, length), (0, 0)]), **style)
    arrow = {"arrowstyle": "-|>", "mutation_scale": 18, "shrinkA": 0, "shrinkB": 0, **style}
    ax.annotate("", place(pa, length), (0, 0), arrowprops=arrow)
    error = result.pa_err_total.to_value(u.deg)
    if np.isfinite(error):
        for end in (pa, pa + 180):
            arc = place(end + np.linspace(-error, error), 0.8 * length)
            # Above the arrow, beside which a small one is a dot.
            ax.plot(*arc, color=LINE, lw=3, solid_capstyle="round", path_effects=halo(3), zorder=4)


def draw_photometry(ax, photometry):
    """Draw the photometric axis as a broken line, and the largest isophote if it was measured."""
    from matplotlib.patches import Ellipse

    pa, reach = photometry.pa.to_value(u.deg), max(np.abs(ax.get_ylim()))
    ends = np.transpose([place(pa, 0.86 * reach), place(pa + 180, 0.86 * reach)])
    major = photometry.radius.to_value(u.arcsec)
    size = 2 * major, 2 * major * (1 - photometry.ellipticity)
    # The white line below shows the broken one on dark colours.
    for style in ({"color": "white", "lw": 3.5}, {"color": GLOBAL, "lw": 2, "ls": "--"}):
        ax.plot(*ends, label="light" if "ls" in style else None, **style)
        if np.isfinite(major):
            # The angle of the patch is counted from the East.
            ax.add_patch(Ellipse((0, 0), *size, angle=90 - pa, fill=False, **style))
    ax.legend(loc="upper right")


def draw_rings(ax, profile):
    """Draw both ends of the axis on each ring, and their errors as arcs."""
    pa, error = (profile[name].to_value(u.deg) for name in ("pa", "pa_err"))
    from_axis = np.radians(pa - profile.pa_axis.to_value(u.deg))
    stretch = np.hypot(np.cos(from_axis), np.sin(from_axis) / profile.axis_ratio)
    distance = profile["radius"].to_value(u.arcsec) / stretch
    sure = error <= UNCONSTRAINED
    # The line ends where the axis turns over, as at the edge of a counter-rotating core.
    rings = np.flatnonzero(sure)
    over = np.cos(np.radians(np.diff(pa[rings]))) < 0
    style = {"color": LINE, "lw": 1, "path_effects": halo(1)}
    for turn, face in ((0, LINE), (180, "white")):
        for part in np.split(rings, np.flatnonzero(over) + 1):
            ax.plot(*place(pa[part] + turn, distance[part]), **style)
        for i in rings:
            arc = pa[i] + turn + np.linspace(-error[i], error[i])
            ax.plot(*place(arc, distance[i]), **style)
        ends = place(pa[sure] + turn, distance[sure])
        ax.scatter(*ends, s=16, color=face, edgecolors=LINE, zorder=3)


def draw_ellipses(ax, profile):
    """Draw the ellipse of each ring of a `KinemetryProfile`."""
    shapes = (profile[name] for name in ("radius", "pa", "axis_ratio"))
    radius, pa, axis_ratio = (np.array(values) for values in shapes)
    centre = np.array([profile.x.to_value(u.arcsec), profile.y.to_value(u.arcsec)])
    anomaly = np.linspace(0, 2 * np.pi, ELLIPSE_POINTS)
    for i in np.flatnonzero(np.isfinite(pa)):
        along, across = radius[i] * np.cos(anomaly), radius[i] * axis_ratio[i] * np.sin(anomaly)
        ends = np.array(place(pa[i], along)) + np.array(place(pa[i] + 90, across))
        ax.plot(*(centre[:, None] + ends), color=LINE, lw=0.8, path_effects=halo(0.4))


def draw_column(ax, profile, name, label):
    """Draw a column against radius, with its errors if there are any."""
    radius, value = profile["radius"].to_value(u.arcsec), np.array(profile[name])
    error = np.nan_to_num(np.array(profile[f"{name}_err"]))
    known = np.isfinite(value)
    ax.errorbar(radius[known], value[known], error[known], fmt="o", ms=4, capsize=2, color=LINE)
    ax.set(ylabel=label)


def draw_angles(ax, profile, result):
    """Draw the position angle against radius, with its axis cut where no ring points."""
    from matplotlib.ticker import MaxNLocator

    radius = profile["radius"].to_value(u.arcsec)
    pa, error = (profile[name].to_value(u.deg) for name in ("pa", "pa_err"))
    sure = error <= UNCONSTRAINED
    whole = np.nan if result is None else result.pa.to_value(u.deg)
    start = cut(pa, error, whole)

    def near(angle):
        return start + (angle - start) % 360

    for chosen, colour in ((sure, LINE), (np.isfinite(pa) & ~sure, PALE)):
        ax.errorbar(
            radius[chosen], near(pa[chosen]), error[chosen], fmt="o", ms=4, capsize=2, color=colour
        )
    if np.isfinite(whole):
        line, half = near(whole), result.pa_err_total.to_value(u.deg)
        ax.axhline(line, color=GLOBAL, lw=1.5, zorder=0, label="global")
        if np.isfinite(half):
            ax.axhspan(line - half, line + half, color=GLOBAL, alpha=0.25, lw=0, zorder=0)
        ax.legend()
    ax.set(xlim=(0, 1.05 * radius[np.isfinite(pa)].max(initial=1.0)))
    ax.set(xlabel="Semi-major axis (arcsec)", ylabel="Position angle (deg)")
    # Small turns have decimal ticks, large ones ticks at parts of a circle: 15, 30, 45, 60 or 90.
    is_large = np.ptp(ax.get_ylim()) > 90
    steps = [1, 1.5, 3, 4.5, 6, 9, 10] if is_large else [1, 2, 5, 10]
    ax.yaxis.set_major_locator(MaxNLocator(7, steps=steps))
    ax.yaxis.set_major_formatter(lambda angle, _: f"{angle % 360:g}")
    effective_radius = profile.meta.get("effective_radius")
    if effective_radius is not None:
        scale = (lambda r: r / effective_radius, lambda r: r * effective_radius)
        ax.secondary_xaxis("top", functions=scale).set_xlabel("in effective radii")


def draw_compass(ax, reach):
    arm = 0.16 * reach
    x, y = 0.9 * arm - 0.93 * reach, -0.93 * reach
    arrow = {"arrowstyle": "<-", "color": "0.3", "shrinkA": 4, "shrinkB": 0}
    options = {"ha": "center", "va": "center", "fontsize": "small", "arrowprops": arrow}
    for name, dx, dy in (("N", 0, arm), ("E", arm, 0)):
        ax.annotate(name, (x, y), (x + dx, y + dy), **options)
