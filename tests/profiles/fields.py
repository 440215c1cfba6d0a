"""Rotating fields whose position angle at each radius is known."""

import numpy as np

from mangapa import VelocityField

Y, X = np.mgrid[-12:12.5:0.5, 12:-12.5:-0.5]
ROUND = np.hypot(X, Y) < 12.2


def disc(pa=60.0, *, axis_ratio=0.6, amplitude=150.0, v_sys=0.0, noise=4.0, seed=0, x=X, y=Y):
    """Return the velocities of a thin disc; ``pa`` may be a map."""
    angle = np.radians(pa)
    along = x * np.sin(angle) + y * np.cos(angle)
    across = (x * np.cos(angle) - y * np.sin(angle)) / axis_ratio
    radius = np.hypot(along, across)
    velocity = v_sys + amplitude * along / np.hypot(radius, 3)
    return velocity + noise * np.random.default_rng(seed).normal(size=x.shape)


def field(velocity, *, x=X, y=Y, mask=~ROUND, **options):
    return VelocityField.from_arrays(velocity, x, y, mask=mask, **options)


def off(angle, true):
    """Return the difference in -180 to 180 degrees, of values or quantities."""
    return (getattr(angle, "value", angle) - true + 180) % 360 - 180
