"""Velocities, dispersions and light as data of kinemetry: plain values, errors and units."""

from dataclasses import replace

import numpy as np

from mangapa._utils.robust import TINY, median
from mangapa.fields import VELOCITY
from mangapa.profiles._rings import ring_numbers

#: Least light, over that of the brightest ring, to which errors of the light are in proportion.
LEAST_LIGHT = 1e-4


def moment_values(field, moment):
    """Values and errors of a moment at each spaxel, (ny, nx); `None` for velocities; its unit."""
    if moment == "velocity":
        return None, VELOCITY
    if moment == "flux":
        if field.flux is None:
            msg = "moment='flux' needs the light of each spaxel, which this field lacks"
            raise ValueError(msg)
        # The unit may be any, such as 1e-17 of another: that of the table is put back at the end.
        flux = field.flux.value / typical_light(field)
        return (flux, np.ones_like(flux)), field.flux.unit
    squares = field._dispersion_squared()
    if squares is None:
        msg = "moment='dispersion' needs velocity dispersions, which this field lacks"
        raise ValueError(msg)
    if field._instrument_is_unknown:
        msg = (
            "moment='dispersion' needs dispersions without the instrument's part, which is unknown "
            "for this field; give instrumental_dispersion to VelocityField.from_arrays"
        )
        raise ValueError(msg)
    square, error = squares
    dispersion = np.sqrt(np.maximum(square, 0))
    with np.errstate(invalid="ignore"):
        error = error / (2 * np.maximum(dispersion, np.sqrt(error)))
    return (dispersion, error), VELOCITY


def typical_light(field):
    """A light that is typical of the good spaxels, in the unit of the field."""
    flux = np.abs(field.flux.value[field.good])
    flux = flux[np.isfinite(flux) & (flux > 0)]
    return median(flux) if flux.size else 1.0


def with_values(spaxels, moment, values, errors):
    """Spaxels with another moment in place of their velocities; `None` without any."""
    known = np.isfinite(values.ravel()[spaxels.index])
    if not known.any():
        return None
    if not known.all():
        spaxels = spaxels.without(~known)
    other = replace(
        spaxels,
        velocity=values.ravel()[spaxels.index],
        error=errors.ravel()[spaxels.index],
        first_guess=0.0,
    )
    if moment == "flux" and spaxels.own_bins is None:
        # The light of spaxels may be known where velocities are those of bins.
        return replace(other, bin_id=None)
    vars(other)["bins"] = spaxels.bins
    return other


def relative_errors(measured, moment, spaxels, whole, width):
    """Error of each point over the typical one, shape (p,)."""
    points = measured.points
    if moment == "velocity":
        return spaxels.disc.relative
    if moment == "dispersion":
        known = np.isfinite(points.error) & (points.error > 0)
        if not known.any():
            return np.ones(known.size)
        typical = median(points.error[known])
        return np.where(known, points.error, typical) / typical
    # The noise of light is taken to be the same fraction of it everywhere.
    number, _ = ring_numbers(whole.polar(points.x, points.y)[0], width)
    mean = np.bincount(number + 1, points.velocity) / np.maximum(np.bincount(number + 1), 1)
    brightest = max(mean.max(), TINY)
    return np.maximum(mean / brightest, LEAST_LIGHT)[number + 1]
