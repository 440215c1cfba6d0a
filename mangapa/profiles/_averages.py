"""Means over rings of amplitudes that noise makes larger, weighted by the light."""

import numpy as np

from mangapa._utils.robust import TINY

#: Half-light radii of an exponential disc in its scale length.
HALF_LIGHT = 1.678
#: Steps of the bisection, which leave 1e-6 of the range.
BISECTIONS = 20


def ring_light(rings, spaxels, flux, effective_radius):
    """
    Light of each ring as a fraction of that of all, shape (n,), and where it is from.

    ``flux`` is the light of each spaxel, shape (p,), or `None`. Without it, or if it is positive on
    no ring, the light is that of an exponential disc of this effective radius (arcsec), and if that
    is NaN it is uniform. A ring has its area times its mean brightness, so that gaps do not count.
    """
    low, high = rings.edges[:-1], rings.edges[1:]
    area = np.pi * rings.ellipse.axis_ratio * (high**2 - low**2)
    brightness = None if flux is None else _brightness(rings, spaxels, flux)
    origin = "flux"
    if brightness is None or not brightness.any():
        if np.isfinite(effective_radius):
            scale = effective_radius / HALF_LIGHT
            brightness, origin = np.exp(-(low + high) / 2 / scale), "exponential disc"
        else:
            brightness, origin = np.ones(area.size), "area"
    light = area * brightness
    total = light.sum()
    return light / total if total > 0 else light, origin


def _brightness(rings, spaxels, flux):
    """Mean light of the spaxels of each ring, shape (n,)."""
    ring, spaxel = rings.spaxels_of(spaxels.bins)
    light, n = flux[spaxel], rings.count.size
    known = np.isfinite(light)
    count = np.bincount(ring[known], minlength=n)
    mean = np.bincount(ring[known], light[known], minlength=n) / np.maximum(count, 1)
    # Noise may make faint rings negative.
    return np.maximum(mean, 0)


def mean_amplitude(weight, observed, error, correlation):
    """
    Weighted mean of amplitudes of two noisy components each, corrected for their noise.

    It is the amplitude which, if all n were equal, would have the weighted mean that is observed,
    given the mean of the Rice distribution at each ``error`` of a component. Returns the mean and
    its 1-sigma error, by which it would have to be larger for a mean that is larger by its own
    standard deviation. ``weight`` has a sum of 1; ``correlation`` is that of the noise, (n, n).
    """
    mean = weight @ observed
    found = _amplitude_of(mean, weight, error)
    variance = 2 * error**2 + found**2 - _rice_mean(found, error) ** 2
    each = weight * np.sqrt(np.maximum(variance, 0))
    deviation = np.sqrt(each @ correlation @ each)
    larger = max(mean, weight @ _rice_mean(0.0, error)) + deviation
    return found, _amplitude_of(larger, weight, error) - found


def _amplitude_of(mean, weight, error):
    low, high = 0.0, float(mean)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if weight @ _rice_mean(middle, error) < mean:
            low = middle
        else:
            high = middle
    return (low + high) / 2 if low > 0 else 0.0


def _rice_mean(amplitude, error):
    """Mean of the length of a vector whose two components have this error."""
    from scipy.special import i0e, i1e

    half = amplitude**2 / (4 * error**2 + TINY**2)
    # exp(-half) is in the scaled Bessel functions.
    return error * np.sqrt(np.pi / 2) * ((1 + 2 * half) * i0e(half) + 2 * half * i1e(half))
