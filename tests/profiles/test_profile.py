import copy
import pickle

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable
from hypothesis import given, settings
from hypothesis import strategies as st

import mangapa
from mangapa import PAFlags, PAProfile, VelocityField, pa_profile, simulate_galaxy
from mangapa.fitting._fit import UNCONSTRAINED
from mangapa.profiles import galaxy_profiles
from mangapa.profiles._profile import COLUMNS
from mangapa.profiles._vectors import UNIFORM_DIRECTION
from tests.profiles.fields import ROUND, X, Y, disc, field, off

SHAPE = {"pa_axis": 60, "axis_ratio": 0.6}
NOTHING = np.full(X.shape, np.nan)
UNITS = {"radius": u.arcsec, "pa": u.deg, "pa_err": u.deg, "k1": u.km / u.s, "v_sys": u.km / u.s}


@pytest.fixture(scope="module")
def profile():
    return pa_profile(field(disc(), galaxy="toy"), effective_radius=4)


def test_is_a_table_with_units_and_descriptions(profile):
    assert isinstance(profile, QTable)
    assert profile.colnames == list(COLUMNS)
    for name, unit in UNITS.items():
        assert profile[name].unit == unit
    assert all(profile[name].info.description for name in profile.colnames)
    np.testing.assert_allclose(profile["radius_re"], profile["radius"].value / 4)
    assert np.all(np.diff(profile["radius"]) > 0)
    assert profile["n_spaxels"].sum() <= ROUND.sum()
    assert 0 <= np.nanmin(profile["pa"]) <= np.nanmax(profile["pa"]) < 360 * u.deg
    assert profile.meta["galaxy"] == "toy"
    assert profile.meta["tracer"] == "stellar"
    assert profile.flags == PAFlags.NONE
    assert profile.axis_ratio == pytest.approx(0.6, abs=0.05)
    assert off(profile.pa_axis, 60) == pytest.approx(0, abs=1)
    assert 0 <= profile.field_asymmetry < 5 * profile.field_asymmetry_err


@pytest.mark.parametrize("unknown", [None, np.nan, np.nan * u.arcsec])
def test_no_effective_radius_is_nan(unknown):
    found = pa_profile(field(disc()), effective_radius=unknown)
    assert np.isnan(found["radius_re"]).all()
    assert found.meta["effective_radius"] is None


def test_rings_with_little_coverage_are_nan(profile):
    unseen = profile["coverage"] < 0.5
    assert unseen.any()
    for name in ("pa", "pa_err", "k1", "k1_err", "v_sys", "v_sys_err", "asymmetry"):
        assert np.isnan(profile[name][unseen]).all()
        assert np.isfinite(profile[name][profile["coverage"] >= 0.75]).all()
    assert np.isnan(profile["asymmetry"][profile["coverage"] < 0.75]).all()


def test_written_and_read(profile, tmp_path):
    profile.write(tmp_path / "profile.ecsv")
    read = PAProfile.read(tmp_path / "profile.ecsv")
    for name in profile.colnames:
        np.testing.assert_array_equal(read[name], profile[name])
        assert read[name].info.description == profile[name].info.description
    assert read.meta == profile.meta
    assert read.flags == profile.flags
    assert read.pa_axis == profile.pa_axis
    assert read.field is None
    with pytest.raises(ValueError, match=r"profiles\['stellar'\] was read or cut"):
        mangapa.features(field(disc()), profiles={"stellar": read})


@pytest.mark.parametrize(
    "remake", [copy.copy, copy.deepcopy, PAProfile.copy, lambda p: pickle.loads(pickle.dumps(p))]
)
def test_copies_are_complete(profile, remake):
    other = remake(profile)
    assert isinstance(other, PAProfile)
    np.testing.assert_array_equal(other["pa"], profile["pa"])
    np.testing.assert_array_equal(other.kinemetry.rotation_cov, profile.kinemetry.rotation_cov)
    assert other.field.n_spaxels == profile.field.n_spaxels
    assert other.meta == profile.meta


def test_a_part_of_the_rings_has_no_field(profile):
    part = profile[profile["radius"] > 5 * u.arcsec]
    assert isinstance(part, PAProfile)
    assert part.field is part.kinemetry is None
    assert part.flags == profile.flags


@pytest.mark.promise(2)
@settings(max_examples=10, deadline=None)
@given(turn=st.floats(0, 360))
def test_turning_the_field_turns_the_angles(turn):
    angle = np.radians(turn)
    x = X * np.cos(angle) + Y * np.sin(angle)
    y = Y * np.cos(angle) - X * np.sin(angle)
    before = pa_profile(field(disc()), **SHAPE)
    after = pa_profile(field(disc(), x=x, y=y), pa_axis=60 + turn, axis_ratio=0.6)
    # A point on the edge of a ring may move to the next ring.
    assert len(after) == len(before)
    assert np.nanmax(np.abs(off(after["pa"], before["pa"].value + turn))) < 0.5
    np.testing.assert_allclose(after["k1"], before["k1"], rtol=0.01)


@settings(max_examples=10, deadline=None)
@given(pa=st.floats(0, 360), turn=st.floats(0, 360))
def test_the_fitted_rings_turn_with_the_field(pa, turn):
    angle = np.radians(turn)
    x = X * np.cos(angle) + Y * np.sin(angle)
    y = Y * np.cos(angle) - X * np.sin(angle)
    before = pa_profile(field(disc(pa)))
    after = pa_profile(field(disc(pa), x=x, y=y))
    inside = min(len(before), len(after)) - 3
    difference = off(after["pa"][:inside], before["pa"][:inside].value + turn)
    assert np.all(np.abs(difference) < before["pa_err"][:inside].value)


@pytest.mark.promise(2)
@settings(max_examples=10, deadline=None)
@given(pa=st.floats(0, 360))
def test_mirroring_mirrors_the_angles(pa):
    before = pa_profile(field(disc(pa)), pa_axis=pa, axis_ratio=0.6)
    after = pa_profile(field(disc(pa), x=-X), pa_axis=-pa, axis_ratio=0.6)
    assert np.nanmax(np.abs(off(after["pa"], -before["pa"].value))) < 0.5


@pytest.mark.promise(2)
def test_reversed_velocities_reverse_the_angles():
    velocity = disc(noise=5) + 20 * np.sin(X)
    before, after = (pa_profile(field(v)) for v in (velocity, -velocity))
    assert np.nanmax(np.abs(off(after["pa"], before["pa"].value + 180))) < 1e-3
    for name in ("k1", "asymmetry", "asymmetry_err", "pa_err"):
        np.testing.assert_allclose(
            after[name], before[name], rtol=1e-3, atol=1e-5 * before[name].unit
        )
    np.testing.assert_allclose(after["v_sys"], -before["v_sys"], atol=1e-3 * u.km / u.s)


@settings(max_examples=10, deadline=None)
@given(offset=st.floats(-3000, 3000))
def test_a_constant_velocity_changes_only_v_sys(offset):
    before, after = (pa_profile(field(disc() + v)) for v in (0, offset))
    for name in before.colnames:
        shift = offset * (name == "v_sys") * (before[name].unit or 1)
        np.testing.assert_allclose(
            after[name], before[name] + shift, rtol=1e-4, atol=1e-3 * (before[name].unit or 1)
        )


def test_a_scale_of_the_velocities_changes_only_velocities():
    before, after = (pa_profile(field(scale * disc())) for scale in (1, 7))
    assert np.nanmax(np.abs(off(after["pa"], before["pa"].value))) < 1e-3
    np.testing.assert_allclose(after["k1"], 7 * before["k1"], rtol=1e-4)
    np.testing.assert_allclose(after["asymmetry"], before["asymmetry"], atol=1e-3)


BAD_INPUT = {
    "all NaN": (field(NOTHING), PAFlags.NO_GOOD_SPAXELS),
    "all infinite": (field(NOTHING + np.inf), PAFlags.NO_GOOD_SPAXELS),
    "all masked": (field(disc(), mask=np.ones(X.shape)), PAFlags.NO_GOOD_SPAXELS),
    "no inverse variance": (field(disc(), ivar=0 * X), PAFlags.NO_GOOD_SPAXELS),
    "few spaxels": (field(disc(), mask=np.hypot(X, Y) > 1.1), PAFlags.TOO_FEW_SPAXELS),
    "one row": (field(disc(), mask=Y != 1), PAFlags.NO_EXTENT),
    "constant": (field(np.full(X.shape, 300.0)), PAFlags.CONSTANT_VELOCITY),
    "four bins": (field(np.sign(X) * 9 + Y, bin_id=2 * (X > 0) + (Y > 0)), PAFlags.TOO_FEW_SPAXELS),
}


@pytest.mark.promise(1)
@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_gives_an_empty_table_and_a_flag(name, tmp_path):
    bad, flag = BAD_INPUT[name]
    found = pa_profile(bad, effective_radius=5)
    assert len(found) == 0
    assert found.colnames == list(COLUMNS)
    assert found["pa"].unit == u.deg
    assert found.flags & flag
    assert np.isnan(found.pa_axis)
    assert np.isnan([found.axis_ratio, found.field_asymmetry, found.field_asymmetry_err]).all()
    found.write(tmp_path / "empty.ecsv")
    assert PAProfile.read(tmp_path / "empty.ecsv").flags == found.flags
    with pytest.raises(ValueError, match="there is no ring to draw: "):
        found.plot()


@pytest.mark.parametrize("seed", range(6))
def test_noise_has_large_errors(seed):
    errors = pa_profile(field(disc(amplitude=0, noise=5, seed=seed)))["pa_err"].value
    assert np.nanmedian(errors) > 45
    assert np.nanmax(errors) <= UNIFORM_DIRECTION


@pytest.mark.parametrize(
    ("seed", "flags"), [(1, PAFlags.UNCONSTRAINED), (2, PAFlags.UNCONSTRAINED), (3, PAFlags.NONE)]
)
def test_field_without_a_constrained_ring_is_flagged(seed, flags):
    found = pa_profile(field(disc(amplitude=0, noise=5, seed=seed), mask=np.hypot(X, Y) > 1.9))
    assert bool(np.nanmin(found["pa_err"].value) > UNCONSTRAINED) == bool(flags)
    assert found.flags == flags


@pytest.mark.parametrize("wild", [np.nan, np.inf, -np.inf])
def test_spaxel_that_is_not_finite_is_ignored(wild):
    velocity = disc()
    without = pa_profile(field(velocity, mask=~ROUND | ((X == 1) & (Y == 1))))
    velocity[(X == 1) & (Y == 1)] = wild
    found = pa_profile(field(velocity))
    np.testing.assert_array_equal(found["pa"], without["pa"])
    assert found["n_spaxels"].sum() == without["n_spaxels"].sum()


@pytest.mark.parametrize("noise", [0, 1e-12])
def test_zero_noise(noise):
    found = pa_profile(field(disc(noise=noise)))
    measured = np.isfinite(found["pa"])
    assert np.abs(off(found["pa"], 60))[measured].max() < 1
    assert np.isfinite(found["pa_err"][measured]).all()


def test_half_a_field():
    angle = np.radians(60)
    ahead = X * np.sin(angle) + Y * np.cos(angle) > -0.5
    found = pa_profile(field(disc(), mask=~(ROUND & ahead)))
    measured = np.isfinite(found["pa"])
    assert measured.sum() >= 5
    assert np.all(np.abs(off(found["pa"], 60))[measured] < 5 * found["pa_err"][measured].value)


def test_scattered_points():
    x, y = np.random.default_rng(1).uniform(-10, 10, (2, 1, 800))
    found = pa_profile(VelocityField.from_arrays(disc(200, x=x, y=y), x, y))
    measured = np.isfinite(found["pa"])
    assert np.median(np.abs(off(found["pa"], 200))[measured]) < 1.5


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"axis_ratio": 0}, r"axis_ratio=0.0 must be above 0 and at most 1"),
        ({"axis_ratio": 1.2}, r"axis_ratio=1.2 must be above 0 and at most 1"),
        ({"axis_ratio": "fit"}, r"axis_ratio='fit' must be a number"),
        ({"axis_ratio": np.nan}, r"axis_ratio=nan must be one finite number"),
        ({"pa_axis": "north"}, r"pa_axis='north' must be a number in deg"),
        ({"pa_axis": np.inf}, r"pa_axis=inf must be one finite number"),
        ({"pa_axis": [1, 2]}, r"pa_axis=\[1, 2\] must be one finite number"),
        ({"pa_axis": 3 * u.km}, r"pa_axis=<Quantity 3\. km> must be a number in deg"),
        ({"effective_radius": -2}, r"effective_radius=-2 must be positive"),
        ({"ring_width": 0}, r"ring_width=0 must be positive"),
        ({"ring_width": 1 * u.kpc}, r"ring_width=<Quantity 1\. kpc> must be a number in arcsec"),
    ],
)
def test_bad_options(options, match):
    with pytest.raises(ValueError, match=match):
        pa_profile(field(disc()), **options)


def test_something_other_than_a_field(galaxy):
    with pytest.raises(TypeError, match="field must be a VelocityField, not Galaxy"):
        pa_profile(galaxy)


def test_options_take_quantities():
    one = field(disc())
    plain = pa_profile(one, pa_axis=70, axis_ratio=0.5, effective_radius=6, ring_width=2)
    quantity = pa_profile(
        one,
        pa_axis=np.radians(70) * u.rad,
        axis_ratio=50 * u.percent,
        effective_radius=0.1 * u.arcmin,
        ring_width=2 * u.arcsec,
    )
    np.testing.assert_allclose(quantity["pa"], plain["pa"])
    np.testing.assert_allclose(quantity["radius_re"], plain["radius_re"])
    assert plain.pa_axis == 70 * u.deg
    assert plain.axis_ratio == 0.5
    assert len(plain) < len(pa_profile(one, ring_width=1))


def test_flat_rings_are_widened():
    assert pa_profile(field(disc(axis_ratio=0.3)), axis_ratio=0.05).axis_ratio == 0.3


def test_photometric_rings():
    galaxy = simulate_galaxy(n_fibres=37, pa_stellar=220, pa_halpha=300, inclination=50)
    profiles = galaxy_profiles(galaxy, geometry="photometric")
    assert list(profiles) == ["stellar", "halpha"]
    for profile in profiles.values():
        assert profile.pa_axis == 40 * u.deg
        assert profile.axis_ratio == pytest.approx(1 - galaxy.ellipticity)
        assert profile.meta["effective_radius"] == galaxy.effective_radius.value
    fitted = galaxy_profiles(galaxy)
    assert off(fitted["halpha"].pa_axis, 120) == pytest.approx(0, abs=2)
    assert list(galaxy_profiles(mangapa.Galaxy(halpha=galaxy.halpha))) == ["halpha"]


def test_photometric_rings_need_photometry():
    galaxy = mangapa.Galaxy(stellar=field(disc()), header={"ECOOPA": -999.0, "ECOOELL": 0.3})
    with pytest.raises(ValueError, match="which the header of this galaxy lacks"):
        galaxy_profiles(galaxy, geometry="photometric")
    with pytest.raises(ValueError, match=r"geometry='light' is not known; choose one of fit, ph"):
        galaxy_profiles(galaxy, geometry="light")


def test_constant_angles_are_recovered_within_their_errors():
    pulls = []
    for seed in range(24):
        galaxy = simulate_galaxy(
            n_fibres=(19, 37, 61, 91)[seed % 4],
            bintype=("SPX", "VOR10")[seed // 4 % 2],
            correlated=bool(seed // 8 % 2),
            pa_stellar=15 * seed,
            inclination=30 + 5 * (seed % 9),
            v_max=100,
            snr=(15, 40)[seed % 2],
            seed=seed,
        )
        found = pa_profile(galaxy.stellar)
        measured = found["pa_err"] < 30 * u.deg
        pulls.extend((off(found["pa"], 15 * seed) / found["pa_err"].value)[measured])
    assert len(pulls) > 200
    assert 0.85 < np.std(pulls) < 1.15
    assert np.mean(np.abs(pulls) > 3) < 0.03


@pytest.mark.parametrize(("inclination", "tolerance"), [(30, 2), (60, 6)])
def test_a_warp_is_recovered(inclination, tolerance):
    """The rings have the shape of one disc, so that they mix those of a warp if it is inclined."""
    differences = []
    for seed in range(5):
        galaxy = simulate_galaxy(
            n_fibres=61, warp=30, pa_stellar=340, inclination=inclination, seed=seed
        )
        found = pa_profile(galaxy.stellar)
        true = 340 + 30 * np.clip(found["radius"].value / 11.25, 0, 1)
        differences.append(off(found["pa"], true)[:9])
    assert np.nanmax(np.abs(np.nanmedian(differences, axis=0))) < tolerance


#: The third to sixth ring of a simulated galaxy, as first measured.
REFERENCE = {
    "radius": [3.19109, 4.42161, 5.64787, 6.88876],
    "pa": [104.591, 106.175, 108.622, 109.991],
    "pa_err": [1.14985, 1.006998, 0.922939, 1.01328],
    "k1": [127.266, 146.928, 157.7, 160.169],
    "k1_err": [1.69746, 1.54863, 1.64699, 1.82479],
    "v_sys": [-0.819263, 0.509627, 1.40934, 0.530614],
    "asymmetry": [0.0205349, 0.0215867, 0.0329792, 0.02038],
}


def test_reference_values():
    galaxy = simulate_galaxy(n_fibres=61, pa_stellar=100, warp=20, snr=30, missing=1, seed=4)
    found = pa_profile(galaxy.stellar)
    for name, values in REFERENCE.items():
        np.testing.assert_allclose(found[name][2:6].value, values, rtol=1e-4)
    assert found.axis_ratio == pytest.approx(0.597759, rel=1e-4)
    assert found.field_asymmetry == pytest.approx(0.0240700, rel=1e-4)
