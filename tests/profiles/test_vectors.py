import numpy as np
import pytest

from mangapa.profiles._vectors import (
    UNIFORM_DIRECTION,
    angles_between,
    direction_error,
    lengths,
    running_means,
)


def test_direction_error_of_round_noise():
    vector = np.array([[100.0, 0.0], [0.0, 100.0], [60.0, 80.0]])
    cov = np.broadcast_to(4 * np.eye(2), (3, 2, 2))
    np.testing.assert_allclose(direction_error(vector, cov), np.degrees(0.02), rtol=1e-3)
    length, error = lengths(vector, cov)
    np.testing.assert_allclose(length, 100)
    np.testing.assert_allclose(error, 2)


def test_only_noise_across_the_direction_matters():
    cov = np.array([np.diag([25.0, 1.0])])
    along, across = (direction_error(np.array([v]), cov)[0] for v in ([100.0, 0], [0, 100.0]))
    assert across == pytest.approx(5 * along, rel=0.01)


def test_without_rotation_the_direction_is_random():
    error = direction_error(np.array([[0.0, 0.0], [1.0, 1.0]]), np.array(2 * [100 * np.eye(2)]))
    np.testing.assert_allclose(error, UNIFORM_DIRECTION)
    assert pytest.approx(103.9, abs=0.1) == UNIFORM_DIRECTION


def test_error_equals_the_scatter_of_the_direction():
    rng = np.random.default_rng(0)
    cov = np.array([[9.0, 4.0], [4.0, 25.0]])
    draws = np.array([50.0, 30.0]) + rng.multivariate_normal([0, 0], cov, 20000)
    angle = np.degrees(np.arctan2(draws[:, 1], draws[:, 0]))
    errors = direction_error(draws, np.broadcast_to(cov, (20000, 2, 2)))
    assert np.median(errors) == pytest.approx(angle.std(), rel=0.05)


def test_differences_of_angles_are_signed():
    one = np.array([1.0, 0.0])
    others = np.array([[1.0, 1.0], [0.0, -1.0], [-1.0, 1e-9]])
    np.testing.assert_allclose(angles_between(one, others), [45, -90, 180], atol=1e-6)


def test_running_means_are_weighted():
    vector = np.array([[1.0, 0.0], [0.0, 1.0], [5.0, 5.0]])
    cov = np.array([np.eye(2), np.eye(2), 1e12 * np.eye(2)])
    mean, error = running_means(vector, cov)
    np.testing.assert_allclose(mean, [[1, 0], [0.5, 0.5], [0.5, 0.5]], atol=1e-9)
    assert error.shape == (3,)
