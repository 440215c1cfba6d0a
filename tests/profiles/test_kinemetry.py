from dataclasses import replace

import numpy as np
import pytest

from mangapa import pa_profile
from mangapa.profiles._harmonics import KINEMETRY_COVERAGE, MIN_COVERAGE
from mangapa.profiles._kinemetry import solve
from mangapa.profiles._rings import Ellipse
from tests.profiles.fields import ROUND, X, Y, disc, field, off
from tests.profiles.test_rings import rings_of

SHAPE = Ellipse(pa_axis=60.0, axis_ratio=0.6)


def kinemetry_of(velocity, *, ellipse=SHAPE, mask=~ROUND, **options):
    rings, spaxels, _ = rings_of(field(velocity, mask=mask, **options), ellipse=ellipse)
    return solve(rings, spaxels)


def with_harmonic(n, amplitude, noise=2.0):
    """Return the velocities of a disc with an n-th harmonic of constant amplitude."""
    _, azimuth = SHAPE.polar(X, Y)
    return disc(60, axis_ratio=0.6, noise=noise) + amplitude * np.cos(n * azimuth + 0.7)


def test_a_disc_has_only_k1():
    found = kinemetry_of(disc(60, v_sys=25, noise=3))
    covered = found.covered
    expected = 150 * found.radius / np.hypot(found.radius, 3)
    assert np.all(np.abs(found.k1 - expected)[covered] < 4 * np.hypot(found.k1_err, 1)[covered])
    assert np.all(np.abs(off(found.pa, 60))[covered] < 4 * found.pa_err[covered])
    assert np.all(np.abs(found.v_sys - 25)[covered] < 5 * found.v_sys_err[covered])
    assert found.field_asymmetry < 0.02
    assert np.nanmax(found.asymmetry[2:]) < 0.1


@pytest.mark.parametrize("n", [3, 5])
@pytest.mark.parametrize("amplitude", [15.0, 40.0])
def test_higher_harmonics_are_measured(n, amplitude):
    found = kinemetry_of(with_harmonic(n, amplitude))
    whole = np.flatnonzero(found.coverage >= KINEMETRY_COVERAGE)[2:]
    true = amplitude / (150 * found.radius / np.hypot(found.radius, 3))
    difference = (found.asymmetry - true)[whole]
    assert np.all(np.abs(difference) < 5 * found.asymmetry_err[whole] + 0.02)
    assert 0.8 < found.field_asymmetry / np.mean(true[whole]) < 1.2
    # They do not turn the axis.
    assert np.all(np.abs(off(found.pa, 60))[whole] < 4 * found.pa_err[whole] + 0.2)


def test_asymmetry_errors_are_calibrated():
    draws = [kinemetry_of(with_harmonic(3, 30, noise=0) + noise) for noise in noises(40)]
    asymmetry = np.array([one.asymmetry for one in draws])
    error = np.median([one.asymmetry_err for one in draws], axis=0)
    whole = np.isfinite(error)
    ratio = np.std(asymmetry[:, whole], axis=0) / error[whole]
    assert np.median(ratio) == pytest.approx(1, abs=0.25)
    totals = np.array([[one.field_asymmetry, one.field_asymmetry_err] for one in draws])
    assert totals[:, 0].std() / np.median(totals[:, 1]) == pytest.approx(1, abs=0.35)


def noises(n):
    rng = np.random.default_rng(3)
    return rng.normal(scale=8, size=(n, *X.shape))


def test_angles_do_not_depend_on_the_axis_of_the_rings():
    """Circles and rotated ellipses give the angle of the disc as well."""
    for axis, ratio in ((60.0, 1.0), (200.0, 1.0), (70.0, 0.7)):
        ellipse = Ellipse(pa_axis=axis, axis_ratio=ratio)
        found = kinemetry_of(disc(60, axis_ratio=0.9, noise=2), ellipse=ellipse)
        assert np.median(np.abs(off(found.pa, 60))[found.covered]) < 3


def test_half_a_ring_has_an_angle_but_no_asymmetry():
    found = kinemetry_of(disc(60, noise=3), mask=~ROUND | (X < -0.2))
    assert np.isnan(found.asymmetry[-4:]).all()
    assert found.covered.sum() > 5
    assert np.all(found.coverage[found.covered] >= MIN_COVERAGE)
    assert np.abs(np.median(off(found.pa, 60)[found.covered])) < 2


def test_rings_with_little_coverage_have_no_asymmetry():
    found = kinemetry_of(disc(60, noise=3), mask=~ROUND | (X < 4))
    assert np.isnan(found.field_asymmetry)
    assert np.isnan(found.field_asymmetry_err)
    assert np.isnan(found.asymmetry).all()


def test_errors_of_a_turning_axis_include_what_rings_mix():
    straight = pa_profile(field(disc())).kinemetry
    n = straight.radius.size
    still = np.zeros(n)
    steady = 5.0 * straight.radius  # deg, for radii in arcsec

    def errors(angle):
        turn = np.radians(angle)
        rotation = 100 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        cov = np.broadcast_to(1e-6 * np.eye(2), (n, 2, 2))
        one = replace(straight, rotation=rotation, rotation_cov=cov, coverage=np.ones(n))
        return one.pa_err, one.pa_noise

    assert np.array_equal(*errors(still))
    # 0.7 of 5 deg / arcsec within the spread of a beam of 2.5 arcsec.
    total, noise = errors(steady)
    assert noise.max() < 0.01
    assert total == pytest.approx(0.7 * 5.0 * 2.5 / 2.3548, rel=1e-3)
