"""The kinematic centre: fitted from far, and compared with the one that is given."""

from dataclasses import replace

import numpy as np

from mangapa.angles import UNCONSTRAINED
from mangapa.fitting._errors import shape_error
from mangapa.fitting._thin_disc import CENTRE_SPREAD

#: Prior spread of a centre that is fitted, over the reach of the field: no more than a bound.
FREE = 1.0
#: Recentred fits at most, and the move below which the centre has converged, arcsec.
ROUNDS, CONVERGED = 8, 0.05
#: The centre is noticed to be off beyond this many standard errors of both coordinates; chance
#: alone does so in 0.3 per cent of the fields.
SIGNIFICANT = 3.4
#: And beyond this distance, arcsec: a spaxel or two, and half of MaNGA's beam. The catalogues' own
#: centres, and lopsided galaxies, are off by less.
LEAST_OFFSET = 1.0
#: Where the first-order estimate exceeds these shares of the limits, the centre is fitted.
SUSPECT = 0.6


def recentred(spaxels):
    """
    Count offsets from the kinematic centre, which is fitted.

    The disc is fitted with a free centre and the offsets are counted from there, until the centre
    stays. The fit starts from the given centre and from that of the field, and the disc that leaves
    less is taken.
    """
    found = [_converged(spaxels, *start) for start in _starts(spaxels)]
    return min(found, key=lambda one: one.disc.noise)


def _starts(spaxels):
    """Places where the fit starts, arcsec."""
    return [(0.0, 0.0), (float(spaxels.x.mean()), float(spaxels.y.mean()))]


def _converged(spaxels, east, north, angle=None):
    """Free the disc's centre, from a start and an angle (radian), and follow it."""
    reach = np.hypot(spaxels.x - spaxels.x.mean(), spaxels.y - spaxels.y.mean()).max()
    spread = FREE * float(reach)
    moved = spaxels.about(east, north, spread)
    if angle is not None:
        moved.start_disc_from(angle)
    for _ in range(ROUNDS):
        disc = moved.disc
        length = np.hypot(*disc.centre)
        if length < CONVERGED:
            break
        # In steps that do not leave what was observed.
        moved = moved.about(*(disc.centre * min(1.0, reach / 2 / length)), spread)
        moved.start_disc_from(disc.angle)
    return moved


def off_centre(spaxels):
    """
    Offset of the kinematic centre from the given one, as a ``ShapeError``, and whether it is off.

    The estimate is of first order; the centre is fitted where that comes near to the limits.
    """
    error = shape_error(spaxels.disc, spaxels.grid)
    # From far, the first order is wrong, but then the disc strains against its prior.
    strained = np.hypot(*spaxels.disc.centre) > CENTRE_SPREAD
    suspect = strained or (
        np.hypot(*error.offset) > SUSPECT * LEAST_OFFSET
        and error.significance > SUSPECT * SIGNIFICANT
    )
    if not suspect:
        return error, False
    free = _converged(spaxels, 0.0, 0.0, spaxels.disc.angle)
    error = shape_error(free.disc, free.grid)
    error = replace(error, offset=error.offset + np.subtract(free.centre, spaxels.centre))
    if free.disc_error > UNCONSTRAINED:
        return error, False
    is_off = np.hypot(*error.offset) > LEAST_OFFSET and error.significance > SIGNIFICANT
    return error, bool(is_off)
