"""The sample of counter-rotating discs and ordinary galaxies of the benchmarks."""

import numpy as np
import pytest
from two_discs import ORDINARY, TWO_SENSES, cases, dispersion_on_axis


@pytest.mark.parametrize("family", [*ORDINARY, *TWO_SENSES])
def test_equal_arguments_draw_equal_galaxies(family):
    one, again, other = (next(cases(family, 1, seed)) for seed in (3, 3, 4))
    assert one == again
    assert one != other
    stars = one.galaxy.stellar
    good = stars.good
    np.testing.assert_array_equal(stars.velocity[good], again.galaxy.stellar.velocity[good])
    assert np.isfinite(stars.dispersion.value[good]).mean() > 0.8
    # As within half an effective radius of two MAPS files of DR15, 1.6 to 4.7 km/s.
    inner = good & (np.hypot(stars.x, stars.y) < 0.5 * one.galaxy.effective_radius)
    assert 1.5 < np.median(stars.ivar.value[inner] ** -0.5) < 8


def test_only_two_discs_are_hottest_on_either_side_of_the_axis():
    ordinary = [dispersion_on_axis(one) for one in cases("thick disc", 3, seed=1)]
    half = [one for one in cases("two discs", 12, 1) if 0.35 < one.truth["mass_fraction"] < 0.65]
    ratios = [dispersion_on_axis(one) for one in half]
    assert len(half) > 2
    assert max(ordinary) < 1.1 < np.median(ratios)
