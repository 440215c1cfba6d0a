"""`pa_profile`: the position angle and kinemetry's terms against radius."""

import numpy as np
from astropy import units as u
from astropy.table import QTable

from mangapa._utils.quantities import is_nan
from mangapa.angles import UNCONSTRAINED
from mangapa.fields import OFFSET, TRACERS, VELOCITY, VelocityField
from mangapa.fitting._fit import good_spaxels, one_blas_thread
from mangapa.fitting._harmonic import chi_square_curves
from mangapa.fitting._points import gather
from mangapa.fitting._thin_disc import fit_points
from mangapa.flags import PAFlags
from mangapa.profiles._kinemetry import solve
from mangapa.profiles._rings import MIN_AXIS_RATIO, MIN_DATA, RING_WIDTH, Ellipse, Rings

__all__ = ["GEOMETRIES", "PAProfile", "galaxy_profiles", "pa_profile"]

#: Where the shape of the rings may come from.
GEOMETRIES = ("fit", "photometric")
#: Unit, format and meaning of each column.
COLUMNS = {
    "radius": (OFFSET, ".2f", "Mean semi-major axis of the ring"),
    "radius_re": (u.one, ".2f", "The same in effective radii; NaN where that is not known"),
    "pa": (u.deg, ".1f", "Kinematic position angle, North through East to the receding side"),
    "pa_err": (u.deg, ".1f", "Its 1-sigma error"),
    "k1": (VELOCITY, ".1f", "Amplitude of the rotation, on the sky"),
    "k1_err": (VELOCITY, ".1f", "Its 1-sigma error"),
    "v_sys": (VELOCITY, ".1f", "Systemic velocity, on the scale of the field's velocities"),
    "v_sys_err": (VELOCITY, ".1f", "Its 1-sigma error"),
    "asymmetry": (u.one, ".3f", "(k3 + k5) / k1, noise taken off"),
    "asymmetry_err": (u.one, ".3f", "Its 1-sigma error"),
    "n_spaxels": (None, None, "Good spaxels in the ring"),
    "coverage": (None, ".2f", "Fraction of the azimuth in which there are any"),
}
#: Columns that every ring has, however little of it is seen.
ALWAYS_TOLD = ("radius", "radius_re", "n_spaxels", "coverage")


class PAProfile(QTable):
    """
    A field's position angle and kinemetry on rings, inside out: one row a ring.

    It is an astropy table, which can be written to ECSV, with the columns

    ``radius``, ``radius_re``
        Mean semi-major axis of the ring, arcsec and in effective radii.
    ``pa``, ``pa_err``
        Position angle of the receding side, North through East, and its 1-sigma error, deg.
    ``k1``, ``k1_err``
        Amplitude of the rotation, on the sky, and its error, km/s.
    ``v_sys``, ``v_sys_err``
        Systemic velocity and its error, km/s, on the scale of the field's velocities.
    ``asymmetry``, ``asymmetry_err``
        (k3 + k5) / k1, with noise taken off, and its error.
    ``n_spaxels``, ``coverage``
        Good spaxels, and the fraction of the azimuth in which there are any.

    Where less than half of the azimuth is seen, what is measured on the ring is NaN; the asymmetry
    is where less than three quarters are. What holds for the whole field is in ``meta``, as plain
    values in degrees and arcsec, and in the attributes.

    Attributes
    ----------
    field : `~mangapa.VelocityField` or `None`
        What was measured; `None` for a table that was read or cut.
    kinemetry : `~mangapa.profiles._kinemetry.Kinemetry` or `None`
        The same as plain arrays, with covariances, which `~mangapa.features` needs; `None` where
        there is no ring, and for a table that was read or cut.
    """

    field = None
    kinemetry = None

    @property
    def flags(self):
        """What is wrong with the field, as `~mangapa.PAFlags`; 0 if nothing is."""
        return PAFlags(self.meta.get("flags", 0))

    @property
    def pa_axis(self):
        """Major axis of the rings, deg, modulo 180."""
        return self.meta.get("pa_axis", np.nan) * u.deg

    @property
    def axis_ratio(self):
        """Minor over major axis of the rings."""
        return self.meta.get("axis_ratio", np.nan)

    @property
    def field_asymmetry(self):
        """(k3 + k5) / k1 of the whole field."""
        return self.meta.get("field_asymmetry", np.nan)

    @property
    def field_asymmetry_err(self):
        """Its 1-sigma error."""
        return self.meta.get("field_asymmetry_err", np.nan)

    def plot(self, figure=None, *, result=None):
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

        if not len(self):
            msg = f"there is no ring to draw: {self.flags.description or 'the table is empty'}"
            raise ValueError(msg)
        return plot_profile(self, figure=figure, result=result)

    # Tables are copied and pickled by their columns alone.
    def copy(self, copy_data=True):
        """
        Copy the table, with the field it is of.

        Parameters
        ----------
        copy_data : `bool`, optional
            Whether the columns are copied as well.

        Returns
        -------
        `~mangapa.PAProfile`
        """
        other = super().copy(copy_data)
        other.field, other.kinemetry = self.field, self.kinemetry
        return other

    def __getstate__(self):
        return super().__getstate__(), self.field, self.kinemetry

    def __setstate__(self, state):
        table, self.field, self.kinemetry = state
        super().__setstate__(table)


def pa_profile(
    field, *, pa_axis=None, axis_ratio=None, effective_radius=None, ring_width=RING_WIDTH
):
    """
    Measure the kinematic position angle, and kinemetry's terms, on elliptical rings.

    The field is taken as it is: `~mangapa.clean` it first. The rings are centred on the object, and
    have one shape, that of the disc which fits the field best if it is not given. On each the terms
    are fitted by robust least squares; see `mangapa.profiles._kinemetry`.

    Parameters
    ----------
    field : `~mangapa.VelocityField`
        What to measure.
    pa_axis : `float` or `~astropy.units.Quantity`, optional
        Major axis of the rings, deg if unitless, North through East; modulo 180.
    axis_ratio : `float`, optional
        Minor over major axis of the rings, above 0 and at most 1; 1 makes circles. Rings flatter
        than 0.3, narrower than the beam nearly everywhere, are made of 0.3.
    effective_radius : `float` or `~astropy.units.Quantity`, optional
        For the column ``radius_re``, arcsec if unitless; NaN where it is not known.
    ring_width : `float` or `~astropy.units.Quantity`, optional
        Width of the rings, arcsec if unitless; half of MaNGA's beam if not given. A ring that has
        fewer than nine data (spaxels, or bins where the field is binned) is wider.

    Returns
    -------
    `~mangapa.PAProfile`
        Without rows, and with a flag, where the field cannot be measured.

    Raises
    ------
    TypeError
        If ``field`` is no field.
    ValueError
        If an option is out of its range.

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
    if not isinstance(field, VelocityField):
        msg = f"field must be a VelocityField, not {type(field).__name__}"
        raise TypeError(msg)
    if pa_axis is not None:
        pa_axis = _number("pa_axis", pa_axis, u.deg)
    if axis_ratio is not None:
        axis_ratio = _number("axis_ratio", axis_ratio, u.one)
        if not 0 < axis_ratio <= 1:
            msg = f"axis_ratio={axis_ratio} must be above 0 and at most 1"
            raise ValueError(msg)
    if is_nan(effective_radius):
        effective_radius = None
    if effective_radius is not None:
        effective_radius = _length("effective_radius", effective_radius)
    ring_width = _length("ring_width", ring_width)

    kinemetry, flags = _measure(field, pa_axis, axis_ratio, ring_width)
    return _profile(field, kinemetry, flags, effective_radius)


def galaxy_profiles(galaxy, *, geometry="fit", ring_width=RING_WIDTH):
    """
    Measure the profiles of both tracers of a galaxy.

    Parameters
    ----------
    galaxy : `~mangapa.Galaxy`
        Its fields are taken as they are; its header tells the effective radius.
    geometry : {"fit", "photometric"}, optional
        Whether the rings of each tracer have the shape of the disc that fits best, or both have the
        shape of the light, from the cards ECOOPA and ECOOELL.
    ring_width : `float` or `~astropy.units.Quantity`, optional
        As in `~mangapa.pa_profile`.

    Returns
    -------
    `dict`
        `~mangapa.PAProfile` by tracer, of those that the galaxy has.

    Raises
    ------
    ValueError
        If ``geometry`` is not known, or the header does not tell it.

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
        shape["pa_axis"], ellipticity = galaxy.photometric_pa, galaxy.ellipticity
        if np.isnan(shape["pa_axis"]) or np.isnan(ellipticity):
            msg = (
                "geometry='photometric' needs the cards ECOOPA and ECOOELL, which the header of "
                f"{galaxy.plateifu or 'this galaxy'} lacks; choose geometry='fit'"
            )
            raise ValueError(msg)
        shape["axis_ratio"] = 1 - ellipticity
    return {
        tracer: pa_profile(
            galaxy.tracer(tracer),
            effective_radius=galaxy.effective_radius,
            ring_width=ring_width,
            **shape,
        )
        for tracer in TRACERS
        if galaxy.tracer(tracer) is not None
    }


def _measure(field, pa_axis, axis_ratio, ring_width):
    """Kinemetry of a field, `None` where there is none, and flags."""
    spaxels, flags = good_spaxels(field)
    if flags:
        return None, flags
    points = gather(spaxels)
    if points.velocity.size < MIN_DATA:
        return None, PAFlags.TOO_FEW_SPAXELS
    with one_blas_thread():
        (curve,) = chi_square_curves([spaxels], [points])
        disc, state, angle, _ = fit_points(points, np.nan_to_num(curve.pa_axis))
        pa_axis = np.degrees(angle) if pa_axis is None else pa_axis
        axis_ratio = disc.axis_ratio if axis_ratio is None else axis_ratio
        shape = Ellipse(pa_axis=float(pa_axis % 180), axis_ratio=max(axis_ratio, MIN_AXIS_RATIO))
        rings = Rings.of(points, shape, ring_width, state.relative, spaxels.grid)
        kinemetry = solve(rings, spaxels, points.bins)
    constrained = kinemetry.told & (kinemetry.pa_err <= UNCONSTRAINED)
    return kinemetry, PAFlags.NONE if constrained.any() else PAFlags.UNCONSTRAINED


def _profile(field, kinemetry, flags, effective_radius):
    """The table of a field's kinemetry."""
    profile = PAProfile()
    n_rings = 0 if kinemetry is None else kinemetry.radius.size
    for name, (unit, format_, description) in COLUMNS.items():
        if name == "radius_re":
            values = profile["radius"].value / (effective_radius or np.nan)
        elif kinemetry is None:
            values = np.zeros(n_rings, int if name == "n_spaxels" else float)
        else:
            values = getattr(kinemetry, name)
        if kinemetry is not None and name not in ALWAYS_TOLD:
            values = np.where(kinemetry.told, values, np.nan)
        profile[name] = values if unit is None else values << unit
        profile[name].info.format = format_
        profile[name].info.description = description
    profile.meta.update(
        galaxy=field.galaxy,
        tracer=field.tracer,
        flags=int(flags),
        effective_radius=effective_radius,
    )
    for name in ("pa_axis", "axis_ratio", "field_asymmetry", "field_asymmetry_err"):
        profile.meta[name] = np.nan if kinemetry is None else getattr(kinemetry, name)
    profile.field, profile.kinemetry = field, kinemetry
    return profile


def _length(name, value):
    length = _number(name, value, OFFSET)
    if length <= 0:
        msg = f"{name}={length} arcsec must be positive"
        raise ValueError(msg)
    return length


def _number(name, value, unit):
    """A single finite number in ``unit``, which is taken for granted if there is none."""
    try:
        number = u.Quantity(value, None if hasattr(value, "unit") else unit, dtype=float)
        number = number.to_value(unit)
    except (TypeError, ValueError) as error:
        msg = f"{name}={value!r} must be a number{f' in {unit}' if unit != u.one else ''}"
        raise ValueError(msg) from error
    if np.ndim(number) or not np.isfinite(number):
        msg = f"{name}={value!r} must be one finite number"
        raise ValueError(msg)
    return float(number)
