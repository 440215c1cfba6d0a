"""What is said of a field does not change when it is turned, mirrored, reversed or shifted."""

import numpy as np
import pytest

import mangapa
from mangapa import PAFlags, VelocityField
from mangapa.usability._descriptors import (
    DESCRIPTORS,
    PAIR_DESCRIPTORS,
    compute_descriptors,
    pair_descriptors,
)

CASES = {
    "disc": {"n_fibres": 37},
    "faint": {"n_fibres": 19, "snr": 8},
    "spaxels": {"n_fibres": 19, "bintype": "SPX", "correlated": True, "missing": 2},
    "no rotation": {"n_fibres": 37, "v_max": 0.1},
}


def changed(field, change):
    velocity = np.where(field.good, field.velocity.value, np.nan)
    x, y = field.x.value, field.y.value
    if change == "reversed":
        velocity = -velocity
    elif change == "shifted":
        velocity = velocity + 250
    elif change == "mirrored":
        velocity, x, y = velocity[:, ::-1], -x[:, ::-1], y[:, ::-1]
    elif change == "quarter turn":
        velocity, x, y = np.rot90(velocity), -np.rot90(y), np.rot90(x)
    elif change == "turned":
        angle = np.radians(37)
        x, y = x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)
    return VelocityField.from_arrays(velocity, x, y, tracer=field.tracer, galaxy=field.galaxy)


@pytest.fixture(scope="module", params=CASES)
def case(request):
    return mangapa.simulate_galaxy(seed=5, pa_halpha=100, **CASES[request.param])


@pytest.mark.parametrize("change", ["reversed", "shifted", "mirrored", "quarter turn", "turned"])
def test_scores_are_invariant(case, change):
    fields = [changed(field, None) for field in (case.stellar, case.halpha)]
    others = [changed(field, change) for field in fields]
    for one, other in zip(mangapa.usability(fields), mangapa.usability(others), strict=True):
        assert other.score == pytest.approx(one.score, abs=0.02)
    for one, other in zip(fields, others, strict=True):
        alone = mangapa.usability(one).score
        assert mangapa.usability(other).score == pytest.approx(alone, abs=0.02)


def test_every_descriptor_is_there_and_finite(case):
    one, flags = compute_descriptors(case.stellar)
    other, _ = compute_descriptors(case.halpha)
    assert not flags
    assert one.values.shape == (len(DESCRIPTORS),)
    assert np.isfinite(one.values).all()
    pair = pair_descriptors(one, other)
    assert pair.shape == (len(PAIR_DESCRIPTORS),)
    assert np.isfinite(pair).all()
    assert len(set(DESCRIPTORS)) == len(DESCRIPTORS)


def test_errors_and_bins_do_not_count(galaxy):
    bare = changed(galaxy.stellar, None)
    assert bare.ivar is None
    assert bare.bin_id is None
    expected = compute_descriptors(bare)[0].values
    np.testing.assert_array_equal(compute_descriptors(galaxy.stellar)[0].values, expected)
    assert galaxy.stellar.ivar is not None
    assert galaxy.stellar.bin_id is not None


def test_scattered_places(galaxy):
    field = galaxy.stellar
    rng = np.random.default_rng(1)
    x, y = (offset.value + rng.uniform(-0.1, 0.1, offset.shape) for offset in (field.x, field.y))
    scattered = VelocityField.from_arrays(field.velocity, x, y, mask=field.mask)
    assert mangapa.usability(scattered).usable


def test_nothing_to_compute_descriptors(galaxy):
    empty = VelocityField.from_arrays(np.full((20, 20), np.nan), *np.mgrid[:20, :20].astype(float))
    assert compute_descriptors(empty) == (None, PAFlags.NO_GOOD_SPAXELS)
