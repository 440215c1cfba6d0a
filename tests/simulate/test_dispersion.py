from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from hypothesis import given, settings
from hypothesis import strategies as st

from mangapa import simulate_galaxy
from mangapa.simulate import CounterDisc, Dispersion, Neighbour

#: The noise is at its floor: 2 km/s for the velocities of stars.
QUIET = {"bintype": "SPX", "snr": 1e7, "n_fibres": 61, "pa_stellar": 90}
INSTRUMENT = {"stellar": 30, "halpha": 70}


def stars(**options):
    return simulate_galaxy(**QUIET | options).stellar


def along_axis(field):
    """Offsets along the major axis, velocity and dispersion free of the instrument's."""
    row = np.argmin(np.abs(field.y.value[:, 0]))
    good = field.good[row]
    intrinsic = field.intrinsic_dispersion.value
    return (one[row][good] for one in (field.x.value, field.velocity.value, intrinsic))


def test_dispersion_has_its_profile():
    field = stars(dispersion=Dispersion(central=180, outer=60, radius=3), v_max=0)
    axis_ratio = np.sqrt(0.96 * np.cos(np.radians(55)) ** 2 + 0.04)
    radius = np.hypot(field.x.value, field.y.value / axis_ratio)
    expected = 60 + 120 * np.exp(-radius / 3)
    difference = (field.intrinsic_dispersion.value - expected)[field.good]
    assert np.abs(np.median(difference)) < 0.5
    assert np.std(difference) < 6


@pytest.mark.parametrize("tracer", ["stellar", "halpha"])
def test_a_number_falls_outwards_for_stars_and_is_even_for_gas(tracer):
    option = {"stellar": "dispersion", "halpha": "dispersion_halpha"}[tracer]
    galaxy = simulate_galaxy(**QUIET, v_max=0, inclination=0, **{option: 120 * u.km / u.s})
    field = galaxy.tracer(tracer)
    radius = np.hypot(field.x, field.y).value
    inside, outside = (
        np.median(field.intrinsic_dispersion.value[field.good & (np.abs(radius - r) < 1)])
        for r in (1, 9)
    )
    # The effective radius is 7.5 arcsec, so two scale lengths are 8.9 arcsec.
    fall = np.exp(-8 / 8.94) if tracer == "stellar" else 1
    assert outside / inside == pytest.approx(fall, rel=0.04)
    assert np.all(field.instrumental_dispersion.value == INSTRUMENT[tracer])


def test_a_beam_raises_the_dispersion_where_velocities_change_fast():
    sharp, smeared = (stars(turnover=0.1, dispersion=50, psf=psf) for psf in (0, 2.5))
    centre = tuple(n // 2 for n in sharp.velocity.shape)
    assert sharp.intrinsic_dispersion[centre].value == pytest.approx(50, abs=15)
    assert smeared.intrinsic_dispersion[centre].value > 95
    radius = np.hypot(sharp.x, sharp.y).value
    outside = sharp.good & (radius > 8) & (np.abs(sharp.y.value) < 1)
    change = (smeared.intrinsic_dispersion - sharp.intrinsic_dispersion)[outside]
    assert np.abs(np.median(change.value)) < 12


def test_the_beam_adds_the_variance_of_the_velocities_in_it():
    """In a solid body of slope g the variance is that of the beam times the square of g."""
    slope = 1e4 * np.sin(np.radians(55)) / 7.5 / 1000
    options = {"v_max": 1e4, "turnover": 1000, "dispersion": Dispersion(central=40, outer=40)}
    field = stars(psf=2.5, **options)
    # Light that falls outwards makes the centre's only slightly smaller.
    expected = np.hypot(40, 1000 * slope * 2.5 / 2.3548 / 1000)
    near = field.good & (np.hypot(field.x, field.y).value < 4)
    found = np.sqrt(np.mean(field.intrinsic_dispersion.value[near] ** 2))
    assert found == pytest.approx(expected, rel=0.03)


def test_thickness_raises_the_dispersion_of_an_edge_on_disc():
    thin, thick = (
        stars(inclination=85, turnover=0.1, thickness=t, dispersion=30) for t in (0.02, 0.4)
    )
    axis = thin.good & (np.abs(thin.y.value) < 1) & (np.abs(thin.x.value) > 3)
    mean = [np.sqrt(np.mean(one.intrinsic_dispersion.value[axis] ** 2)) for one in (thin, thick)]
    assert mean[1] > mean[0] + 5


def test_equal_discs_in_opposite_senses_do_not_rotate_and_are_hot_on_the_axis():
    field = stars(counter_disc=CounterDisc(mass_fraction=0.5), turnover=0.2)
    x, velocity, dispersion = along_axis(field)
    assert np.abs(np.median(velocity)) < 3
    speed = 200 * np.sin(np.radians(55))
    outside = np.abs(x) > 5
    # A Gaussian fitted to two peaks is broader than the distance of the peaks.
    assert np.all(dispersion[outside] > speed)
    minor = field.good & (np.abs(field.x.value) < 0.1) & (np.abs(field.y.value) > 2)
    assert np.median(field.intrinsic_dispersion.value[minor]) < 100


def test_a_smaller_counter_disc_makes_two_peaks_of_the_dispersion_and_reverses_the_core():
    field = stars(
        counter_disc=CounterDisc(mass_fraction=0.4, scale=0.4), turnover=0.2, psf=2.5, snr=1e5
    )
    x, velocity, dispersion = along_axis(field)
    for side in (-1, 1):
        peak = side * x[side * x > 0][np.argmax(dispersion[side * x > 0])]
        assert 2 < peak < 9
        assert velocity[np.argmin(np.abs(x - side * 11))] * side > 100
        assert velocity[np.argmin(np.abs(x - side * 1.5))] * side < -10
    assert dispersion.max() > 1.5 * dispersion[np.argmin(np.abs(x))]


def test_moments_and_gaussians_differ_for_two_discs_and_agree_for_one():
    options = {"psf": 2.5, "dithered": True, "thickness": 0.1, "dispersion": 120}
    gaussian, moments = (stars(losvd=one, **options) for one in ("gaussian", "moments"))
    inner = gaussian.good & (np.hypot(gaussian.x, gaussian.y).value < 8)
    change = (gaussian.dispersion - moments.dispersion)[inner].value
    assert np.abs(np.median(change)) < 3
    assert np.abs(np.median((gaussian.velocity - moments.velocity)[inner].value)) < 1
    counter = CounterDisc(mass_fraction=0.35, scale=0.5)
    gaussian, moments = (
        stars(losvd=one, counter_disc=counter, **options) for one in ("gaussian", "moments")
    )
    change = (gaussian.velocity - moments.velocity)[inner].value
    assert np.percentile(np.abs(change), 90) > 20


def test_without_mass_a_counter_disc_changes_nothing():
    plain = stars(losvd="gaussian")
    counter = stars(counter_disc=CounterDisc(mass_fraction=0, scale=0.5))
    np.testing.assert_allclose(counter.velocity, plain.velocity, atol=1e-2)
    np.testing.assert_allclose(counter.dispersion, plain.dispersion, atol=1e-2)


def test_a_counter_disc_has_its_own_dispersion_or_that_of_the_main_disc():
    """Almost all the light in the middle is that of the smaller disc."""
    still = {"v_max": 0, "dispersion": 150, "losvd": "moments", "inclination": 0}
    for dispersion, central, length in ((None, 150, 4.47), (300, 300, 0.894)):
        counter = CounterDisc(mass_fraction=0.97, scale=0.2, dispersion=dispersion)
        field = stars(**still, counter_disc=counter)
        radius = np.hypot(field.x, field.y).value
        ring = field.good & (np.abs(radius - 3) < 0.5)
        square, _ = field._dispersion_squared()
        second, main = (
            fraction / scale**2 * np.exp(-radius / (4.47 * scale))
            for fraction, scale in ((0.97, 0.2), (0.03, 1))
        )
        own, of_main = central * np.exp(-radius / (2 * length)), 150 * np.exp(-radius / 8.94)
        expected = (second * own**2 + main * of_main**2) / (second + main)
        assert np.mean((square / expected)[ring]) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("thickness", [0, 0.2])
def test_discs_have_their_shares_of_the_light(thickness):
    """With two velocities and no rotation, the mean velocity is that of the shares."""
    plain, two = (
        stars(
            n_fibres=127,
            inclination=40,
            thickness=thickness,
            counter_disc=counter,
            losvd="moments",
        )
        for counter in (None, CounterDisc(mass_fraction=0.3, scale=0.3))
    )
    # The sum of the light over its central value: the smaller disc is 1 / 0.3^2 times brighter.
    ratio = [one.flux.value[one.good].sum() for one in (plain, two)]
    in_field = 1 - (1 + 2.5) * np.exp(-2.5)
    central = 1 + 0.3 / 0.7 / 0.3**2
    assert ratio[1] / ratio[0] == pytest.approx((1 + 0.3 / 0.7 / in_field) / central, rel=0.06)


def test_a_neighbour_has_its_share_of_the_light_of_both_discs():
    counter, neighbour = CounterDisc(mass_fraction=0.5), Neighbour(flux=0.2, x=0, y=0, velocity=0)
    alone, blend = (
        stars(counter_disc=counter, neighbour=one, losvd="moments")
        for one in (None, replace(neighbour, fwhm=3))
    )
    centre = tuple(n // 2 for n in alone.velocity.shape)
    added = blend.flux.value / blend.flux.value[-1 - centre[0], 10]
    light = alone.flux.value / alone.flux.value[-1 - centre[0], 10]
    share = (added - light)[alone.good].sum() / light[alone.good].sum()
    assert share == pytest.approx(0.2, rel=0.03)


def test_gas_stays_in_one_disc():
    plain, two = (
        simulate_galaxy(**QUIET, counter_disc=counter).halpha for counter in (None, CounterDisc())
    )
    np.testing.assert_allclose(two.velocity, plain.velocity, atol=1)


def test_a_neighbour_broadens_the_lines_where_it_blends():
    plain, blend = (
        stars(neighbour=one) for one in (None, Neighbour(flux=0.2, x=4, y=3, velocity=400, fwhm=2))
    )
    away = np.hypot(blend.x.value - 4, blend.y.value - 3)
    change = (blend.dispersion - plain.dispersion).value
    assert np.median(change[blend.good & (np.abs(away - 1.5) < 0.5)]) > 50
    assert np.abs(change[blend.good & (away > 7)]).max() < 1


@pytest.mark.parametrize("bintype", ["SPX", "VOR10"])
@pytest.mark.parametrize("tracer", ["stellar", "halpha"])
def test_errors_of_dispersions_hold(bintype, tracer):
    pulls = []
    for seed in range(20):
        field = simulate_galaxy(
            n_fibres=61,
            v_max=0,
            snr=15,
            inclination=0,
            bintype=bintype,
            dithered=True,
            psf=2.5,
            dispersion=Dispersion(central=60, outer=60),
            seed=seed,
        ).tracer(tracer)
        truth = {"stellar": 60.0, "halpha": 25.0}[tracer] ** 2
        square, error = field._dispersion_squared()
        _, first = np.unique(field.bin_id[field.good], return_index=True)
        pulls.append(((square - truth) / error)[field.good][first])
    pulls = np.concatenate(pulls)
    found = np.isfinite(pulls)
    assert found.mean() > 0.9
    low, median, high = np.percentile(pulls[found], [15.87, 50, 84.13])
    assert (high - low) / 2 == pytest.approx(1, abs=0.12)
    assert np.abs(median) < 0.15


def test_small_dispersions_of_stars_are_measured_worse():
    """In MAPS files the error is 1.8 times that of the velocity at 40 km/s, and 1.3 at 100."""
    for central, ratio in ((30, 1.8), (95, 1.3)):
        even = Dispersion(central=central, outer=central)
        field = stars(v_max=0, dispersion=even, snr=100)
        errors = np.sqrt(field.ivar / field.dispersion_ivar)[field.good]
        assert np.nanmedian(errors).value == pytest.approx(ratio, rel=0.06)


def test_errors_of_gaussians_grow_with_the_width_of_the_lines():
    still = {"v_max": 0, "snr": 20, "losvd": "gaussian"}
    narrow, broad = (
        stars(**still, dispersion=Dispersion(central=one, outer=one)) for one in (70, 140)
    )
    ratio = np.median(np.sqrt(narrow.ivar[narrow.good] / broad.ivar[narrow.good]))
    # The lines have the width of the instrument and of the template as well.
    assert ratio.value == pytest.approx(np.sqrt((140**2 + 56**2) / (70**2 + 56**2)), rel=0.02)


def test_dispersions_within_the_noise_of_zero_are_missing():
    field = stars(snr=8, dispersion=0, v_max=0)
    lost = field.good & ~np.isfinite(field.dispersion.value)
    assert 0.02 < lost.sum() / field.n_spaxels < 0.5
    assert not np.any(field.dispersion_ivar.value[lost] > 0)
    assert np.isfinite(field.velocity[lost]).all()


def test_noise_of_dispersions_is_correlated_where_that_of_velocities_is():
    products = np.zeros(2)
    for seed in range(5):
        even = Dispersion(central=80, outer=80)
        field = stars(v_max=0, snr=40, correlated=True, dispersion=even, seed=seed)
        square, error = field._dispersion_squared()
        noise = np.where(field.good, (square - 80**2) / error, np.nan)
        products += np.nanmean(noise[:, 1:] * noise[:, :-1]), np.nanmean(noise**2)
    assert products[0] / products[1] == pytest.approx(np.exp(-1 / (2 * 1.92**2)), abs=0.03)


def test_flux_has_noise_of_its_ratio():
    field = simulate_galaxy(**QUIET | {"snr": 20}, inclination=0).stellar
    radius = np.hypot(field.x, field.y).value
    light = np.exp(-1.678 * radius / 7.5)
    pull = ((field.flux.value / light - 1) * 20 * np.sqrt(light))[field.good]
    assert np.std(pull) == pytest.approx(1, abs=0.07)
    assert np.abs(np.mean(pull)) < 0.1


def test_velocities_do_not_depend_on_the_dispersion():
    one, other = (stars(dispersion=value, snr=20, outliers=0.02) for value in (0, 200))
    np.testing.assert_allclose(one.velocity, other.velocity, atol=1e-9)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"dispersion": -1}, "dispersion=-1 must be between 0 and 2000"),
        ({"dispersion_halpha": 1e5}, "dispersion_halpha=100000 must be"),
        ({"losvd": "mean"}, "losvd='mean' must be one of gaussian, moments"),
    ],
)
def test_wrong_numbers_are_refused(options, text):
    with pytest.raises(ValueError, match=text):
        simulate_galaxy(**options)


def test_wrong_components_are_refused():
    with pytest.raises(TypeError, match=r"counter_disc=0\.5 must be a CounterDisc, not float"):
        simulate_galaxy(counter_disc=0.5)
    with pytest.raises(ValueError, match="mass_fraction of CounterDisc=1 must be between"):
        CounterDisc(mass_fraction=1)
    with pytest.raises(ValueError, match="dispersion of CounterDisc=-3 must be between"):
        CounterDisc(dispersion=-3)
    with pytest.raises(ValueError, match="give a radius"):
        Dispersion(central=100).at([1.0])


@given(
    pa=st.floats(0, 180),
    inclination=st.floats(5, 85),
    fraction=st.floats(0, 0.9),
    thickness=st.sampled_from([0, 0.2]),
    losvd=st.sampled_from(["gaussian", "moments"]),
)
@settings(max_examples=15, deadline=None)
def test_a_galaxy_that_turns_the_other_way_has_the_same_dispersions(
    pa, inclination, fraction, thickness, losvd
):
    options = {
        "n_fibres": 19,
        "inclination": inclination,
        "thickness": thickness,
        "counter_disc": CounterDisc(mass_fraction=fraction, scale=0.6),
        "losvd": losvd,
        "psf": 2.5,
        "snr": 1e7,
    }
    one, other = (stars(**options, pa_stellar=angle) for angle in (pa, pa + 180))
    good = one.good
    np.testing.assert_allclose(one.dispersion[good], other.dispersion[good], rtol=1e-6)
    np.testing.assert_allclose(one.flux[good], other.flux[good], rtol=1e-6)
    # What is left of the sum is noise, twice that of at least 2 km/s.
    noise = (one.velocity + other.velocity)[good].value * np.sqrt(one.ivar[good].value) / 2
    assert np.abs(np.mean(noise)) < 0.25
    assert np.std(noise) == pytest.approx(1, abs=0.15)
