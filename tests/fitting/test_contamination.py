"""A neighbour is left out, flagged, and does not pull the angle; a disc alone is untouched."""

import numpy as np
import pytest

import mangapa
from mangapa import PAFlags, clean, fit_pa
from mangapa.fitting._contamination import contaminated
from mangapa.simulate import Bar, Neighbour, Warp
from tests.fitting.fields import spaxels

PA = 30.0
OBSERVED = {"n_fibres": 61, "pa_stellar": PA, "psf": 2.5, "dithered": True, "snr": 40}
BLEND = Neighbour(x=6, y=-5, velocity=350, flux=0.4)


def field(seed, **options):
    return clean(mangapa.simulate_galaxy(seed=seed, **OBSERVED, **options).stellar)


def test_a_neighbour_does_not_pull_the_angle():
    results = [fit_pa(field(seed, neighbour=BLEND)) for seed in range(6)]
    off = np.array([result.pa.value - PA for result in results])
    flagged = np.array([bool(result.flags & PAFlags.CONTAMINATED) for result in results])
    assert np.count_nonzero(flagged) >= 4
    assert np.all(np.abs(off[flagged]) < 1.5)
    # One that is too faint to be found is told by another flag.
    assert all(result.flags for result in results)


def test_what_is_left_out_is_on_the_map():
    one = field(1, neighbour=BLEND)
    result = fit_pa(one)
    assert result.contaminated.shape == one.velocity.shape
    assert result.n_spaxels == one.n_spaxels - np.count_nonzero(result.contaminated)
    away = np.hypot(one.x.value - BLEND.x, one.y.value - BLEND.y)
    assert np.median(away[result.contaminated]) < 4
    assert not np.any(result.contaminated & ~one.good)


@pytest.mark.parametrize(
    "options",
    [{}, {"bar": Bar(amplitude=0.4)}, {"warp": Warp(turn=30, outer=9)}, {"core_radius": 4}],
)
def test_what_rotates_is_not_contamination(options):
    results = [fit_pa(field(seed, **options)) for seed in range(3)]
    assert not any(result.flags & PAFlags.CONTAMINATED for result in results)
    assert all(result.contaminated is None for result in results)


@pytest.mark.parametrize("method", ["harmonic", "symmetry"])
def test_other_methods_fit_what_they_are_given(method):
    one = field(1, neighbour=BLEND)
    result = fit_pa(one, method=method, error=None)
    assert result.n_spaxels == one.n_spaxels
    assert result.contaminated is None


def test_scattered_positions_are_not_searched():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-8, 8, (2, 200))
    assert contaminated(spaxels(20 * x + 400 * (np.hypot(x - 5, y - 5) < 2), x, y)) is None
