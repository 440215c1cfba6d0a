"""Spin vectors, against discs that are built in space and projected."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import mangapa
from mangapa import KinematicPA, PAFlags, SpinFlags, VelocityField, spin_vector
from mangapa.fitting import Disc
from mangapa.kinematics import SpinVector
from tests.fitting.fields import ROUND, X, Y, disc_velocity

RA = st.floats(0, 360)
DEC = st.floats(-90, 90)


def axes_at(ra, dec):
    """Unit vectors along the line of sight, to the East and to the North, by finite steps."""
    ra, dec = np.radians([ra, dec])

    def place(ra, dec):
        return np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])

    sight = place(ra, dec)
    north = place(ra, dec + np.pi / 2)
    return sight, np.cross(north, sight), north


def disc_in_space(spin, ra, dec):
    """Places on the sky, velocities away from us and depths of a rotating disc with this spin."""
    sight, east, north = axes_at(ra, dec)
    start = np.cross(spin, [0.3, -0.5, 0.8])
    start /= np.linalg.norm(start)
    turn = np.radians(np.arange(0, 360, 0.25))[:, None]
    places = np.cos(turn) * start + np.sin(turn) * np.cross(spin, start)
    velocity = np.cross(spin, places)
    return places @ east, places @ north, velocity @ sight, places @ sight


def seen_from_us(spin, ra, dec):
    """Position angle of the receding side, inclination, and position angle of the near side."""
    x, y, velocity, depth = disc_in_space(spin, ra, dec)
    sight, *_ = axes_at(ra, dec)
    angle = np.degrees(np.arctan2(x, y))
    inclination = np.degrees(np.arctan2(np.linalg.norm(np.cross(spin, sight)), abs(spin @ sight)))
    return angle[np.argmax(velocity)], inclination, angle[np.argmin(depth)]


def result(pa, *, error=1.0, flags=PAFlags.NONE, disc=None):
    return KinematicPA(
        pa=pa % 360 * u.deg, pa_err=error * u.deg, pa_err_sys=0 * u.deg, flags=flags, disc=disc
    )


def disc(axis_ratio, error):
    return Disc(
        axis_ratio=axis_ratio,
        axis_ratio_err=error,
        inclination=np.nan * u.deg,
        x=0 * u.arcsec,
        y=0 * u.arcsec,
        radius=[1] * u.arcsec,
        rotation_velocity=[100] * u.km / u.s,
    )


def solve(pa, ra=150.0, dec=2.0, *, inclination=60.0, inclination_err=5.0, error=1.0, **options):
    return spin_vector(
        result(pa, error=error),
        position=(ra, dec),
        inclination=inclination,
        inclination_err=inclination_err,
        **options,
    )


def apart(one, other):
    """Angle between two unit vectors, deg."""
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(one, other)), one @ other))


@given(ra=RA, dec=DEC, towards_ra=RA, towards_dec=DEC)
@settings(max_examples=200, deadline=None)
def test_a_disc_in_space_is_recovered(ra, dec, towards_ra, towards_dec):
    spin, *_ = axes_at(towards_ra, towards_dec)
    pa, inclination, near = seen_from_us(spin, ra, dec)
    found = solve(pa, ra, dec, inclination=min(inclination, 90.0))
    # The steps along the orbit limit the angle: a quarter of a degree along a foreshortened one.
    distances = [apart(spin, one) for one in found.solutions.xyz.value.T]
    assert min(distances) < 1
    if 5 < inclination < 85:
        known = solve(pa, ra, dec, inclination=inclination, near_side=near)
        assert known.weights.tolist() == [1.0]
        assert apart(spin, known.solutions.xyz.value[:, 0]) < 1
        dust = solve(pa, ra, dec, inclination=inclination, dust_side=near)
        assert_allclose(dust.solutions.xyz.value, known.solutions.xyz.value)


@pytest.mark.parametrize("dec", [90.0, -90.0])
def test_at_the_poles_the_directions_are_finite(dec):
    found = solve(30, 200.0, dec)
    assert_allclose(found.solutions.norm(), 1)
    # Half of each vector lies along the line of sight, the axis of the Earth.
    assert_allclose(np.abs(found.solutions.z), 0.5, atol=1e-12)


@given(pa=RA, ra=RA, dec=DEC, inclination=st.floats(0, 90))
@settings(max_examples=100, deadline=None)
def test_the_formula_of_lee_and_erdogdu(pa, ra, dec, inclination):
    """Their components along r, theta and phi of spherical coordinates, turned to x, y, z."""
    found = solve(pa, ra, dec, inclination=inclination).solutions.xyz.value
    theta, phi, angle, i = np.radians([90 - dec, ra, pa, inclination])
    south, east = np.sin(i) * np.sin(angle), np.sin(i) * np.cos(angle)
    for sign, vector in zip((-1, 1), found.T, strict=True):
        radial = sign * np.cos(i)
        expected = [
            radial * np.sin(theta) * np.cos(phi)
            + south * np.cos(theta) * np.cos(phi)
            - east * np.sin(phi),
            radial * np.sin(theta) * np.sin(phi)
            + south * np.cos(theta) * np.sin(phi)
            + east * np.cos(phi),
            radial * np.cos(theta) - south * np.sin(theta),
        ]
        assert_allclose(vector, expected, atol=1e-12)


def test_solutions_are_unit_vectors_with_weights_that_add_up():
    found = solve(123)
    assert_allclose(found.solutions.norm(), 1)
    assert_allclose(found.weights.sum(), 1)
    assert found.flags == SpinFlags.NEAR_SIDE_UNKNOWN
    assert isinstance(found.directions, SkyCoord)
    assert_allclose(found.directions.cartesian.xyz.value, found.solutions.xyz.value)


@pytest.mark.parametrize(("winding", "turn"), [("S", 1), ("Z", -1), ("s", 1)])
def test_arms_trail_behind_the_rotation(winding, turn):
    """
    Arms that wind like an S lag behind a rotation in the sense of position angles.

    The upper arm of an S leads from the centre over the upper left and the top to the upper right:
    outwards, towards smaller position angles. The disc turns the other way.
    """
    (spin,) = solve(40, inclination=30.0, winding=winding).solutions.xyz.value.T
    x, y, _, _ = disc_in_space(spin, 150.0, 2.0)
    change = np.diff(np.unwrap(np.arctan2(x, y)))
    assert np.all(np.sign(change) == turn)


def test_sides_that_agree_and_that_do_not():
    near = solve(40, near_side=130, winding="Z")
    assert near.weights.tolist() == [1.0]
    assert not near.flags
    against = solve(40, near_side=130, winding="S")
    assert against.weights.tolist() == [0.5, 0.5]
    assert against.flags == SpinFlags.CONFLICTING_SIDES


def test_a_side_on_the_major_axis_does_not_tell():
    found = solve(40, near_side=50)
    assert found.flags == SpinFlags.NEAR_SIDE_UNCLEAR | SpinFlags.NEAR_SIDE_UNKNOWN
    assert found.weights.size == 2
    assert solve(40, near_side=68).weights.size == 2
    assert solve(40, near_side=72).weights.size == 1
    with_arms = solve(40, near_side=50, winding="S")
    assert with_arms.weights.tolist() == [1.0]


def test_edge_on_both_solutions_are_one_direction():
    found = solve(40, inclination=90.0)
    first, second = found.solutions.xyz.value.T
    assert apart(first, second) < 1e-6


def test_face_on_the_position_angle_does_not_matter():
    first, second = (solve(pa, inclination=0.0, error=20.0) for pa in (10, 200))
    assert_allclose(first.solutions.xyz.value, second.solutions.xyz.value, atol=1e-12)
    assert_allclose(first.error.to_value(u.deg), 5)
    assert apart(*first.solutions.xyz.value.T) == pytest.approx(180)


def test_the_errors_are_the_scatter_of_samples():
    found = solve(77, inclination=50.0, inclination_err=4.0, error=6.0, winding="Z")
    drawn = found.sample(20_000, seed=1).xyz.value
    centre = found.solutions.xyz.value[:, 0]
    angles = np.degrees(np.arccos(np.clip(centre @ drawn, -1, 1)))
    assert np.sqrt(np.mean(angles**2)) == pytest.approx(found.error[0].to_value(u.deg), rel=0.02)


def test_samples_follow_the_weights():
    found = solve(77, inclination=40.0, inclination_err=2.0)
    drawn = found.sample(4000).xyz.value
    nearest = np.argmax(found.solutions.xyz.value.T @ drawn, axis=0)
    assert np.mean(nearest) == pytest.approx(0.5, abs=0.03)
    assert_allclose(np.linalg.norm(drawn, axis=0), 1)


def test_samples_beyond_an_end_of_the_inclination_come_back():
    found = solve(77, inclination=88.0, inclination_err=10.0, near_side=77 + 90)
    sight = found.position.cartesian.xyz.value
    assert np.all(sight @ found.sample(500).xyz.value >= 0)


def test_angles_between_spins():
    first, second = solve(40, winding="S"), solve(220, winding="Z")
    # Turned by half a circle, on the other side: the opposite vector.
    between = first.angle_to(second)
    assert between.angle.to_value(u.deg) == pytest.approx([180])
    assert between.weight.tolist() == [1.0]
    assert between.mean_cosine == pytest.approx(-1)
    assert_allclose(between.error, np.hypot(first.error, second.error))
    both = solve(40).angle_to(solve(40))
    assert_allclose(both.angle.to_value(u.deg), [0, 60, 60, 0], atol=1e-6)
    assert_allclose(both.weight, 0.25)


def test_no_angle_to_nothing():
    nothing = spin_vector(result(40), inclination=60, inclination_err=5)
    between = solve(40).angle_to(nothing)
    assert between.angle.size == between.weight.size == 0
    assert np.isnan(between.mean_cosine)
    assert np.isnan(nothing.sample(3).x).all()


@pytest.mark.parametrize(
    ("source", "options", "flag"),
    [
        (KinematicPA(flags=PAFlags.NO_MAP), {}, SpinFlags.NO_ANGLE),
        (result(40, flags=PAFlags.UNCONSTRAINED), {}, SpinFlags.UNCONSTRAINED),
        (result(40, error=np.nan), {}, SpinFlags.NO_ANGLE),
        (result(40, flags=PAFlags.RECEDING_SIDE_UNCLEAR), {}, SpinFlags.RECEDING_SIDE_UNCLEAR),
        (result(40), {"inclination": None, "inclination_err": None}, SpinFlags.NO_INCLINATION),
        (result(40), {"inclination_err": None}, SpinFlags.NO_INCLINATION),
        (result(40), {"inclination_err": 30}, SpinFlags.NO_INCLINATION),
        (result(40), {"inclination": np.nan}, SpinFlags.NO_INCLINATION),
        (result(40), {"position": None}, SpinFlags.NO_POSITION),
    ],
)
def test_nothing_where_the_data_do_not_tell(source, options, flag):
    known = {"position": (150, 2), "inclination": 60, "inclination_err": 5}
    found = spin_vector(source, **(known | options))
    assert found.flags == flag
    assert found.weights.size == found.error.size == len(found.solutions) == 0
    assert flag.description in repr(found)


def test_a_warp_is_a_caveat():
    flags = PAFlags.NOT_A_DISC
    found = spin_vector(
        result(40, flags=flags), position=(0, 0), inclination=60, inclination_err=5, winding="S"
    )
    assert found.flags == SpinFlags.NOT_A_DISC
    assert found.weights.tolist() == [1.0]


def test_the_inclination_of_the_disc_depends_on_its_thickness():
    source = result(40, disc=disc(0.5, 0.05))
    thin = spin_vector(source, position=(0, 0), thickness=0.0)
    assert thin.inclination.to_value(u.deg) == pytest.approx(60)
    thick = spin_vector(source, position=(0, 0), thickness=0.3)
    assert thick.inclination > thin.inclination
    assert thin.inclination_err.to_value(u.deg) == pytest.approx(3.3, abs=0.1)


def test_by_default_the_disc_is_the_one_of_its_result():
    field = VelocityField.from_arrays(disc_velocity(70), X, Y, mask=~ROUND)
    pa = mangapa.fit_pa(field)
    found = spin_vector(pa, position=(10, 20))
    assert found.inclination == pa.disc.inclination
    assert found.inclination_err == pa.disc.inclination_err
    assert found.position_angle_err == pa.pa_err_total
    assert_allclose(
        spin_vector(field, position=(10, 20)).solutions.xyz.value, found.solutions.xyz.value
    )


def test_galaxies_and_measurements_know_where_they_are():
    galaxy = mangapa.simulate_galaxy(n_fibres=37, pa_stellar=30, pa_halpha=120, inclination=60)
    assert spin_vector(galaxy).flags == SpinFlags.NO_POSITION
    from dataclasses import replace

    placed = replace(galaxy, centre=SkyCoord(150 * u.deg, 2 * u.deg))
    stars, gas = spin_vector(placed), spin_vector(placed, "halpha")
    assert stars.position_angle.to_value(u.deg) == pytest.approx(30, abs=1)
    assert gas.position_angle.to_value(u.deg) == pytest.approx(120, abs=1)
    measured = spin_vector(mangapa.measure(placed))
    assert_allclose(measured.solutions.xyz.value, stars.solutions.xyz.value, atol=0.05)
    without = replace(placed, halpha=None)
    assert spin_vector(without, "halpha").flags & SpinFlags.NO_ANGLE


def test_the_whole_way_from_a_disc_in_space():
    """A field of velocities of a disc with a known spin at a place on the sky."""
    ra, dec = 33.0, -71.0
    spin, *_ = axes_at(250.0, 10.0)
    sight, east, north = axes_at(ra, dec)
    # Offsets of the sky, and the depth at which the disc is met.
    places = X[..., None] * east + Y[..., None] * north
    places = places - (places @ spin / (sight @ spin))[..., None] * sight
    radius = np.linalg.norm(places, axis=-1)
    speed = 200 * np.tanh(radius / 3) / np.maximum(radius, 1e-9)
    velocity = speed * (np.cross(spin, places) @ sight)
    field = VelocityField.from_arrays(velocity, X, Y, mask=~ROUND)
    near = np.degrees(
        np.arctan2(
            *[
                axis[np.unravel_index(np.argmin(np.where(ROUND, places @ sight, np.inf)), X.shape)]
                for axis in (X, Y)
            ]
        )
    )
    found = spin_vector(field, position=(ra, dec), near_side=near, thickness=0.0)
    assert found.weights.tolist() == [1.0]
    assert apart(spin, found.solutions.xyz.value[:, 0]) < 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inclination": 91}, "inclination=91 deg must be between 0 and 90"),
        ({"inclination": None}, "inclination_err needs inclination"),
        ({"inclination_err": -1}, "inclination_err=-1 must be positive"),
        ({"thickness": 1.0}, "thickness=1 must be from 0 to below 1"),
        ({"winding": "X"}, "winding='X' must be one of S, Z"),
        ({"near_side": "north"}, "near_side='north' must be a number in deg"),
        ({"position": 3}, "position=3 must be a position"),
    ],
)
def test_wrong_arguments(options, message):
    known = {"position": (150, 2), "inclination": 60, "inclination_err": 5}
    with pytest.raises(ValueError, match=message):
        spin_vector(result(40), **(known | options))


def test_wrong_sources():
    with pytest.raises(TypeError, match="source must be a KinematicPA"):
        spin_vector(3)
    with pytest.raises(ValueError, match="tracer='gas' is not known"):
        spin_vector(result(40), "gas")
    with pytest.raises(TypeError, match="other=3 must be a SpinVector"):
        solve(40).angle_to(3)


def test_shown():
    found = solve(40)
    assert repr(found).startswith("<SpinVector towards ")
    assert repr(found).count("(0.50)") == 2
    assert "Inclination" in found._repr_html_()
    assert isinstance(found, SpinVector)
