"""Velocity fields as small pictures in a page."""

import io
import math
from functools import lru_cache

import numpy as np

from mangapa._directions import cut
from mangapa._utils.html import data_uri
from mangapa.plotting import COLOURS, colour_range

#: Number of colours, odd so that the middle one is neutral. The next one is transparent. Half as
#: many again make the report of ten thousand galaxies 4 MB larger.
N_COLOURS = 43
#: Code of the character that stands for no step from one colour to the next.
FIRST = ord("0")
#: Decimals of the edges of a field, arcsec.
DECIMALS = 3


def drawn(image, v_sys=None):
    """
    What a page needs to draw a `~mangapa.runs._images.FieldImage`.

    The ``picture``, its ``extent`` (arcsec: east, west, south, north) and the range of its
    ``colours`` (km/s), centred on ``v_sys``, or on the median velocity if that is `None`.
    """
    centre, span, place = _range(image, v_sys)
    return {"picture": picture(image.velocity, centre, span), **place}


def packed(image, v_sys=None):
    """
    The same with ``pixels`` as text, in rows of some ``width``.

    Each character is the step from the number of the colour before, which deflates to a fifth less
    than the numbers.
    """
    centre, span, place = _range(image, v_sys)
    numbers = _numbers(image.velocity, centre, span)
    # Signed: a step down must not wrap at 256.
    steps = np.diff(numbers.ravel().astype(int), prepend=0) % (N_COLOURS + 1)
    pixels = (steps + FIRST).astype("u1").tobytes().decode("ascii")
    return {"pixels": pixels, "width": numbers.shape[1], **place}


def _range(image, v_sys):
    """Centre and span of the colours, and what a page knows of a picture besides its pixels."""
    seen = image.velocity[np.isfinite(image.velocity)]
    centre, span = colour_range(seen, math.nan if v_sys is None else v_sys)
    place = {
        "extent": [round(edge, DECIMALS) for edge in image.extent],
        "colours": [round(centre - span, 1), round(centre + span, 1)],
    }
    return centre, span, place


def profile_cut(profile, pa):
    """Where the axis of the angles of a stored profile begins, whole degrees; see `cut`."""
    if profile is None:
        return None
    return round(cut(profile["pa"], profile["pa_err"], math.nan if pa is None else pa))


def picture(velocity, centre, span):
    """Draw velocities (km/s, shape (ny, nx), NaN is transparent) as a PNG in a data URI."""
    from PIL import Image

    image = Image.fromarray(_numbers(velocity, centre, span), mode="P")
    image.putpalette([part for colour in palette() for part in colour[:3]])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", transparency=N_COLOURS)
    return data_uri(buffer.getvalue(), "image/png")


def _numbers(velocity, centre, span):
    """The number of the colour of each velocity."""
    share = np.clip((velocity - centre) / span, -1, 1) / 2 + 0.5
    return np.where(np.isfinite(share), np.rint(share * (N_COLOURS - 1)), N_COLOURS).astype("u1")


@lru_cache(maxsize=1)
def palette():
    """Red, green, blue and opacity of each colour, 0 to 255."""
    from plotly.colors import sample_colorscale

    colours = sample_colorscale(COLOURS, N_COLOURS, colortype="tuple")
    opaque = [[round(255 * part) for part in (*colour, 1)] for colour in colours]
    return [*opaque, [255, 255, 255, 0]]
