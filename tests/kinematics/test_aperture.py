"""Elliptical apertures."""

import numpy as np
import pytest

from mangapa.kinematics._aperture import Aperture, covered


def test_an_ellipse_of_the_area_of_a_circle():
    aperture = Aperture.of_area(5.0, 30.0, 0.4)
    assert aperture.area == pytest.approx(np.pi * 25)
    assert aperture.semi_major == pytest.approx(5 / np.sqrt(0.4))


def test_semi_major_axes_about_a_centre():
    aperture = Aperture(semi_major=4.0, pa=90.0, axis_ratio=0.5, x=1.0, y=-2.0)
    x, y = np.array([4.0, 1.0, 1.0]), np.array([-2.0, 0.0, -2.0])
    assert aperture.semi_major_axes(x, y) == pytest.approx([3.0, 4.0, 0.0])
    assert aperture.distances(x, y) == pytest.approx([3.0, 2.0, 0.0])


def test_position_angles_run_from_north_through_east():
    aperture = Aperture(semi_major=1.0, pa=30.0, axis_ratio=0.1)
    on_axis = 2 * np.sin(np.radians(30)), 2 * np.cos(np.radians(30))
    assert aperture.semi_major_axes(*map(np.atleast_1d, on_axis)) == pytest.approx([2.0])


def test_coverage_is_at_most_the_whole():
    aperture = Aperture(semi_major=2.0, pa=0.0, axis_ratio=1.0)
    assert covered(np.pi, aperture) == pytest.approx(0.25)
    assert covered(20.0, aperture) == 1.0
