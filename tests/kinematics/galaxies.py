"""Fields with dispersions and light, made from formulas."""

import numpy as np

from mangapa import VelocityField

#: An odd number of spaxels, so that one is at the centre.
Y, X = np.mgrid[-10:10.5:0.5, 10:-10.5:-0.5]
RADIUS = np.hypot(X, Y)


def flat_rotation(pa=30.0, speed=100.0, x=X, y=Y):
    """Velocities speed x cos(azimuth), and 0 at the centre."""
    angle = np.radians(pa)
    return speed * (x * np.sin(angle) + y * np.cos(angle)) / np.maximum(np.hypot(x, y), 1e-9)


def galaxy_field(
    velocity=None,
    *,
    dispersion=100.0,
    error=1.0,
    noise=0.0,
    seed=0,
    x=X,
    y=Y,
    instrument=None,
    **options,
):
    """A field; with ``noise`` (km/s) its velocities and dispersions scatter by that."""
    velocity = flat_rotation(x=x, y=y) if velocity is None else velocity
    rng = np.random.default_rng(seed)
    measured = np.hypot(np.broadcast_to(dispersion, x.shape), instrument or 0.0)
    if noise:
        velocity = velocity + rng.normal(scale=noise, size=x.shape)
        measured = np.abs(measured + rng.normal(scale=noise, size=x.shape))
    given = {
        "ivar": np.full(x.shape, error**-2.0),
        "dispersion": measured,
        "dispersion_ivar": np.full(x.shape, error**-2.0),
        "instrumental_dispersion": instrument,
        "flux": np.exp(-np.hypot(x, y) / 3),
    }
    return VelocityField.from_arrays(velocity, x, y, **(given | options))
