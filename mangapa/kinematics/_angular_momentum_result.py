"""Result of `angular_momentum`."""

from dataclasses import dataclass, field

import numpy as np
from astropy import units as u

from mangapa._utils.html import as_html, as_text
from mangapa.fields import OFFSET, VELOCITY
from mangapa.flags import AngularMomentumFlags as Flags
from mangapa.kinematics._rotators import SLOW_ROTATORS, probability_fast

__all__ = ["AngularMomentum"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AngularMomentum:
    """
    How much of the motion of a galaxy is ordered: lambda_R and V/sigma within an ellipse.

    Attributes
    ----------
    lambda_r : `float`
        Sum of ``F R |V|`` over that of ``F R (V^2 + sigma^2)^(1/2)``; NaN where it is not known.
    lambda_r_err, lambda_r_err_sys : `float`
        1-sigma errors from the noise, and from the errors of the aperture and its centre and a
        fifth of the bias that was removed.
    v_over_sigma : `float`
        Root of the sum of F V^2 over the sum of F sigma^2; 0 where the first is below its noise.
    v_over_sigma_err, v_over_sigma_err_sys : `float`
        Its 1-sigma errors.
    lambda_r_corrected, lambda_r_corrected_err : `float`
        The same with the corrections for beam and aperture that were asked for, and the total
        1-sigma error; NaN without one.
    v_over_sigma_corrected, v_over_sigma_corrected_err : `float`
        The same of V/sigma, for the beam.
    noise_bias : `float`
        What noise added to lambda_R, and was subtracted.
    coverage : `float`
        Fraction of the ellipse that the spaxels cover.
    v_sys : `~astropy.units.Quantity`
        Systemic velocity, km/s, on the scale of the field's velocities.
    semi_major_axis : `~astropy.units.Quantity`
        That of the ellipse, arcsec.
    pa : `~astropy.units.Quantity`
        Position angle of its major axis, deg, North through East.
    ellipticity, ellipticity_err : `float`
        1 - b/a of the ellipse and its 1-sigma error; NaN where it was not given.
    radius : `~astropy.units.Quantity`
        Semi-major axes of the curve, arcsec, shape (k,), as far as ellipses are covered.
    lambda_r_within : `~numpy.ndarray`
        lambda_R within each of them, shape (k,).
    n_spaxels : `int`
        Spaxels in the ellipse that were used.
    flags : `~mangapa.AngularMomentumFlags`
        What is missing or uncertain; 0 if nothing is.
    """

    lambda_r: float = np.nan
    lambda_r_err: float = np.nan
    lambda_r_err_sys: float = np.nan
    v_over_sigma: float = np.nan
    v_over_sigma_err: float = np.nan
    v_over_sigma_err_sys: float = np.nan
    lambda_r_corrected: float = np.nan
    lambda_r_corrected_err: float = np.nan
    v_over_sigma_corrected: float = np.nan
    v_over_sigma_corrected_err: float = np.nan
    noise_bias: float = np.nan
    coverage: float = 0.0
    v_sys: u.Quantity = np.nan * VELOCITY
    semi_major_axis: u.Quantity = np.nan * OFFSET
    pa: u.Quantity = np.nan * u.deg
    ellipticity: float = np.nan
    ellipticity_err: float = np.nan
    radius: u.Quantity = field(default_factory=lambda: np.zeros(0) * OFFSET)
    lambda_r_within: np.ndarray = field(default_factory=lambda: np.zeros(0))
    n_spaxels: int = 0
    flags: Flags = Flags.NONE

    @property
    def lambda_r_err_total(self) -> float:
        """1-sigma error of lambda_R from noise and systematics."""
        return float(np.hypot(self.lambda_r_err, self.lambda_r_err_sys))

    @property
    def v_over_sigma_err_total(self) -> float:
        """1-sigma error of V/sigma from noise and systematics."""
        return float(np.hypot(self.v_over_sigma_err, self.v_over_sigma_err_sys))

    @property
    def probability_fast_emsellem2011(self) -> float:
        """
        Probability of a fast rotator: lambda_R > 0.31 ellipticity^(1/2) (Emsellem et al. 2011).

        From the corrected lambda_R if there is one, and the total errors; NaN if any is unknown.
        """
        return self._probability_fast("emsellem2011")

    @property
    def probability_fast_cappellari2016(self) -> float:
        """
        Probability of a fast rotator by Cappellari (2016, ARA&A 54, 597).

        Slow ones have lambda_R < 0.08 + ellipticity / 4, and an ellipticity below 0.4.
        """
        return self._probability_fast("cappellari2016")

    def _probability_fast(self, name):
        value, error = self.lambda_r_corrected, self.lambda_r_corrected_err
        if np.isnan(value):
            value, error = self.lambda_r, self.lambda_r_err_total
        shape = self.ellipticity, self.ellipticity_err
        return probability_fast(SLOW_ROTATORS[name], value, error, *shape)

    def __repr__(self):
        trouble = f": {self.flags.description}" if self.flags else ""
        return (
            f"<AngularMomentum lambda_R {self.lambda_r:.3f} +- {self.lambda_r_err_total:.3f}, "
            f"V/sigma {self.v_over_sigma:.2f} +- {self.v_over_sigma_err_total:.2f}{trouble}>"
        )

    def _repr_html_(self):
        rows = [
            ("lambda_R", as_text(self.lambda_r, self.lambda_r_err_total, decimals=3)),
            ("V/sigma", as_text(self.v_over_sigma, self.v_over_sigma_err_total, decimals=2)),
            (
                "lambda_R, corrected",
                None
                if np.isnan(self.lambda_r_corrected)
                else as_text(self.lambda_r_corrected, self.lambda_r_corrected_err, decimals=3),
            ),
            ("Fast rotator", as_text(self.probability_fast_cappellari2016, decimals=2)),
            ("Covered", f"{self.coverage:.0%}"),
            ("Flags", self.flags.description or None),
        ]
        return as_html("AngularMomentum", rows)
