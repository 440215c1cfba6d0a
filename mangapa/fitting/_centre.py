"""The kinematic centre: fitted from far, and compared with the one that is given."""

from dataclasses import replace

import numpy as np

from mangapa.angles import UNCONSTRAINED
from mangapa.fitting._errors import shape_error
from mangapa.fitting._thin_disc import CENTRE_SPREAD

#: Prior spread of a centre that is fitted, over the reach of the field: no more than a bound.
FREE = 1.0
#: Distance of further starts from the middle of the field, over its reach. With those, the fit
#: finds the centre again in GHASP's fields that are shifted by 80 pixels.
START_STEP = 0.3
#: Spaxels on which the starts are tried.
ENOUGH = 4000
#: Recentred fits at most, and the move below which the centre has converged, arcsec.
ROUNDS, CONVERGED = 8, 0.05
#: The centre is noticed to be off beyond this many standard errors of both coordinates; chance
#: alone does so in 0.3 per cent of the fields.
SIGNIFICANT = 3.4
#: And beyond these distances, in arcsec and in spaxels, which are the same for MaNGA and near half
#: of its beam. The catalogues' own centres, and lopsided galaxies, are off by less.
LEAST_OFFSET, LEAST_SPAXELS = 1.0, 2.0
#: Where the first-order estimate exceeds these shares of the limits, the centre is fitted.
SUSPECT = 0.6


def recentred(spaxels):
    """
    Count offsets from the kinematic centre, which is fitted.

    The disc is fitted with a free centre and the offsets are counted from there, until the centre
    stays. The fit starts from several places, since it may end in a disc that is far off. The disc
    that leaves least is taken; the further its centre is from the middle of the field, the less it
    must leave, since one at the edge can bend half of a rotation curve to a field's velocities.
    """
    some = _some_of(spaxels)
    best = min((_converged(some, *start) for start in _starts(some)), key=_badness)
    return best if some is spaxels else _converged(spaxels, *best.centre, best.disc.angle)


def _some_of(spaxels):
    """As many spaxels, at random, as are needed to choose between the starts."""
    if spaxels.velocity.size <= ENOUGH:
        return spaxels
    chance = np.random.default_rng(0).random(spaxels.velocity.size)
    return spaxels.without(chance > ENOUGH / chance.size)


def _badness(spaxels):
    """What the disc leaves, km/s, and more for a centre that is far from the middle."""
    distance = np.hypot(spaxels.x.mean(), spaxels.y.mean()) / _reach(spaxels)
    return spaxels.disc.noise * (1 + distance**2)


def _starts(spaxels):
    """Places where the fit starts, arcsec: the given centre, that of the field, and around it."""
    east, north = spaxels.x.mean(), spaxels.y.mean()
    step = START_STEP * _reach(spaxels)
    around = [(step, 0), (-step, 0), (0, step), (0, -step)]
    return [(0.0, 0.0)] + [(float(east + x), float(north + y)) for x, y in [(0, 0), *around]]


def _reach(spaxels):
    """Distance of the furthest spaxel from the middle of the field, arcsec."""
    return float(np.hypot(spaxels.x - spaxels.x.mean(), spaxels.y - spaxels.y.mean()).max())


def _converged(spaxels, east, north, angle=None):
    """Free the disc's centre, from a start and an angle (radian), and follow it."""
    reach = _reach(spaxels)
    spread = FREE * reach
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
    error = shape_error(spaxels.disc, spaxels.neighbours)
    least = max(LEAST_OFFSET, LEAST_SPAXELS * spaxels.points.spaxel)
    # From far, the first order is wrong, but then the disc strains against its prior.
    strained = np.hypot(*spaxels.disc.centre) > CENTRE_SPREAD
    suspect = strained or (
        np.hypot(*error.offset) > SUSPECT * least and error.significance > SUSPECT * SIGNIFICANT
    )
    if not suspect:
        return error, False
    free = _converged(spaxels, 0.0, 0.0, spaxels.disc.angle)
    error = shape_error(free.disc, free.neighbours)
    error = replace(error, offset=error.offset + np.subtract(free.centre, spaxels.centre))
    if free.disc_error > UNCONSTRAINED:
        return error, False
    is_off = np.hypot(*error.offset) > least and error.significance > SIGNIFICANT
    return error, bool(is_off)
