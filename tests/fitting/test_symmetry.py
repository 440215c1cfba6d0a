import numpy as np
import pytest

from mangapa.fitting._methods.symmetry import fit, mirror_curve
from tests.fitting.fields import ROUND, X, Y, disc_velocity, spaxels


def test_perfect_symmetry_has_zero_chi_square():
    # A field that is linear on the sky is interpolated without error.
    found = fit(spaxels(3 * X, mask=~ROUND), n_steps=361)
    assert found.pa_axis == pytest.approx(90)
    assert found.chi2 == pytest.approx(0, abs=1e-6)
    assert found.v_sys == pytest.approx(0, abs=1e-6)


def test_chi_square_equals_the_sum_over_mirror_points():
    """At this angle the mirror points coincide with spaxels."""
    velocity = disc_velocity(30, noise=20)
    given = spaxels(velocity)
    chi2, _ = mirror_curve(given, np.radians([0, 45, 90, 135, 180]), given.error**-2)
    centred = velocity - np.median(velocity)
    about, across, through = centred[:, ::-1], centred[::-1], centred[::-1, ::-1]
    symmetric = (centred + about - across - through) / 4
    assert chi2[0] == pytest.approx(np.sum(((centred - symmetric) / 10) ** 2), rel=1e-5)
    turned = np.rot90(centred, 2).T, centred.T
    symmetric = (centred + turned[1] - turned[0] - through) / 4
    other = (centred + turned[0] - turned[1] - through) / 4
    expected = [np.sum(((centred - s) / 10) ** 2) for s in (symmetric, other)]
    assert sorted(chi2[[1, 3]]) == pytest.approx(sorted(expected), rel=1e-5)
    assert chi2[4] == chi2[0]


@pytest.mark.parametrize("n_steps", [10, 36, 91])
def test_shared_look_ups_change_nothing(n_steps):
    """The steps do or do not include the quarter turn of each."""
    given = spaxels(disc_velocity(30, noise=20), mask=~ROUND | (X > 3))
    angles = np.radians(np.linspace(0, 180, n_steps))
    ivar = given.error**-2
    together, _ = mirror_curve(given, angles, ivar)
    for angle, chi2 in list(zip(angles, together, strict=True))[:-1:7]:
        alone, _ = mirror_curve(given, np.array([angle, angle + 0.1]), ivar)
        assert chi2 == pytest.approx(alone[0], rel=1e-4)


def test_holes_are_bridged():
    hole = np.hypot(X - 3, Y) < 2
    found = fit(spaxels(disc_velocity(30), mask=~ROUND | hole), n_steps=361)
    assert found.pa_axis == pytest.approx(30, abs=1)


def test_mirror_points_outside_the_field_are_ignored():
    # Half of the field has no mirror points about the centre: chi-square must stay finite and low.
    found = fit(spaxels(3 * X, mask=~ROUND | (X < -1)), n_steps=361)
    assert np.isfinite(found.chi2)
