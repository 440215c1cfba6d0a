"""Velocity fields as small pictures in a page."""

import io
import math
from functools import lru_cache

import numpy as np

from mangapa._directions import cut
from mangapa._utils.html import data_uri
from mangapa.plotting import COLOURS, DISPERSION_COLOURS, colour_range, dispersion_range

#: Number of colours, odd so that the middle one is neutral. The next one is transparent. Half as
#: many again make the report of ten thousand galaxies 4 MB larger.
N_COLOURS = 43
#: The same for dispersions, whose noise makes each more colour cost more, and hides it.
N_DISPERSION_COLOURS = 13
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
    return {**_pixels(_numbers(image.velocity, centre, span), N_COLOURS), **place}


def packed_dispersion(image):
    """The same of the dispersions, without the extent; `None` if the image has none."""
    if image.dispersion is None:
        return None
    low, high = dispersion_range(image.dispersion)
    numbers = _numbers(image.dispersion, (low + high) / 2, (high - low) / 2, N_DISPERSION_COLOURS)
    colours = [round(low, 1), round(high, 1)]
    return {**_pixels(numbers, N_DISPERSION_COLOURS), "colours": colours}


def _pixels(numbers, n_colours):
    # Signed: a step down must not wrap at 256.
    steps = np.diff(numbers.ravel().astype(int), prepend=0) % (n_colours + 1)
    pixels = (steps + FIRST).astype("u1").tobytes().decode("ascii")
    return {"pixels": pixels, "width": numbers.shape[1]}


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


def _numbers(values, centre, span, n_colours=N_COLOURS):
    """The number of the colour of each value."""
    share = np.clip((values - centre) / span, -1, 1) / 2 + 0.5
    return np.where(np.isfinite(share), np.rint(share * (n_colours - 1)), n_colours).astype("u1")


def palette():
    """Red, green, blue and opacity of each colour of velocities, 0 to 255."""
    return _palette(COLOURS, N_COLOURS)


def dispersion_palette():
    """The same for dispersions."""
    return _palette(DISPERSION_COLOURS, N_DISPERSION_COLOURS)


@lru_cache(maxsize=2)
def _palette(name, n_colours):
    from plotly.colors import sample_colorscale

    colours = sample_colorscale(name, n_colours, colortype="tuple")
    opaque = [[round(255 * part) for part in (*colour, 1)] for colour in colours]
    return [*opaque, [255, 255, 255, 0]]
