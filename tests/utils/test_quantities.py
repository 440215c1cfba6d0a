import numpy as np
import pytest
from astropy import units as u

from mangapa._utils.quantities import scalar


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
