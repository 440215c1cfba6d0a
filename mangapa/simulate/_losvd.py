"""
Line-of-sight velocity distributions (LOSVDs): their moments, and Gaussians fitted to them.

A galaxy is a list of layers. What they add up to is linear in the light, so that a beam, fibres and
bins act on it as on images: the moments of the light, or its distribution over velocity channels.
"""

from dataclasses import dataclass

import numpy as np

#: Width of a channel, km/s. Sums over such channels are exact to 1e-6 for profiles of 50 km/s, and
#: no profile is narrower: it has the width of the instrument and of spectral lines.
CHANNEL = 30.0
#: Reach of the channels beyond the fastest layer, in standard deviations of the broadest one.
TAILS = 5.0
#: More channels than any galaxy needs; more would not fit in memory.
MOST_CHANNELS = 400
#: Most steps of a fit, the relative change at which it ends, and its first damping.
MOST_STEPS, CONVERGED, FIRST_DAMPING = 60, 1e-6, 1e-2


@dataclass(frozen=True)
class Layer:
    """
    Light that has a Gaussian LOSVD in each place, as maps of equal shape.

    The radius, arcsec, is that in the plane of a disc.
    """

    light: np.ndarray
    velocity: np.ndarray
    radius: np.ndarray
    dispersion: np.ndarray | float = 0.0


class Moments:
    """Kinematics that are the mean and the standard deviation of the LOSVD."""

    broad_lines_are_worse = False

    def images(self, layers):
        """Light, and its first and second moment in velocity, shape (3, ny, nx)."""
        light, momentum, second = np.zeros((3, *layers[0].light.shape))
        for layer in layers:
            light += layer.light
            momentum += layer.light * layer.velocity
            second += layer.light * (layer.velocity**2 + layer.dispersion**2)
        return np.stack([light, momentum, second])

    def light(self, images):
        """Light of images, or of sums of them."""
        return images[0]

    def kinematics(self, images):
        """Mean and standard deviation from sums of the images, shape (3, n)."""
        light, momentum, second = images
        mean = momentum / light
        return mean, np.sqrt(np.maximum(second / light - mean**2, 0))


class Profiles:
    """
    Kinematics that are those of the Gaussian that fits the LOSVD best.

    A fit of two moments to a spectrum measures those. Where two discs rotate in opposite senses,
    they are not the moments of the LOSVD.
    """

    broad_lines_are_worse = True

    def __init__(self, layers):
        slowest = min(layer.velocity.min() for layer in layers)
        fastest = max(layer.velocity.max() for layer in layers)
        reach = TAILS * max(np.max(layer.dispersion) for layer in layers)
        count = int(np.ceil((fastest - slowest + 2 * reach) / CHANNEL)) + 1
        if count > MOST_CHANNELS:
            msg = (
                f"losvd='gaussian' cannot span velocities from {slowest:.0f} to "
                f"{fastest:.0f} km/s; choose a lower v_max, or losvd='moments'"
            )
            raise ValueError(msg)
        self.velocities = slowest - reach + CHANNEL * np.arange(count)

    def images(self, layers):
        """Light in each channel, shape (number of channels, ny, nx)."""
        channels = np.zeros((len(self.velocities), *layers[0].light.shape))
        for layer in layers:
            peak = layer.light * CHANNEL / (np.sqrt(2 * np.pi) * layer.dispersion)
            for channel, velocity in zip(channels, self.velocities, strict=True):
                away = (velocity - layer.velocity) / layer.dispersion
                channel += peak * np.exp(-(away**2) / 2)
        return channels

    def light(self, images):
        """Light of images, or of sums of them."""
        return images.sum(axis=0)

    def kinematics(self, images):
        """Mean and dispersion of the Gaussians, from sums of the images."""
        return fit_gaussian(self.velocities, images)


def fit_gaussian(velocities, profiles):
    """
    Fit a Gaussian to each profile by least squares, with damped Newton steps from its moments.

    Parameters
    ----------
    velocities : `~numpy.ndarray`
        Of equal channels, km/s, shape (k,).
    profiles : `~numpy.ndarray`
        Light in the channels, shape (k, n).

    Returns
    -------
    mean, dispersion : `~numpy.ndarray`
        Of the Gaussians, km/s, shape (n,).
    """
    velocities = np.asarray(velocities, dtype=float)[:, np.newaxis]
    profiles = profiles / profiles.sum(axis=0)
    mean = (velocities * profiles).sum(axis=0)
    width = np.sqrt(((velocities - mean) ** 2 * profiles).sum(axis=0))
    damping = np.full(mean.shape, FIRST_DAMPING)
    agreement, *slopes = _agreement(velocities, profiles, mean, width)
    slopes, active = np.stack(slopes), np.arange(mean.size)
    for _ in range(MOST_STEPS):
        step = _uphill(slopes[:, active], damping[active])
        trial_mean = mean[active] + step[0] * width[active]
        trial_width = width[active] * np.exp(step[1])
        trial, *trial_slopes = _agreement(velocities, profiles[:, active], trial_mean, trial_width)
        better = trial >= agreement[active]
        chosen = active[better]
        mean[chosen], width[chosen] = trial_mean[better], trial_width[better]
        agreement[chosen] = trial[better]
        slopes[:, chosen] = np.stack(trial_slopes)[:, better]
        damping[active] *= np.where(better, 0.1, 10)
        active = active[np.abs(step).max(axis=0) > CONVERGED]
        if active.size == 0:
            break
    return mean, width


def _agreement(velocities, profiles, mean, width):
    """
    Measure how well Gaussians of the best heights agree with profiles, and its derivatives.

    The sum of squares is least where that of Gaussian times profile, over the square root of the
    width, is largest. This is the logarithm of the latter, with its first derivatives by the mean
    over the width and by the logarithm of the width, and the three second ones.
    """
    away = (velocities - mean) / width
    product = profiles * np.exp(-(away**2) / 2)
    total = product.sum(axis=0)
    s1, s2, s3, s4 = (np.einsum("kn,kn->n", product, away**n) / total for n in (1, 2, 3, 4))
    return (
        *(np.log(total) - np.log(width) / 2, s1, s2 - 0.5),
        *(s2 - 1 - s1**2, s3 - 2 * s1 - s1 * s2, s4 - 2 * s2 - s2**2),
    )


def _uphill(slopes, damping):
    """Step of Newton, damped until it leads uphill, of at most one width."""
    first, second, a, b, c = slopes
    # The larger eigenvalue of the matrix of second derivatives.
    largest = (a + c) / 2 + np.hypot((a - c) / 2, b)
    shift = np.maximum(largest, 0) + damping
    a, c = a - shift, c - shift
    step = np.stack([b * second - c * first, b * first - a * second]) / (a * c - b**2)
    return np.clip(step, -1, 1)
