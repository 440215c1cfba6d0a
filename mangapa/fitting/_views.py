"""The part of a prepared field that is fitted, and about which centre."""

from dataclasses import dataclass

import numpy as np

from mangapa.fitting._centre import off_centre, recentred
from mangapa.fitting._contamination import contaminated
from mangapa.fitting._errors import ShapeError, shape_error
from mangapa.fitting._points import MIN_POINTS
from mangapa.fitting._prepared import Spaxels
from mangapa.flags import PAFlags


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """The spaxels of a field that are fitted."""

    spaxels: Spaxels
    flags: PAFlags = PAFlags.NONE  # what was found
    contaminated: np.ndarray | None = None  # where spaxels were left out, shape (ny, nx)
    shape_error: ShapeError | None = None  # of the disc


def view_of(spaxels, method, settings):
    """
    Choose what a method fits, as `View`.

    Offsets are counted from the centre that the settings ask for. Only the disc leaves
    contamination out and compares the centres: the other methods, which are there to compare with
    the literature, fit what they are given.
    """
    if spaxels.points.velocity.size < MIN_POINTS:
        return View(spaxels=spaxels)
    if settings.centre == "fit":
        spaxels = recentred(spaxels)
    if not method.leaves_contamination_out:
        return View(spaxels=spaxels)
    flags, on_map = PAFlags.NONE, None
    out = contaminated(spaxels)
    if out is not None:
        flags = PAFlags.CONTAMINATED
        on_map = np.zeros_like(spaxels.good)
        on_map.ravel()[spaxels.index[out]] = True
        spaxels = spaxels.without(out)
    if settings.centre == "fit":
        return View(
            spaxels=spaxels,
            flags=flags,
            contaminated=on_map,
            shape_error=shape_error(spaxels.disc, spaxels.neighbours),
        )
    error, is_off = off_centre(spaxels)
    if is_off:
        flags |= PAFlags.OFF_CENTRE
    return View(spaxels=spaxels, flags=flags, contaminated=on_map, shape_error=error)
