"""Fields of one disc, or of two that rotate against each other, in closed form."""

import numpy as np

from mangapa import VelocityField

Y, X = np.mgrid[-11:11.5:0.5, 11:-11.5:-0.5]
ROUND = np.hypot(X, Y) < 10.8


def discs(
    share=0.4,
    *,
    pa=30.0,
    axis_ratio=0.6,
    rotation=120.0,
    dispersion=60.0,
    bulge=0.0,
    ring=0.0,
    sides=(1.0, 1.0),
    error=4.0,
    seed=0,
    **options,
):
    """
    Return a field of a disc, with this share of its light in a second one that counter-rotates.

    ``bulge`` is the dispersion that it has more in the centre, ``ring`` the same on a ring, and
    ``sides`` the strengths of the second disc on the receding and the other side.
    """
    angle = np.radians(pa)
    along = X * np.sin(angle) + Y * np.cos(angle)
    across = (X * np.cos(angle) - Y * np.sin(angle)) / axis_ratio
    radius = np.hypot(along, across)
    velocity = rotation * along / np.hypot(radius, 2.5)
    share = np.where(along > 0, *sides) * share
    own = dispersion + bulge * np.exp(-(radius**2) / 8) + ring * np.exp(-((radius - 5) ** 2) / 4)
    square = own**2 + 4 * share * (1 - share) * velocity**2
    rng = np.random.default_rng(seed)
    options = {"mask": ~ROUND, "ivar": np.full(X.shape, error**-2.0)} | options
    return VelocityField.from_arrays(
        (1 - 2 * share) * velocity + error * rng.normal(size=X.shape),
        X,
        Y,
        dispersion=np.sqrt(square) + error * rng.normal(size=X.shape),
        **{"dispersion_ivar": np.full(X.shape, error**-2.0)} | options,
    )
