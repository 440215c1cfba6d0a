"""Results of a fit: the axis, from a method, and the position angle, from `~mangapa.fit_pa`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from mangapa._utils.html import as_html, as_text
from mangapa.fields import OFFSET, VELOCITY, VelocityField
from mangapa.flags import PAFlags

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Disc", "KinematicPA", "PAFit"]

#: Axis ratio of a disc seen edge-on (Hubble 1926, ApJ 64, 321).
THICKNESS = 0.2
#: Scatter of the fitted ln(1 / q^2) beyond the noise, from the beam and from thick discs; median of
#: the simulated fields of families plain, lowinc and edge (benchmarks/validation.py).
SHAPE_SCATTER = 0.5
#: Least error of an inclination, deg.
LEAST_INCLINATION_ERROR = 3.0


@dataclass(frozen=True, kw_only=True)
class PAFit:
    """
    What a fitting method finds.

    Attributes
    ----------
    pa_axis : `float`
        Kinematic axis modulo 180, degrees North through East; NaN if the method failed.
    error_3sigma : `float`
        The method's own 3-sigma error, degrees; NaN if it has none.
    v_sys : `float`
        Correction to the first guess of the systemic velocity, km/s.
    chi2 : `float`
        Chi-square at the best angle; NaN if the method has none.
    error : `float`
        The method's own 1-sigma error, degrees; NaN if it has none.
    other_axis : `float`
        Axis that another method found on the way, degrees; NaN if there was none.
    disc : `Disc`, ``DiscSolution`` or `None`
        The disc, if one was fitted, with or without units.
    """

    pa_axis: float
    error_3sigma: float = np.nan
    v_sys: float = np.nan
    chi2: float = np.nan
    error: float = np.nan
    other_axis: float = np.nan
    disc: object = None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Disc:
    """
    The disc that fits a field best.

    Attributes
    ----------
    axis_ratio : `float`
        Apparent axis ratio of the disc.
    axis_ratio_err : `float`
        Its 1-sigma error, with the scatter that the beam and thick discs bring.
    inclination : `~astropy.units.Quantity`
        Inclination of a disc of this axis ratio and an intrinsic thickness of 0.2, deg; 0 is
        face-on.
    inclination_err : `~astropy.units.Quantity`
        Its 1-sigma error, deg; too small above 80 and below 20 deg (see the documentation).
    x, y : `~astropy.units.Quantity`
        Kinematic centre, arcsec from the object. With ``centre="given"`` it is held near the
        object; ``offset`` is not.
    x_err, y_err : `~astropy.units.Quantity`
        1-sigma errors of a centre that is not held, arcsec.
    offset : `~astropy.units.Quantity`
        Distance of the kinematic centre from the object, arcsec, if nothing holds it.
    offset_significance : `float`
        How many standard errors that is, from the covariance of both coordinates; chance alone
        exceeds 3.4 in 0.3 per cent of all fields.
    radius : `~astropy.units.Quantity`
        Radii in the plane of the disc, arcsec, shape (n,).
    rotation_velocity : `~astropy.units.Quantity`
        Line-of-sight velocity on the major axis at these radii, km/s, shape (n,).
    """

    axis_ratio: float
    inclination: u.Quantity
    x: u.Quantity
    y: u.Quantity
    radius: u.Quantity
    rotation_velocity: u.Quantity
    axis_ratio_err: float = np.nan
    inclination_err: u.Quantity = np.nan * u.deg
    x_err: u.Quantity = np.nan * OFFSET
    y_err: u.Quantity = np.nan * OFFSET
    offset: u.Quantity = np.nan * OFFSET
    offset_significance: float = np.nan

    @classmethod
    def from_solution(
        cls, solution: Any, *, centre: tuple = (0.0, 0.0), error: Any = None
    ) -> "Disc":
        """
        Attach units to a solution.

        Parameters
        ----------
        solution : ``DiscSolution``
            The disc as plain numbers.
        centre : `tuple` of `float`, optional
            What its offsets are counted from, arcsec.
        error : ``ShapeError``, optional
            Errors of its shape and centre.

        Returns
        -------
        `Disc`
        """
        x, y = (solution.centre + centre) * OFFSET
        radius, speed = solution.rotation_curve()
        errors = {} if error is None else _errors(solution, np.asarray(centre), error)
        return cls(
            axis_ratio=solution.axis_ratio,
            inclination=inclination(solution.axis_ratio) * u.deg,
            **errors,
            x=x,
            y=y,
            radius=radius * OFFSET,
            rotation_velocity=speed * VELOCITY,
        )

    def __repr__(self):
        return (
            f"<Disc inclination {self.inclination.value:.0f} deg, rotation velocity up to "
            f"{self.rotation_velocity.value.max():.0f} km/s>"
        )


def inclination(axis_ratio, thickness=THICKNESS):
    """Inclination of an oblate disc, degrees: cos^2 i = (q^2 - q0^2) / (1 - q0^2)."""
    cosine2 = (axis_ratio**2 - thickness**2) / (1 - thickness**2)
    return np.degrees(np.arccos(np.sqrt(np.clip(cosine2, 0, 1))))


def inclination_error(axis_ratio, error, thickness=THICKNESS):
    """Error of the inclination, degrees, from that of the axis ratio."""
    # The inclination is not linear in the ratio near both of its ends.
    edges = np.clip([axis_ratio - error, axis_ratio + error], 0.0, 1.0)
    range_ = -np.diff(inclination(edges, thickness))[0]
    return max(range_ / 2, LEAST_INCLINATION_ERROR)


def _errors(solution, centre, error):
    """Attributes of a `Disc` that come from a ``ShapeError``."""
    ratio = solution.axis_ratio
    ratio_err = min(ratio * np.hypot(error.log_ratio, SHAPE_SCATTER) / 2, 1.0)
    x_err, y_err = np.sqrt(np.diagonal(error.centre)) * OFFSET
    away = error.offset + centre
    return {
        "axis_ratio_err": float(ratio_err),
        "inclination_err": inclination_error(ratio, ratio_err) * u.deg,
        "x_err": x_err,
        "y_err": y_err,
        "offset": np.hypot(*away) * OFFSET,
        "offset_significance": error.significance_of(away),
    }


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class KinematicPA:
    """
    The global kinematic position angle of a velocity field.

    Attributes
    ----------
    pa : `~astropy.units.Quantity`
        Position angle of the receding side, 0-360 deg, North through East; NaN where there is none.
    pa_err : `~astropy.units.Quantity`
        1-sigma error from the noise alone, deg; NaN where it is unknown.
    pa_err_sys : `~astropy.units.Quantity`
        1-sigma error from the departures of the field from a disc, beyond the noise, deg; NaN where
        it is unknown.
    pa_err_3sigma : `~astropy.units.Quantity`
        Half-width of the 3-sigma interval by the rule of pafit, deg.
    v_sys : `~astropy.units.Quantity`
        Systemic velocity, km/s, on the scale of the field's velocities.
    n_spaxels : `int`
        Good spaxels that were fitted; those that are contaminated are not.
    chi2 : `float`
        Chi-square of the fit; NaN if the method has none.
    method : `str`
        The method that was used.
    flags : `~mangapa.PAFlags`
        What is wrong; 0 if nothing is.
    field : `~mangapa.VelocityField` or `None`
        The field that was fitted.
    disc : `~mangapa.fitting.Disc` or `None`
        The best disc, with its inclination and rotation curve, from ``method="disc"``.
    contaminated : `~numpy.ndarray` of `bool` or `None`
        Where good spaxels were left out because they are no part of the disc, shape (ny, nx), with
        the flag ``CONTAMINATED``; `None` where there are none.
    x, y : `~astropy.units.Quantity`
        Centre that the angle is measured about, arcsec from the object: 0, or what
        ``centre="fit"`` found.
    """

    pa: u.Quantity = np.nan * u.deg
    pa_err: u.Quantity = np.nan * u.deg
    pa_err_sys: u.Quantity = np.nan * u.deg
    pa_err_3sigma: u.Quantity = np.nan * u.deg
    v_sys: u.Quantity = np.nan * VELOCITY
    n_spaxels: int = 0
    chi2: float = np.nan
    method: str = ""
    flags: PAFlags = PAFlags.NONE
    field: VelocityField | None = None
    disc: Disc | None = None
    contaminated: np.ndarray | None = None
    x: u.Quantity = 0.0 * OFFSET
    y: u.Quantity = 0.0 * OFFSET

    @property
    def pa_err_total(self) -> u.Quantity:
        """1-sigma error from noise and departures, deg; of the noise alone if that is all."""
        shape = self.pa_err_sys
        return self.pa_err if np.isnan(shape) else np.hypot(self.pa_err, shape)

    def plot(self, ax: "Axes | None" = None, **kwargs: Any) -> "Axes":
        """
        Draw the field with the position angle and its error upon it.

        Parameters
        ----------
        ax : `~matplotlib.axes.Axes`, optional
            Where to draw; a new figure if not given.
        **kwargs
            Passed to `mangapa.plotting.plot_field`.

        Returns
        -------
        `~matplotlib.axes.Axes`

        Raises
        ------
        ValueError
            If there was no field.
        """
        from mangapa.plotting import plot_field

        if self.field is None:
            msg = f"there is no field to draw: {self.flags.description or 'none was kept'}"
            raise ValueError(msg)
        return plot_field(self.field, ax=ax, result=self, **kwargs)

    def __repr__(self):
        trouble = f", {self.flags.description}" if self.flags else ""
        error = f"{self.pa_err.value:.1f}"
        if np.isfinite(self.pa_err_sys):
            error += f" (noise) +- {self.pa_err_sys.value:.1f} (shape)"
        return (
            f"<KinematicPA {self.pa.value:.1f} +- {error} deg, {self.method}, "
            f"{self.n_spaxels} spaxels{trouble}>"
        )

    def _repr_html_(self):
        rows = [
            ("PA", as_text(self.pa, self.pa_err_total)),
            ("Systemic velocity", as_text(self.v_sys)),
            ("Method", self.method or None),
            ("Spaxels", self.n_spaxels),
            ("Flags", self.flags.description or None),
        ]
        draw = None if self.field is None else (lambda figure: self.plot(figure.subplots()))
        return as_html("KinematicPA", rows, draw)
