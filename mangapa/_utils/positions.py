"""Positions on the sky that users give, as numbers, text or coordinates."""

import re
from copy import copy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord

#: Decimals of the degrees of a position as text: 0.4 milliarcsec.
DECIMALS = 7


class LazyPosition:
    """
    Attribute of a dataclass, `None` by default; a pair of degrees is a ``SkyCoord`` once asked for.

    To import astropy.coordinates takes longer than to read a file.
    """

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner=None):
        if instance is None:
            return None
        value = vars(instance)[self.name]
        if isinstance(value, tuple):
            value = vars(instance)[self.name] = sky_position(self.name, value)
        return value

    def __set__(self, instance, value: "SkyCoord | tuple[float, float] | None"):
        vars(instance)[self.name] = value


def replaced(instance, **values):
    """Copy a dataclass with other values; unlike dataclasses.replace, this asks for no position."""
    new = copy(instance)
    vars(new).update(values)
    return new


def sky_position(name, value) -> "SkyCoord":
    """
    One position in the ICRS; raises a ValueError or a TypeError that names the argument.

    ``value`` is a ``SkyCoord``, a pair (RA, Dec), or text with both, separated by a comma or a
    blank. Numbers are degrees; an RA with colons, blanks or letters is in hours.
    """
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    if isinstance(value, SkyCoord):
        if not value.isscalar:
            msg = f"{name} must be one position, not {value.size}"
            raise ValueError(msg)
        return value.icrs
    pair = re.split(r"\s*,\s*|\s+", value.strip()) if isinstance(value, str) else value
    if not isinstance(pair, (list, tuple)) or len(pair) != 2 or None in pair:
        msg = f"{name}={value!r} must be a position, such as '188.1,12.3' or '12:34:56,+12:34:56'"
        raise ValueError(msg)
    ra, dec = pair
    in_hours = isinstance(ra, str) and re.search(r"[:h ]", ra.strip())
    try:
        return SkyCoord(ra, dec, unit=(u.hourangle if in_hours else u.deg, u.deg))
    except (TypeError, ValueError) as error:
        msg = (
            f"{name}={value!r} must be a position, such as '188.1,12.3' in degrees or "
            f"'12:34:56,+12:34:56': {error}"
        )
        raise ValueError(msg) from error


def as_text(position):
    """A position as text: RA and Dec, degrees, that `sky_position` reads."""
    ra = position.ra.wrap_at("360d").deg
    return f"{round(ra, DECIMALS) % 360:.{DECIMALS}f},{position.dec.deg:.{DECIMALS}f}"
