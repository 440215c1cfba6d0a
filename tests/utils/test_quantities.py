import numpy as np
import pytest
from astropy import units as u
from astropy.utils.masked import Masked

from mangapa._utils.quantities import fraction, scalar, whole_number


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3.0),
        (np.float32(2.5), 2.5),
        (3000 * u.m / u.s, 3.0),
        (np.array(4), 4.0),
        ("5", 5.0),
        ("2 m/s", 0.002),
    ],
)
def test_with_and_without_a_unit(value, expected):
    found = scalar("speed", value, u.km / u.s)
    assert type(found) is float
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "speed=None must be one finite number"),
        ("fast", "speed='fast' must be a number in km / s"),
        (3 * u.kg, "speed=<Quantity 3. kg> must be a number in km / s"),
        (1j, "speed=1j must be a number in km / s"),
        ([1, 2], r"speed=\[1, 2\] must be one finite number"),
        (np.inf, "speed=inf must be one finite number"),
        (np.nan, "speed=nan must be one finite number"),
        (-1, "speed=-1 must be positive"),
        (0, "speed=0 must be positive"),
    ],
)
def test_other_values_are_refused_by_name(value, message):
    with pytest.raises(ValueError, match=message):
        scalar("speed", value, u.km / u.s, positive=True)


def test_nan_where_it_is_allowed():
    assert np.isnan(scalar("radius", np.nan * u.arcmin, u.arcsec, allow_nan=True))
    with pytest.raises(ValueError, match="radius=inf must be one finite number"):
        scalar("radius", np.inf, u.arcsec, allow_nan=True)


@pytest.mark.parametrize(
    "value",
    [
        np.ma.masked,
        np.ma.array(3.0, mask=True),
        Masked(3 * u.km / u.s, mask=True),
        np.True_,
        np.array(True),
        np.complex128(3),
    ],
)
def test_missing_values_and_those_of_another_kind_are_refused(value):
    with pytest.raises(ValueError, match=r"(?s)speed=.* must be a number in km / s"):
        scalar("speed", value, u.km / u.s)


@pytest.mark.parametrize(
    "value", [Masked(3 * u.km / u.s, mask=False), np.ma.array(3.0), np.int64(3), np.array(3, ">i4")]
)
def test_scalars_of_any_type(value):
    assert scalar("speed", value, u.km / u.s) == 3.0


@pytest.mark.parametrize("value", [181, np.int64(181), np.array(181), np.uint8(181)])
def test_whole_numbers_of_any_type(value):
    found = whole_number("n_steps", value, 3)
    assert type(found) is int
    assert found == 181


@pytest.mark.parametrize(
    "value", [2, 181.0, "181", None, np.ma.masked, np.ma.array(181, mask=True), [181, 3]]
)
def test_what_is_not_a_whole_number_is_refused(value):
    with pytest.raises(ValueError, match=r"(?s)n_steps=.* must be an integer of at least 3"):
        whole_number("n_steps", value, 3)


def test_fractions():
    assert fraction("share", 1) == 1.0
    assert fraction("share", 50 * u.percent) == 0.5
    for value in (0, 1.01, -0.2):
        with pytest.raises(ValueError, match=f"share={float(value)} must be above 0 and at most 1"):
            fraction("share", value)
