"""The angle between the rotation of a galaxy and its light."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from mangapa._directions import axes_apart, probability_apart, unwrapped, wrapped
from mangapa._utils.html import as_html, as_text
from mangapa._utils.quantities import scalar
from mangapa.fields import Galaxy, VelocityField, check_tracer
from mangapa.fitting import KinematicPA, fit_pa
from mangapa.flags import PAFlags
from mangapa.kinematics._photometry import Photometry
from mangapa.kinematics._photometry import photometry as photometry_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PhotometricMisalignment", "photometric_misalignment"]

#: Largest angle between two axes, deg.
LARGEST = 90.0


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PhotometricMisalignment:
    """
    Angle between the rotation of a galaxy and its light: the kinematic misalignment angle Psi.

    Attributes
    ----------
    angle : `~astropy.units.Quantity`
        Angle between both axes, 0-90 deg; NaN where either is missing.
    error : `~astropy.units.Quantity`
        1-sigma error of the difference of both axes, deg; NaN where either error is unknown. The
        angle is its absolute value, so that aligned axes are typically 0.7 errors apart.
    kinematic : `~mangapa.KinematicPA`
        The kinematic axis.
    photometric : `~mangapa.Photometry`
        The photometric axis.
    """

    angle: u.Quantity = np.nan * u.deg
    error: u.Quantity = np.nan * u.deg
    kinematic: KinematicPA
    photometric: Photometry

    def probability_over(self, limit: float | u.Quantity) -> float:
        """
        Probability that the true angle is above a limit, given the error.

        Parameters
        ----------
        limit : `float` or `~astropy.units.Quantity`
            Limit, 0-90 deg, deg if unitless.

        Returns
        -------
        `float`
            NaN where the angle or its error is missing; as for random axes, 1 - limit / 90 deg,
            where the error is that of a random axis.

        Raises
        ------
        ValueError
            If the limit is not an angle in this range.
        """
        degrees = scalar("limit", limit, u.deg)
        if not 0 <= degrees <= LARGEST:
            msg = f"limit={limit!r} must be 0 to 90 deg, as the angle between two axes is"
            raise ValueError(msg)
        angle, error = self.angle.to_value(u.deg), self.error.to_value(u.deg)
        # Axes are directions once their angles are doubled.
        return float(probability_apart(2 * angle, 2 * unwrapped(error), 2 * degrees))

    @property
    def probability_over_15(self) -> float:
        """Probability that the true angle is above 15 deg, beyond which few discs are."""
        return self.probability_over(15.0)

    @property
    def probability_over_30(self) -> float:
        """Probability that the true angle is above 30 deg."""
        return self.probability_over(30.0)

    def plot(self, ax: "Axes | None" = None, **kwargs: Any) -> "Axes":
        """
        Draw the velocity field with both axes.

        Parameters
        ----------
        ax : `~matplotlib.axes.Axes`, optional
            Axes to draw on; those of a new figure by default.
        **kwargs
            Options of `mangapa.plotting.plot_field`.

        Returns
        -------
        `~matplotlib.axes.Axes`

        Raises
        ------
        ValueError
            If there is no field.
        """
        ax = self.kinematic.plot(ax, **kwargs)
        if np.isfinite(self.photometric.pa):
            from mangapa._marks import draw_photometry

            draw_photometry(ax, self.photometric)
        return ax

    def __repr__(self):
        reason = ""
        if np.isnan(self.angle):
            flags = (self.kinematic.flags.description, self.photometric.flags.description)
            reason = f": {'; '.join(filter(None, flags))}"
        angle, error = self.angle.value, self.error.value
        return f"<PhotometricMisalignment {angle:.1f} +- {error:.1f} deg{reason}>"

    def _repr_html_(self):
        rows = [
            ("Angle", as_text(self.angle, self.error)),
            ("Probability of over 15 deg", as_text(self.probability_over_15, decimals=2)),
            ("Probability of over 30 deg", as_text(self.probability_over_30, decimals=2)),
            ("Kinematic PA", as_text(self.kinematic.pa, self.kinematic.pa_err_total)),
            ("Photometric PA", as_text(self.photometric.pa, self.photometric.pa_err)),
            ("Kinematic flags", self.kinematic.flags.description or None),
            ("Photometric flags", self.photometric.flags.description or None),
        ]
        draw = None
        if self.kinematic.field is not None:
            draw = lambda figure: self.plot(figure.subplots())  # noqa: E731
        return as_html("PhotometricMisalignment", rows, draw)


def photometric_misalignment(
    source: Galaxy | VelocityField | KinematicPA | Any,
    tracer: str = "stellar",
    *,
    photometry: Photometry | str | None = None,
) -> PhotometricMisalignment:
    """
    Angle between the kinematic and the photometric axis of a galaxy.

    It is the angle Psi of Franx, Illingworth & de Zeeuw (1991), 0-90 deg:
    ``sin(Psi) = |sin(PA_phot - PA_kin)|``.

    Parameters
    ----------
    source : object
        A `~mangapa.Galaxy`, `~mangapa.Measurement`, `~mangapa.VelocityField` or
        `~mangapa.KinematicPA`: a galaxy or one of its fields, which are fitted as they are
        (`~mangapa.clean` them first); what was measured on a galaxy; or its kinematic position
        angle.
    tracer : {"stellar", "halpha"}, optional
        Whose rotation it is; a field and a `~mangapa.KinematicPA` are of one already.
    photometry : `~mangapa.Photometry`, {"header", "table", "flux"}, optional
        The photometric axis, or where it comes from; by default as `~mangapa.photometry` chooses.

    Returns
    -------
    `PhotometricMisalignment`
        With the total error of the kinematic axis, noise and departures from a disc, and that of
        the photometric one.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type, or not one of those above.
    OSError, ImportError
        If the photometry is to come from a table that is not there, or from the light without
        photutils.

    References
    ----------
    Franx, Illingworth & de Zeeuw 1991, ApJ 383, 112; Krajnovic et al. 2011, MNRAS 414, 2923.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=37, pa_stellar=30, inclination=60)
    >>> psi = mangapa.photometric_misalignment(galaxy)
    >>> bool(psi.angle < 2 * psi.error), psi.probability_over_30 < 0.01
    (True, True)
    """
    check_tracer(tracer)
    kinematic, home = _kinematic(source, tracer)
    if photometry is None or isinstance(photometry, str):
        photometry = _photometry(home, photometry)
    if not isinstance(photometry, Photometry):
        kind = type(photometry).__name__
        msg = f"photometry must be a Photometry, or where it comes from, not {kind}"
        raise TypeError(msg)
    return psi_of(kinematic, photometry)


def psi_of(kinematic: KinematicPA, photometry: Photometry) -> PhotometricMisalignment:
    """Angle between two axes that were measured already."""
    axes = (pa.to_value(u.deg) for pa in (kinematic.pa, photometry.pa))
    errors = (e.to_value(u.deg) for e in (kinematic.pa_err_total, photometry.pa_err))
    return PhotometricMisalignment(
        angle=axes_apart(*axes) * u.deg,
        error=wrapped(np.hypot(*map(unwrapped, errors))) * u.deg,
        kinematic=kinematic,
        photometric=photometry,
    )


def _kinematic(source, tracer):
    """Kinematic position angle of a source, and the galaxy or the field that has its light."""
    if isinstance(source, KinematicPA):
        return source, source.field
    if isinstance(source, Galaxy):
        field = source.tracer(tracer)
        if field is None:
            return KinematicPA(flags=PAFlags.NO_MAP), source
        return fit_pa(field), source
    if isinstance(source, VelocityField):
        return fit_pa(source), source
    if isinstance(getattr(source, tracer, None), KinematicPA):
        return getattr(source, tracer), source.galaxy
    kind = type(source).__name__
    msg = f"source must be a Galaxy, Measurement, VelocityField or KinematicPA, not {kind}"
    raise TypeError(msg)


def _photometry(home, source):
    """Photometry of a galaxy, or of the field that a kinematic position angle was fitted to."""
    if home is None:
        msg = "photometry is needed: this KinematicPA has no field whose light could be measured"
        raise ValueError(msg)
    return photometry_of(home, source=source)
