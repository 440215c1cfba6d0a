"""Spaxels of a field on axes."""

import numpy as np

from mangapa._utils.grid import grid_of
from mangapa.fields import VELOCITY

#: What `plot_field` draws.
QUANTITIES = ("velocity", "dispersion")


def values_of(field, quantity):
    """What is drawn of each spaxel, km/s, shape (ny, nx)."""
    if quantity not in QUANTITIES:
        msg = f"quantity={quantity!r} is not known; choose one of {', '.join(QUANTITIES)}"
        raise ValueError(msg)
    if quantity == "velocity":
        return field.velocity.to_value(VELOCITY)
    dispersion = field.intrinsic_dispersion
    if dispersion is None:
        msg = "quantity='dispersion', but the field has no dispersions; give them to from_arrays"
        raise ValueError(msg)
    return dispersion.to_value(VELOCITY)


def reach_of(field):
    """Half the side of the frame, arcsec: all observed spaxels, and a margin."""
    seen = field.good | field._cleaned_away
    if not seen.any():
        seen = field._placed
    offsets = np.abs([field.x.value[seen], field.y.value[seen]])
    return 1.1 * offsets.max(initial=1.0)


def draw_spaxels(ax, field, values, options):
    """Draw values of spaxels, (ny, nx), with options of matplotlib."""
    x, y = field.x.value, field.y.value
    options = {**options, "rasterized": True}
    grid = grid_of(x, y, field._placed)
    if grid is not None:
        x, y = grid.places(*np.indices(x.shape)[::-1])
        return ax.pcolormesh(x, y, values, shading="nearest", **options)
    shown = np.isfinite(values)
    return ax.scatter(x[shown], y[shown], c=values[shown], s=12, marker="s", **options)
