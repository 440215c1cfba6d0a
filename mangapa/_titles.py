"""Titles of classes and of figures, in which names from files are text and never mathematics."""

from textwrap import wrap

import numpy as np
from astropy import units as u

from mangapa._utils.files import printable
from mangapa._utils.quantities import decimals
from mangapa.fields import TRACER_TITLES

#: Longest name in a title, characters.
LONGEST = 60
#: Longest line above a field, characters.
WIDTH = 55
#: The kinematic classes.
CLASS_TITLES = {
    "regular_rotator": "regular rotator",
    "kinematic_twist": "kinematic twist",
    "decoupled_core": "decoupled core",
    "counter_rotating_core": "counter-rotating core",
    "two_sigma": "2-sigma",
    "double_maximum": "double maximum",
    "low_level_velocity": "low-level velocity",
    "counter_rotating_discs": "counter-rotating discs",
}
#: The groups of Krajnovic et al. (2011, MNRAS 414, 2923, section 4).
GROUP_TITLES = {
    "a": "no rotation",
    "b": "non-regular rotation without a feature",
    "c": "decoupled or counter-rotating core",
    "d": "2-sigma",
    "e": "regular rotation",
    "f": "unclassified",
}


def galaxy_title(galaxy):
    """Name, observation, release and analysis of a galaxy; a simulated one is of no release."""
    origin = "simulated" if "TRUEPAST" in galaxy.header else galaxy.release
    return " ".join(map(_literal, filter(None, (galaxy.full_name, origin, galaxy.daptype))))


def field_title(field, result, usability):
    """The tracer, its position angle and its usability, and below them its flags."""
    title = TRACER_TITLES[field.tracer]
    if result is None:
        return title
    has_angle = np.isfinite(result.pa)
    angle = f"PA {with_error(result.pa, result.pa_err_total)}" if has_angle else "no position angle"
    lines = [f"{title}: {angle}"]
    if usability is not None and np.isfinite(usability.score):
        lines[0] += f", {'usable' if usability.usable else 'do not use'} ({usability.score:.2f})"
    if result.flags:
        lines += wrap(result.flags.description, WIDTH)
    return "\n".join(lines)


def kinemetry_title(profile):
    """The tracer, its galaxy, and the moment or the mean of k5 / k1."""
    title = _tracer_title(profile)
    if profile.moment != "velocity":
        title += f": {profile.moment}"
    elif np.isfinite(profile.k51):
        title += f"\nmean $k_5 / k_1$ = {profile.k51:.3f} $\\pm$ {profile.k51_err:.3f}"
    return title


def _tracer_title(profile):
    name = profile.meta.get("galaxy")
    return TRACER_TITLES[profile.meta["tracer"]] + (f" of {_literal(name)}" if name else "")


def profile_title(profile):
    """The tracer, its galaxy and its asymmetry."""
    title = _tracer_title(profile)
    if np.isfinite(profile.field_asymmetry):
        asymmetry = f"{profile.field_asymmetry:.3f} $\\pm$ {profile.field_asymmetry_err:.3f}"
        title += f"\nasymmetry $(k_3 + k_5) / k_1$ = {asymmetry}"
    return title


def with_error(angle, error):
    """An angle and its error in degrees."""
    number, margin = angle.to_value(u.deg), error.to_value(u.deg)
    places = decimals(margin, most=2)
    text = rf" $\pm$ {margin:.{places}f}" if np.isfinite(margin) else ""
    return rf"{number:.{places}f}{text}$\degree$"


def _literal(name):
    """A name as matplotlib shows it unchanged: a dollar would begin mathematics."""
    text = printable(name)
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
    return text.replace("$", r"\$")
