"""What a fit gives: the axis, from a method; the position angle, from `~mangapa.fit_pa`."""

from dataclasses import dataclass, field

import numpy as np
from astropy import units as u

from mangapa._utils.html import as_html, as_text
from mangapa.fields import VELOCITY, VelocityField
from mangapa.flags import PAFlags

__all__ = ["KinematicPA", "PAFit"]


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
        Chi-square at the best angle; NaN if the method does not tell.
    error : `float`
        1-sigma error, degrees, where the method has one of its own; else NaN.
    other_axis : `float`
        The axis that another method found on the way, degrees; NaN if there was none.
    disc : `~mangapa.fitting._thin_disc.Disc` or `None`
        The disc, where one was fitted.
    """

    pa_axis: float
    error_3sigma: float = np.nan
    v_sys: float = np.nan
    chi2: float = np.nan
    error: float = np.nan
    other_axis: float = np.nan
    disc: object = None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class KinematicPA:
    """
    The global kinematic position angle of a velocity field.

    Attributes
    ----------
    pa : `~astropy.units.Quantity`
        Position angle of the receding side, 0-360 deg, North through East; NaN where there is none.
    pa_err : `~astropy.units.Quantity`
        1-sigma error, deg; NaN where it is unknown.
    pa_err_3sigma : `~astropy.units.Quantity`
        3-sigma interval by the rule of pafit, deg.
    v_sys : `~astropy.units.Quantity`
        Systemic velocity, km/s, on the scale of the field's velocities.
    n_spaxels : `int`
        Good spaxels that were fitted.
    chi2 : `float`
        Chi-square of the fit; NaN where the method does not tell.
    method : `str`
        The method that was used.
    flags : `~mangapa.PAFlags`
        What is wrong; 0 if nothing is.
    field : `~mangapa.VelocityField`
        What was fitted.
    disc : `~mangapa.fitting._thin_disc.Disc` or `None`
        The disc that fits best, with its inclination and rotation curve, from ``method="disc"``.
    """

    pa: u.Quantity = np.nan * u.deg
    pa_err: u.Quantity = np.nan * u.deg
    pa_err_3sigma: u.Quantity = np.nan * u.deg
    v_sys: u.Quantity = np.nan * VELOCITY
    n_spaxels: int = 0
    chi2: float = np.nan
    method: str = ""
    flags: PAFlags = PAFlags.NONE
    field: VelocityField | None = field(default=None)
    disc: object = None

    def plot(self, ax=None, **kwargs):
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
        return (
            f"<KinematicPA {self.pa.value:.1f} +- {self.pa_err.value:.1f} deg, {self.method}, "
            f"{self.n_spaxels} spaxels{trouble}>"
        )

    def _repr_html_(self):
        rows = [
            ("PA", as_text(self.pa, self.pa_err)),
            ("Systemic velocity", as_text(self.v_sys)),
            ("Method", self.method or None),
            ("Spaxels", self.n_spaxels),
            ("Flags", self.flags.description or None),
        ]
        draw = None if self.field is None else (lambda figure: self.plot(figure.subplots()))
        return as_html("KinematicPA", rows, draw)
