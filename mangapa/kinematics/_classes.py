"""`kinematic_classes`: the classes of Krajnovic et al. (2008, 2011), each with a probability."""

from dataclasses import dataclass, field

import numpy as np
from astropy import units as u

from mangapa._directions import axes_apart
from mangapa._titles import CLASS_TITLES, GROUP_TITLES
from mangapa._utils.html import as_html, as_text
from mangapa._utils.quantities import scalar
from mangapa._utils.threads import one_blas_thread
from mangapa._utils.types import ScalarLike
from mangapa.angles import UNCONSTRAINED
from mangapa.fields import OFFSET, VelocityField, check_tracer
from mangapa.fitting._prepared import prepare
from mangapa.kinematics import _class_evidence as evidence
from mangapa.kinematics._class_flags import ClassFlags
from mangapa.kinematics._sources import galaxy_in
from mangapa.kinematics._two_sigma import dispersion_axis, dispersion_peaks, dispersions_of
from mangapa.profiles._features import field_features
from mangapa.profiles._kinemetry_profile import kinemetry_prepared
from mangapa.profiles._profile import profile_prepared

__all__ = ["KinematicClasses", "kinematic_classes"]

#: Fewest rings: an inside, an outside, and one more for a straight line and a minimum.
MIN_RINGS = 3
#: A field tells the class of a galaxy if its rings reach this far, effective radii.
LEAST_REACH = 0.5
#: An axis with a larger error is no axis, degrees.
LARGEST_AXIS_ERROR = 15.0
#: Classes that need rotation.
OF_ROTATION = (
    "regular_rotator",
    "kinematic_twist",
    "decoupled_core",
    "counter_rotating_core",
    "double_maximum",
)
#: Axes of rotation and light that differ by more than this are both tried, degrees.
SAME_AXIS = 15.0


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class KinematicClasses:
    """
    Kinematic classes of one tracer. Probabilities are 0-1, and NaN where the data do not tell.

    Classes do not exclude each other: a regular rotator may have a twist. Groups do.

    Attributes
    ----------
    regular_rotator : `float`
        Probability that k5/k1 is below 0.04; that of a non-regular rotator is the rest.
    kinematic_twist : `float`
        Probability that the position angle turns smoothly by more than 10 deg (Krajnovic et al.
        2008; those of 2011 turn by more than 30 deg).
    decoupled_core : `float`
        Probability of a core that is turned by over 30 deg.
    counter_rotating_core : `float`
        Probability of a core that is turned by over 150 deg.
    two_sigma : `float`
        Probability of two symmetric peaks of the velocity dispersion on the major axis, off the
        centre and more than half an effective radius apart.
    double_maximum : `float`
        Probability of two maxima of k1, with a minimum between them.
    low_level_velocity : `float`
        Probability that k1 is below 5 km/s everywhere.
    counter_rotating_discs : `float`
        Probability of two discs of stars that rotate against each other, from peaks of the
        dispersion and a counter-rotating core together.
    groups : `dict` of `float`
        Probabilities of the groups of Krajnovic et al. (2011), which add up to 1: "a" (no
        rotation), "b" (non-regular rotators without features), "c" (decoupled or counter-rotating
        cores), "d" (two peaks of the dispersion), "e" (regular rotators) and "f" (unclassified).
    k51, k51_err : `float`
        Light-weighted mean of k5/k1, and its 1-sigma error.
    max_k1, max_k1_err : `~astropy.units.Quantity`
        Largest k1 of all rings, and its 1-sigma error, km/s.
    peak_radius : `~astropy.units.Quantity`
        Distance of the best pair of peaks from the centre, arcsec, whether they are real or not.
    peak_significance : `float`
        Number of standard deviations by which the weaker of the two exceeds the minor axis and the
        centre, whichever is less.
    peak_axis : `~astropy.units.Quantity`
        Axis that they are on, deg modulo 180.
    flags : `~mangapa.kinematics.ClassFlags`
        Why probabilities are missing, or rest on less.
    """

    regular_rotator: float = np.nan
    kinematic_twist: float = np.nan
    decoupled_core: float = np.nan
    counter_rotating_core: float = np.nan
    two_sigma: float = np.nan
    double_maximum: float = np.nan
    low_level_velocity: float = np.nan
    counter_rotating_discs: float = np.nan
    groups: dict[str, float] = field(default_factory=lambda: dict.fromkeys(GROUP_TITLES, np.nan))
    k51: float = np.nan
    k51_err: float = np.nan
    max_k1: u.Quantity = np.nan * u.km / u.s
    max_k1_err: u.Quantity = np.nan * u.km / u.s
    peak_radius: u.Quantity = np.nan * OFFSET
    peak_significance: float = np.nan
    peak_axis: u.Quantity = np.nan * u.deg
    flags: ClassFlags = ClassFlags.NONE

    @property
    def probabilities(self) -> dict[str, float]:
        """Probability of each class by its name."""
        return {name: getattr(self, name) for name in CLASS_TITLES}

    def __repr__(self):
        known = [
            f"{CLASS_TITLES[name]} {value:.2f}"
            for name, value in self.probabilities.items()
            if not np.isnan(value)
        ]
        text = ", ".join(known) or self.flags.description or "not measured"
        return f"<KinematicClasses: {text}>"

    def _repr_html_(self):
        rows = [
            (f"Probability of {title}", as_text(getattr(self, name), decimals=2))
            for name, title in CLASS_TITLES.items()
        ]
        rows += [
            (f"Group {name}: {title}", as_text(self.groups[name], decimals=2))
            for name, title in GROUP_TITLES.items()
        ]
        rows += [
            ("k5/k1", as_text(self.k51, self.k51_err, decimals=3)),
            ("Largest k1", as_text(self.max_k1, self.max_k1_err)),
            ("Flags", self.flags.description or None),
        ]
        return as_html("KinematicClasses", rows)


def kinematic_classes(
    source: object,
    tracer: str = "stellar",
    *,
    effective_radius: ScalarLike | None = None,
    photometric_pa: ScalarLike | None = None,
    ellipticity: float | None = None,
) -> KinematicClasses:
    """
    Find the kinematic classes of a galaxy, each with a probability.

    Rotation is judged from `~mangapa.kinemetry` and `~mangapa.features`, and peaks of the velocity
    dispersion on the axes of the light and of the rotation.

    Parameters
    ----------
    source : `~mangapa.VelocityField`, `~mangapa.Galaxy` or `~mangapa.Measurement`
        A field, or the galaxy whose field is judged. It is used as it is: `~mangapa.clean` it
        first. That of a measurement is clean.
    tracer : {"stellar", "halpha"}, optional
        Which field of a galaxy.
    effective_radius : `float` or `~astropy.units.Quantity`, optional
        Effective radius, arcsec if unitless; by default that of the galaxy's header.
    photometric_pa : `float` or `~astropy.units.Quantity`, optional
        Major axis of the light, deg if unitless, North through East; by default that of the
        galaxy's header.
    ellipticity : `float`, optional
        Ellipticity 1 - b/a of the light; by default that of the galaxy's header.

    Returns
    -------
    `~mangapa.KinematicClasses`

    Raises
    ------
    TypeError
        If ``source`` is none of these.
    ValueError
        If an argument is out of its range.

    References
    ----------
    Krajnovic et al. 2008, MNRAS 390, 93; Krajnovic et al. 2011, MNRAS 414, 2923.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=61, pa_stellar=120, core_radius=4, seed=1)
    >>> classes = mangapa.kinematic_classes(galaxy)
    >>> print(f"{classes.counter_rotating_core:.1f}")
    1.0
    """
    header: dict[str, object] = {}
    galaxy = galaxy_in(source)
    if galaxy is not None:
        check_tracer(tracer)
        one = galaxy.tracer(tracer)
        if one is None:
            return KinematicClasses(flags=ClassFlags.NO_MAP)
        header = {
            "effective_radius": galaxy.effective_radius,
            "photometric_pa": galaxy.photometric_pa,
            "ellipticity": galaxy.ellipticity,
        }
    elif isinstance(source, VelocityField):
        one = source
    else:
        msg = (
            "source must be a VelocityField, a Galaxy or a Measurement, not "
            f"{type(source).__name__}"
        )
        raise TypeError(msg)

    def given(name, value, unit):
        value = header.get(name) if value is None else value
        return np.nan if value is None else scalar(name, value, unit, allow_nan=True)

    effective_radius = given("effective_radius", effective_radius, OFFSET)
    if effective_radius <= 0:
        msg = f"effective_radius={effective_radius} must be positive"
        raise ValueError(msg)
    ellipticity = given("ellipticity", ellipticity, u.one)
    if ellipticity < 0 or ellipticity >= 1:
        msg = f"ellipticity={ellipticity} must be at least 0 and below 1"
        raise ValueError(msg)
    prepared = prepare(one)
    options = {"effective_radius": None if np.isnan(effective_radius) else effective_radius}
    return classes_of(
        prepared,
        kinemetry_prepared(prepared, **options),
        field_features("profile", profile_prepared(prepared, **options)),
        effective_radius=effective_radius,
        photometric_pa=given("photometric_pa", photometric_pa, u.deg),
        ellipticity=ellipticity,
    )


def classes_of(
    prepared,
    profile,
    features,
    *,
    effective_radius=np.nan,
    photometric_pa=np.nan,
    ellipticity=np.nan,
):
    """
    `KinematicClasses` of a prepared field from its `KinemetryProfile` and `FieldFeatures`.

    The others are plain numbers, in arcsec and degrees, NaN where they are unknown.
    """
    if prepared.flags or not len(profile):
        return KinematicClasses(flags=ClassFlags.NOT_MEASURED)
    k1, error = profile["k1"].value, profile["k1_err"].value
    covered = np.isfinite(k1 + error)
    if np.count_nonzero(covered) < MIN_RINGS or np.isnan(features.kdc):
        return KinematicClasses(flags=ClassFlags.TOO_FEW_RINGS)
    if profile["radius"].value[covered].max() < LEAST_REACH * effective_radius:
        return KinematicClasses(flags=ClassFlags.SMALL_FIELD)
    k1, error = k1[covered], error[covered]
    flags = ClassFlags.NONE
    if np.isnan(effective_radius):
        flags |= ClassFlags.NO_EFFECTIVE_RADIUS
    k51, k51_err = float(profile.k51), float(profile.k51_err)
    if not np.isfinite(k51 + k51_err):
        flags |= ClassFlags.NO_K51
    core = evidence.decoupled_core(features)
    fastest = k1.argmax()
    found = {
        "regular_rotator": evidence.regular_rotator(k51, k51_err),
        "kinematic_twist": evidence.kinematic_twist(features),
        "decoupled_core": core,
        "counter_rotating_core": core * evidence.counter_rotating(features),
        "two_sigma": np.nan,
        "double_maximum": evidence.double_maximum(k1, error),
        "low_level_velocity": evidence.low_level_velocity(k1, error),
        "counter_rotating_discs": np.nan,
    }
    measured = {
        "k51": k51,
        "k51_err": k51_err,
        "max_k1": k1[fastest] * profile["k1"].unit,
        "max_k1_err": error[fastest] * profile["k1"].unit,
    }
    if prepared.spaxels.disc_error > UNCONSTRAINED and "kdc" not in features.found:
        # Rings of noise have turns and minima, too.
        flags |= ClassFlags.NO_ROTATION
        found |= dict.fromkeys(OF_ROTATION, np.nan)
    if prepared.field.tracer != "stellar":
        return KinematicClasses(**found, **measured, flags=flags | ClassFlags.NOT_STARS)
    with one_blas_thread():
        peaks, axis, more = peaks_of(prepared, effective_radius, photometric_pa, ellipticity)
    flags |= more
    if peaks is not None:
        found["two_sigma"] = evidence.two_sigma(peaks)
        found["counter_rotating_discs"] = evidence.counter_rotating_discs(
            peaks, found["counter_rotating_core"]
        )
        measured |= {
            "peak_radius": peaks.radius * OFFSET,
            "peak_significance": peaks.significance,
            "peak_axis": axis * u.deg,
        }
    return KinematicClasses(**found, **measured, groups=evidence.groups_of(found), flags=flags)


def peaks_of(prepared, effective_radius, photometric_pa, ellipticity):
    """`DispersionPeaks` on the best axis, or `None`; that axis; and flags."""
    data = dispersions_of(prepared)
    if data is None:
        return None, np.nan, ClassFlags.NO_DISPERSION
    flags = ClassFlags.NONE
    if not data.errors_known:
        flags |= ClassFlags.NO_DISPERSION_ERROR
    if not data.instrument_known:
        flags |= ClassFlags.INSTRUMENT_UNKNOWN
    spaxels = prepared.spaxels
    axes = []
    if np.isfinite(photometric_pa) and np.isfinite(ellipticity):
        axes.append((photometric_pa % 180, 1 - ellipticity))
    if spaxels.disc_error <= LARGEST_AXIS_ERROR:
        axis = np.degrees(spaxels.disc.angle) % 180
        if not axes or axes_apart(axis, axes[0][0]) > SAME_AXIS:
            axes.append((axis, spaxels.disc.axis_ratio))
    if not axes:
        flags |= ClassFlags.AXIS_FROM_DISPERSION
        axes.append((dispersion_axis(data), 1.0))
    found = [(dispersion_peaks(data, *shape, effective_radius), shape[0]) for shape in axes]
    found = [one for one in found if one[0] is not None]
    if not found:
        return None, np.nan, flags | ClassFlags.PEAKS_NOT_COVERED
    best, axis = max(found, key=lambda one: evidence.two_sigma(one[0]))
    return best, float(axis), flags
