"""Velocity fields as small pictures in a page."""

import io
import math
from functools import lru_cache

import numpy as np

from mangapa._directions import cut
from mangapa._utils.html import data_uri
from mangapa.plotting import COLOURS, colour_range

#: Number of colours, odd so that the middle one is neutral. The next one is transparent.
N_COLOURS = 127
#: Decimals of the edges of a field, arcsec.
DECIMALS = 3


def drawn(image, v_sys=None):
    """
    What a page needs to draw a `~mangapa.runs._images.FieldImage`.

    The ``picture``, its ``extent`` (arcsec: east, west, south, north) and the range of its
    ``colours`` (km/s), centred on ``v_sys``, or on the median velocity if that is `None`.
    """
    seen = image.velocity[np.isfinite(image.velocity)]
    centre, span = colour_range(seen, math.nan if v_sys is None else v_sys)
    return {
        "picture": picture(image.velocity, centre, span),
        "extent": [round(edge, DECIMALS) for edge in image.extent],
        "colours": [round(centre - span, 1), round(centre + span, 1)],
    }


def profile_cut(profile, pa):
    """Where the axis of the angles of a stored profile begins, whole degrees; see `cut`."""
    if profile is None:
        return None
    return round(cut(profile["pa"], profile["pa_err"], math.nan if pa is None else pa))


def picture(velocity, centre, span):
    """Draw velocities (km/s, shape (ny, nx), NaN is transparent) as a PNG in a data URI."""
    from PIL import Image

    seen = np.isfinite(velocity)
    share = np.clip((np.nan_to_num(velocity) - centre) / span, -1, 1) / 2 + 0.5
    numbers = np.where(seen, np.rint(share * (N_COLOURS - 1)), N_COLOURS).astype(np.uint8)
    image = Image.fromarray(numbers, mode="P")
    image.putpalette(_palette())
    buffer = io.BytesIO()
    image.save(buffer, "PNG", transparency=N_COLOURS)
    return data_uri(buffer.getvalue(), "image/png")


@lru_cache(maxsize=1)
def _palette():
    from plotly.colors import sample_colorscale

    colours = sample_colorscale(COLOURS, N_COLOURS, colortype="tuple")
    return [round(255 * part) for colour in [*colours, (1, 1, 1)] for part in colour]
