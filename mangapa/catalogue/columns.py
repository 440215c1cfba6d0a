"""The columns of a catalogue, each with its unit, its meaning and where its value comes from."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from astropy import units as u

from mangapa.fields import TRACERS, VELOCITY

__all__ = ["Column", "catalogue_columns", "plain_row", "register_column"]

TRACER_NAMES = {"stellar": "the stars", "halpha": "H-alpha"}
#: Of the flags, as the published catalogue calls them.
QUALITY_NAMES = {"stellar": "stel_qual", "halpha": "halpha_qual"}

#: Of what stands out against radius: name, meaning, unit, decimals, UCD.
FEATURE_COLUMNS = (
    ("kdc", "Probability of a kinematically decoupled core", None, 2, "stat.probability"),
    (
        "kdc_turn",
        "Angle between core and outside at the best boundary",
        u.deg,
        1,
        "pos.angDistance",
    ),
    ("kdc_radius", "Semi-major axis of that boundary", u.arcsec, 1, "pos.angDistance"),
    ("counter_rotating_core", "Probability that it counter-rotates", None, 2, "stat.probability"),
    ("warp", "Probability of a warp or twist", None, 2, "stat.probability"),
    ("warp_turn", "Turn from the first ring to the last", u.deg, 1, "pos.angDistance"),
    ("disturbed", "Probability of a merger's field", None, 2, "stat.probability"),
    ("asymmetry", "(k3 + k5) / k1 of the field", None, 3, "stat.value"),
    ("asymmetry_err", "Its 1-sigma error", None, 3, "stat.error"),
)

_columns = {}


@dataclass(frozen=True, kw_only=True)
class Column:
    """
    One column of a catalogue.

    Attributes
    ----------
    name : `str`
        Its name.
    value : callable
        Gives its value from a `~mangapa.Measurement`; `None` if it is missing.
    description : `str`
        What it holds.
    unit : `~astropy.units.Unit` or `None`
        Unit of the values.
    decimals : `int` or `None`
        How many to print.
    kind : `type` or `None`
        `float`, `int` or `str`; `None` for whatever the values are.
    part : {"galaxy", "stellar", "halpha"}
        What it is a property of.
    ucd : `str` or `None`
        Unified content descriptor, for the Virtual Observatory.
    """

    name: str
    value: Callable
    description: str
    unit: u.UnitBase | None = None
    decimals: int | None = None
    kind: type | None = None
    part: str = "galaxy"
    ucd: str | None = None

    def plain(self, value):
        """
        A value of this column as JSON takes it.

        Parameters
        ----------
        value : object
            As ``value`` gives it.

        Returns
        -------
        `float`, `int`, `str` or `None`
            Without unit; `None` where it is missing or not finite.
        """
        if value is None:
            return None
        if self.unit is not None:
            value = value.to_value(self.unit)
        if self.kind is float:
            return float(value) if np.isfinite(value) else None
        return value if self.kind is None else self.kind(value)


def register_column(
    name, value, description, *, unit=None, decimals=None, kind=None, part="galaxy", ucd=None
):
    """
    Add a column to all catalogues.

    Parameters
    ----------
    name : `str`
        Its name.
    value : callable
        Gives its value from a `~mangapa.Measurement`.
    description : `str`
        What it holds, in one line.
    unit : `~astropy.units.Unit`, optional
        Unit of the values.
    decimals : `int`, optional
        How many to print.
    kind : `type`, optional
        `float`, `int` or `str`; if not given, `float` where there are a unit or decimals, else
        whatever the values are.
    part : {"galaxy", "stellar", "halpha"}, optional
        What it is a property of.
    ucd : `str`, optional
        Unified content descriptor, for the Virtual Observatory.

    Raises
    ------
    ValueError
        If there is a column of this name.
    """
    if name in _columns:
        msg = f"a column named {name!r} is registered already"
        raise ValueError(msg)
    is_number = unit is not None or decimals is not None
    _columns[name] = Column(
        name=name,
        value=value,
        description=description,
        unit=unit,
        decimals=decimals,
        kind=kind or (float if is_number else None),
        part=part,
        ucd=ucd,
    )


def catalogue_columns():
    """
    The columns of a catalogue, in their order.

    Returns
    -------
    `tuple` of `Column`

    Examples
    --------
    >>> from mangapa.catalogue.columns import catalogue_columns
    >>> [column.name for column in catalogue_columns()][:4]
    ['plateifu', 'mangaid', 'release', 'daptype']
    """
    return tuple(_columns.values())


def plain_row(measurement):
    """
    A measurement as plain values, for JSON and for tables.

    Parameters
    ----------
    measurement : `~mangapa.Measurement`
        What was measured.

    Returns
    -------
    `dict`
        Value by column name, in the order of the catalogue, without units; `None` where it is
        missing or not finite.
    """
    return {column.name: column.plain(column.value(measurement)) for column in catalogue_columns()}


def _register_tracer(tracer):
    of = f"of {TRACER_NAMES[tracer]}"

    def register(name, value, description, **more):
        register_column(name, value, description, part=tracer, **more)

    def from_pa(name):
        return lambda measurement: getattr(getattr(measurement, tracer), name)

    register(
        f"{tracer}_pa",
        from_pa("pa"),
        f"Kinematic position angle {of}, North through East to the receding side",
        unit=u.deg,
        decimals=1,
        ucd="pos.posAng",
    )
    register(
        f"{tracer}_pa_err",
        from_pa("pa_err"),
        "Its 1-sigma error",
        unit=u.deg,
        decimals=1,
        ucd="stat.error;pos.posAng",
    )
    register(
        f"{tracer}_pa_err_3sigma",
        from_pa("pa_err_3sigma"),
        "Its 3-sigma interval by the rule of pafit",
        unit=u.deg,
        decimals=1,
        ucd="stat.error;pos.posAng",
    )
    register(
        f"{tracer}_v_sys",
        from_pa("v_sys"),
        f"Systemic velocity {of} relative to the file's SCINPVEL",
        unit=VELOCITY,
        decimals=1,
        ucd="phys.veloc",
    )
    register(
        f"{tracer}_n_spaxels",
        from_pa("n_spaxels"),
        f"Spaxels fitted {of}",
        kind=int,
        ucd="meta.number",
    )
    register(
        f"{tracer}_chi2",
        from_pa("chi2"),
        f"Chi-square of the fit {of}",
        decimals=1,
        ucd="stat.fit.chi2",
    )
    register(
        f"{tracer}_flags",
        from_pa("flags"),
        f"PAFlags {of}, 0 if all is well; their meaning is in the metadata",
        kind=int,
        ucd="meta.code.qual",
    )

    def from_features(name):
        return lambda measurement: getattr(getattr(measurement.features, tracer), name)

    for name, description, unit, decimals, ucd in FEATURE_COLUMNS:
        register(
            f"{tracer}_{name}",
            from_features(name),
            description,
            unit=unit,
            decimals=decimals,
            ucd=ucd,
        )

    def from_usability(name):
        return lambda measurement: getattr(getattr(measurement, f"{tracer}_usability"), name)

    register(
        QUALITY_NAMES[tracer],
        from_usability("usable"),
        f"Whether the field {of} can be used: 0 do not use, 1 use",
        kind=int,
        ucd="meta.code.qual",
    )
    register(
        f"{tracer}_score",
        from_usability("score"),
        "Probability that an expert would call it usable",
        decimals=2,
        ucd="stat.probability",
    )
    register(
        f"{tracer}_usability_flags",
        from_usability("flags"),
        f"UsabilityFlags {of}; their meaning is in the metadata",
        kind=int,
        ucd="meta.code.qual",
    )


for _name, _description, _ucd in (
    ("plateifu", "MaNGA plate-IFU", "meta.id;meta.main"),
    ("mangaid", "MaNGA identifier of the galaxy", "meta.id"),
    ("release", "Data release of the maps", "meta.version"),
    ("daptype", "Analysis that made the maps", "meta.version"),
):
    register_column(_name, attrgetter(f"galaxy.{_name}"), _description, kind=str, ucd=_ucd)
for _tracer in TRACERS:
    _register_tracer(_tracer)
register_column(
    "pa_offset",
    lambda m: m.misalignment.angle,
    "Misalignment of stars and H-alpha",
    unit=u.deg,
    decimals=1,
    ucd="pos.angDistance",
)
register_column(
    "pa_offset_err",
    lambda m: m.misalignment.error,
    "Its 1-sigma error",
    unit=u.deg,
    decimals=1,
    ucd="stat.error;pos.angDistance",
)
register_column(
    "counter_rotation",
    lambda m: m.features.counter_rotation,
    "Probability that stars and H-alpha are over 150 deg apart",
    decimals=2,
    ucd="stat.probability",
)
register_column(
    "method",
    lambda m: m.stellar.method or m.halpha.method,
    "Fitting method",
    kind=str,
    ucd="meta.software",
)
register_column(
    "error",
    lambda m: None,
    "Why the galaxy could not be measured; missing if it was",
    kind=str,
    ucd="meta.note",
)
