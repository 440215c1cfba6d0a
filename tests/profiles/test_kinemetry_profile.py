import copy
import pickle

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable
from hypothesis import given, settings
from hypothesis import strategies as st

import mangapa
from mangapa import KinemetryProfile, PAFlags, VelocityField, kinemetry, pa_profile
from mangapa.profiles._rings import Ellipse
from tests.profiles.fields import ROUND, X, Y, disc, field, off

SHAPE = {"pa_axis": 60.0, "axis_ratio": 0.6}


@pytest.fixture(scope="module")
def profile():
    return kinemetry(field(disc(), galaxy="toy"), effective_radius=4)


def twisted(noise=1.5, seed=0):
    """Return a disc, not far from round, whose axis turns by 2.5 degrees each arcsec."""
    return disc(40 + 2.5 * np.hypot(X, Y), axis_ratio=0.85, noise=noise, seed=seed)


def with_light(*, noise=1.0, seed=5):
    """Return a field with dispersions and light whose shapes are known."""
    angle = np.radians(20)
    along, across = X * np.sin(angle) + Y * np.cos(angle), X * np.cos(angle) - Y * np.sin(angle)
    flux = np.exp(-np.hypot(along, across / 0.7) / 3)
    radius, _ = Ellipse(**SHAPE).polar(X, Y)
    dispersion = 150 * np.exp(-radius / 30)
    draws = noise * np.random.default_rng(seed).normal(size=(2, *X.shape))
    return field(
        disc(noise=3),
        flux=flux * (1 + 0.01 * draws[0]),
        dispersion=np.hypot(dispersion, 70) + 3 * draws[1],
        dispersion_ivar=np.full(X.shape, 1 / 9),
        instrumental_dispersion=np.full(X.shape, 70.0),
    )


def test_is_a_table_with_units_and_descriptions(profile):
    assert isinstance(profile, QTable)
    units = {"radius": u.arcsec, "pa": u.deg, "k0": u.km / u.s, "k1": u.km / u.s, "k5": u.km / u.s}
    for name, unit in units.items():
        assert profile[name].unit == unit
    assert all(profile[name].info.description for name in profile.colnames)
    np.testing.assert_allclose(profile["radius_re"], profile["radius"].value / 4)
    assert np.all(np.diff(profile["radius"]) > 0)
    assert profile.meta["galaxy"] == "toy"
    assert profile.moment == "velocity"
    assert profile.flags == PAFlags.NONE
    assert profile["flux_weight"].sum() == pytest.approx(1)
    assert profile.x == profile.y == 0 * u.arcsec


def test_a_disc_has_one_shape_and_only_k1(profile):
    known = np.isfinite(profile["k51"])
    one = profile[known]
    assert len(one) > 6
    assert np.all(np.abs(off(one["pa"], 60)) < 4 * one["pa_err"].value)
    assert np.all(np.abs(one["axis_ratio"] - 0.6) < 4 * one["axis_ratio_err"])
    expected = 150 * one["radius"].value / np.hypot(one["radius"].value, 3)
    assert np.all(np.abs(one["k1"].value - expected) < 5 * np.hypot(one["k1_err"].value, 1))
    assert np.all(np.abs(one["k0"]) < 5 * one["k0_err"])
    assert profile.k51 <= 2 * profile.k51_err
    assert profile.k51_observed > 0
    assert profile.k51_err < 0.02


def test_ellipses_follow_the_field_from_ring_to_ring():
    found = kinemetry(field(twisted()))
    one = found[np.isfinite(found["k51"])]
    expected = 40 + 2.5 * one["radius"].value
    slope = np.polyfit(one["radius"].value, one["pa"].value, 1)[0]
    assert slope == pytest.approx(2.5, abs=0.6)
    assert np.median(np.abs(off(one["pa"], expected))) < 5


@pytest.mark.parametrize("amplitude", [0.03, 0.1])
def test_the_fifth_harmonic_is_measured(amplitude):
    radius, azimuth = Ellipse(**SHAPE).polar(X, Y)
    rotation = 150 * radius / np.hypot(radius, 3)
    velocity = disc(noise=2) + amplitude * rotation * np.cos(5 * azimuth + 0.4)
    found = kinemetry(field(velocity))
    # The field ends within the last ring.
    outer = found[found["coverage"] == 1][2:-1]
    assert np.all(np.abs(outer["k51"] - amplitude) < 5 * outer["k51_err"].value + 0.01)
    assert found.k51 == pytest.approx(amplitude, abs=3 * found.k51_err + 0.005)


def test_fixed_ellipses_are_those_of_the_profile_of_the_angle():
    one = field(disc(noise=5))
    fixed, simple = kinemetry(one, ellipses="fixed"), pa_profile(one)
    for name in ("radius", "pa", "k1", "k1_err", "n_spaxels", "coverage"):
        np.testing.assert_array_equal(fixed[name], simple[name])
    np.testing.assert_array_equal(fixed["k0"], simple["v_sys"])
    whole = np.isfinite(fixed["k51"])
    assert np.count_nonzero(whole) >= np.count_nonzero(np.isfinite(simple["asymmetry"])) - 1
    higher = (fixed["k3"] + fixed["k5"]) / fixed["k1"]
    np.testing.assert_allclose(higher[whole], simple["asymmetry"][whole], rtol=1e-6)
    assert np.isnan(fixed["axis_ratio_err"]).all()
    assert fixed.axis_ratio == simple.axis_ratio


def test_the_receding_side_turns_over_in_a_core():
    velocity = disc(60, noise=2)
    velocity[np.hypot(X, Y) < 4] *= -0.7
    found = kinemetry(field(velocity))
    known = np.isfinite(found["pa"])
    inside = known & (found["radius"] < 3 * u.arcsec)
    outside = known & (found["radius"] > 6 * u.arcsec)
    assert np.all(np.abs(off(found["pa"][inside], 240)) < 12)
    assert np.all(np.abs(off(found["pa"][outside], 60)) < 3)


def test_little_coverage_is_nan():
    found = kinemetry(field(disc(), mask=~ROUND | (X > 3)))
    unseen = found["coverage"] < 0.75
    assert unseen.any()
    for name in ("pa", "pa_err", "axis_ratio", "k0", "k1", "k3", "k51", "k51_err"):
        assert np.isnan(found[name][unseen]).all()
    for name in ("radius", "coverage", "n_spaxels", "flux_weight"):
        assert np.isfinite(found[name]).all()


def test_the_systemic_velocity_may_be_fixed():
    one = field(disc(v_sys=40))
    free, fixed = (kinemetry(one, v_sys=choice) for choice in ("free", "fixed"))
    known = np.isfinite(fixed["k0"])
    assert np.ptp(fixed["k0"][known]) == 0
    assert fixed["k0"][known][0].value == pytest.approx(40, abs=1)
    assert np.isnan(fixed["k0_err"]).all()
    assert np.ptp(free["k0"][known]) > 0
    np.testing.assert_allclose(free["k1"][known], fixed["k1"][known], rtol=0.05)


@pytest.mark.parametrize("ellipses", ["free", "fixed"])
def test_the_centre_may_be_fitted(ellipses):
    one = VelocityField.from_arrays(disc(noise=2), X + 2.0, Y - 1.5, mask=~ROUND)
    found = kinemetry(one, centre="fit", ellipses=ellipses)
    assert found.x.value == pytest.approx(2.0, abs=0.2)
    assert found.y.value == pytest.approx(-1.5, abs=0.2)
    known = np.isfinite(found["pa"])
    assert np.all(np.abs(off(found["pa"][known], 60)) < 5)
    assert kinemetry(one).x == 0 * u.arcsec


def test_light_has_its_own_shape():
    found = kinemetry(with_light(), moment="flux")
    one = found[np.isfinite(found["axis_ratio"])][1:]
    assert len(one) > 5
    assert np.all(np.abs((one["pa"].value - 20 + 90) % 180 - 90) < 4)
    np.testing.assert_allclose(one["axis_ratio"], 0.7, atol=0.05)
    expected = np.exp(-one["radius"].value / 3)
    np.testing.assert_allclose(one["k0"].value, expected, rtol=0.05)
    assert np.all(one["k40"] < 0.03)
    assert np.isnan(found.k51)
    assert found["k0"].unit == u.one


@pytest.mark.parametrize("unit", [1e-17, 1e8])
def test_light_may_be_in_any_unit(unit):
    plain = with_light()
    scaled = field(disc(noise=3), flux=unit * plain.flux.value)
    for moment in ("flux", "velocity"):
        one, other = kinemetry(plain, moment=moment), kinemetry(scaled, moment=moment)
        known = np.isfinite(one["k0"])
        np.testing.assert_allclose(other["flux_weight"], one["flux_weight"])
        np.testing.assert_allclose(other["axis_ratio"][known], one["axis_ratio"][known])
        factor = unit if moment == "flux" else 1.0
        for name in ("k0", "k0_err", "k1"):
            np.testing.assert_allclose(other[name][known], factor * one[name][known], rtol=1e-6)
        name = "k40" if moment == "flux" else "k51"
        np.testing.assert_allclose(other[name], one[name], rtol=1e-5, atol=1e-7)
    assert other.k51 == pytest.approx(one.k51, abs=1e-9)


def test_dispersions_lose_the_part_of_the_instrument():
    one = with_light()
    found = kinemetry(one, moment="dispersion")
    assert np.ptp(found["pa"][np.isfinite(found["pa"])]) == 0
    inner = found[np.isfinite(found["k40"])]
    expected = 150 * np.exp(-inner["radius"].value / 30)
    np.testing.assert_allclose(inner["k0"].value, expected, rtol=0.06)
    free = kinemetry(one, moment="dispersion", ellipses="free")
    assert np.isfinite(free["axis_ratio_err"]).any()


def test_two_peaks_of_dispersion_are_an_even_harmonic():
    angle = np.radians(60)
    along = X * np.sin(angle) + Y * np.cos(angle)
    across = X * np.cos(angle) - Y * np.sin(angle)
    peaks = [np.exp(-((along - s) ** 2 + across**2) / 8) for s in (-5, 5)]
    velocity = disc(noise=2)
    one = field(velocity, dispersion=100 + 60 * sum(peaks))
    found = kinemetry(one, moment="dispersion")
    best = np.nanargmax(found["k2"].value)
    assert found["radius"][best].value == pytest.approx(5, abs=1.3)
    assert found["k2"][best] > 10 * u.km / u.s
    assert found["k1"][best] < 3 * u.km / u.s


def test_light_weighs_the_mean():
    core = np.hypot(X, Y) < 5
    _, azimuth = Ellipse(**SHAPE).polar(X, Y)
    velocity = disc(noise=1) + np.where(core, 0, 20) * np.cos(5 * azimuth)
    bright = kinemetry(field(velocity, flux=np.where(core, 1.0, 1e-3)))
    flat = kinemetry(field(velocity, flux=np.ones(X.shape)))
    assert bright.meta["weighting"] == flat.meta["weighting"] == "flux"
    assert bright.k51 < 0.4 * flat.k51
    assert kinemetry(field(velocity)).meta["weighting"] == "area"
    # Only what is within the effective radius counts.
    inner = kinemetry(field(velocity, flux=np.ones(X.shape)), effective_radius=4)
    assert inner.k51 < 0.4 * flat.k51


def test_a_field_that_cannot_be_measured_has_no_rows():
    found = kinemetry(field(np.full(X.shape, np.nan)))
    assert len(found) == 0
    assert found.flags == PAFlags.NO_GOOD_SPAXELS
    assert np.isnan(found.k51)
    assert np.isnan(found.pa_axis)
    assert found.colnames == kinemetry(field(disc())).colnames
    with pytest.raises(ValueError, match="no ring to draw: every spaxel"):
        found.plot()


def test_dispersions_that_are_nowhere_known_are_flagged():
    one = field(disc(), dispersion=np.full(X.shape, np.nan))
    found = kinemetry(one, moment="dispersion")
    assert len(found) == 0
    assert found.flags == PAFlags.TOO_FEW_SPAXELS


def test_noise_is_unconstrained():
    found = kinemetry(field(np.random.default_rng(0).normal(0, 20, X.shape)))
    assert np.nanmedian(found["pa_err"].value) > 50
    assert not found.k51 > 5 * found.k51_err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"moment": "h3"}, r"moment='h3' is not known; choose one of velocity, dispersion, flux"),
        ({"ellipses": "round"}, r"ellipses='round' is not known; choose one of free, fixed"),
        ({"centre": 3}, r"centre=3 is not known; choose one of given, fit"),
        ({"v_sys": "zero"}, r"v_sys='zero' is not known; choose one of free, fixed"),
        ({"axis_ratio": 1.2}, r"axis_ratio=1.2 must be above 0 and at most 1"),
        ({"ring_width": 0}, r"ring_width=0 must be positive"),
        ({"effective_radius": -1}, r"effective_radius=-1 must be positive"),
        ({"moment": "flux"}, r"moment='flux' needs the light of each spaxel"),
        ({"moment": "dispersion"}, r"moment='dispersion' needs velocity dispersions"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        kinemetry(field(disc()), **options)


def test_only_fields_are_measured():
    with pytest.raises(TypeError, match="field must be a VelocityField"):
        kinemetry("8080-12701")


def test_written_and_read(profile, tmp_path):
    profile.write(tmp_path / "kinemetry.ecsv")
    read = KinemetryProfile.read(tmp_path / "kinemetry.ecsv")
    for name in profile.colnames:
        np.testing.assert_array_equal(read[name], profile[name])
    assert read.meta == profile.meta
    assert read.k51 == profile.k51
    assert read.field is None
    assert read.terms is None


@pytest.mark.parametrize(
    "remake",
    [copy.copy, copy.deepcopy, KinemetryProfile.copy, lambda p: pickle.loads(pickle.dumps(p))],
)
def test_copies_are_complete(profile, remake):
    other = remake(profile)
    assert type(other) is KinemetryProfile
    np.testing.assert_array_equal(other["k1"], profile["k1"])
    assert other.k51 == profile.k51
    np.testing.assert_array_equal(other.field.velocity, profile.field.velocity)
    np.testing.assert_array_equal(other.terms.harmonic, profile.terms.harmonic)


@given(angle=st.sampled_from([90.0, 180.0, 270.0]), factor=st.floats(0.5, 3))
@settings(max_examples=6, deadline=None)
def test_turning_and_scaling_a_field(angle, factor):
    velocity = twisted(noise=4)
    turn = np.radians(angle)
    x, y = X * np.cos(turn) + Y * np.sin(turn), Y * np.cos(turn) - X * np.sin(turn)
    before = kinemetry(field(velocity))
    after = kinemetry(VelocityField.from_arrays(factor * velocity, x, y, mask=~ROUND))
    known = np.flatnonzero(np.isfinite(before["pa"]))
    # Rounding decides whether data on its edge are on the small first ring.
    known = known[1:]
    difference = off(after["pa"][known], before["pa"][known].value + angle)
    assert np.all(np.abs(difference) < 0.05 * before["pa_err"][known].value + 1e-6)
    for name in ("axis_ratio", "k51"):
        np.testing.assert_allclose(after[name][known], before[name][known], rtol=1e-2, atol=1e-3)
    np.testing.assert_allclose(after["k1"][known], factor * before["k1"][known], rtol=1e-3)


def test_mirroring_a_field():
    velocity = twisted(noise=4)
    before = kinemetry(field(velocity))
    after = kinemetry(VelocityField.from_arrays(velocity, -X, Y, mask=~ROUND))
    known = np.isfinite(before["pa"])
    np.testing.assert_allclose(off(after["pa"][known], -before["pa"][known].value), 0, atol=0.05)
    np.testing.assert_allclose(after["axis_ratio"][known], before["axis_ratio"][known], atol=1e-3)
    assert after.k51 == pytest.approx(before.k51, abs=1e-4)


@pytest.mark.parametrize("correlated", [False, True])
def test_errors_are_calibrated(correlated):
    pulls = []
    for seed in range(12):
        galaxy = mangapa.simulate_galaxy(
            n_fibres=61, pa_stellar=30, snr=20, inclination=55, correlated=correlated, seed=seed
        )
        found = kinemetry(mangapa.clean(galaxy.stellar))
        one = found[np.isfinite(found["k51"])]
        pulls.append(np.array(off(one["pa"], 30) / one["pa_err"].value))
    pulls = np.concatenate(pulls)
    assert len(pulls) > 80
    assert np.percentile(np.abs(pulls), 68) == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize(
    ("moment", "name", "expected_pull"),
    # The steep light's k0 changes with the shape of the ring more than its error tells.
    [
        ("dispersion", "k0", 1.0),
        ("flux", "pa", 1.0),
        ("flux", "axis_ratio", 1.0),
        ("flux", "k0", 1.3),
    ],
)
def test_errors_of_even_moments_are_calibrated(moment, name, expected_pull):
    true = kinemetry(with_light(noise=0), moment=moment, **SHAPE)
    true = true[np.isfinite(true[name])]
    pulls = []
    for seed in range(15):
        found = kinemetry(with_light(noise=3, seed=seed), moment=moment, **SHAPE)
        value, expected = (np.array(one[name]) for one in (found, true))
        error = np.array(found[f"{name}_err"])
        if name == "k0":
            value, expected, error = np.log(value), np.log(expected), error / value
        # Each ring has a mean radius, which depends a little on its shape.
        expected = np.interp(found["radius"].value, true["radius"].value, expected)
        off = value - expected
        pulls.append(((off + 90) % 180 - 90 if name == "pa" else off) / error)
    pulls = np.concatenate(pulls)
    pulls = np.abs(pulls[np.isfinite(pulls)])
    assert pulls.size > 100
    assert np.percentile(pulls, 68) == pytest.approx(expected_pull, abs=0.3)


def test_plot(profile):
    pytest.importorskip("matplotlib").use("agg")
    figure = profile.plot()
    ax = figure.axes[0]
    drawn = np.isfinite(profile["pa"]).sum()
    assert len(ax.lines) >= drawn
    labels = [one.get_ylabel() for one in figure.axes]
    assert "Axis ratio" in labels
    assert "k5 / k1" in labels
    light = kinemetry(with_light(), moment="flux").plot()
    assert "k4 / k0" in [one.get_ylabel() for one in light.axes]
    read = profile.copy()
    read.field = None
    assert len(read.plot().axes) < len(figure.axes)


def test_dispersions_whose_instrument_is_unknown():
    unknown = VelocityField.from_arrays(
        *(disc(), X, Y),
        dispersion=np.full(X.shape, 100.0),
        instrumental_dispersion=np.full(X.shape, np.nan),
    )
    with pytest.raises(ValueError, match="the instrument's part, which is unknown for this field"):
        kinemetry(unknown, moment="dispersion")


@pytest.mark.parametrize("seed", [3, 13, 19])
def test_rings_with_gaps_on_the_major_axis_have_errors_that_hold(seed):
    """The rings at the edge, in galaxies that do not rotate."""
    galaxy = mangapa.simulate_galaxy(n_fibres=61, v_max=0.1, seed=seed)
    found = kinemetry(mangapa.clean(galaxy.stellar))
    significance = found["k1"].value / found["k1_err"].value
    assert np.nanmax(significance) < 3.5


def test_dispersions_of_a_field_without_good_spaxels_are_flagged():
    empty = VelocityField.from_arrays(
        *(np.full(X.shape, np.nan), X, Y),
        dispersion=np.full(X.shape, 100.0),
        instrumental_dispersion=np.full(X.shape, 30.0),
    )
    found = kinemetry(empty, moment="dispersion")
    assert len(found) == 0
    assert found.flags == PAFlags.NO_GOOD_SPAXELS


def test_dispersions_on_the_ellipses_of_the_velocities():
    one = with_light()
    rotation = kinemetry(one)
    found = kinemetry(one, moment="dispersion", ellipses=rotation)
    assert len(found) == len(rotation)
    known = np.isfinite(rotation["pa"]) & np.isfinite(found["pa"])
    np.testing.assert_allclose(found["pa"][known].value, rotation["pa"][known].value % 180)
    np.testing.assert_array_equal(found["axis_ratio"][known], rotation["axis_ratio"][known])
    np.testing.assert_allclose(found["radius"], rotation["radius"])
    # The centre is that of the profile.
    moved = VelocityField.from_arrays(disc(noise=2), X + 2.0, Y - 1.5, mask=~ROUND)
    rotation = kinemetry(moved, centre="fit")
    again = kinemetry(moved, ellipses=rotation)
    assert again.x == rotation.x
    inner = np.isfinite(rotation["k1"])
    np.testing.assert_allclose(again["k1"][inner], rotation["k1"][inner], rtol=0.1)


def test_rings_without_data_are_left_out():
    one = field(disc())
    inner = np.where(np.hypot(X, Y) < 5, 100.0, np.nan)
    found = kinemetry(field(disc(), dispersion=inner), moment="dispersion", ellipses=kinemetry(one))
    assert 3 <= len(found) < len(kinemetry(one))
    assert np.all(found["radius"].value < 9)


def test_ellipses_of_a_table_that_was_cut_are_refused(profile):
    with pytest.raises(ValueError, match="ellipses was read or cut"):
        kinemetry(field(disc()), ellipses=profile[:3])


def test_half_a_field_is_flagged():
    half = field(disc(), mask=~ROUND | (X > 0))
    found = kinemetry(half)
    assert np.isnan(found["pa"]).all()
    assert PAFlags.UNCONSTRAINED in found.flags
