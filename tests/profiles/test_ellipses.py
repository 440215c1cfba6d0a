import numpy as np
import pytest

from mangapa.fitting._prepared import prepare
from mangapa.profiles._ellipse_terms import MOMENTS
from mangapa.profiles._ellipses import EllipseFit, growth, log_slopes, shape_terms
from mangapa.profiles._rings import MIN_DATA, Ellipse, Rings, on_rings
from tests.profiles.fields import ROUND, X, Y, disc, field

VELOCITY = MOMENTS["velocity"]
SHAPE = Ellipse(pa_axis=np.array([40.0, 70.0, 170.0]), axis_ratio=np.array([0.4, 0.7, 0.95]))
EDGES = np.array([0.0, 3.0, 6.0, 9.0])


def model(moment, ellipse, ring, x, y, radius, slope):
    """Return the moment of unit amplitude from its definition."""
    distance, anomaly = ellipse.of(ring).polar(x, y)
    value, _ = growth(moment, distance**2, ring, radius, slope)
    return value * np.cos(anomaly) if moment.is_odd else value


@pytest.mark.parametrize("name", ["velocity", "flux"])
def test_moments_grow_with_the_slope_of_their_ring(name):
    ring, radius, slope = np.repeat([0, 1], 2), np.array([2.0, 6.0]), np.array([0.5, -0.2])
    step = 1e-5
    square = (np.repeat(radius, 2) * np.tile([1 + step, 1 - step], 2)) ** 2
    value, steepness = growth(MOMENTS[name], square, ring, radius, slope)
    np.testing.assert_allclose(value, 1, atol=1e-4)
    np.testing.assert_allclose(-np.diff(value)[::2] / (2 * step), slope, rtol=1e-4)
    np.testing.assert_allclose(steepness[::2], slope, atol=1e-4)
    # About the centre an odd moment rises like that of a solid body, and an even one is flat.
    inner, steepness = growth(MOMENTS[name], np.full(4, 1e-6), ring, radius, slope)
    assert np.all(np.isfinite(inner))
    np.testing.assert_allclose(steepness, MOMENTS[name].is_odd, atol=1e-5)


@pytest.mark.parametrize("name", ["velocity", "flux"])
def test_terms_are_the_derivatives(name):
    rng = np.random.default_rng(0)
    x, y, ring = *rng.uniform(-8, 8, (2, 90)), np.repeat([0, 1, 2], 30)
    radius, slope = np.array([2.0, 4.0, 7.0]), np.array([0.8, -0.2, 0.3])
    terms = shape_terms(MOMENTS[name], SHAPE, ring, x, y, radius, slope)
    np.testing.assert_allclose(
        terms[0], model(MOMENTS[name], SHAPE, ring, x, y, radius, slope), rtol=1e-6
    )
    step = 1e-5
    turned = [
        Ellipse(pa_axis=SHAPE.pa_axis + np.degrees(sign * step), axis_ratio=SHAPE.axis_ratio)
        for sign in (1, -1)
    ]
    stretched = [
        Ellipse(pa_axis=SHAPE.pa_axis, axis_ratio=SHAPE.axis_ratio + sign * step)
        for sign in (1, -1)
    ]
    for term, (more, less) in zip(terms[1:], (turned, stretched), strict=True):
        change = model(MOMENTS[name], more, ring, x, y, radius, slope)
        change = change - model(MOMENTS[name], less, ring, x, y, radius, slope)
        np.testing.assert_allclose(term, change / (2 * step), rtol=1e-4, atol=1e-5)


def test_points_are_on_the_rings_of_their_radius():
    x, y = X[ROUND], Y[ROUND]
    ring, point = on_rings(x, y, SHAPE, EDGES)
    assert np.all(np.diff(ring) >= 0)
    for i in range(3):
        one = Ellipse(pa_axis=SHAPE.pa_axis[i], axis_ratio=SHAPE.axis_ratio[i])
        radius, _ = one.polar(x, y)
        inside = np.flatnonzero((radius >= EDGES[i]) & (radius < EDGES[i + 1]))
        np.testing.assert_array_equal(point[ring == i], inside)


def test_many_pairs_are_tried_in_parts(monkeypatch):
    found = on_rings(X[ROUND], Y[ROUND], SHAPE, EDGES)
    monkeypatch.setattr("mangapa.profiles._rings.PAIRS_AT_ONCE", 100)
    for one, other in zip(on_rings(X[ROUND], Y[ROUND], SHAPE, EDGES), found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_slopes_are_those_of_a_power_law():
    radius = np.array([1.0, 2.0, 4.0, 8.0])
    np.testing.assert_allclose(log_slopes(VELOCITY, radius, 50 * radius**0.4), 0.4)
    # And stay within what is likely.
    assert np.all(log_slopes(VELOCITY, radius, radius**3.0) == VELOCITY.slopes[1])
    assert log_slopes(VELOCITY, radius[:1], radius[:1]) == pytest.approx(np.mean(VELOCITY.slopes))


def fitted(velocity, whole, *, mask=~ROUND, spread=0.5):
    spaxels = prepare(field(velocity, mask=mask)).spaxels
    points = spaxels.points
    relative = np.ones(points.velocity.size)
    common = Rings.of(points, whole, 1.25, relative, spaxels.grid)
    n = common.count.size
    fit = EllipseFit(points, common.edges, relative, VELOCITY, whole, spread, True)
    start = np.full(n, 100.0)
    return fit.run(whole.each(n), np.zeros(n), start)[0], common, points


@pytest.mark.parametrize(("pa", "axis_ratio"), [(60, 0.6), (95, 0.45), (20, 0.8)])
def test_shapes_are_found_from_afar(pa, axis_ratio):
    whole = Ellipse(pa_axis=50.0, axis_ratio=0.65)
    shape, common, _ = fitted(disc(pa, axis_ratio=axis_ratio, noise=0.3), whole)
    inner = slice(1, common.count.size - 5)
    np.testing.assert_allclose(shape.pa_axis[inner], pa, atol=1.5)
    np.testing.assert_allclose(shape.axis_ratio[inner], axis_ratio, atol=0.06)


def test_the_prior_holds_what_the_data_do_not_tell():
    whole = Ellipse(pa_axis=60.0, axis_ratio=0.5)
    velocity = disc(60, axis_ratio=0.8, noise=20)
    free, _, _ = fitted(velocity, whole, spread=10.0)
    held, _, _ = fitted(velocity, whole, spread=1e-3)
    np.testing.assert_allclose(held.axis_ratio, 0.5, atol=0.01)
    assert np.median(free.axis_ratio) > 0.6


def test_rings_that_lose_their_data_keep_the_shape_of_the_disc():
    # Only a strip along the minor axis: ellipses along it would hold nothing outside.
    strip = np.abs(X) > 1.6
    whole = Ellipse(pa_axis=0.0, axis_ratio=0.6)
    shape, common, points = fitted(disc(80, noise=30), whole, mask=strip | ~ROUND)
    ring, _ = on_rings(points.x, points.y, shape, common.edges)
    assert np.bincount(ring, minlength=common.count.size).min() >= MIN_DATA


def test_data_in_one_place_have_terms():
    ring, zero = np.zeros(3, int), np.zeros(3)
    ellipse = Ellipse(pa_axis=np.array([20.0]), axis_ratio=np.array([0.7]))
    for moment in MOMENTS.values():
        terms = shape_terms(moment, ellipse, ring, zero, zero, np.zeros(1), np.full(1, 0.4))
        assert np.isfinite(terms).all()
