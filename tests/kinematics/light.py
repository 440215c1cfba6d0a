"""Fields with the light of an exponential disc, whose shape is known."""

import numpy as np

from mangapa import VelocityField


def coordinates(half=16.0, spaxel=0.5, turn=0.0):
    """Offsets of the spaxels of a square map, arcsec; ``turn`` rotates the rows (deg)."""
    steps = spaxel * np.arange(-round(half / spaxel), round(half / spaxel) + 1)
    x, y = np.meshgrid(-steps, steps)
    cosine, sine = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    return cosine * x + sine * y, cosine * y - sine * x


def exponential(x, y, pa, axis_ratio, scale=4.0):
    """Light of a disc at these offsets."""
    cosine, sine = np.cos(np.radians(pa)), np.sin(np.radians(pa))
    along, across = x * sine + y * cosine, x * cosine - y * sine
    return np.exp(-np.hypot(along, across / axis_ratio) / scale)


def hexagon(x, y, half=15.0):
    """Where a hexagonal footprint is."""
    sides = (np.abs(x * np.cos(t) + y * np.sin(t)) for t in np.radians([0, 60, 120]))
    return np.max(list(sides), axis=0) < half


def disc(pa=30.0, axis_ratio=0.5, *, beam=0.0, noise=0.0, mask=None, tracer="stellar", **options):
    """A rotating field with light, of which ``noise`` is the share of that at the centre."""
    from scipy.ndimage import gaussian_filter

    x, y = coordinates(**options)
    light = exponential(x, y, pa, axis_ratio)
    if beam:
        light = gaussian_filter(light, beam / 2.3548 / 0.5)
    light += np.random.default_rng(1).normal(0, noise, light.shape) if noise else 0
    outside = ~hexagon(x, y)
    if mask is not None:
        outside |= mask(x, y)
    velocity = 50 * np.sin(np.radians(pa)) * x + 50 * np.cos(np.radians(pa)) * y
    return VelocityField.from_arrays(velocity, x, y, mask=outside, flux=light, tracer=tracer)
