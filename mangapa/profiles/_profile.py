"""`pa_profile`: the position angle and kinemetry's terms against radius."""

from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u

from mangapa._utils.quantities import fraction, scalar
from mangapa._utils.threads import one_blas_thread
from mangapa._utils.types import ScalarLike
from mangapa.angles import UNCONSTRAINED
from mangapa.fields import OFFSET, TRACERS, VELOCITY, Galaxy, VelocityField, check_field
from mangapa.fitting._prepared import prepare
from mangapa.fitting._results import KinematicPA
from mangapa.flags import PAFlags
from mangapa.profiles._kinemetry import solve
from mangapa.profiles._ring_table import RingTable
from mangapa.profiles._rings import MIN_AXIS_RATIO, MIN_DATA, RING_WIDTH, Ellipse, Rings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["PAProfile", "galaxy_profiles", "pa_profile"]

#: Where the shape of the rings may come from.
GEOMETRIES = ("fit", "photometric")
#: Unit, format and description of each column.
COLUMNS = {
    "radius": (OFFSET, ".2f", "Mean semi-major axis of the ring"),
    "radius_re": (u.one, ".2f", "The same in effective radii; NaN where that radius is unknown"),
    "pa": (u.deg, ".1f", "Kinematic position angle, North through East to the receding side"),
    "pa_err": (u.deg, ".1f", "Its 1-sigma error"),
    "k1": (VELOCITY, ".1f", "Amplitude of the rotation, projected on the sky"),
    "k1_err": (VELOCITY, ".1f", "Its 1-sigma error"),
    "v_sys": (VELOCITY, ".1f", "Systemic velocity, on the scale of the field's velocities"),
    "v_sys_err": (VELOCITY, ".1f", "Its 1-sigma error"),
    "asymmetry": (u.one, ".3f", "(k3 + k5) / k1, corrected for noise"),
    "asymmetry_err": (u.one, ".3f", "Its 1-sigma error"),
    "n_spaxels": (None, None, "Good spaxels in the ring"),
    "coverage": (None, ".2f", "Fraction of the azimuth that has good spaxels"),
}
#: Columns that every ring has, however little of it is covered.
ALWAYS_GIVEN = ("radius", "radius_re", "n_spaxels", "coverage")


class PAProfile(RingTable):
    """
    A field's position angle and kinemetry on rings, from the inside out: one row for each ring.

    It is an astropy table with the columns

    ``radius``, ``radius_re``
        Mean semi-major axis of the ring, arcsec and in effective radii.
    ``pa``, ``pa_err``
        Position angle of the receding side, North through East, and its 1-sigma error, deg.
    ``k1``, ``k1_err``
        Amplitude of the rotation, projected on the sky, and its error, km/s.
    ``v_sys``, ``v_sys_err``
        Systemic velocity and its error, km/s, on the scale of the field's velocities.
    ``asymmetry``, ``asymmetry_err``
        (k3 + k5) / k1, corrected for noise, and its error.
    ``n_spaxels``, ``coverage``
        Good spaxels, and the fraction of the azimuth that has any.

    Rings of which less than half of the azimuth is covered have NaN for what is measured; the
    asymmetry needs three quarters. Values for the whole field are in ``meta``, as plain numbers in
    degrees and arcsec, and in the attributes.

    Attributes
    ----------
    field : `~mangapa.VelocityField` or `None`
        The field; `None` for a table that was read or cut.
    kinemetry : `~mangapa.profiles.Kinemetry` or `None`
        The same values as plain arrays, with covariances, which `~mangapa.features` needs; `None`
        if there is no ring, and for a table that was read or cut.
    """

    field = None
    kinemetry = None
    _kept = ("field", "kinemetry")

    @property
    def flags(self) -> PAFlags:
        """What is wrong with the field; 0 if nothing is."""
        return PAFlags(self._about("flags", 0))

    @property
    def pa_axis(self) -> u.Quantity:
        """Major axis of the rings, deg, modulo 180."""
        return self._about("pa_axis") * u.deg

    @property
    def axis_ratio(self) -> float:
        """Minor over major axis of the rings."""
        return self._about("axis_ratio")

    @property
    def field_asymmetry(self) -> float:
        """(k3 + k5) / k1 of the whole field."""
        return self._about("field_asymmetry")

    @property
    def field_asymmetry_err(self) -> float:
        """Its 1-sigma error."""
        return self._about("field_asymmetry_err")

    def plot(
        self, figure: "Figure | None" = None, *, result: KinematicPA | None = None
    ) -> "Figure":
        """
        Draw the axes on the field, and below it the position angle against radius.

        Parameters
        ----------
        figure : `~matplotlib.figure.Figure`, optional
            Where to draw; a new one if not given.
        result : `~mangapa.KinematicPA`, optional
            The global position angle, to compare with.

        Returns
        -------
        `~matplotlib.figure.Figure`

        Raises
        ------
        ValueError
            If there is no ring to draw.
        """
        from mangapa.plotting import plot_profile

        self._check_rings()
        return plot_profile(self, figure=figure, result=result)


def pa_profile(
    field: VelocityField,
    *,
    pa_axis: ScalarLike | None = None,
    axis_ratio: float | None = None,
    effective_radius: ScalarLike | None = None,
    ring_width: ScalarLike = RING_WIDTH,
) -> PAProfile:
    """
    Measure the kinematic position angle, and kinemetry's terms, on elliptical rings.

    The field is measured as it is: `~mangapa.clean` it first. The rings are centred on the object
    and have one shape, by default that of the best disc. On each ring, the terms V = v_sys + sum
    of B_n cos(n t) + A_n sin(n t), n = 1, 3, 5, are fitted by robust least squares.

    Parameters
    ----------
    field : `~mangapa.VelocityField`
        The field.
    pa_axis : `float` or `~astropy.units.Quantity`, optional
        Major axis of the rings, deg if unitless, North through East; modulo 180.
    axis_ratio : `float`, optional
        Minor over major axis of the rings, above 0 and at most 1; 1 makes circles. Rings flatter
        than 0.3 would be narrower than the beam nearly everywhere, and are given a ratio of 0.3.
    effective_radius : `float` or `~astropy.units.Quantity`, optional
        Unit of the column ``radius_re``, arcsec if unitless; NaN if it is unknown.
    ring_width : `float` or `~astropy.units.Quantity`, optional
        Width of the rings, arcsec if unitless; by default half of MaNGA's beam. A ring with fewer
        than nine data (spaxels, or bins where the field is binned) is made wider.

    Returns
    -------
    `~mangapa.PAProfile`
        Without rows, and with a flag, if the field cannot be measured.

    Raises
    ------
    TypeError
        If ``field`` is not a field.
    ValueError
        If an option is out of its range.

    See Also
    --------
    kinemetry : Rings whose shapes are fitted as well, by the same engine.

    References
    ----------
    Krajnovic et al. 2006, MNRAS 366, 787.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=61, pa_stellar=120, core_radius=4, seed=1)
    >>> profile = mangapa.pa_profile(galaxy.stellar, effective_radius=galaxy.effective_radius)
    >>> print(profile["radius", "pa", "pa_err", "coverage"][[0, 7]])
    radius   pa  pa_err coverage
    arcsec  deg   deg
    ------ ----- ------ --------
      0.84 297.5    3.8     0.83
      9.36 119.9    0.6     1.00
    """
    check_field("field", field)
    return profile_prepared(
        prepare(field),
        pa_axis=pa_axis,
        axis_ratio=axis_ratio,
        effective_radius=effective_radius,
        ring_width=ring_width,
    )


def galaxy_profiles(
    galaxy: Galaxy, *, geometry: str = "fit", ring_width: ScalarLike = RING_WIDTH
) -> dict[str, PAProfile]:
    """
    Measure the profiles of both tracers of a galaxy.

    Parameters
    ----------
    galaxy : `~mangapa.Galaxy`
        The galaxy; its fields are measured as they are, and its header gives the effective radius.
    geometry : {"fit", "photometric"}, optional
        Shape of the rings: that of each tracer's best disc, or for both tracers that of the light,
        from the cards ECOOPA and ECOOELL.
    ring_width : `float` or `~astropy.units.Quantity`, optional
        As in `~mangapa.pa_profile`.

    Returns
    -------
    `dict`
        `~mangapa.PAProfile` by tracer, for the tracers that the galaxy has.

    Raises
    ------
    ValueError
        If ``geometry`` is not known, or the header lacks it.

    Examples
    --------
    >>> import mangapa
    >>> from mangapa.profiles import galaxy_profiles
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=37, pa_stellar=30, inclination=60)
    >>> profiles = galaxy_profiles(galaxy, geometry="photometric")
    >>> print(f"{profiles['halpha'].pa_axis:.0f}, axis ratio {profiles['halpha'].axis_ratio:.2f}")
    30 deg, axis ratio 0.53
    """
    if geometry not in GEOMETRIES:
        msg = f"geometry={geometry!r} is not known; choose one of {', '.join(GEOMETRIES)}"
        raise ValueError(msg)
    shape = {}
    if geometry == "photometric":
        shape = {"pa_axis": galaxy.photometric_pa, "axis_ratio": 1 - galaxy.ellipticity}
        if not np.isfinite([shape["pa_axis"].value, shape["axis_ratio"]]).all():
            msg = (
                "geometry='photometric' needs the cards ECOOPA and ECOOELL, which the header of "
                f"{galaxy.full_name or 'this galaxy'} lacks; choose geometry='fit'"
            )
            raise ValueError(msg)
    return {
        tracer: pa_profile(
            field,
            effective_radius=galaxy.effective_radius,
            ring_width=ring_width,
            **shape,
        )
        for tracer in TRACERS
        if (field := galaxy.tracer(tracer)) is not None
    }


def profile_prepared(
    prepared, *, pa_axis=None, axis_ratio=None, effective_radius=None, ring_width=RING_WIDTH
):
    """`pa_profile` of a field that was prepared already."""
    if pa_axis is not None:
        pa_axis = scalar("pa_axis", pa_axis, u.deg)
    if axis_ratio is not None:
        axis_ratio = fraction("axis_ratio", axis_ratio)
    radius = np.nan if effective_radius is None else effective_radius
    effective_radius = scalar("effective_radius", radius, OFFSET, positive=True, allow_nan=True)
    ring_width = scalar("ring_width", ring_width, OFFSET, positive=True)
    kinemetry, flags = _solve(prepared, pa_axis, axis_ratio, ring_width)
    return _table(prepared.field, kinemetry, flags, effective_radius)


def _solve(prepared, pa_axis, axis_ratio, ring_width):
    """Kinemetry of a prepared field, `None` if there is none, and its flags."""
    if prepared.flags:
        return None, prepared.flags
    spaxels = prepared.spaxels
    if spaxels.points.velocity.size < MIN_DATA:
        return None, PAFlags.TOO_FEW_SPAXELS | prepared.caveats
    with one_blas_thread():
        disc = spaxels.disc
        pa_axis = np.degrees(disc.angle) if pa_axis is None else pa_axis
        axis_ratio = disc.axis_ratio if axis_ratio is None else axis_ratio
        shape = Ellipse(pa_axis=float(pa_axis % 180), axis_ratio=max(axis_ratio, MIN_AXIS_RATIO))
        rings = Rings.of(spaxels.points, shape, ring_width, disc.relative, spaxels.grid)
        kinemetry = solve(rings, spaxels)
    constrained = kinemetry.covered & (kinemetry.pa_err <= UNCONSTRAINED)
    flags = PAFlags.NONE if constrained.any() else PAFlags.UNCONSTRAINED
    return kinemetry, flags | prepared.caveats


def _table(field, kinemetry, flags, effective_radius):
    """Table of a field's kinemetry; ``effective_radius`` in arcsec, or NaN."""
    profile = PAProfile()
    for name, (unit, format_, description) in COLUMNS.items():
        if name == "radius_re":
            values = profile["radius"].value / effective_radius
        elif kinemetry is None:
            values = np.zeros(0, int if name == "n_spaxels" else float)
        else:
            values = getattr(kinemetry, name)
        if kinemetry is not None and name not in ALWAYS_GIVEN:
            values = np.where(kinemetry.covered, values, np.nan)
        profile[name] = values if unit is None else values << unit
        profile[name].info.format = format_
        profile[name].info.description = description
    profile.meta.update(
        galaxy=field.galaxy,
        tracer=field.tracer,
        flags=int(flags),
        effective_radius=None if np.isnan(effective_radius) else effective_radius,
    )
    for name in ("pa_axis", "axis_ratio", "field_asymmetry", "field_asymmetry_err"):
        profile.meta[name] = np.nan if kinemetry is None else getattr(kinemetry, name)
    profile.field, profile.kinemetry = field, kinemetry
    return profile
