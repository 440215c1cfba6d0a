from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from astropy import units as u

import mangapa
from mangapa import Features, PAFlags, PAProfile, features, pa_profile, simulate_galaxy
from mangapa.profiles import FieldFeatures, galaxy_profiles
from tests.profiles.fields import X, Y, disc, field

CORE = {"n_fibres": 61, "core_radius": 4, "pa_halpha": 240, "seed": 1}


@pytest.fixture(scope="module")
def with_core():
    return simulate_galaxy(**CORE)


def test_galaxy_with_a_core(with_core):
    found = features(with_core)
    assert isinstance(found, Features)
    assert isinstance(found.stellar, FieldFeatures)
    for one in (found.stellar, found.halpha):
        assert "counter_rotating_core" in one.found
        assert "warp" not in one.found
        assert one.kdc > 0.9
        assert one.counter_rotating_core > 0.9
        assert one.kdc_turn.to_value(u.deg) == pytest.approx(180, abs=10)
        assert 3 < one.kdc_radius.to_value(u.arcsec) < 6
        assert one.kdc_resolved
        assert one.flags == PAFlags.NONE
    assert found.counter_rotation > 0.99
    assert "kdc, counter rotating core found" in repr(found)
    with pytest.raises(FrozenInstanceError):
        found.counter_rotation = 0.5


def test_plain_galaxy_has_no_features():
    found = features(simulate_galaxy(n_fibres=61, seed=1))
    assert found.stellar.found == found.halpha.found == ()
    assert found.stellar.kdc < 0.01
    assert found.stellar.warp < 0.02
    assert found.stellar.disturbed < 0.02
    assert found.counter_rotation < 0.01
    assert found.stellar.asymmetry < 0.1
    assert not FieldFeatures().kdc_resolved
    assert not replace(found.stellar, kdc_radius=2 * u.arcsec).kdc_resolved
    assert "nothing found" in repr(found.stellar)


def test_a_warp_is_not_a_core():
    found = features(simulate_galaxy(n_fibres=127, warp=60, inclination=40, seed=1)).stellar
    assert found.found == ("warp",)
    assert 40 < found.warp_turn.to_value(u.deg) < 75


def test_line_or_step_that_describes_a_turn_better_names_it():
    turned = {"kdc_turn": 60 * u.deg, "warp_turn": 60 * u.deg, "warp_turn_err": 5 * u.deg}
    names = [
        FieldFeatures(kdc_significance=core, warp_significance=warp, **turned).found
        for core, warp in ((5, 5), (3, 9), (-3, 9), (1, 2))
    ]
    assert names == [("kdc",), ("warp",), ("warp",), ()]


@pytest.mark.parametrize(
    ("turn", "error", "expected"),
    [(20, 5, 0.109), (-30, 10, 0.312), (0, 5, 0.006), (60, 5, 0.874), (np.nan, 5, np.nan)],
)
def test_probability_that_the_angle_turns_by_more_than_20_degrees(turn, error, expected):
    one = FieldFeatures(warp_turn=turn * u.deg, warp_turn_err=error * u.deg)
    assert one.probability_warped == pytest.approx(expected, abs=1e-3, nan_ok=True)


def test_angles_of_a_measurement_are_reused(with_core):
    measurement = mangapa.measure(with_core, model="default")
    found = features(measurement)
    assert found.stellar.found == features(measurement.galaxy).stellar.found
    reversed_ = replace(measurement.halpha, pa=measurement.stellar.pa)
    assert features(replace(measurement, halpha=reversed_)).counter_rotation < 0.01
    unclear = replace(measurement.halpha, flags=PAFlags.RECEDING_SIDE_UNCLEAR)
    assert np.isnan(features(replace(measurement, halpha=unclear)).counter_rotation)
    missing = replace(measurement.halpha, pa=np.nan * u.deg)
    assert np.isnan(features(replace(measurement, halpha=missing)).counter_rotation)


def test_one_field_is_enough(with_core):
    found = features(with_core.halpha)
    assert found.halpha.kdc == features(with_core).halpha.kdc
    assert found.stellar.flags == PAFlags.NO_MAP
    assert np.isnan(found.stellar.kdc)
    assert np.isnan(found.counter_rotation)
    assert "no map of this tracer" in repr(found)


def test_given_profiles_are_used(with_core, monkeypatch):
    profiles = galaxy_profiles(with_core)
    expected = features(with_core)
    monkeypatch.setattr(
        "mangapa.profiles._features.profile_prepared", lambda _: pytest.fail("measured again")
    )
    found = features(with_core, profiles=profiles)
    assert found.stellar.kdc == expected.stellar.kdc
    assert found.halpha.warp == expected.halpha.warp


def test_profiles_that_are_not_given_are_measured(with_core):
    profiles = {"halpha": pa_profile(with_core.stellar)}
    found = features(with_core, profiles=profiles)
    assert found.halpha.kdc == found.stellar.kdc


NOTHING = np.full(X.shape, np.nan)


@pytest.mark.parametrize(
    ("bad", "flag"),
    [
        (field(NOTHING), PAFlags.NO_GOOD_SPAXELS),
        (field(disc(), mask=np.hypot(X, Y) > 1.1), PAFlags.TOO_FEW_SPAXELS),
        (field(disc(), mask=Y != 1), PAFlags.NO_EXTENT),
        (field(0 * X + 7), PAFlags.CONSTANT_VELOCITY),
    ],
)
def test_bad_fields_have_no_features(bad, flag):
    found = features(bad).stellar
    assert found.flags & flag
    assert found.found == ()
    numbers = [u.Quantity(value).value for name, value in vars(found).items() if name != "flags"]
    assert len(numbers) > 10
    assert np.isnan(numbers).all()


def test_galaxy_without_fields():
    found = features(mangapa.Galaxy())
    assert found.stellar.flags == found.halpha.flags == PAFlags.NO_MAP
    assert np.isnan(found.counter_rotation)


def test_one_ring_has_only_an_asymmetry():
    one = field(disc(noise=1))
    found = features(one, profiles={"stellar": pa_profile(one, ring_width=30)}).stellar
    assert found.found == ()
    assert np.isnan([found.kdc, found.warp, found.disturbed]).all()
    assert 0 <= found.asymmetry < 0.5
    assert "too few rings" in repr(found)


@pytest.mark.parametrize("source", [None, 3.0, "8485-1901", PAProfile()])
def test_other_sources_raise(source):
    with pytest.raises(TypeError, match="source must be a Galaxy, a Measurement or a VelocityF"):
        features(source)


def test_other_profiles_raise(with_core):
    with pytest.raises(TypeError, match=r"profiles\['halpha'\] must be a PAProfile, not int"):
        features(with_core.halpha, profiles={"halpha": 3})


def recall(n, **settings):
    """Return the share of galaxies at V/sigma of about 7 in which a core is found."""
    found = []
    for seed in range(n):
        galaxy = simulate_galaxy(
            n_fibres=(37, 61, 91)[seed % 3],
            bintype=("SPX", "VOR10")[seed % 2],
            inclination=(30, 50, 65)[seed % 3],
            v_max=60,
            snr=30,
            pa_stellar=33 * seed,
            correlated=bool(seed // 2 % 2),
            seed=seed,
            **settings,
        )
        found.append("kdc" in features(galaxy.stellar).stellar.found)
    return np.mean(found)


@pytest.mark.parametrize("offset", [90, 180])
def test_cores_are_found(offset):
    assert recall(24, core_radius=3, core_offset=offset) >= 0.95


def test_plain_discs_raise_no_alarm():
    assert recall(48) == 0


@pytest.mark.slow
def test_plain_discs_of_any_kind_raise_no_alarm():
    assert recall(300) <= 0.01
    assert recall(300, warp=30) <= 0.02
    assert recall(100, missing=2, outliers=0.01) <= 0.02


#: Features of the galaxy with a core, as first measured.
REFERENCE = {
    "kdc": 0.996546,
    "kdc_turn": 179.490,
    "kdc_turn_err": 4.36786,
    "kdc_radius": 3.72058,
    "k1_dip": 0.270658,
    "warp": 0.0207484,
    "warp_turn": -65.1236,
    "wander": 0.00186489,
    "asymmetry": 0.0551687,
}


def test_reference_values(with_core):
    found = features(with_core).stellar
    for name, value in REFERENCE.items():
        assert u.Quantity(getattr(found, name)).value == pytest.approx(value, rel=1e-3)
