"""Velocities and dispersions of a field without the bias that their noise gives to their sizes."""

from dataclasses import dataclass

import numpy as np

from mangapa._utils.robust import TINY

#: Fewest points of an annulus in which squares are averaged: noise of a fifth of its own square is
#: left in their mean, sqrt(2 / 40).
ANNULUS = 40
#: Least mean square of the motion at a point, over that of the field.
LEAST_SQUARE = 1e-3


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
    squared_speed: np.ndarray  # V^2 without that of its noise
    squared_dispersion: np.ndarray  # sigma^2 without that of its noise
    typical_speed: np.ndarray  # root of the mean V^2 of similar places, without noise
    motion: np.ndarray  # (V^2 + sigma^2)^(1/2) without the bias of its noise
    scale: np.ndarray  # the same, averaged as far as the noise requires

    @classmethod
    def of(cls, velocity, velocity_err, square, dispersion, dispersion_err, radius, azimuth):
        """
        Correct each point for the noise.

        ``radius`` and ``azimuth`` (radian, from the major axis) say which points are alike: those
        on one annulus whose azimuths are mirrored by either axis of the ellipse.
        """
        variance, variance_s = velocity_err**2, dispersion_err**2
        squared_speed = velocity**2 - variance
        squared_dispersion = square - variance_s
        annuli = Annuli(radius, azimuth)
        mean_square = annuli.smooth(squared_speed)
        typical = np.sqrt(np.maximum(mean_square, 0.0))
        bias = folded_mean(typical, velocity_err) - typical
        total = squared_speed + squared_dispersion
        noise = variance * (4 * typical**2 + 2 * variance) + variance_s * (
            4 * np.maximum(square, 0.0) + 2 * variance_s
        )
        floor = LEAST_SQUARE * max(total.mean(), 0.0) + TINY
        level = np.maximum(annuli.shrunk(total, noise), floor)
        scale = np.sqrt(level)
        return cls(
            velocity=velocity,
            velocity_err=velocity_err,
            square=square,
            dispersion=dispersion,
            dispersion_err=dispersion_err,
            speed=np.abs(velocity) - bias,
            bias=bias,
            squared_speed=squared_speed,
            squared_dispersion=squared_dispersion,
            typical_speed=typical,
            # The root of a noisy square is too small on average; its tangent is not.
            motion=scale + (total - level) / (2 * scale),
            scale=scale,
        )


class Annuli:
    """Annuli with enough points to average their squares as functions of azimuth."""

    def __init__(self, radius, azimuth):
        n_annuli = max(radius.size // ANNULUS, 1)
        rank = np.empty(radius.size, int)
        rank[np.argsort(radius, kind="stable")] = np.arange(radius.size)
        self._annulus = rank * n_annuli // radius.size
        self._count = np.bincount(self._annulus, minlength=n_annuli)
        # The square of a cosine, about its mean.
        self._wave = np.cos(2 * azimuth)
        self._wave = self._wave - self._mean(self._wave)
        self._power = self._sum(self._wave**2)

    def _sum(self, values):
        return np.bincount(self._annulus, values, self._count.size)

    def _mean(self, values):
        return (self._sum(values) / self._count)[self._annulus]

    def smooth(self, values):
        """Fit a + b cos(2 azimuth) to the values of each annulus, and return it at each point."""
        slope = self._sum(values * self._wave) / (self._power + TINY)
        return self._mean(values) + slope[self._annulus] * self._wave

    def shrunk(self, values, noise):
        """Move values towards `smooth` as far as their noise (its variance) explains."""
        smooth = self.smooth(values)
        residual = values - smooth
        real = np.maximum(self._mean(residual**2 - noise), 0.0)
        return smooth + residual * real / (real + noise + TINY)


def folded_mean(speed, error):
    """Mean size of a velocity whose true size is ``speed``, measured with normal errors."""
    from scipy.special import erf

    ratio = speed / np.maximum(error, TINY)
    return error * np.sqrt(2 / np.pi) * np.exp(-(ratio**2) / 2) + speed * erf(ratio / np.sqrt(2))


def folded_slope(speed, error):
    """Derivative of `folded_mean` by the speed."""
    from scipy.special import erf

    return erf(speed / np.maximum(error, TINY) / np.sqrt(2))
