from dataclasses import replace

import numpy as np
import pytest

from mangapa.profiles._ring_fit import fit_rings
from tests.profiles.fields import X, Y, disc, field
from tests.profiles.test_rings import rings_of

RADIUS = np.hypot(X, Y)


def terms_of(rings):
    one = np.ones(rings.azimuth.size)
    return np.array([one, np.cos(rings.azimuth), np.sin(rings.azimuth)])


def test_is_least_squares_without_outliers():
    rings, _, _ = rings_of(field(disc(noise=1e-3)))
    # The model fits exactly, so every loss has the same minimum.
    terms = terms_of(rings)
    true = np.random.default_rng(1).normal(size=(rings.count.size, 3))
    exact = np.sum(true[rings.ring].T * terms, axis=0)
    fit = fit_rings(replace(rings, value=exact), terms)
    np.testing.assert_allclose(fit.solution, true, rtol=2e-3, atol=2e-3)
    assert fit.kept.all()


def test_influence_is_the_derivative():
    rings, _, _ = rings_of(field(disc(noise=5)))
    terms = terms_of(rings)
    before = fit_rings(rings, terms)
    datum = rings.slices()[5].start + 3
    changed = rings.value.copy()
    changed[datum] += 0.01
    after = fit_rings(replace(rings, value=changed), terms)
    change = (after.solution[5] - before.solution[5]) / 0.01
    ratio = before.influence[:, datum] / before.slope[5]
    # The influence uses the mean slope of the robust loss, which is near that of this datum.
    np.testing.assert_allclose(change, ratio, rtol=0.6, atol=5e-3)


@pytest.mark.parametrize("wild", [200.0, 1e4, -1e6])
def test_outliers_have_no_weight(wild):
    clean = disc(noise=3)
    spoilt = clean.copy()
    spoilt[::7, ::5] += wild
    a, _, _ = rings_of(field(clean))
    b, _, _ = rings_of(field(spoilt))
    fit = fit_rings(b, terms_of(b))
    rotation = fit_rings(a, terms_of(a)).solution[:, 1:]
    np.testing.assert_allclose(fit.solution[2:, 1:], rotation[2:], atol=6)
    # Each field has its own first guess of the systemic velocity.
    change = b.value - a.value
    spoilt_points = np.abs(change - np.median(change)) > 1
    assert not fit.kept[spoilt_points].any()
    assert fit.kept[~spoilt_points].mean() > 0.99


def test_a_ring_of_outliers_is_kept():
    """At the edge of a core the model fails, not the data; a few data must not seem exact."""
    velocity = disc(noise=3)
    velocity[RADIUS < 1.8] *= -8
    rings, _, _ = rings_of(field(velocity))
    fit = fit_rings(rings, terms_of(rings))
    assert np.all(rings.sum(fit.kept) > rings.count / 2)


def test_relative_errors_are_used_as_weights():
    rings, _, _ = rings_of(field(disc(noise=3)))
    noisy = np.random.default_rng(0).random(rings.ring.size) < 0.5
    velocity = rings.value + 60 * noisy * np.random.default_rng(1).normal(size=noisy.size)
    truth = fit_rings(rings, terms_of(rings)).solution
    rings = replace(rings, value=velocity)
    flat = fit_rings(rings, terms_of(rings)).solution - truth
    rings = replace(rings, relative=np.where(noisy, 20.0, 1.0))
    weighted = fit_rings(rings, terms_of(rings)).solution - truth
    assert np.std(weighted) < 0.5 * np.std(flat)
