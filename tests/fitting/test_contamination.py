"""What is no part of a disc is left out and flagged; a disc alone is untouched."""

import numpy as np
import pytest

import mangapa
from mangapa import PAFlags, VelocityField, clean, fit_pa
from mangapa.fitting._contamination import contaminated
from mangapa.simulate import Bar, Neighbour, Warp
from tests.fitting.fields import ROUND, X, Y, disc_velocity, spaxels

NEIGHBOUR = np.hypot(X - 4, Y - 4) < 3
#: As MaNGA sees it.
OBSERVED = {"n_fibres": 61, "pa_stellar": 30, "psf": 2.5, "dithered": True, "snr": 40}


def with_neighbour(speed, seed=0):
    """A disc at 30 deg, with a neighbour north-east of its centre."""
    velocity = disc_velocity(30, amplitude=80, noise=8, seed=seed)
    return np.where(NEIGHBOUR, speed + 0.2 * velocity, velocity)


def fitted(velocity, **options):
    return fit_pa(VelocityField.from_arrays(velocity, X, Y, mask=~ROUND), **options)


@pytest.mark.parametrize("speed", [-250, 400])
def test_a_neighbour_is_left_out(speed):
    result = fitted(with_neighbour(speed))
    assert result.flags & PAFlags.CONTAMINATED
    assert abs(result.pa.value - 30) < 3 * result.pa_err.value
    assert result.contaminated.shape == X.shape
    assert (result.contaminated & NEIGHBOUR).sum() > 0.8 * (NEIGHBOUR & ROUND).sum()
    assert not (result.contaminated & ~ROUND).any()
    assert result.n_spaxels == ROUND.sum() - result.contaminated.sum()


def test_one_huge_outer_bin():
    velocity = disc_velocity(30, amplitude=80, noise=8)
    outer = (np.hypot(X, Y) > 4) & (np.abs(X) < Y)
    velocity[outer] = -300
    result = fitted(velocity)
    assert result.flags & PAFlags.CONTAMINATED
    assert abs(result.pa.value - 30) < 3 * result.pa_err.value


@pytest.mark.parametrize("seed", range(10))
def test_plain_discs_are_left_alone(seed):
    result = fitted(disc_velocity(30, noise=10, seed=seed))
    assert not result.flags & PAFlags.CONTAMINATED
    assert result.contaminated is None
    assert result.n_spaxels == ROUND.sum()


def test_a_counter_rotating_core_is_antisymmetric():
    core = np.hypot(X, Y) < 2.5
    velocity = np.where(core, disc_velocity(210, noise=5), disc_velocity(30, noise=5))
    assert contaminated(spaxels(velocity, mask=~ROUND)) is None


def test_scattered_points_are_not_searched():
    x, y = np.random.default_rng(1).uniform(-8, 8, (2, 300))
    velocity = disc_velocity(30, x=x, y=y, noise=5)
    assert contaminated(spaxels(velocity, x, y)) is None


def test_the_published_methods_fit_all():
    result = fitted(with_neighbour(400), method="symmetry", error=None)
    assert result.n_spaxels == ROUND.sum()
    assert result.contaminated is None


def observed(seed, **options):
    return clean(mangapa.simulate_galaxy(seed=seed, **OBSERVED, **options).stellar)


def test_a_blended_neighbour_does_not_pull_the_angle():
    blend = Neighbour(x=6, y=-5, velocity=350, flux=0.4)
    results = [fit_pa(observed(seed, neighbour=blend)) for seed in range(6)]
    off = np.array([result.pa.value - OBSERVED["pa_stellar"] for result in results])
    flagged = np.array([bool(result.flags & PAFlags.CONTAMINATED) for result in results])
    assert np.count_nonzero(flagged) >= 4
    assert np.all(np.abs(off[flagged]) < 1.5)
    # One that is too faint to be found has another flag.
    assert all(result.flags for result in results)


@pytest.mark.parametrize(
    "options",
    [{}, {"bar": Bar(amplitude=0.4)}, {"warp": Warp(turn=30, outer=9)}, {"core_radius": 4}],
)
def test_what_rotates_is_not_contamination(options):
    results = [fit_pa(observed(seed, **options)) for seed in range(3)]
    assert not any(result.flags & PAFlags.CONTAMINATED for result in results)
