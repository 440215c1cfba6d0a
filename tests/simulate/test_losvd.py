import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from mangapa.simulate._losvd import Layer, Moments, Profiles, fit_gaussian

VELOCITIES = np.arange(-1200.0, 1200.0, 30.0)


def gaussian(mean, width):
    return np.exp(-(((VELOCITIES - mean) / width) ** 2) / 2) / width


def pixel(light, velocity, dispersion):
    light, velocity, dispersion = (np.full((1, 1), one) for one in (light, velocity, dispersion))
    return Layer(light, velocity, 0 * light, dispersion)


def kinematics(losvd, layers):
    images = losvd.images(layers)
    return [one.item() for one in losvd.kinematics(images.reshape(len(images), -1))]


@pytest.mark.parametrize("width", [56, 70, 150])
@pytest.mark.parametrize("mean", [-212.5, 0, 11])
def test_one_gaussian_is_found_again_by_both(mean, width):
    layers = [pixel(2.0, mean, width)]
    assert kinematics(Moments(), layers) == pytest.approx([mean, width], abs=1e-9)
    assert kinematics(Profiles(layers), layers) == pytest.approx([mean, width], abs=1e-3)


@pytest.mark.parametrize("losvd", [Moments, Profiles])
def test_light_is_that_of_all_layers(losvd):
    layers = [pixel(2.0, -150, 60), pixel(1.0, 150, 80)]
    losvd = losvd(layers) if losvd is Profiles else losvd()
    assert losvd.light(losvd.images(layers)).item() == pytest.approx(3, rel=1e-5)


def test_moments_of_two_discs_are_those_of_the_sum():
    layers = [pixel(3.0, 100, 60), pixel(1.0, -100, 80)]
    # 0.75 60^2 + 0.25 80^2, and 4 x 0.75 x 0.25 of 100^2.
    expected = [50, np.sqrt(2700 + 1600 + 7500)]
    assert kinematics(Moments(), layers) == pytest.approx(expected)


@given(
    share=st.floats(0.02, 0.98),
    means=st.tuples(st.floats(-250, 0), st.floats(0, 250)),
    widths=st.tuples(st.floats(56, 200), st.floats(56, 200)),
)
@settings(max_examples=60, deadline=None)
def test_the_fit_of_two_peaks_is_a_minimum_that_another_fit_finds(share, means, widths):
    profile = sum(
        part * gaussian(mean, width)
        for part, mean, width in zip((share, 1 - share), means, widths, strict=True)
    )
    found = np.array(fit_gaussian(VELOCITIES, profile[:, np.newaxis])).ravel()

    def misfit(parameters):
        height, mean, width = parameters
        return height * gaussian(100 * mean, 100 * width) - profile

    # From the minimum, another algorithm does not go far.
    shape = gaussian(*found)
    start = [shape @ profile / (shape @ shape), *found / 100]
    other = least_squares(misfit, start, xtol=1e-10, ftol=1e-14, gtol=1e-12).x
    assert found == pytest.approx(100 * other[1:], abs=1.5)
    allowed = 1e-4 * np.sum(misfit(other) ** 2) + 1e-9 * np.sum(profile**2)
    assert np.sum(misfit(start) ** 2) <= np.sum(misfit(other) ** 2) + allowed


def test_the_fit_follows_the_brighter_of_two_narrow_peaks():
    profile = 0.8 * gaussian(160, 60) + 0.2 * gaussian(-160, 60)
    mean, width = fit_gaussian(VELOCITIES, profile[:, np.newaxis])
    assert mean.item() == pytest.approx(160, abs=15)
    assert width.item() < 85
    moments = np.sqrt(60**2 + 4 * 0.8 * 0.2 * 160**2)
    assert width.item() < 0.6 * moments


@pytest.mark.parametrize(
    ("share", "speeds", "widths"),
    [(0.5, (110, -110), (70, 70)), (0.6, (140, -120), (60, 90)), (0.75, (150, -150), (60, 60))],
)
def test_a_fit_to_a_spectrum_measures_the_same(share, speeds, widths):
    """A spectrum of many lines, as wide as those of the template, without noise."""
    rng = np.random.default_rng(1)
    line, velocities = 47.0, np.arange(0.0, 120_000, 20.0)
    places, depths = rng.uniform(2000, 118_000, 1500), rng.exponential(size=1500)

    def spectrum(mean, width):
        """Lines, binned and broadened as a template would be, and shifted."""
        counts, _ = np.histogram(places, np.append(velocities, 120_000), weights=depths)
        frequency = 2 * np.pi * np.fft.rfftfreq(len(velocities), 20.0)
        broad = np.exp(-(frequency**2) * (width**2 + line**2) / 2 - 1j * frequency * mean)
        return np.fft.irfft(np.fft.rfft(counts) * broad, len(velocities))

    parts = (share, 1 - share)
    seen = sum(
        part * spectrum(mean, width)
        for part, mean, width in zip(parts, speeds, widths, strict=True)
    )

    def misfit(parameters):
        level, height, mean, width = parameters
        return level + height * spectrum(mean, width) - seen

    mean, width = least_squares(misfit, [0, 1, 0, 100], x_scale=[0.1, 1, 50, 50]).x[2:]
    profile = sum(
        part * gaussian(speed, np.hypot(wide, line))
        for part, speed, wide in zip(parts, speeds, widths, strict=True)
    )
    found = [one.item() for one in fit_gaussian(VELOCITIES, profile[:, np.newaxis])]
    assert found == pytest.approx([mean, np.hypot(width, line)], abs=8)


def test_the_fit_turns_with_its_profile():
    profile = 0.6 * gaussian(120, 70) + 0.4 * gaussian(-120, 60)
    both = np.stack([profile, (0.6 * gaussian(-120, 70) + 0.4 * gaussian(120, 60))], axis=1)
    mean, width = fit_gaussian(VELOCITIES, both)
    assert mean[0] == pytest.approx(-mean[1], abs=1e-2)
    assert width[0] == pytest.approx(width[1], abs=1e-2)


def test_velocities_of_a_relativistic_disc_are_refused():
    layers = [pixel(1.0, -1e5, 60), pixel(1.0, 1e5, 60)]
    with pytest.raises(ValueError, match="choose a lower v_max"):
        Profiles(layers)
