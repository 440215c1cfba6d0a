"""What names, units and values tell of an image: velocities, errors, a mask, or something else."""

import re

import numpy as np
from astropy import units as u

from mangapa._utils.cards import text_of
from mangapa.formats._values import relative, without

__all__ = ["STELLAR", "guessed_unit", "kind_of", "redshift_of", "speed_unit", "without_fills"]

#: What the words of a name tell of an image.
KINDS = {
    "mask": r"\b(mask|dq|flags?|quality)$",
    "inverse variance": r"ivar\b",
    "error": r"err(or)?s?\b|\b(err|unc|uncertainty|std|dv|emom ?1|e ?v(el)?)\b",
    "dispersion": r"\b(e?mom(ent)? ?2|sig(ma)?|\w*disp(ersion)?|fwhm|width|h[34])\b",
    "velocity": r"^v( |$)|\b\w*vel(ocity|ocities|field|map)?\b|"
    r"\b(mom(ent)? ?1|vfield|vlos|rv|cz)\b",
    "flux": r"\b(e?mom(ent)? ?0|flux|int|intensity|peak|cont(inuum)?|mono|snr?|chi2)\b",
}
#: What belongs to another map, and has its name, too.
RELATED = ("mask", "inverse variance", "error")
#: Words that tell that what moves are stars.
STELLAR = re.compile(r"(?<![a-z])(stars?|stel|stellar)(?![a-z])", re.IGNORECASE)
#: A unit of speed in the ways in which headers have it, in any case: km/s, "km s-1", m.s**-1.
SPEED = re.compile(r"\W*(k?m)( ?/ ?s(ec)?|[ .*]?s(ec)? ?[*^({]*-1[)}]?)\b\W*.*", re.IGNORECASE)
#: Half of the range of a galaxy's velocities is below this in km/s, and above in m/s.
FASTEST_ROTATION = 2000.0
#: Percentiles of the velocities between which 0 is, if they are relative to the galaxy.
RANGE = (1, 99)
#: Numbers that stand for missing values in maps, with either sign, where no velocity is near them.
FILLS = (99.0, 999.0, 999.9, 9999.0, 99999.0, 32768.0, 1e4, 1e5, 1e6, 1e10, 1e20, 1e30)
#: Any number that at least this share of the pixels has is missing if it is one of those or 0, or
#: is further from the others than they are from each other.
COMMON = 0.05
#: By this factor.
FAR = 3.0


def kind_of(name):
    """What a name says of an image, a key of `KINDS`; `None` if nothing."""
    text = re.sub(r"[\W_]+", " ", name.lower()).strip()
    found = [kind for kind, words in KINDS.items() if re.search(words, text)]
    if found and found[0] in RELATED:
        # Errors and masks are named after their maps.
        of = [kind for kind in found if kind not in RELATED]
        return found[0] if not of or of[0] == "velocity" else of[0]
    return found[0] if found else None


def speed_unit(header):
    """The unit of speed that a header states; the text of another unit; `None` without one."""
    text = next(filter(None, (text_of(header, card) for card in ("BUNIT", "UNIT", "UNITS"))), None)
    found = SPEED.fullmatch(text or "")
    return u.Unit(f"{found[1].lower()}/s") if found else text


def guessed_unit(velocity):
    """The unit of velocities of a galaxy, by their range: km/s or m/s."""
    low, high = np.nanpercentile(velocity, [5, 95]) if np.isfinite(velocity).any() else (0, 0)
    return u.km / u.s if (high - low) / 2 < FASTEST_ROTATION else u.m / u.s


def redshift_of(velocity):
    """The redshift of absolute velocities (km/s); `None` if they are relative."""
    if not np.isfinite(velocity).any():
        return None
    low, high = np.nanpercentile(velocity, RANGE)
    return None if low <= 0 <= high else relative(velocity)[1]


def without_fills(values):
    """The values as floats, NaN where a number stands for a missing value."""
    values = values.astype(float) if values.dtype.kind in "iub" else values
    known = [values.dtype.type(sign * fill) for fill in FILLS for sign in (1, -1)]
    seen = values[np.isfinite(values) & ~np.isin(values, [*known, 0])]
    if seen.size == 0:
        return without(values, 0, *known)
    low, high = seen.min(), seen.max()
    fills = [one for one in known if not low <= one <= high or np.mean(values == one) >= COMMON]
    if np.mean(values == 0) >= COMMON:
        fills.append(0)
    for end in (low, high):
        rest = seen[seen != end]
        is_far = rest.size > 0 and abs(end - np.median(rest)) > FAR * np.ptp(rest)
        if is_far and np.mean(values == end) >= COMMON:
            fills.append(end)
    return without(values, *fills)
