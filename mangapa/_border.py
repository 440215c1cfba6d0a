"""Where arrays enter: what they must be, which spaxels are bad, and which no galaxy can have."""

import numpy as np
from astropy import units as u

from mangapa._utils.quantities import array, is_set, numbers, scalar
from mangapa._utils.robust import median
from mangapa.flags import Rejection

VELOCITY = u.km / u.s
OFFSET = u.arcsec
INVERSE_VARIANCE = VELOCITY**-2

#: Fastest velocity: 1e7 km/s is c z at z = 33, before the first galaxies formed, and this is the
#: same in cm/s: angles do not depend on the unit, and what is fast for a field in km/s is left to
#: `~mangapa.clean`. Fill values such as 1e20, and most flipped bits, are beyond.
FASTEST = 1e12
#: Least error of a velocity, km/s: 1 m/s, to which spectrographs that look for planets are stable.
LEAST_ERROR = 1e-3
#: Furthest offset from the centre, arcsec: 10 deg, the extent of the Large Magellanic Cloud.
FURTHEST = 36_000.0
#: A spaxel is not part of the field if it is this many times further from its middle than 90 % of
#: the spaxels are; in maps of any shape the furthest are at most twice as far.
STRAY = 30.0
#: Share of the spaxels within the radius that `STRAY` and `COORDINATES` multiply.
BODY = 0.9
#: Positions whose middle is this many times further from the origin than they are from it are no
#: offsets, but coordinates: a galaxy's are never beyond a few, those on the sky above a thousand.
COORDINATES = 100.0
#: What is nearer to the origin, arcsec, are offsets in any case.
LEAST_COORDINATES = 1.0
#: Most spaxels of a field, with which a measurement takes about 4 GB; see benchmarks/large_maps.py.
MOST_SPAXELS = 4096**2
#: Bins beyond this number cannot be told apart in a float array.
LAST_BIN = 2.0**53
HALF_TURN = (180 * u.deg).to_value(OFFSET)


def checked_maps(velocity, x, y, *, mask=None, ivar=None, bin_id=None):
    """
    Copies of the arrays of a field as maps, with all reasons to mask a spaxel in ``mask``.

    See `~mangapa.VelocityField.from_arrays`. Returns a `dict` of its attributes, ``rejection``
    included.
    """
    n_spaxels = np.size(velocity)
    if n_spaxels > MOST_SPAXELS:
        msg = (
            f"velocity has {n_spaxels} spaxels, and a field at most {MOST_SPAXELS}; cut the galaxy "
            "out, or average neighbouring spaxels"
        )
        raise ValueError(msg)
    velocity, bad = array("velocity", velocity, VELOCITY)
    if velocity.ndim not in (1, 2):
        msg = f"velocity must be a 2-D map or 1-D, not {velocity.ndim}-D: {velocity.shape}"
        raise ValueError(msg)
    shape = velocity.shape
    x, no_x = array("x", x, OFFSET, shape)
    y, no_y = array("y", y, OFFSET, shape)
    for offset in (x.value, y.value):
        _unwrap(offset)
    for part in (velocity, x, y):
        bad |= ~np.isfinite(part.value)
    bad |= no_x | no_y
    if mask is not None and mask is not np.ma.nomask:
        bad |= is_set("mask", mask, shape)
    _check_offsets(x.value, y.value, ~bad)
    if ivar is not None:
        ivar, no_ivar = array("ivar", ivar, INVERSE_VARIANCE, shape)
        # An error beyond the fastest velocity tells nothing, like an inverse variance of 0.
        bad |= no_ivar | ~(np.isfinite(ivar.value) & (ivar.value > FASTEST**-2))
    if bin_id is not None:
        bin_id = _bins(bin_id, shape)
        bad |= bin_id < 0
    absurd = ~bad & _absurd(velocity.value, x.value, y.value, ivar)
    absurd |= _stray(x.value, y.value, ~(bad | absurd))
    maps = {
        "velocity": velocity,
        "x": x,
        "y": y,
        "mask": bad | absurd,
        "ivar": ivar,
        "bin_id": bin_id,
        "rejection": np.where(absurd, np.uint8(Rejection.OUT_OF_RANGE.value), np.uint8(0)),
    }
    # Positions that are not a map become one row.
    return {name: part if part is None else np.atleast_2d(part) for name, part in maps.items()}


def checked_light(shape, *, dispersion, dispersion_ivar, instrumental_dispersion, flux):
    """
    Copies of the dispersions and the light of a field as maps, NaN where they are unknown.

    See `~mangapa.VelocityField.from_arrays`; ``shape`` is that of the velocities. Returns a `dict`
    of the attributes that are given.
    """
    maps = {}
    if dispersion is not None:
        maps["dispersion"] = _known("dispersion", dispersion, VELOCITY, shape, least=0.0)
        if dispersion_ivar is not None:
            ivar = _known("dispersion_ivar", dispersion_ivar, INVERSE_VARIANCE, shape)
            # An error of 0 or beyond the fastest velocity tells nothing.
            known = ivar.value > FASTEST**-2
            for values in (ivar, maps["dispersion"]):
                values.value[~known] = np.nan
            maps["dispersion_ivar"] = ivar
        if instrumental_dispersion is not None:
            if np.ndim(instrumental_dispersion) == 0:
                number = scalar("instrumental_dispersion", instrumental_dispersion, VELOCITY)
                instrumental_dispersion = np.full(shape, number)
            instrument = _known("instrumental_dispersion", instrumental_dispersion, VELOCITY, shape)
            instrument.value[~(instrument.value > 0)] = np.nan
            maps["instrumental_dispersion"] = instrument
    elif dispersion_ivar is not None or instrumental_dispersion is not None:
        msg = "dispersion_ivar and instrumental_dispersion need dispersion, which is not given"
        raise ValueError(msg)
    if flux is not None:
        values, missing = numbers("flux", flux, shape)
        values = values.astype(float)
        values[missing | ~np.isfinite(values)] = np.nan
        maps["flux"] = values * u.one
    return {name: np.atleast_2d(part) for name, part in maps.items()}


def _known(name, values, unit, shape, least=-np.inf):
    """A map of a field; NaN where it is masked, or not between ``least`` and the fastest."""
    values, missing = array(name, values, unit, shape)
    plain = values.value
    with np.errstate(invalid="ignore"):
        plain[missing | ~((plain >= least) & (plain <= FASTEST))] = np.nan
    return values


def _unwrap(offset):
    """Bring offsets between half a turn and a whole one, as of a Longitude, near 0, in place."""
    size = np.abs(offset)
    wrapped = (size > HALF_TURN) & (size <= 2 * HALF_TURN)
    offset[wrapped] -= np.copysign(2 * HALF_TURN, offset[wrapped])


def _bins(bin_id, shape):
    """Bins as integers, -1 where there is none."""
    number, missing = numbers("bin_id", bin_id, shape)
    if number.dtype.kind == "f":
        missing |= ~(np.abs(number) < LAST_BIN)
        number[missing] = -1
        broken = number[number != np.rint(number)]
        if broken.size:
            msg = f"bin_id must hold whole numbers, not {broken[0]}; -1, NaN or a mask is no bin"
            raise ValueError(msg)
    number = number.astype(np.int64)
    number[missing] = -1
    return number


def _absurd(velocity, x, y, ivar):
    """Where a value is beyond what a galaxy can have."""
    absurd = (np.abs(velocity) > FASTEST) | (np.abs(x) > FURTHEST) | (np.abs(y) > FURTHEST)
    if ivar is not None:
        absurd |= ivar.value > LEAST_ERROR**-2
    return absurd


def _check_offsets(x, y, good):
    """Refuse coordinates on the sky, which are at most a whole turn."""
    good = good & (np.abs(x) <= 2 * HALF_TURN) & (np.abs(y) <= 2 * HALF_TURN)
    x, y = x[good], y[good]
    if x.size == 0:
        return
    _, body = _extent(x, y)
    east, north = median(x), median(y)
    if max(COORDINATES * body, LEAST_COORDINATES) < np.hypot(east, north) and body > 0:
        msg = (
            f"x and y are about {east:.6g} and {north:.6g} arcsec from the centre, but the field "
            f"reaches only {body:.2g} arcsec from its middle; they must be offsets, not "
            "coordinates: x = (RA - RA of the centre) cos(Dec), y = Dec - Dec of the centre, as "
            "quantities with a unit or in arcsec"
        )
        raise ValueError(msg)


def _extent(x, y):
    """Distance of each position from the middle, and that within which most of them are."""
    distance = np.hypot(x - median(x), y - median(y))
    last = int(BODY * (distance.size - 1))
    return distance, np.partition(distance, last)[last]


def _stray(x, y, good):
    """Which of the good spaxels are far from all others."""
    stray = np.zeros(good.shape, bool)
    x, y = x[good], y[good]
    if x.size == 0:
        return stray
    distance, body = _extent(x, y)
    if body > 0:
        stray[good] = distance > STRAY * body
    return stray
