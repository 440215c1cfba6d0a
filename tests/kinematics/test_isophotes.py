from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangapa import VelocityField
from mangapa.kinematics._isophotes import outer_isophotes
from tests.kinematics.light import coordinates, disc, exponential, hexagon

pytestmark = pytest.mark.needs_photutils


def axes_apart(a, b):
    return abs((a - b + 90) % 180 - 90)


@settings(max_examples=25, deadline=None)
@given(pa=st.floats(0, 180), axis_ratio=st.floats(0.25, 0.9))
def test_the_shape_of_a_disc(pa, axis_ratio):
    found = outer_isophotes(disc(pa, axis_ratio))
    assert axes_apart(found.pa, pa) < 0.6 / (1 - axis_ratio)
    assert found.axis_ratio == pytest.approx(axis_ratio, abs=0.03)
    assert 0 <= found.pa < 180
    assert 8 < found.radius < 17.5


@settings(max_examples=25, deadline=None)
@given(turn=st.floats(-180, 180))
def test_it_does_not_depend_on_the_direction_of_the_rows(turn):
    found = outer_isophotes(disc(70.0, 0.5, turn=turn))
    assert axes_apart(found.pa, 70) < 1.5
    assert found.axis_ratio == pytest.approx(0.5, abs=0.03)


@settings(max_examples=25, deadline=None)
@given(power=st.integers(-60, 60))
def test_the_unit_of_the_light_has_no_meaning(power):
    field = disc(40.0, 0.6, noise=0.003)
    scaled = VelocityField.from_arrays(
        field.velocity, field.x, field.y, mask=field.mask, flux=field.flux.value * 2.0**power
    )
    assert outer_isophotes(scaled) == outer_isophotes(field)


def test_a_mirror_image():
    field = disc(25.0, 0.5, noise=0.003)
    mirrored = VelocityField.from_arrays(
        field.velocity, -field.x, field.y, mask=field.mask, flux=field.flux
    )
    found, other = outer_isophotes(field), outer_isophotes(mirrored)
    assert axes_apart(found.pa, -other.pa) < 1e-9
    assert other.axis_ratio == pytest.approx(found.axis_ratio, rel=1e-9)


@pytest.mark.parametrize("beam", [1.5, 2.5])
@pytest.mark.parametrize("axis_ratio", [0.25, 0.4, 0.6, 0.9])
def test_the_beam_is_accounted_for(axis_ratio, beam):
    field = disc(120.0, axis_ratio, beam=beam)
    observed, true = outer_isophotes(field), outer_isophotes(field, beam)
    assert true.axis_ratio == pytest.approx(axis_ratio, abs=0.03)
    assert observed.axis_ratio > true.axis_ratio
    off = abs(true.axis_ratio - axis_ratio)
    assert off < 2 * max(true.axis_ratio_scatter, 0.01)


def hole(at_x, at_y, radius):
    return lambda x, y: np.hypot(x - at_x, y - at_y) < radius


@pytest.mark.parametrize(
    "mask",
    [hole(0, 0, 1.2), hole(4, 5, 2.0), hole(8, 12, 4.0), hole(-13, -5, 4.0)],
    ids=["at the centre", "inside", "at the end of the axis", "at the edge"],
)
def test_masked_stars(mask):
    whole, masked = outer_isophotes(disc()), outer_isophotes(disc(mask=mask))
    assert axes_apart(masked.pa, whole.pa) < 1
    assert masked.axis_ratio == pytest.approx(whole.axis_ratio, abs=0.015)


def strip():
    """A disc of whose major axis the footprint holds less than of its minor axis."""
    return disc(90.0, 0.6, mask=lambda x, y: np.abs(x) > 6)


def test_what_the_footprint_cuts_is_left_out():
    found = outer_isophotes(strip())
    assert found.radius < 6.5
    assert found.axis_ratio == pytest.approx(0.6, abs=0.03)


def test_noise_ends_the_isophotes():
    clear, noisy = outer_isophotes(disc(noise=1e-4)), outer_isophotes(disc(noise=0.05))
    assert noisy.radius < 0.9 * clear.radius
    assert axes_apart(noisy.pa, 30) < 5
    assert noisy.pa_scatter > clear.pa_scatter


def test_scattered_bins():
    places = np.random.default_rng(2).uniform(-14, 14, (900, 2))
    x, y = places[np.hypot(*places.T) < 14].T
    light = exponential(x, y, 30.0, 0.5)
    found = outer_isophotes(VelocityField.from_arrays(x, x, y, flux=light))
    assert axes_apart(found.pa, 30) < 1.5
    assert found.axis_ratio == pytest.approx(0.5, abs=0.04)


def test_very_many_spaxels():
    x, y = coordinates(spaxel=0.0625)
    outside = ~hexagon(x, y) | (np.hypot(x - 5, y + 4) < 1.5)
    light = exponential(x, y, 30.0, 0.5)
    found = outer_isophotes(VelocityField.from_arrays(x, x, y, mask=outside, flux=light))
    expected = outer_isophotes(disc(30.0, 0.5))
    assert axes_apart(found.pa, 30) < 0.5
    assert found.axis_ratio == pytest.approx(0.5, abs=0.01)
    assert found.radius == pytest.approx(expected.radius, abs=1)


def test_a_twist_is_a_scatter():
    x, y = coordinates()
    turning = np.hypot(x, y)
    light = exponential(x, y, 3 * turning, 0.5)
    field = VelocityField.from_arrays(x, x, y, mask=~hexagon(x, y), flux=light)
    assert outer_isophotes(field).pa_scatter > 3 * outer_isophotes(disc()).pa_scatter


@pytest.mark.parametrize(
    "light",
    [
        lambda x, y: np.full(x.shape, np.nan),
        lambda x, y: np.zeros(x.shape),
        lambda x, y: np.ones(x.shape),
        lambda x, y: -exponential(x, y, 30, 0.5),
        lambda x, y: np.where(np.hypot(x, y) < 1, 1.0, np.nan),
        lambda x, y: np.random.default_rng(3).normal(size=x.shape),
        lambda x, y: x,
    ],
    ids=["missing", "zero", "flat", "negative", "a dot", "noise", "a slope"],
)
def test_no_isophotes(light):
    x, y = coordinates()
    field = VelocityField.from_arrays(x, x, y, mask=~hexagon(x, y), flux=light(x, y))
    assert outer_isophotes(field) is None


@pytest.mark.parametrize(("radius", "seen"), [(5.0, True), (7.0, False), (9.0, False)])
def test_an_isophote_goes_around_a_hole_in_the_centre(radius, seen):
    found = outer_isophotes(disc(30.0, 0.5, mask=lambda x, y: np.hypot(x, y) < radius))
    assert (found is not None) == seen
    if seen:
        assert axes_apart(found.pa, 30) < 1
        assert found.axis_ratio == pytest.approx(0.5, abs=0.02)


def test_no_isophotes_of_bins_on_a_line():
    x = np.linspace(-5, 5, 60)
    field = VelocityField.from_arrays(x, x, 2 * x, flux=np.exp(-np.abs(x)))
    assert outer_isophotes(field) is None


#: Angle, axis ratio, their scatter and the radius of fields that hold the constants of the module.
REFERENCE = {
    "a noisy disc": (
        lambda: outer_isophotes(disc(noise=0.02), 2.5),
        (29.90848, 0.3497024, 0.461143, 0.01697376, 11.99446),
    ),
    "a thin disc in a wide beam": (
        lambda: outer_isophotes(disc(axis_ratio=0.25, beam=4.0, half=8.0), 8.0),
        (29.55637, 0.368089, 0.2346205, 0.01362629, 8.296281),
    ),
    "a disc that the footprint cuts": (
        lambda: outer_isophotes(disc(15.0, 0.6)),
        (14.92227, 0.4693405, 0.5999508, 0.003138508, 14.49208),
    ),
    "few spaxels": (
        lambda: outer_isophotes(disc(axis_ratio=0.7, half=2.5)),
        (24.18323, 0.0, 0.6416442, 0.0251458, 2.385617),
    ),
}


@pytest.mark.parametrize("name", REFERENCE)
def test_reference_values(name):
    compute, expected = REFERENCE[name]
    assert astuple(compute()) == pytest.approx(expected, rel=1e-5, abs=1e-9)
