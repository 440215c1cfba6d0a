import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mangapa
from mangapa import VelocityField, standardise
from mangapa.usability import footprint


def field(velocity, mask=None):
    ny, nx = velocity.shape
    y, x = np.mgrid[:ny, :nx] * 0.5
    return VelocityField.from_arrays(velocity, -x + x.mean(), y - y.mean(), mask=mask)


def disc(shape=(44, 44)):
    y, x = np.indices(shape) - np.reshape(shape, (2, 1, 1)) / 2 + 0.5
    return 150 * np.tanh(x / 6) + 3 * y, np.hypot(x, y) > min(shape) / 2


@pytest.mark.parametrize("shape", [(34, 34), (44, 44), (74, 74), (60, 31), (7, 9), (32, 32)])
def test_fields_of_any_size_and_shape(shape):
    velocity, mask = disc(shape)
    image = standardise(field(velocity, mask))
    assert image.shape == (32, 32)
    assert image.dtype == np.float32
    assert np.abs(image).max() == pytest.approx(1, abs=0.05)
    assert standardise(field(velocity, mask), shape=(16, 20)).shape == (16, 20)


def test_an_image_of_its_own_size_is_the_scaled_field():
    velocity, mask = disc((32, 32))
    image = standardise(field(velocity, mask))
    off = np.where(mask, 0, velocity - np.median(velocity[~mask]))
    expected = np.clip(off / np.percentile(np.abs(off[~mask]), 95), -1, 1)
    np.testing.assert_allclose(image, expected, atol=1e-6)


@given(scale=st.floats(1e-3, 1e3), offset=st.floats(-300, 300), bad=st.sampled_from([1e30, np.nan]))
def test_images_do_not_depend_on_scale_offset_or_masked_values(scale, offset, bad):
    velocity, mask = disc()
    image = standardise(field(velocity, mask))
    changed = np.where(mask, bad, scale * velocity + offset)
    np.testing.assert_allclose(standardise(field(changed, mask)), image, atol=1e-4)
    assert np.all(image[footprint(field(velocity, mask)) == 0] == 0)


@given(st.integers(0, 2**32 - 1))
def test_images_stay_in_range(seed):
    rng = np.random.default_rng(seed)
    shape = rng.integers(3, 80, 2)
    velocity = rng.normal(size=shape) ** 5 * 10.0 ** rng.integers(-3, 6)
    velocity[rng.random(shape) < rng.random()] = np.nan
    image = standardise(field(velocity))
    assert np.all(np.abs(image) <= 1)


def test_images_turn_and_mirror_with_the_field():
    velocity, mask = disc()
    image = standardise(field(velocity, mask))
    turned = standardise(field(np.rot90(velocity), np.rot90(mask)))
    np.testing.assert_allclose(turned, np.rot90(image), atol=1e-6)
    mirrored = standardise(field(velocity[:, ::-1], mask[:, ::-1]))
    np.testing.assert_allclose(mirrored, image[:, ::-1], atol=1e-6)
    np.testing.assert_allclose(standardise(field(-velocity, mask)), -image, atol=1e-6)


def test_masked_spaxels_do_not_affect_the_image():
    velocity, mask = disc((64, 64))
    half = mask | (np.indices(mask.shape)[1] >= 31)
    image, cover = standardise(field(velocity, half)), footprint(field(velocity, half))
    assert np.all(image[:, 16:] == 0)
    # A pixel that is half covered holds the mean of that half.
    assert cover[16, 15] == pytest.approx(0.5)
    column = np.where(half, np.nan, velocity)[32:34, 30]
    off = column.mean() - np.median(velocity[~half])
    scale = np.percentile(np.abs(velocity[~half] - np.median(velocity[~half])), 95)
    assert image[16, 15] == pytest.approx(off / scale, abs=1e-5)


@pytest.mark.parametrize("velocity", [np.full((20, 20), np.nan), np.full((20, 20), 7.0)])
def test_fields_without_contrast_give_zeros(velocity):
    assert np.all(standardise(field(velocity)) == 0)


@pytest.mark.parametrize("shape", [(32,), (0, 32), (32, 1.5), (-1, 2), (1, 2, 3)])
def test_shapes_that_are_not_allowed(shape):
    with pytest.raises(ValueError, match="must be two positive whole numbers"):
        standardise(field(disc()[0]), shape=shape)


def test_images_fill_the_range(galaxy):
    image = mangapa.standardise(galaxy.halpha)
    assert image.min() < -0.9
    assert image.max() > 0.9


@pytest.mark.parametrize("function", [mangapa.standardise, footprint])
def test_a_galaxy_is_not_a_field(function, galaxy):
    with pytest.raises(
        TypeError, match="field must be a VelocityField, not Galaxy; choose a field of"
    ):
        function(galaxy)
