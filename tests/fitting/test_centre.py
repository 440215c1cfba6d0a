import numpy as np
import pytest

from mangapa import PAFlags, VelocityField, fit_pa
from mangapa.fitting import available_methods
from tests.fitting.fields import ROUND, X, Y, disc_velocity


def shifted(east, north, seed=0, **options):
    """A disc at 30 deg whose centre is at these offsets."""
    velocity = disc_velocity(30, noise=5, seed=seed)
    return VelocityField.from_arrays(velocity, X + east, Y + north, mask=~ROUND, **options)


@pytest.mark.parametrize("offset", [(2, -1), (-5, 3), (0, 6)])
def test_a_centre_far_off_is_found(offset):
    result = fit_pa(shifted(*offset), centre="fit")
    assert abs(result.pa.value - 30) < 3 * result.pa_err.value
    for found, error, true in (
        (result.disc.x, result.disc.x_err, offset[0]),
        (result.disc.y, result.disc.y_err, offset[1]),
    ):
        assert found.value == pytest.approx(true, abs=4 * error.value)
        assert 0 < error.value < 0.5
    assert result.x.value == pytest.approx(result.disc.x.value, abs=0.1)
    assert not result.flags & PAFlags.OFF_CENTRE
    assert result.disc.offset_significance > 5
    assert result.disc.offset.value == pytest.approx(np.hypot(*offset), abs=0.5)


def test_all_methods_measure_about_the_fitted_centre():
    for method in set(available_methods()) - {"pafit"}:
        result = fit_pa(shifted(4, 3), method=method, centre="fit", error=None)
        assert result.pa.value == pytest.approx(30, abs=2)
        assert result.x.value == pytest.approx(4, abs=0.5)
        assert result.y.value == pytest.approx(3, abs=0.5)


@pytest.mark.parametrize("offset", [(2, 0), (0, -3)])
def test_a_wrong_centre_is_noticed(offset):
    result = fit_pa(shifted(*offset))
    assert result.flags & PAFlags.OFF_CENTRE
    assert result.disc.offset.value == pytest.approx(np.hypot(*offset), abs=0.5)
    assert result.x == result.y == 0


@pytest.mark.parametrize("seed", range(10))
def test_the_right_centre_is_not_noticed(seed):
    result = fit_pa(shifted(0, 0, seed=seed))
    assert not result.flags & PAFlags.OFF_CENTRE
    assert result.disc.offset_significance < 4


def test_errors_of_the_centre_are_calibrated():
    ratios = []
    for seed in range(40):
        disc = fit_pa(shifted(0, 0, seed=seed), centre="fit").disc
        ratios += [disc.x / disc.x_err, disc.y / disc.y_err]
    assert np.sqrt(np.mean(np.square(ratios))) == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize("wrong", ["free", None, 3])
def test_wrong_options_are_named(wrong):
    with pytest.raises(ValueError, match="must be one of 'given', 'fit'"):
        fit_pa(shifted(0, 0), centre=wrong)
