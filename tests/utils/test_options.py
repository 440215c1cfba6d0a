import pytest

from mangapa._utils.options import closest

NAMES = ["DR17", "MPL-11", "DR15", "MPL-7"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [("dr17", "DR17"), ("DR_15", "DR15"), ("mpl11", "MPL-11"), ("11", "MPL-11"), ("17", "DR17")],
)
def test_closest(name, meant):
    assert closest(name, NAMES) == f" (did you mean {meant!r}?)"


@pytest.mark.parametrize("name", ["", "latest", "7", "DR99", "../x"])
def test_nothing_is_close(name):
    assert closest(name, NAMES) == ""
