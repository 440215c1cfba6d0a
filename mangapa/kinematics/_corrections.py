"""Published corrections of lambda_R and V/sigma for the beam, each named after its source."""

from dataclasses import dataclass

import numpy as np

#: Range of the Sersic index in which the correction of Graham et al. (2018) holds, and of the
#: standard deviation of the beam over the semi-major axis in which both are given.
GRAHAM_SERSIC, LARGEST_BEAM = (0.5, 6.5), 1.0
#: Equation 5 of Graham et al. (2018, MNRAS 477, 4711) and their errors above and below (fig. C4).
GRAHAM_SCALE, GRAHAM_POWERS, GRAHAM_SLOPE = 0.47, (1.76, 0.84), 0.26
GRAHAM_ABOVE, GRAHAM_BELOW = 0.03, 0.08
#: Corrections of Harborne et al. (2020, MNRAS 497, 2018), as in their public code: the four numbers
#: of the sigmoid, and the factors of the ellipticity, of log n, of the radius in effective radii,
#: and a constant. Of lambda_R with distances, of the one with semi-major axes, and of V/sigma.
HARBORNE_DISTANCE = (7.48, 4.08, 1.60, 2.89), (0.10033595, -0.22313183, -0.12270405, 0.2188)
HARBORNE_ELLIPSE = (7.49, 4.01, 1.57, 2.84), (0.01638699, -0.19020806, -0.13429812, 0.27955548)
HARBORNE_V_SIGMA = (7.55, 4.42, 1.55, 2.73), (-0.10142709, 0.02407725, -0.05636119, 0.11757231)
#: Their scatter of lambda_R and of V/sigma, dex (abstract).
HARBORNE_SCATTER = 0.02, 0.06


@dataclass(frozen=True, kw_only=True)
class Beam:
    """What the corrections need of a galaxy and its observation."""

    ratio: float  # standard deviation of the beam over the semi-major axis of the aperture
    sersic_index: float
    ellipticity: float
    by_ellipse: bool = False  # whether R in lambda_R is the semi-major axis, not the distance


@dataclass(frozen=True, kw_only=True)
class Factor:
    """Corrected over measured value, with what it adds to the error; NaN if there is none."""

    value: float = np.nan
    relative_error: float = 0.0  # in units of the corrected value
    added_error: float = 0.0

    def apply(self, value, error):
        """Corrected value and its 1-sigma error."""
        corrected = value * self.value
        parts = error * self.value, corrected * self.relative_error, self.added_error
        return corrected, float(np.linalg.norm(parts))


def graham2018(beam):
    """Factors of lambda_R and V/sigma by Graham et al. (2018), who give the first."""
    low, high = GRAHAM_SERSIC
    if not (low <= beam.sersic_index <= high and beam.ratio <= LARGEST_BEAM):
        return Factor(), Factor()
    power, outer = GRAHAM_POWERS
    smearing = (1 + (beam.ratio / GRAHAM_SCALE) ** power) ** outer
    concentration = 1 + GRAHAM_SLOPE * (beam.sersic_index - 2) * beam.ratio
    error = (GRAHAM_ABOVE + GRAHAM_BELOW * beam.sersic_index) * beam.ratio / 2
    return Factor(value=smearing * concentration, added_error=error), Factor()


def harborne2020(beam):
    """Factors of lambda_R and V/sigma by Harborne et al. (2020), measured in 1 effective radius."""
    if not (beam.sersic_index > 0 and beam.ratio <= LARGEST_BEAM and beam.ellipticity < 1):
        return Factor(), Factor()
    if beam.by_ellipse and beam.ellipticity == 0:
        # Ellipses that are circles.
        beam = Beam(ratio=beam.ratio, sersic_index=beam.sersic_index, ellipticity=0.0)
    sigmoid, factors = HARBORNE_ELLIPSE if beam.by_ellipse else HARBORNE_DISTANCE
    shape = np.log10(beam.ellipticity) if beam.by_ellipse else beam.ellipticity
    lambda_r = _sigmoid(beam.ratio, *sigmoid) + beam.ratio * _structure(beam, shape, factors)
    sigmoid, factors = HARBORNE_V_SIGMA
    v_sigma = _sigmoid(beam.ratio, *sigmoid)
    v_sigma += 3 * beam.ratio * _structure(beam, beam.ellipticity, factors)
    return tuple(
        Factor(value=10**-change, relative_error=scatter * np.log(10))
        for change, scatter in zip((lambda_r, v_sigma), HARBORNE_SCATTER, strict=True)
    )


def _sigmoid(ratio, height, steepness, power, offset):
    """Change for the beam, dex; 0 without one."""
    largest = height / (1 + np.exp(offset))
    return height / (1 + np.exp(steepness * ratio**power + offset)) - largest


def _structure(beam, shape, factors):
    of_shape, of_index, of_radius, constant = factors
    return of_shape * shape + of_index * np.log10(beam.sersic_index) + of_radius + constant


#: The corrections by name.
BEAM_CORRECTIONS = {"graham2018": graham2018, "harborne2020": harborne2020}
