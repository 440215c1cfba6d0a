"""Fields unlike those that a network was trained on say so."""

import numpy as np
import pytest

from mangapa import UsabilityFlags, VelocityField, usability
from mangapa.usability._familiarity import Familiarity, load_familiarity


@pytest.fixture(scope="module")
def learned():
    inputs = np.random.default_rng(0).normal(size=(4000, 5)) * [1, 2, 3, 4, 0] + 7
    return Familiarity.of(inputs), inputs


def test_one_in_a_hundred_training_fields_is_unfamiliar(learned):
    familiarity, inputs = learned
    distances = np.array([familiarity(one) for one in inputs])
    assert np.mean(distances > 1) == pytest.approx(0.01, abs=0.001)
    assert familiarity(inputs.mean(axis=0)) < 0.1


def test_combinations_count_and_not_only_values():
    rng = np.random.default_rng(1)
    one = rng.normal(size=5000)
    familiarity = Familiarity.of(np.stack([one, one + 0.1 * rng.normal(size=5000)], axis=1))
    assert familiarity(np.array([2.0, 2.0])) < 1 < familiarity(np.array([2.0, -2.0]))


def test_the_distance_is_finite_however_strange(learned):
    familiarity, _ = learned
    assert 1 < familiarity(np.full(5, 1e12)) < 100


def test_files_keep_it(learned, tmp_path):
    familiarity, inputs = learned
    np.savez(tmp_path / "with.npz", **familiarity.arrays())
    np.savez(tmp_path / "without.npz", other=np.zeros(3))
    assert load_familiarity(tmp_path / "without.npz") is None
    assert load_familiarity(tmp_path / "with.npz")(inputs[0]) == familiarity(inputs[0])


@pytest.mark.parametrize(
    ("name", "value"), [("shift", np.zeros(4)), ("spread", np.zeros(5)), ("centre", np.nan)]
)
def test_damaged_files_are_refused(learned, tmp_path, name, value):
    arrays = learned[0].arrays()
    key = next(one for one in arrays if one.endswith(name))
    arrays[key] = np.broadcast_to(value, np.shape(value) or 5)
    np.savez(tmp_path / "damaged.npz", **arrays)
    with np.errstate(divide="ignore"), pytest.raises(ValueError, match="familiarity"):
        load_familiarity(tmp_path / "damaged.npz")


def test_usual_fields_are_familiar(galaxy):
    found = usability([galaxy.stellar, galaxy.halpha])
    assert all(0 < one.unfamiliarity < 1 for one in found)
    assert not any(one.flags & UsabilityFlags.UNFAMILIAR for one in found)
    assert np.isnan(usability(galaxy.stellar, model="fcn").unfamiliarity)


def test_strange_fields_say_so():
    y, x = np.mgrid[-12:12.5:0.5, 12:-12.5:-0.5]
    rng = np.random.default_rng(0)
    checkered = 200 * (np.indices(x.shape).sum(axis=0) % 2) + rng.normal(size=x.shape)
    stripes = 100 * np.sin(3 * x) + rng.normal(size=x.shape)
    for velocity in (checkered, stripes, 20 * np.hypot(x, y) + rng.normal(size=x.shape)):
        found = usability(VelocityField.from_arrays(velocity, x, y))
        assert found.unfamiliarity > 1
        assert found.flags & UsabilityFlags.UNFAMILIAR
        assert repr(found).endswith(f"score {found.score:.2f}, unfamiliar>")
