"""Input of the fitting methods, made from plain arrays."""

import numpy as np

from mangapa import VelocityField
from mangapa.fitting._prepared import prepare

Y, X = np.mgrid[-8:8.5:0.5, 8:-8.5:-0.5]
ROUND = np.hypot(X, Y) < 8.2


def disc_velocity(pa, *, axis_ratio=0.6, x=X, y=Y, amplitude=150.0, noise=0.0, seed=0):
    """Return the velocities of a thin disc with an arctangent rotation curve."""
    angle = np.radians(pa)
    along = x * np.sin(angle) + y * np.cos(angle)
    across = (x * np.cos(angle) - y * np.sin(angle)) / axis_ratio
    radius = np.hypot(along, across)
    velocity = amplitude * (2 / np.pi) * np.arctan(radius / 2) * along / np.maximum(radius, 1e-9)
    return velocity + np.random.default_rng(seed).normal(scale=noise or 1e-12, size=x.shape)


def spaxels(velocity, x=X, y=Y, **options):
    """Return the input of a method."""
    return prepare(VelocityField.from_arrays(velocity, x, y, **options)).spaxels
