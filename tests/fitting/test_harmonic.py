from dataclasses import replace

import numpy as np
import pytest

from mangapa import PAFlags, VelocityField, fit_pa
from mangapa.fitting._curves import curve_of, mirror_mismatch, three_sigma
from mangapa.fitting._methods.harmonic import fit, fit_many
from tests.fitting.fields import ROUND, X, Y, disc_velocity, spaxels


@pytest.mark.parametrize("pa", [0.3, 44.7, 100.2, 179.6])
def test_angle_is_refined_between_steps(pa):
    found = fit(spaxels(disc_velocity(pa), mask=~ROUND), n_steps=361)
    assert abs((found.pa_axis - pa + 90) % 180 - 90) < 0.15


def test_systemic_velocity_without_one_side():
    # The median of one side is far from the systemic velocity.
    velocity = disc_velocity(30) + 40
    found = fit(spaxels(velocity, mask=~ROUND | (X < -2)), n_steps=361)
    assert found.pa_axis == pytest.approx(30, abs=0.5)


def test_elongated_footprint_does_not_bias():
    angle = np.radians(75)
    across = X * np.cos(angle) - Y * np.sin(angle)
    found = fit(spaxels(disc_velocity(30, noise=10), mask=~ROUND | (np.abs(across) > 3)), n_steps=1)
    assert found.pa_axis == pytest.approx(30, abs=4)


def test_outliers_have_little_weight():
    velocity = disc_velocity(30)
    velocity[5::7, 3::7] = 900
    found = fit(spaxels(velocity, mask=~ROUND), n_steps=361)
    assert found.pa_axis == pytest.approx(30, abs=0.3)


def test_a_list_gives_the_results_of_single_fits():
    def with_outliers(pa):
        velocity = disc_velocity(pa, noise=10, seed=pa)
        velocity[pa % 7 :: 7, 3::7] = 900
        return velocity

    fields = [
        spaxels(with_outliers(pa), mask=~ROUND | (reach < X))
        for pa, reach in ((10, 9), (50, 4), (90, 9), (130, 2))
    ]
    small = spaxels(disc_velocity(70, x=X[8:, 8:], y=Y[8:, 8:], noise=5), X[8:, 8:], Y[8:, 8:])
    fields.insert(2, small)
    # Copies, since a field keeps its curve.
    alone = [fit(replace(field), n_steps=1) for field in fields]
    # Since Python 3.13, == of dataclasses with NaN is false even for the same object.
    for one, other in zip(fit_many(fields, n_steps=1), alone, strict=True):
        np.testing.assert_equal(vars(one), vars(other))


def test_without_mirror_pairs_there_is_no_angle():
    """No ring passes close enough to any spaxel."""
    points = spaxels(disc_velocity(30)).points
    empty = np.zeros((1, 3, 180))
    mismatch, v_sys = mirror_mismatch(empty, empty, np.arange(3.0))
    assert np.isnan(curve_of(mismatch[0], v_sys[0], points).pa_axis)


def test_three_sigma_rule():
    angles = np.arange(0, 180, 0.5)
    chi2 = 100 + 0.5 * (angles - 90) ** 2
    # 9 + 3 sqrt(2 x 50) = 39: reached 8.83 degrees away.
    assert three_sigma(chi2, 50) == pytest.approx(np.sqrt(78), abs=0.3)
    assert three_sigma(1e9 * chi2, 50) == 0.5


@pytest.mark.parametrize("method", ["harmonic", "symmetry"])
def test_values_at_the_nodes_of_bins_alone_are_interpolated(method):
    y, x = np.mgrid[-8:8:0.1, 8:-8:-0.1]
    nodes = np.random.default_rng(4).random(x.shape) < 0.03
    field = VelocityField.from_arrays(disc_velocity(130, x=x, y=y, noise=5), x, y, mask=~nodes)
    assert abs(fit_pa(field, method=method, error=None).pa.value - 130) < 2
    assert not fit_pa(field).flags & PAFlags.METHODS_DISAGREE
