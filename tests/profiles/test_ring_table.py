import pickle

import numpy as np
import pytest

import mangapa

MEASURES = {
    "pa_profile": mangapa.pa_profile,
    "velocity": mangapa.kinemetry,
    "dispersion": lambda field, **options: mangapa.kinemetry(field, moment="dispersion", **options),
}
#: Attributes with values for the whole field.
VALUES = {
    "pa_profile": ("pa_axis", "axis_ratio", "field_asymmetry", "field_asymmetry_err", "flags"),
    "velocity": ("pa_axis", "axis_ratio", "k51", "k51_err", "k51_observed", "x", "y", "moment"),
    "dispersion": ("pa_axis", "axis_ratio", "k51", "x", "y", "flags", "moment"),
}


@pytest.fixture(params=MEASURES)
def profile(request, galaxy):
    """A table of each kind, and the names of its attributes."""
    return MEASURES[request.param](galaxy.stellar), VALUES[request.param]


@pytest.mark.parametrize("name", ["rings.fits", "rings.ecsv"])
def test_values_of_the_whole_field_are_read_back(profile, tmp_path, name):
    """Without a warning, although FITS has no long keywords."""
    table, names = profile
    table.write(tmp_path / name)
    back = type(table).read(tmp_path / name)
    for attribute in names:
        value = getattr(table, attribute)
        if isinstance(value, str):
            assert getattr(back, attribute) == value
        else:
            # Cards have 16 digits.
            np.testing.assert_allclose(getattr(back, attribute), value, rtol=1e-14)
    assert back.field is None
    np.testing.assert_array_equal(back["k1"], table["k1"])


def test_other_warnings_are_shown(galaxy, tmp_path):
    table = mangapa.pa_profile(galaxy.stellar)
    table.meta["comment of mine"] = object()
    with pytest.warns(UserWarning, match="cannot be added to FITS Header"):
        table.write(tmp_path / "rings.fits")


def test_copies_keep_the_field(profile):
    table, _ = profile
    for other in (table.copy(), pickle.loads(pickle.dumps(table))):
        assert type(other) is type(table)
        assert other.field.velocity.shape == table.field.velocity.shape
        for name in table._kept:
            assert getattr(other, name) is not None
    assert table[:2].field is None
