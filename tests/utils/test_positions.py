import dataclasses
import pickle

import pytest
from astropy.coordinates import SkyCoord

from mangapa._utils import positions
from mangapa._utils.positions import LazyPosition, replaced


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    name: str = "here"
    centre: SkyCoord | None = LazyPosition()  # noqa: RUF009 - it holds no value


@pytest.fixture
def asked(monkeypatch):
    """The positions that were made."""
    made = []

    def sky_position(name, value):
        made.append((name, value))
        return SkyCoord(*value, unit="deg")

    monkeypatch.setattr(positions, "sky_position", sky_position)
    return made


def test_a_pair_becomes_a_position_once_it_is_asked_for(asked):
    place = Place(centre=(180.0, 30.0))
    assert asked == []
    assert place.centre is place.centre
    assert (place.centre.ra.deg, place.centre.dec.deg) == (180, 30)
    assert asked == [("centre", (180.0, 30.0))]


def test_a_copy_with_other_values_does_not_ask(asked):
    place = replaced(Place(centre=(180.0, 30.0)), name="there")
    assert (place.name, asked) == ("there", [])
    assert pickle.loads(pickle.dumps(place)).centre.ra.deg == 180


def test_other_values_are_as_given():
    assert Place().centre is None
    assert Place(centre=None).centre is None
    centre = SkyCoord("12h30m +12d")
    assert Place(centre=centre).centre is centre
    with pytest.raises(dataclasses.FrozenInstanceError):
        Place().centre = centre
