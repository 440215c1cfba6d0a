"""The columns of a catalogue: name, unit, description, and where the value comes from."""

import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np
from astropy import units as u

from mangapa._utils.options import closest
from mangapa._utils.plugins import load_plugins
from mangapa.catalogue import _kinematic_columns as kinematic
from mangapa.catalogue._column_kinds import (
    ANGLE,
    ANGLE_ERROR,
    CODE,
    PROBABILITY,
    TURN,
    TURN_ERROR,
    VERSION,
)
from mangapa.catalogue._flag_table import QUALITY_NAMES
from mangapa.fields import VELOCITY
from mangapa.flags import PAFlags

__all__ = ["Column", "catalogue_columns", "column_groups", "register_column"]

#: The group of columns that every catalogue has.
STANDARD = "standard"
_columns = {}


@dataclass(frozen=True, kw_only=True)
class Column:
    """
    One column of a catalogue.

    Attributes
    ----------
    name, description : `str`
        Name of the column, and what it holds.
    value : callable
        Returns the value from a `~mangapa.Measurement`; `None` if it is missing.
    unit : `~astropy.units.Unit` or `None`
        Unit of the values.
    decimals : `int` or `None`
        Number of decimals to print.
    kind : `type` or `None`
        `float`, `int` or `str`; `None` for any.
    part : {"galaxy", "stellar", "halpha"}
        What the column describes.
    group : `str`
        Group of the column; all but "standard" are only in catalogues that were asked for them.
    ucd : `str` or `None`
        Unified content descriptor, for the Virtual Observatory.
    module : `str` or `None`
        Module that registers the column, which worker processes import.
    """

    name: str
    value: Callable
    description: str
    unit: u.UnitBase | None = None
    decimals: int | None = None
    kind: type | None = None
    part: str = "galaxy"
    group: str = STANDARD
    ucd: str | None = None
    module: str | None = None

    @property
    def format(self) -> str | None:
        """Format in which a table prints the values."""
        return None if self.decimals is None else f".{self.decimals}f"

    def plain(self, value: Any) -> float | int | str | None:
        """
        Convert a value for JSON.

        Parameters
        ----------
        value : object
            A value as ``value`` returns it.

        Returns
        -------
        `float`, `int`, `str` or `None`
            The value without its unit; `None` if it is missing or not finite.
        """
        if value is None:
            return None
        if self.unit is not None:
            value = value.to_value(self.unit)
        if self.kind is float:
            return float(value) if np.isfinite(value) else None
        return value if self.kind is None else self.kind(value)


def register_column(
    name: str,
    value: Callable,
    description: str,
    *,
    unit: u.UnitBase | None = None,
    decimals: int | None = None,
    kind: type | None = None,
    part: str = "galaxy",
    group: str = STANDARD,
    ucd: str | None = None,
) -> None:
    """
    Add a column to all catalogues, or to those that have its group.

    Parameters
    ----------
    name : `str`
        Name of the column.
    value : callable
        Returns the value from a `~mangapa.Measurement`.
    description : `str`
        What the column holds, in one line.
    unit, decimals, kind, part, group, ucd : optional
        Attributes of the `Column`. By default ``kind`` is `float` if there is a unit or a number of
        decimals, and otherwise any type. A new name of a group makes a new group.

    Raises
    ------
    ValueError
        If a column of this name exists, or if the group has no suitable name.
    """
    if not (isinstance(group, str) and group.isidentifier()):
        msg = f"group={group!r} must be a name without blanks and commas, such as 'kinematics'"
        raise ValueError(msg)
    if name in _columns:
        msg = f"a column named {name!r} is registered already; choose another name"
        raise ValueError(msg)
    if kind is None and (unit is not None or decimals is not None):
        kind = float
    _columns[name] = Column(
        name=name, value=value, description=description,
        unit=unit, decimals=decimals, kind=kind, part=part, group=group, ucd=ucd,
        module=sys._getframe(1).f_globals.get("__name__"),
    )  # fmt: skip


def catalogue_columns(groups: str | Iterable[str] | None = STANDARD) -> tuple[Column, ...]:
    """
    Return the columns of a catalogue, those of plugins included.

    Parameters
    ----------
    groups : `str` or iterable of `str`, optional
        Names of groups, as in the option ``columns`` of `~mangapa.MeasurementSettings`; "standard"
        is always among them. With `None`, the columns of all groups.

    Returns
    -------
    `tuple` of `Column`
        In the order of the catalogue.

    Raises
    ------
    TypeError, ValueError
        If a group is unknown.

    Examples
    --------
    >>> from mangapa.catalogue.columns import catalogue_columns
    >>> [column.name for column in catalogue_columns()][:4]
    ['plateifu', 'mangaid', 'release', 'daptype']
    """
    load_plugins()
    if groups is None:
        return tuple(_columns.values())
    chosen = groups_named(groups)
    return tuple(column for column in _columns.values() if column.group in chosen)


def column_groups() -> tuple[str, ...]:
    """
    Return the names of all groups of columns, those of plugins included.

    Returns
    -------
    `tuple` of `str`
        "standard" is the first.

    Examples
    --------
    >>> from mangapa.catalogue.columns import column_groups
    >>> column_groups()
    ('standard', 'kinematics')
    """
    load_plugins()
    return tuple(dict.fromkeys((STANDARD, *(column.group for column in _columns.values()))))


def groups_named(columns):
    """The groups that an option ``columns`` names, "standard" first; a ValueError if unknown."""
    names = re.split(r"[\s,]+", columns.strip()) if isinstance(columns, str) else columns
    if not isinstance(names, Iterable) or not all(isinstance(name, str) for name in names):
        msg = f"columns={columns!r} must be names of groups of columns, such as 'kinematics'"
        raise TypeError(msg)
    known = column_groups()
    for name in names:
        if name not in known:
            meant = closest(name, known)
            msg = f"columns={columns!r} must name groups of columns, of {', '.join(known)}{meant}"
            raise ValueError(msg)
    return tuple(group for group in known if group == STANDARD or group in names)


def plain_row(measurement):
    """Values by column name, as JSON takes them: no units, `None` if missing or not finite."""
    columns = catalogue_columns(measurement.settings.columns)
    return {column.name: column.plain(column.value(measurement)) for column in columns}


def _coordinate(name, measurement):
    """A coordinate of the centre; NaN where it is not known."""
    centre = measurement.galaxy.centre
    return np.nan * u.deg if centre is None else u.Quantity(getattr(centre.icrs, name), u.deg)


# fmt: off
#: Name, attribute of a measurement, kind, description.
IDENTITY = (
    ("plateifu", "galaxy.plateifu", (None, str, "meta.id;meta.main"), "MaNGA plate-IFU"),
    ("mangaid", "galaxy.mangaid", (None, str, "meta.id"), "MaNGA-ID of the galaxy"),
    ("release", "galaxy.release", VERSION, "Data release of the maps"),
    ("daptype", "galaxy.daptype", VERSION, "Analysis that made the maps: in MaNGA that of the DAP"),
    ("name", "galaxy.name", (None, str, "meta.id"), "Name of the galaxy: in MaNGA its plate-IFU"),
    ("observation", "galaxy.observation", (None, str, "meta.id;obs"),
     "Which observation of the galaxy, in surveys that repeat some"),
    ("survey", "galaxy.survey", (None, str, "meta.curation"), "Survey that made the maps"),
    ("redshift", "galaxy.redshift", (None, 6, "src.redshift"),
     "Redshift z whose velocity c z was subtracted from the velocities"),
    ("ra", partial(_coordinate, "ra"), (u.deg, 6, "pos.eq.ra;meta.main"),
     "Right ascension of the centre that offsets are counted from, ICRS"),
    ("dec", partial(_coordinate, "dec"), (u.deg, 6, "pos.eq.dec;meta.main"),
     "Declination of that centre, ICRS"),
    ("source", "source", (None, str, "meta.ref"),
     "Path, identifier or pattern of paths that was measured, as it was given"),
)
#: Attribute, kind and description for a tracer {t}, which descriptions call {it}, by the place of
#: the attributes.
OF_TRACER = {
    "{t}": (
        ("pa", ANGLE, "Kinematic position angle of {it}, North through East to the receding side"),
        ("pa_err", ANGLE_ERROR, "1-sigma error of the position angle of {it} from the noise"),
        ("pa_err_sys", ANGLE_ERROR,
         "1-sigma error of the position angle of {it} from departures from a disc"),
        ("pa_err_3sigma", ANGLE_ERROR,
         "3-sigma error of the position angle of {it}, by the rule of pafit"),
        ("v_sys", (VELOCITY, 1, "phys.veloc"),
         "Systemic velocity of {it} relative to c z of the redshift"),
        ("n_spaxels", (None, int, "meta.number"), "Fitted spaxels of {it}"),
        ("chi2", (None, 1, "stat.fit.chi2"), "Chi-square of the fit to {it}"),
        ("flags", CODE, "PAFlags of {it}, 0 if none is set; see the metadata"),
    ),
    "features.{t}": (
        ("kdc", PROBABILITY, "Probability of a kinematically decoupled core in {it}"),
        ("kdc_turn", TURN,
         "Angle between the core of {it} and the field around it, at the best boundary"),
        ("kdc_radius", (u.arcsec, 1, "pos.angDistance"),
         "Semi-major axis of the best boundary of the core of {it}"),
        ("counter_rotating_core", PROBABILITY, "Probability that the core of {it} counter-rotates"),
        ("warp", PROBABILITY, "Probability of a warp or twist of {it}"),
        ("warp_turn", TURN, "Turn of the position angle of {it} from the first ring to the last"),
        ("disturbed", PROBABILITY, "Probability that a merger disturbs the field of {it}"),
        ("asymmetry", (None, 3, "stat.value"), "Asymmetry of the field of {it}, (k3 + k5) / k1"),
        ("asymmetry_err", (None, 3, "stat.error"), "1-sigma error of the asymmetry of {it}"),
    ),
    "{t}_usability": (
        ("usable", CODE, "Usability of the field of {it}: 0 do not use, 1 use"),
        ("score", PROBABILITY, "Probability that an expert would call the field of {it} usable"),
        ("flags", CODE, "UsabilityFlags of {it}, 0 if none is set; see the metadata"),
    ),
}
RELIABILITY = "Probability that the angle of {it} is within 10 deg of the truth, modulo 180"
#: Columns of a tracer whose name is not {t}_ and the attribute.
RENAMED = {"{t}_usability.usable": "{quality}", "{t}_usability.flags": "{t}_usability_flags"}
OF_BOTH = (
    ("pa_offset", "misalignment.angle", TURN, "Misalignment of the stars and H-alpha"),
    ("pa_offset_err", "misalignment.error", TURN_ERROR, "1-sigma error of the misalignment"),
    ("misaligned_probability", "misalignment.probability_misaligned", PROBABILITY,
     "Probability that the stars and H-alpha are more than 30 deg apart"),
    ("counter_rotating_probability", "misalignment.probability_counter_rotating", PROBABILITY,
     "Probability that the stars and H-alpha are more than 150 deg apart, whatever the flags"),
    ("counter_rotation", "features.counter_rotation", PROBABILITY,
     "Probability that the stars and H-alpha are more than 150 deg apart"),
    ("method", lambda m: m.stellar.method or m.halpha.method, (None, str, "meta.software"),
     "Fitting method"),
    ("error", lambda m: "; ".join(m.errors.values()) or None, (None, str, "meta.note"),
     "Reason why the galaxy, or one tracer, could not be measured; missing if all was measured"),
)
# fmt: on


def _register(name, value, form, description, part="galaxy", group=STANDARD):
    unit, kind, ucd = form
    value = attrgetter(value) if isinstance(value, str) else value
    kind = {"kind" if isinstance(kind, type) else "decimals": kind}
    register_column(name, value, description, unit=unit, ucd=ucd, part=part, group=group, **kind)


def _unless_failed(tracer, value):
    def known(measurement):
        has_failed = PAFlags.NOT_MEASURED in getattr(measurement, tracer).flags
        return None if has_failed else value(measurement)

    return known


def _of_tracer(tracer, it):
    names = {"t": tracer, "it": it, "quality": QUALITY_NAMES[tracer]}
    for place, rows in OF_TRACER.items():
        for attribute, form, description in rows:
            value = f"{place}.{attribute}"
            name = RENAMED.get(value, f"{{t}}_{attribute}")
            name, value, text = (one.format(**names) for one in (name, value, description))
            if form[1] is int and attribute != "flags":
                # A number has no NaN.
                value = _unless_failed(tracer, attrgetter(value))
            yield name, value, form, text, tracer
    value, text = (lambda measurement: measurement[tracer].reliability), RELIABILITY.format(it=it)
    yield f"{tracer}_reliability", value, PROBABILITY, text, tracer


#: What descriptions call each tracer.
TRACERS_IN_TEXT = (("stellar", "the stars"), ("halpha", "H-alpha"))
for _row in (
    *IDENTITY,
    *(row for tracer in TRACERS_IN_TEXT for row in _of_tracer(*tracer)),
    *OF_BOTH,
    *kinematic.kinematic_columns(TRACERS_IN_TEXT),
):
    _register(*_row)
