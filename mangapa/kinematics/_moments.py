"""Velocities and dispersions of a field without the bias that their noise gives to their sizes."""

from dataclasses import dataclass

import numpy as np

from mangapa._utils.robust import TINY

#: Fewest points of an annulus in which squares are averaged, and fewest independent data: a sixth
#: and a third of the square of the noise are left in their mean, sqrt(2 / n).
ANNULUS, INDEPENDENT = 40, 15
#: Least mean square of the motion at a point, over that of the field.
LEAST_SQUARE = 0.05


@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """
    The m points of a field that have dispersions and light; arrays of shape (m,), km/s.

    ``velocity`` is relative to the systemic one, ``square`` is that of the dispersion without the
    instrument's part, which noise can make negative, and ``dispersion`` is as measured. Where an
    error is unknown it is 0, and nothing is corrected.
    """

    velocity: np.ndarray
    velocity_err: np.ndarray
    square: np.ndarray
    dispersion: np.ndarray
    dispersion_err: np.ndarray
    speed: np.ndarray  # |V| without the bias of its noise
    bias: np.ndarray  # the bias that was removed from it
    bias_err: np.ndarray  # 1-sigma error of that, common to the points of an annulus
    annulus: np.ndarray  # number of the annulus of each point
    squared_speed: np.ndarray  # V^2 without that of its noise
    squared_dispersion: np.ndarray  # sigma^2 without that of its noise
    typical_speed: np.ndarray  # root of the mean V^2 of similar places, without noise
    own: np.ndarray  # weight of the point's own V^2 in that
    motion: np.ndarray  # (V^2 + sigma^2)^(1/2) without the bias of its noise
    scale: np.ndarray  # the same, averaged as far as the noise requires

    @classmethod
    def of(cls, velocity, velocity_err, square, dispersion, dispersion_err, annuli):
        """Correct each point for the noise; ``annuli`` say which points are alike."""
        variance, variance_s = velocity_err**2, dispersion_err**2
        squared_speed = velocity**2 - variance
        squared_dispersion = square - variance_s
        mean_square = np.maximum(annuli.smooth(squared_speed), 0.0)
        noise = variance * (4 * mean_square + 2 * variance)
        shrunk, own = annuli.shrunk(squared_speed, noise)
        typical = np.sqrt(np.maximum(shrunk, 0.0))
        bias = noise_bias(typical, velocity_err)
        spread = np.sqrt(2 / annuli.independent) * variance
        low, high = (np.sqrt(np.maximum(mean_square + d, 0.0)) for d in (-spread, spread))
        bias_err = (noise_bias(low, velocity_err) - noise_bias(high, velocity_err)) / 2
        total = squared_speed + squared_dispersion
        noise = variance * (4 * typical**2 + 2 * variance)
        noise += variance_s * (4 * dispersion**2 + 2 * variance_s)
        mean = (total / (noise + TINY)).sum() / (1 / (noise + TINY)).sum()
        level, weight = annuli.shrunk(total, noise)
        level = np.maximum(level, LEAST_SQUARE * max(mean, 0.0) + TINY)
        scale = np.sqrt(level)
        # The root of a noisy square is too small on average. Its tangent is not, but its noise is
        # in part also that of the place where it touches.
        curvature = weight * (2 - weight) * np.minimum(noise, level**2) / (8 * scale * level)
        return cls(
            velocity=velocity,
            velocity_err=velocity_err,
            square=square,
            dispersion=dispersion,
            dispersion_err=dispersion_err,
            speed=np.abs(velocity) - bias,
            bias=bias,
            bias_err=bias_err,
            annulus=annuli.number,
            squared_speed=squared_speed,
            squared_dispersion=squared_dispersion,
            typical_speed=typical,
            own=own,
            motion=scale + (total - level) / (2 * scale) + curvature,
            scale=scale,
        )


class Annuli:
    """
    Annuli with enough points to average their squares as functions of azimuth.

    Points are alike if they are on one annulus and either axis of the ellipse mirrors their
    azimuths (radian, from the major axis). ``weight`` is the fraction of an independent datum that
    each is worth, shape (m,) like the others.
    """

    def __init__(self, radius, azimuth, weight):
        order = np.argsort(radius, kind="stable")
        n_annuli = max(int(min(radius.size / ANNULUS, weight.sum() / INDEPENDENT)), 1)
        share = np.cumsum(weight[order]) / weight.sum()
        #: Annulus of each point, from 0.
        self.number = np.empty(radius.size, int)
        self.number[order] = np.minimum(share * n_annuli, n_annuli - 1)
        self._count = np.maximum(np.bincount(self.number, minlength=n_annuli), 1)
        #: How many independent data the annulus of each point has.
        self.independent = self._sum(weight)[self.number]
        # The square of a cosine, about its mean.
        self._wave = np.cos(2 * azimuth)
        self._wave = self._wave - self._mean(self._wave)
        self._power = self._sum(self._wave**2)

    def _sum(self, values):
        return np.bincount(self.number, values, self._count.size)

    def _mean(self, values):
        return (self._sum(values) / self._count)[self.number]

    def smooth(self, values):
        """Fit a + b cos(2 azimuth) to the values of each annulus, and return it at each point."""
        slope = self._sum(values * self._wave) / (self._power + TINY)
        return self._mean(values) + slope[self.number] * self._wave

    def shrunk(self, values, noise):
        """
        Move values towards `smooth` as far as their noise (its variance) explains.

        Returns them, and the weight of each point's own value.
        """
        smooth = self.smooth(values)
        residual = values - smooth
        real = np.maximum(self._mean(residual**2 - noise), 0.0)
        own = real / (real + noise + TINY)
        return smooth + residual * own, own


def folded_mean(speed, error):
    """Mean size of a velocity whose true size is ``speed``, measured with normal errors."""
    from scipy.special import erf

    ratio = speed / np.maximum(error, TINY)
    return error * np.sqrt(2 / np.pi) * np.exp(-(ratio**2) / 2) + speed * erf(ratio / np.sqrt(2))


def noise_bias(speed, error):
    """What noise adds to the mean size of a velocity."""
    return folded_mean(speed, error) - speed


def folded_slope(speed, error):
    """Derivative of `folded_mean` by the speed."""
    from scipy.special import erf

    return erf(speed / np.maximum(error, TINY) / np.sqrt(2))


def bin_means(points, known, *values):
    """Which bins have ``known`` spaxels, and means over these of values of spaxels, shape (n,)."""
    number = np.bincount(points.bins, known, points.x.size)
    kept = np.flatnonzero(number)
    totals = (np.bincount(points.bins, np.where(known, one, 0.0), number.size) for one in values)
    return kept, [total[kept] / number[kept] for total in totals]
