from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from mangapa import pa_profile
from mangapa.profiles._detections import (
    decoupled_core,
    disturbance,
    warp,
)
from tests.profiles.fields import X, Y, disc, field

RADIUS = np.hypot(X, Y)


def kinemetry_of(velocity):
    return pa_profile(field(velocity)).kinemetry


@cache
def blank():
    return kinemetry_of(disc())


def made(pa, *, k1=100.0, error=3.0, v_sys=None):
    """Make kinemetry with the given angles."""
    pa = np.asarray(pa, float)
    k1 = np.broadcast_to(k1, pa.shape)
    from_axis = np.radians(pa - blank().pa_axis)
    return replace(
        blank(),
        radius=1.25 * (np.arange(pa.size) + 0.7),
        rotation=(k1 * np.stack([np.cos(from_axis), np.sin(from_axis)])).T,
        rotation_cov=np.broadcast_to(error**2 * np.eye(2), (pa.size, 2, 2)),
        k1=k1,
        coverage=np.ones(pa.size),
        v_sys=np.zeros(pa.size) if v_sys is None else np.asarray(v_sys),
    )


@cache
def core_seen_by_the_beam(turn, radius, *, axis_ratio=0.7):
    """Return kinemetry of a disc at 60 degrees with a core, through a beam of 2.5 arcsec."""
    angle = np.radians(60 + turn)
    along, across = X * np.sin(angle) + Y * np.cos(angle), X * np.cos(angle) - Y * np.sin(angle)
    inside = np.hypot(along, across / axis_ratio) < radius
    inner, outer = (disc(60 + t, axis_ratio=axis_ratio, noise=0) for t in (turn, 0))
    smeared = gaussian_filter(np.where(inside, inner, outer), 2.5 / 2.355 / 0.5, mode="nearest")
    return kinemetry_of(smeared + np.random.default_rng(0).normal(0, 4, X.shape))


@pytest.mark.parametrize(
    ("turn", "radius"), [(60, 4.0), (90, 2.5), (90, 4.0), (180, 2.5), (180, 4.0)]
)
def test_turn_and_radius_of_a_core_are_those_before_the_beam(turn, radius):
    found = decoupled_core(core_seen_by_the_beam(turn, radius))
    assert found["kdc_significance"] > 2
    assert found["kdc_turn"] == pytest.approx(turn, abs=max(3 * found["kdc_turn_err"], 5))
    assert found["kdc_turn"] == pytest.approx(turn, abs=20)
    assert found["kdc_radius"] == pytest.approx(radius, rel=0.3)


def test_a_small_turn_is_not_a_core():
    assert decoupled_core(core_seen_by_the_beam(20, 4.0))["kdc_significance"] < 2


def test_probabilities_grow_with_turn_and_significance():
    turns = [decoupled_core(made([60 + t] * 3 + [60] * 7))["kdc"] for t in (0, 20, 40, 90, 180)]
    errors = [decoupled_core(made([150] * 3 + [60] * 7, error=e))["kdc"] for e in (80, 20, 5, 1)]
    for rising in (turns, errors):
        assert rising == sorted(rising)
        assert 0 <= rising[0] < 0.1
        assert 0.8 < rising[-1] <= 1


def test_only_a_core_that_turns_back_counter_rotates():
    at_180, at_90 = (decoupled_core(core_seen_by_the_beam(t, 4.0)) for t in (180, 90))
    assert at_180["counter_rotating_core"] == pytest.approx(at_180["kdc"], rel=1e-2)
    assert at_90["counter_rotating_core"] < 1e-6 < at_90["kdc"]


def test_an_odd_outside_is_not_a_core():
    found = decoupled_core(made([60] * 8 + [240] * 2))
    assert found["kdc_significance"] < 1


def test_core_shows_as_a_minimum_of_k1():
    dipping = decoupled_core(made([150] * 3 + [60] * 7, k1=[50, 80, 50, 60, *[100] * 6]))
    rising = decoupled_core(made([150] * 3 + [60] * 7, k1=np.linspace(10, 100, 10)))
    assert dipping["k1_dip"] == pytest.approx(1 - 50 / 80)
    assert rising["k1_dip"] <= 0.35


def test_core_in_a_field():
    velocity = np.where(RADIUS < 5, disc(240), disc(60))
    found = decoupled_core(kinemetry_of(velocity))
    assert found["kdc_turn"] > 170
    assert 3.5 < found["kdc_radius"] < 6.5
    assert found["kdc"] > 0.9
    assert found["k1_dip"] > 0.1


@pytest.mark.parametrize("start", [60, 350])
@pytest.mark.parametrize("turn", [-50, 0, 50])
def test_warp_is_the_turn_of_the_axis(start, turn):
    found = warp(made(start + turn * np.linspace(0, 1, 10)))
    assert found["warp_turn"] == pytest.approx(turn, abs=0.5)
    assert (found["warp_significance"] > 2) == (turn != 0)
    assert found["warp_turn_err"] > 0


def test_wiggles_are_not_a_warp():
    angles = 60 + 25 * np.array([0, 1, -1, 1, 0, -1, 1, -1, 1, 1.0])
    found = warp(made(angles))
    assert found["warp_turn_err"] > 10
    assert found["warp_significance"] < 1


def test_noise_is_not_a_warp():
    rng = np.random.default_rng(0)
    found = [warp(made(rng.uniform(0, 360, 10), error=80)) for _ in range(200)]
    assert np.mean([one["warp_significance"] > 2 for one in found]) < 0.02


def test_irregular_systemic_velocities_are_disturbed():
    calm = disturbance(made([60.0] * 10))
    wild = disturbance(made([60.0] * 10, v_sys=[*[0] * 5, *[120] * 5]))
    assert calm["wander"] == 0
    assert calm["disturbed"] < 0.01
    assert wild["wander"] == pytest.approx(0.6)
    assert 0.2 < wild["disturbed"] < 1


def test_too_few_rings_have_no_features():
    assert decoupled_core(made([60])) == disturbance(made([60])) == {}
    assert warp(made([60, 90])) == {}
    hidden = replace(made([60] * 5), coverage=np.array([1, 0.2, 0.2, 0.2, 0.2]))
    assert decoupled_core(hidden) == warp(hidden) == disturbance(hidden) == {}


def test_zero_noise_and_zero_rotation_give_probabilities():
    for kinemetry in (
        made([60] * 8, error=0),
        made([60] * 8, k1=0.0),
        made([60] * 8, k1=0, error=0),
    ):
        found = decoupled_core(kinemetry) | warp(kinemetry) | disturbance(kinemetry)
        for name in ("kdc", "counter_rotating_core", "warp", "disturbed"):
            assert 0 <= found[name] <= 1
