"""`kinemetry`: ellipses and harmonic terms of a field against radius."""

from dataclasses import dataclass, replace

import numpy as np
from astropy import units as u

from mangapa._utils.quantities import fraction, scalar
from mangapa._utils.robust import TINY
from mangapa._utils.threads import one_blas_thread
from mangapa._utils.types import ScalarLike
from mangapa.angles import UNCONSTRAINED
from mangapa.fields import OFFSET, VelocityField, check_field
from mangapa.fitting._centre import recentred
from mangapa.fitting._errors import shape_error
from mangapa.fitting._points import with_velocity
from mangapa.fitting._prepared import prepare
from mangapa.fitting._thin_disc import CENTRE_SPREAD
from mangapa.flags import PAFlags
from mangapa.profiles._averages import ring_light
from mangapa.profiles._ellipse_terms import MOMENTS, UNIFORM_RATIO, on_free_shapes, on_given_shapes
from mangapa.profiles._ellipses import AXIS_RATIOS, RATIO_SPREAD
from mangapa.profiles._harmonics import KINEMETRY_COVERAGE, MIN_COVERAGE
from mangapa.profiles._kinemetry_table import KinemetryProfile, table_of
from mangapa.profiles._moment_values import (
    moment_values,
    relative_errors,
    typical_light,
    with_values,
)
from mangapa.profiles._rings import (
    MIN_AXIS_RATIO,
    MIN_DATA,
    RING_WIDTH,
    Ellipse,
    Rings,
    on_rings,
)

__all__ = ["kinemetry"]

#: What the options may be.
CHOICES = {
    "moment": tuple(MOMENTS),
    "ellipses": ("free", "fixed"),
    "centre": ("given", "fit"),
    "v_sys": ("free", "fixed"),
}


def kinemetry(
    field: VelocityField,
    *,
    moment: str = "velocity",
    ellipses: str | KinemetryProfile | None = None,
    pa_axis: ScalarLike | None = None,
    axis_ratio: float | None = None,
    centre: str = "given",
    v_sys: str = "free",
    effective_radius: ScalarLike | None = None,
    ring_width: ScalarLike = RING_WIDTH,
) -> KinemetryProfile:
    """
    Measure ellipses and harmonic terms of a field on rings.

    The field is measured as it is: `~mangapa.clean` it first. On each ring the ellipse is sought
    along which the velocity is V = k0 + k1 cos(t), t the eccentric anomaly from its major axis, by
    robust least squares on the spaxels or bins themselves. The harmonics of orders 1, 3 and 5 are
    then fitted on that ellipse.

    Parameters
    ----------
    field : `~mangapa.VelocityField`
        The field.
    moment : {"velocity", "dispersion", "flux"}, optional
        What is measured. Velocities are an odd moment; dispersions (without the instrument's part)
        and light are even ones, which are constant along the best ellipse and have harmonics of
        orders 1, 2 and 4.
    ellipses : {"free", "fixed"} or `~mangapa.KinemetryProfile`, optional
        Whether each ring has an ellipse of its own, or all have that of the disc, or those of
        another profile: of the velocities, for instance, for dispersions. The default is "free" for
        velocities and light, and "fixed" for dispersions, whose gradient is too weak to show the
        shape of most galaxies.
    pa_axis : `float` or `~astropy.units.Quantity`, optional
        Major axis of the disc, deg if unitless, North through East; modulo 180. By default it is
        that of the disc that fits the velocities best.
    axis_ratio : `float`, optional
        Minor over major axis of the disc, above 0 and at most 1; likewise.
    centre : {"given", "fit"}, optional
        What the rings are centred on: the origin of the field's offsets, or the kinematic centre,
        which is fitted first. The ellipses of a profile have its centre.
    v_sys : {"free", "fixed"}, optional
        Whether each ring has a systemic velocity of its own, or all have that of the disc.
    effective_radius : `float` or `~astropy.units.Quantity`, optional
        Unit of the column ``radius_re``, arcsec if unitless; NaN if it is unknown. If the field has
        no light, the mean of k5 / k1 is weighted by that of an exponential disc of this size.
    ring_width : `float` or `~astropy.units.Quantity`, optional
        Width of the rings, arcsec if unitless; by default half of MaNGA's beam. A ring with fewer
        than nine data (spaxels, or bins where the field is binned) is made wider.

    Returns
    -------
    `~mangapa.KinemetryProfile`
        Without rows, and with a flag, if the field cannot be measured.

    Raises
    ------
    TypeError
        If ``field`` is not a field.
    ValueError
        If an option is out of its range, or the field lacks the moment, as it does if the part of
        the instrument in its dispersions is unknown.

    References
    ----------
    Krajnovic et al. 2006, MNRAS 366, 787; Krajnovic et al. 2011, MNRAS 414, 2923.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=61, pa_stellar=120, inclination=55, seed=1)
    >>> profile = mangapa.kinemetry(galaxy.stellar, effective_radius=galaxy.effective_radius)
    >>> print(profile["radius", "pa", "axis_ratio", "k1", "k51"][[3, 7]])
    radius   pa  axis_ratio   k1    k51
    arcsec  deg             km / s
    ------ ----- ---------- ------ -----
      4.42 120.2       0.59  147.5 0.000
      9.40 120.0       0.60  161.6 0.003
    """
    check_field("field", field)
    return kinemetry_prepared(
        prepare(field),
        moment=moment,
        ellipses=ellipses,
        pa_axis=pa_axis,
        axis_ratio=axis_ratio,
        centre=centre,
        v_sys=v_sys,
        effective_radius=effective_radius,
        ring_width=ring_width,
    )


@dataclass(frozen=True, kw_only=True)
class _Options:
    """The options of `kinemetry` in plain numbers, checked."""

    moment: str
    ellipses: str | KinemetryProfile | None
    pa_axis: float | None
    axis_ratio: float | None
    centre: str
    v_sys: str
    ring_width: float

    def __post_init__(self):
        if self.has_profile and self.ellipses.terms is None:
            msg = "ellipses was read or cut, or has no ring; measure it with kinemetry"
            raise ValueError(msg)
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if name == "ellipses" and (value is None or self.has_profile):
                continue
            if value not in choices:
                msg = f"{name}={value!r} is not known; choose one of {', '.join(choices)}"
                raise ValueError(msg)

    @property
    def has_profile(self):
        """Whether the ellipses are those of another profile."""
        return isinstance(self.ellipses, KinemetryProfile)

    @property
    def is_free(self):
        """Whether the ellipses are fitted."""
        if self.ellipses is None:
            return self.moment != "dispersion"
        return not self.has_profile and self.ellipses == "free"


def kinemetry_prepared(
    prepared,
    *,
    moment="velocity",
    ellipses=None,
    pa_axis=None,
    axis_ratio=None,
    centre="given",
    v_sys="free",
    effective_radius=None,
    ring_width=RING_WIDTH,
):
    """`kinemetry` of a field that was prepared already."""
    options = _Options(
        moment=moment,
        ellipses=ellipses,
        pa_axis=None if pa_axis is None else scalar("pa_axis", pa_axis, u.deg),
        axis_ratio=None if axis_ratio is None else fraction("axis_ratio", axis_ratio),
        centre=centre,
        v_sys=v_sys,
        ring_width=scalar("ring_width", ring_width, OFFSET, positive=True),
    )
    radius = np.nan if effective_radius is None else effective_radius
    effective_radius = scalar("effective_radius", radius, OFFSET, positive=True, allow_nan=True)
    field = prepared.field
    values, unit = moment_values(field, moment)
    found, light, about = None, None, {"flags": prepared.flags}
    if not prepared.flags:
        with one_blas_thread():
            found, light, about = _solve(prepared, options, values, effective_radius)
    kind = moment, MOMENTS[moment].is_odd, unit
    profile = table_of(field, kind, found, light, effective_radius)
    profile.meta.update(about, flags=int(about["flags"]))
    return profile


def _solve(prepared, options, values, effective_radius):
    """`EllipseTerms` of a prepared field, the light of each ring, and values for the meta."""
    spaxels = prepared.spaxels
    if options.has_profile:
        given = (options.ellipses.x.value, options.ellipses.y.value)
        spaxels = spaxels.about(*np.subtract(given, spaxels.centre), CENTRE_SPREAD)
    elif options.centre == "fit":
        spaxels = recentred(spaxels)
    moment = MOMENTS[options.moment]
    whole, spread = _whole_disc(spaxels, options)
    about = {"pa_axis": whole.pa_axis, "axis_ratio": whole.axis_ratio, "flags": prepared.caveats}
    about["x"], about["y"] = (float(one) for one in spaxels.centre)
    measured = spaxels if values is None else with_values(spaxels, options.moment, *values)
    if measured is None or measured.points.velocity.size < MIN_DATA:
        about["flags"] |= PAFlags.TOO_FEW_SPAXELS
        return None, None, about
    offset = measured.first_guess
    has_constant = moment.is_odd and options.v_sys == "free"
    if moment.is_odd and not has_constant:
        offset += spaxels.disc.v_sys
        measured = with_velocity(spaxels, spaxels.velocity - spaxels.disc.v_sys)
    relative = relative_errors(measured, options.moment, spaxels, whole, options.ring_width)
    if options.has_profile:
        rings = _rings_of(options.ellipses, measured, relative)
    else:
        rings = Rings.of(measured.points, whole, options.ring_width, relative, measured.grid)
    if rings is None:
        about["flags"] |= PAFlags.TOO_FEW_SPAXELS
        return None, None, about
    if options.is_free:
        found = on_free_shapes(rings, measured, relative, moment, spread, has_constant=has_constant)
    else:
        found = on_given_shapes(rings, measured, moment, has_constant=has_constant)
    constant_err = found.constant_err
    if moment.is_odd and not has_constant:
        constant_err = np.full_like(constant_err, np.nan)
    found = replace(found, constant=found.constant + offset, constant_err=constant_err)
    if options.moment == "flux":
        found = found.in_units(typical_light(prepared.field))
    flux = prepared.field.flux
    flux = None if flux is None else flux.value.ravel()[measured.index]
    light, about["weighting"] = ring_light(found.rings, measured, flux, effective_radius)
    covered = found.coverage >= (KINEMETRY_COVERAGE if found.is_free else MIN_COVERAGE)
    if not np.any(covered & ~(found.pa_err > UNCONSTRAINED)):
        about["flags"] |= PAFlags.UNCONSTRAINED
    return found, light, about


def _whole_disc(spaxels, options):
    """`Ellipse` of the disc, and the prior spread of its rings' axis ratios."""
    disc, spread = spaxels.disc, RATIO_SPREAD
    if options.moment == "flux":
        # Light may have another shape than its motions.
        spread = UNIFORM_RATIO
    least = AXIS_RATIOS[0] if options.is_free else MIN_AXIS_RATIO
    pa_axis = np.degrees(disc.angle) if options.pa_axis is None else options.pa_axis
    ratio = options.axis_ratio
    if ratio is None:
        ratio = disc.axis_ratio
        if options.is_free:
            # That of ln(1 / q^2), which the field alone tells.
            error = ratio / 2 * shape_error(disc, spaxels.neighbours).log_ratio
            spread = np.hypot(spread, 1 / np.hypot(1 / (error + TINY), 1 / UNIFORM_RATIO))
    return Ellipse(pa_axis=float(pa_axis % 180), axis_ratio=max(ratio, least)), float(spread)


def _rings_of(profile, measured, relative):
    """Rings of another profile, up to the first without data; `None` if that is the first."""
    given, points = profile.terms.rings, measured.points
    shape = given.ellipse.each(given.count.size)
    ring, _ = on_rings(points.x, points.y, shape, given.edges)
    empty = np.flatnonzero(np.bincount(ring, minlength=given.count.size) == 0)
    n = empty[0] if empty.size else given.count.size
    if n == 0:
        return None
    shape = Ellipse(pa_axis=shape.pa_axis[:n], axis_ratio=shape.axis_ratio[:n])
    return Rings.between(points, shape, given.edges[: n + 1], relative, measured.grid)
