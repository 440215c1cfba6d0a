import numpy as np
import pytest

import mangapa
from mangapa.usability._augmentation import FEWEST, varied


@pytest.fixture(scope="module")
def field():
    return mangapa.simulate_galaxy(n_fibres=61, seed=3).halpha


@pytest.mark.parametrize("seed", range(12))
def test_other_views_show_the_same_field(field, seed):
    view = varied(field, np.random.default_rng(seed))
    assert (view.tracer, view.galaxy) == (field.tracer, field.galaxy)
    assert FEWEST <= view.n_spaxels <= field.n_spaxels
    assert view.ivar is None
    assert view.bin_id is None
    seen, all_ = (one.velocity.value[one.good] for one in (view, field))
    spread = np.ptp(all_)
    assert all_.min() - 0.2 * spread <= seen.min()
    assert seen.max() <= all_.max() + 0.2 * spread
    rotates = np.abs((mangapa.fit_pa(view).pa - mangapa.fit_pa(field).pa).value) % 360
    assert min(rotates, 360 - rotates) < 15


def test_views_differ_unless_their_seed_is_the_same(field):
    one, same, other = (varied(field, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.velocity.value[one.good], same.velocity.value[same.good])
    assert one.n_spaxels != other.n_spaxels


def test_small_fields_keep_their_spaxels():
    y, x = np.mgrid[-3.0:4, -3.0:4]
    small = mangapa.VelocityField.from_arrays(10 * x, x, y)
    counts = {varied(small, np.random.default_rng(seed)).n_spaxels for seed in range(20)}
    assert counts <= {49, 9}  # whole, or with larger spaxels
