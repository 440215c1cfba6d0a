import numpy as np
import pytest
from astropy import units as u

from mangapa import fit_pa, simulate_galaxy
from mangapa.simulate import Bar, Lopsidedness, Neighbour, Warp

#: The noise is at its floor of 1 km/s.
QUIET = {"bintype": "SPX", "snr": 1e7, "n_fibres": 61}


def quiet(**settings):
    return simulate_galaxy(**QUIET | settings).halpha


def arrays(field):
    return field.x.value, field.y.value, field.velocity.value


def in_plane(field, pa, inclination):
    """Radius and azimuth in the plane of a thin disc."""
    x, y, _ = arrays(field)
    pa, axis_ratio = np.radians(pa), np.sqrt(0.96 * np.cos(np.radians(inclination)) ** 2 + 0.04)
    major, minor = x * np.sin(pa) + y * np.cos(pa), (x * np.cos(pa) - y * np.sin(pa)) / axis_ratio
    return np.hypot(major, minor), np.arctan2(minor, major)


@pytest.mark.parametrize(("radius", "share"), [(3, 0), (6, 0.5), (9, 1)])
def test_rings_of_a_warp_have_their_angle_and_inclination(radius, share):
    warp = Warp(turn=40, tilt=20, inner=4, outer=8)
    field = quiet(pa_stellar=70, inclination=30, turnover=1e-3, warp=warp)
    inclination = 30 + 20 * share
    distance, azimuth = in_plane(field, 70 + 40 * share, inclination)
    ring = field.good & (np.abs(distance - radius) < 0.3)
    expected = 200 * np.sin(np.radians(inclination)) * np.cos(azimuth)
    assert ring.sum() > 30
    # Where the rings turn, those within 0.3 arcsec differ by up to 3 deg and 1.5 deg.
    tolerance = 5 if share in (0, 1) else 15
    np.testing.assert_allclose(field.velocity.value[ring], expected[ring], atol=tolerance)


def test_a_number_is_a_warp_from_the_centre_to_the_edge():
    number, rings = quiet(warp=25), quiet(warp=Warp(turn=25, outer=11.25))
    np.testing.assert_array_equal(number.velocity, rings.velocity)


def test_an_edge_on_warp_has_a_velocity_everywhere():
    field = quiet(inclination=90, warp=60, thickness=0.1)
    assert np.isfinite(field.velocity[field.good]).all()


@pytest.mark.parametrize("flow", [-0.2, 0.1])
def test_a_radial_flow_turns_the_zero_line_by_the_analytic_angle(flow):
    settings = {"pa_stellar": 100, "inclination": 60, "turnover": 1000, "v_max": 1e5}
    field = quiet(**settings, radial_flow=flow)
    axis_ratio = np.sqrt(0.96 * 0.25 + 0.04)
    turn = np.degrees(np.arctan(flow / axis_ratio))
    # In a solid body every method agrees: the velocity is a plane.
    assert fit_pa(field).pa.value == pytest.approx(100 + turn, abs=0.1)


@pytest.mark.parametrize(("angle", "sign"), [(0, -1), (90, 1)])
def test_a_bar_along_or_across_the_axis_slows_or_quickens_the_axis(angle, sign):
    """On the major axis only the tangential part of equation 5 of Spekkens & Sellwood remains."""
    plain, barred = (
        quiet(pa_stellar=0, inclination=50, bar=bar)
        for bar in (None, Bar(amplitude=0.3, radius=4, angle=angle))
    )
    radius, azimuth = in_plane(plain, 0, 50)
    axis = plain.good & (np.abs(np.sin(azimuth)) < 1e-9) & (radius > 0)
    ratio = barred.velocity.value[axis] / plain.velocity.value[axis]
    np.testing.assert_allclose(
        ratio, 1 + sign * 0.3 * np.exp(-((radius[axis] / 4) ** 2)), atol=0.05
    )


def test_a_bar_is_felt_only_inside_and_an_oval_everywhere():
    plain, barred, oval = (
        quiet(pa_stellar=30, inclination=50, bar=bar)
        for bar in (None, Bar(amplitude=0.3, radius=3), Bar(amplitude=0.3, radius=1e5))
    )
    radius, _ = in_plane(plain, 30, 50)
    outer = plain.good & (radius > 9)
    change = [
        np.std((field.velocity - plain.velocity)[outer]).to_value(u.km / u.s)
        for field in (barred, oval)
    ]
    assert change[0] < 3 < 15 < change[1]


def test_streaming_keeps_the_symmetry_through_the_centre_and_lopsidedness_does_not():
    bar, lopsided = (
        quiet(turnover=0.3, bar=Bar(amplitude=0.3)),
        quiet(turnover=0.3, lopsidedness=Lopsidedness(amplitude=0.3)),
    )
    radius, azimuth = in_plane(lopsided, 60, 55)
    for field, expected in ((bar, 0.0), (lopsided, 0.3)):
        v = field.velocity.value[1:, 1:]
        even, odd = v + v[::-1, ::-1], v - v[::-1, ::-1]
        axis = field.good[1:, 1:] & (radius[1:, 1:] > 5) & (np.cos(azimuth[1:, 1:]) > 0.98)
        assert np.median(even[axis] / odd[axis]) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("inclination", [0, 30, 60, 80])
def test_a_very_flat_thick_disc_is_a_thin_one(inclination):
    thin, thick = (quiet(inclination=inclination, thickness=t) for t in (0, 0.01))
    x, y, _ = arrays(thin)
    # The thin disc appears no flatter than 0.2, the other does.
    cosine = np.cos(np.radians(inclination))
    along = np.abs(x * np.cos(np.radians(60)) - y * np.sin(np.radians(60))) < 0.3 * cosine
    both = thin.good & thick.good & along & (np.hypot(x, y) > 2)
    assert both.any()
    np.testing.assert_allclose(thick.velocity.value[both], thin.velocity.value[both], atol=4)


def test_thickness_slows_an_edge_on_disc():
    thin, thick = (
        quiet(pa_stellar=0, inclination=85, turnover=1e-3, thickness=t) for t in (0.01, 0.3)
    )
    x, y, _ = arrays(thin)
    axis = thin.good & (x == 0) & (y > 4)
    # The line of sight through a thick disc crosses other rings, which move across it.
    assert np.all(thick.velocity[axis] < thin.velocity[axis] - 10 * u.km / u.s)


def test_a_neighbour_adds_its_light_where_it_is():
    place = {"x": 4 * u.arcsec, "y": -3, "fwhm": 1.5}
    plain = quiet()
    blend = quiet(neighbour=Neighbour(flux=0.5, velocity=400, **place))
    x, y, v = arrays(blend)
    away = np.hypot(x - 4, y + 3)
    change = (blend.velocity - plain.velocity).value
    assert np.all(np.abs(v[blend.good & (away < 0.3)] - 400) < 60)
    assert np.abs(change[blend.good & (away > 5)]).max() < 1e-3


def test_a_neighbour_has_its_share_of_the_light():
    """With the same velocities, the mean over the field is that of the blend."""
    still = quiet(v_max=0, neighbour=Neighbour(flux=0.25, x=0, y=0, velocity=1e4, fwhm=4))
    good, share = still.good, still.velocity.value / 1e4
    radius, _ = in_plane(still, 60, 55)
    disc = np.exp(-1.678 * radius / 7.5)
    added = disc * share / (1 - share)
    assert added[good].sum() / disc[good].sum() == pytest.approx(0.25, rel=0.02)
