"""`features`: cores, warps, counter-rotation and disturbance, each with a probability."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from astropy import units as u

from mangapa._utils.html import as_html, as_text
from mangapa.angles import COUNTER_ROTATING, misalignment
from mangapa.fields import OFFSET, TRACER_TITLES, TRACERS, Galaxy, VelocityField
from mangapa.fitting._fit import fit_prepared
from mangapa.fitting._prepared import prepare
from mangapa.fitting._settings import FitSettings
from mangapa.flags import PAFlags
from mangapa.profiles._detections import decoupled_core, disturbance, warp, warped_probability
from mangapa.profiles._profile import PAProfile, profile_prepared
from mangapa.profiles._rings import BEAM

__all__ = ["Features", "FieldFeatures", "features"]

#: A feature counts as found beyond this many standard deviations.
FOUND = 2.0
#: And a warp beyond this many: bars and gaps turn the line as well.
FOUND_WARP = 2.5
#: A turn is a warp and not a core where the line is this many times more significant: the cores of
#: another simulator reach 1.3, and its warps that a core fits as well have 3.7 and more.
RATHER_WARP = 2.0
#: A field counts as disturbed above this probability.
LIKELY = 0.5
#: Units of the quantities among the fields of `FieldFeatures`.
UNITS = {
    **{name: u.deg for name in ("kdc_turn", "kdc_turn_err", "warp_turn", "warp_turn_err")},
    "kdc_radius": OFFSET,
}
#: Probabilities among the fields of `FieldFeatures`, and their titles.
PROBABILITIES = {
    "kdc": "a decoupled core",
    "counter_rotating_core": "a counter-rotating core",
    "warp": "a warp",
    "disturbed": "disturbance",
}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FieldFeatures:
    """
    Features in the rotation of one field. Probabilities are 0-1, and NaN where there are none.

    A probability is that with which the expert of Duckworth et al. (2020) would set this flag for a
    usable field; since cores and warps are rare, it is low where the signal is weak. The
    significances account for the noise alone.

    Attributes
    ----------
    kdc : `float`
        Probability of a kinematically decoupled core: one that is turned by over 30 deg.
    kdc_significance : `float`
        Number of standard deviations by which the turn exceeds 30 deg: from its error, or from the
        difference in chi^2 from the best disc that turns less, whichever is smaller.
    kdc_turn, kdc_turn_err : `~astropy.units.Quantity`
        Angle between the rotations inside and outside of the best boundary, 0-180 deg, corrected
        for the beam, and its 1-sigma error, whether there is a core or not.
    kdc_radius : `~astropy.units.Quantity`
        Semi-major axis of that boundary, arcsec.
    k1_dip : `float`
        Depth of the minimum of k1 at the boundary, relative to the lower of its maxima inside and
        outside: 1 where the rotation vanishes, 0 or less where there is no minimum.
    counter_rotating_core : `float`
        Probability of a core that is turned by over 150 deg.
    warp : `float`
        Probability of a warp or twist.
    warp_significance : `float`
        Number of standard deviations by which the turn exceeds 10 deg.
    warp_turn, warp_turn_err : `~astropy.units.Quantity`
        Turn of a straight line through PA(R) from the first ring to the last, deg, positive from
        North to East, and its 1-sigma error, which includes wiggles.
    disturbed : `float`
        Probability that the field is that of a merger.
    wander : `float`
        Standard deviation of the rings' systemic velocities over the median of k1.
    asymmetry, asymmetry_err : `float`
        (k3 + k5) / k1 of the whole field, and its 1-sigma error.
    flags : `~mangapa.PAFlags`
        What is wrong with the profile.
    """

    kdc: float = np.nan
    kdc_significance: float = np.nan
    kdc_turn: u.Quantity = np.nan * u.deg
    kdc_turn_err: u.Quantity = np.nan * u.deg
    kdc_radius: u.Quantity = np.nan * OFFSET
    k1_dip: float = np.nan
    counter_rotating_core: float = np.nan
    warp: float = np.nan
    warp_significance: float = np.nan
    warp_turn: u.Quantity = np.nan * u.deg
    warp_turn_err: u.Quantity = np.nan * u.deg
    disturbed: float = np.nan
    wander: float = np.nan
    asymmetry: float = np.nan
    asymmetry_err: float = np.nan
    flags: PAFlags = PAFlags.NONE

    @property
    def kdc_resolved(self) -> bool:
        """Whether the core, if there is one, is larger than the beam (2.5 arcsec FWHM) in radius.

        The turn and the radius of a smaller one depend on the model of the beam.
        """
        return bool(self.kdc_radius.value >= BEAM)

    @property
    def probability_warped(self) -> float:
        """Probability that the angle turns by more than 20 deg from the first ring to the last.

        It is calibrated on the fields of an independent simulator; NaN if it was not measured.
        Unlike ``warp`` it does not account for what the expert sees.
        """
        turn, error = self.warp_turn.value, self.warp_turn_err.value
        return np.nan if np.isnan(turn + error) else warped_probability(turn, error)

    @property
    def found(self) -> tuple[str, ...]:
        """Names of what is found.

        Cores beyond 2 standard deviations, warps beyond 2.5, disturbance above one half. What a
        straight line describes much better than a step is a warp, else a core.
        """
        warped = self.warp_significance > RATHER_WARP * max(self.kdc_significance, 0.0)
        core = self.kdc_significance > FOUND and not warped
        found = {
            "kdc": core,
            "counter_rotating_core": core and self.kdc_turn > COUNTER_ROTATING,
            # A line through the step of a core turns as well.
            "warp": self.warp_significance > FOUND_WARP and not core,
            "disturbed": self.disturbed > LIKELY,
        }
        return tuple(name for name, is_there in found.items() if is_there)

    def __repr__(self):
        if np.isnan(self.kdc):
            return f"<FieldFeatures: {self.flags.description or 'too few rings'}>"
        found = ", ".join(self.found).replace("_", " ") or "nothing"
        return (
            f"<FieldFeatures: {found} found; probability of kdc {self.kdc:.2f}, warp "
            f"{self.warp:.2f}, disturbed {self.disturbed:.2f}>"
        )

    def _repr_html_(self):
        return as_html("FieldFeatures", _rows(self))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Features:
    """
    Features in the rotation of a galaxy.

    Attributes
    ----------
    stellar, halpha : `~mangapa.profiles.FieldFeatures`
        Those of each tracer; NaN, and a flag, where there is no map.
    counter_rotation : `float`
        Probability that the global position angles of stars and gas are over 150 deg apart; NaN
        where either is missing, or its receding side unclear.
    """

    stellar: FieldFeatures = field(default_factory=lambda: FieldFeatures(flags=PAFlags.NO_MAP))
    halpha: FieldFeatures = field(default_factory=lambda: FieldFeatures(flags=PAFlags.NO_MAP))
    counter_rotation: float = np.nan

    def __repr__(self):
        return (
            f"<Features: stars {self.stellar!r}, H-alpha {self.halpha!r}, probability of "
            f"counter-rotation {self.counter_rotation:.2f}>"
        )

    def _repr_html_(self):
        rows = [
            (f"{TRACER_TITLES[tracer]}: {name[0].lower()}{name[1:]}", value)
            for tracer in TRACERS
            for name, value in _rows(getattr(self, tracer))
        ]
        rows.append(("Probability of counter-rotation", as_text(self.counter_rotation, decimals=2)))
        return as_html("Features", rows)


def features(source: object, *, profiles: Mapping[str, PAProfile] | None = None) -> Features:
    """
    Find cores, warps, disturbance and counter-rotation in a galaxy, with probabilities.

    A core shows in the split of the rings into inside and outside whose rotations differ most
    significantly; a warp in a straight line through PA(R); disturbance in systemic velocities
    that wander from ring to ring; counter-rotation in the global position angles.

    Parameters
    ----------
    source : `~mangapa.Galaxy`, `~mangapa.Measurement` or `~mangapa.VelocityField`
        The fields of a galaxy are used as they are: `~mangapa.clean` them first. Those of a
        measurement are clean, and its angles and profiles are used.
    profiles : `dict` of `~mangapa.PAProfile`, optional
        Profiles by tracer, as `~mangapa.profiles.galaxy_profiles` gives them; those that are
        missing are measured.

    Returns
    -------
    `~mangapa.Features`

    Raises
    ------
    TypeError
        If ``source`` is not one of these, or a profile is not a `~mangapa.PAProfile`.
    ValueError
        If a profile was read or cut, and lacks the covariances.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=61, pa_halpha=240, core_radius=4, seed=1)
    >>> found = mangapa.features(galaxy)
    >>> found.stellar.found
    ('kdc', 'counter_rotating_core')
    >>> print(f"{found.stellar.kdc_turn:.0f} at {found.stellar.kdc_radius:.1f}")
    179 deg at 3.7 arcsec
    >>> print(f"{found.counter_rotation:.2f}")
    1.00
    """
    profiles = dict(profiles or {})
    # A measurement, by its looks: it belongs to a later step, which imports this one.
    if isinstance(getattr(source, "galaxy", None), Galaxy):
        angles = [getattr(source, tracer) for tracer in TRACERS]
        for tracer in TRACERS:
            profiles.setdefault(tracer, getattr(source, f"{tracer}_profile"))
        return features_of(profiles, misalignment(*angles))
    if isinstance(source, VelocityField):
        one_field: dict[str, Any] = {source.tracer: source}
        source = Galaxy(**one_field)
    if not isinstance(source, Galaxy):
        msg = (
            "source must be a Galaxy, a Measurement or a VelocityField, not "
            f"{type(source).__name__}"
        )
        raise TypeError(msg)
    prepared = {t: prepare(source.tracer(t)) for t in TRACERS if source.tracer(t) is not None}
    for tracer, one in prepared.items():
        if tracer not in profiles:
            profiles[tracer] = profile_prepared(one)
    apart = None
    if len(prepared) == len(TRACERS):
        angles = fit_prepared([prepared[tracer] for tracer in TRACERS], FitSettings())
        apart = misalignment(*angles)
    return features_of({tracer: profiles[tracer] for tracer in prepared}, apart)


def _rows(one):
    """Rows of a table of the features of one field."""
    found = ", ".join(one.found).replace("_", " ") or "nothing"
    return [
        ("Found", None if np.isnan(one.kdc) else found),
        *(
            (f"Probability of {title}", as_text(getattr(one, name), decimals=2))
            for name, title in PROBABILITIES.items()
        ),
        ("Turn of the core", as_text(one.kdc_turn, one.kdc_turn_err)),
        ("Turn of the warp", as_text(one.warp_turn, one.warp_turn_err)),
        ("Asymmetry", as_text(one.asymmetry, one.asymmetry_err, decimals=3)),
        ("Flags", one.flags.description or None),
    ]


def features_of(profiles, apart):
    """Features from profiles by tracer (`None` for no map), and the `Misalignment` if known."""
    found = {
        tracer: field_features(f"profiles[{tracer!r}]", profile)
        for tracer, profile in profiles.items()
        if profile is not None
    }
    if apart is not None:
        found["counter_rotation"] = _counter_rotation(apart)
    return Features(**found)


def field_features(name, profile):
    """`FieldFeatures` of one profile, which messages call by this name."""
    if not isinstance(profile, PAProfile):
        msg = f"{name} must be a PAProfile, not {type(profile).__name__}"
        raise TypeError(msg)
    kinemetry = profile.kinemetry
    if kinemetry is None:
        if len(profile):
            msg = f"{name} was read or cut, and lacks its covariances; measure it with pa_profile"
            raise ValueError(msg)
        return FieldFeatures(flags=profile.flags)
    values = decoupled_core(kinemetry) | warp(kinemetry) | disturbance(kinemetry)
    return FieldFeatures(
        **{name: value * UNITS.get(name, 1) for name, value in values.items()},
        asymmetry=kinemetry.field_asymmetry,
        asymmetry_err=kinemetry.field_asymmetry_err,
        flags=profile.flags,
    )


def _counter_rotation(apart):
    """Probability that stars and gas counter-rotate, from their `Misalignment`."""
    if apart.flags & PAFlags.RECEDING_SIDE_UNCLEAR:
        return np.nan
    return apart.probability_counter_rotating
