import base64
import io

import numpy as np
import pytest

from mangapa.report._pictures import FIRST, drawn, packed, palette, picture
from mangapa.runs._images import FieldImage

pytestmark = pytest.mark.needs_plotly
VELOCITY = np.array([[-100.0, 0.0, 100.0], [np.nan, -400.0, 400.0]])


def pixels(uri):
    from PIL import Image

    kind, _, content = uri.partition(",")
    assert kind == "data:image/png;base64"
    image = Image.open(io.BytesIO(base64.b64decode(content)))
    return np.asarray(image.convert("RGBA")).astype(int)


def test_picture_has_one_pixel_per_spaxel():
    """Approaching is blue, receding red, missing transparent; the last colours saturate."""
    shown = pixels(picture(VELOCITY, centre=0, span=100))
    assert shown.shape == (2, 3, 4)
    assert shown[..., 3].tolist() == [[255, 255, 255], [0, 255, 255]]
    approaching, middle, receding = shown[0, :, :3]
    assert approaching[2] > approaching[0] + 50
    assert receding[0] > receding[2] + 50
    assert middle.min() > 230
    assert (shown[1, 1] == shown[0, 0]).all()
    assert (shown[1, 2] == shown[0, 2]).all()


def test_colours_are_centred_on_the_systemic_velocity():
    image = FieldImage(velocity=VELOCITY + 50, extent=(3.0, -3.0, -2.0, 2.0))
    found = drawn(image, v_sys=50)
    assert sum(found["colours"]) == pytest.approx(100)
    assert found["extent"] == [3.0, -3.0, -2.0, 2.0]
    low, high = drawn(image)["colours"]
    assert low + high == pytest.approx(2 * np.nanmedian(image.velocity))


def test_packed_pixels_are_those_of_the_picture():
    image = FieldImage(velocity=VELOCITY, extent=(3.0, -3.0, -2.0, 2.0))
    found, expected = packed(image, v_sys=0), drawn(image, v_sys=0)
    steps = np.array([ord(one) - FIRST for one in found.pop("pixels")])
    numbers = np.cumsum(steps) % len(palette())
    painted = np.array(palette())[numbers].reshape(-1, found.pop("width"), 4)
    np.testing.assert_array_equal(painted, pixels(expected.pop("picture")))
    assert found == expected
