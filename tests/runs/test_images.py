from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u

import mangapa
from mangapa.runs._images import FieldImage, image_of


def test_north_is_up_and_east_is_left(galaxy):
    field = mangapa.clean(galaxy.stellar)
    image = image_of(field)
    east, west, south, north = image.extent
    assert east > 0 > west
    assert north > 0 > south
    assert np.isfinite(image.velocity).sum() == field.n_spaxels
    for edge in (
        image.velocity[0],
        image.velocity[-1],
        image.velocity[:, 0],
        image.velocity[:, -1],
    ):
        assert np.isfinite(edge).any()
    # The fastest spaxel lies at the offsets that the extent of the image implies.
    velocity = np.where(field.good, field.velocity.value, -np.inf)
    fastest = np.unravel_index(velocity.argmax(), velocity.shape)
    row, column = np.unravel_index(np.nanargmax(image.velocity), image.velocity.shape)
    n_rows, n_columns = image.velocity.shape
    assert field.x[fastest].value == pytest.approx(
        east + (column + 0.5) * (west - east) / n_columns, abs=0.01
    )
    assert field.y[fastest].value == pytest.approx(
        north + (row + 0.5) * (south - north) / n_rows, abs=0.01
    )


@pytest.mark.promise(17)
@pytest.mark.parametrize("flip", [np.fliplr, np.flipud, lambda a: a[::-1, ::-1]])
def test_the_direction_of_the_axes_does_not_matter(galaxy, flip):
    field = galaxy.stellar
    arrays = {name: flip(getattr(field, name)) for name in ("velocity", "x", "y", "mask")}
    flipped = replace(field, **arrays, ivar=None, bin_id=None, rejection=None)
    np.testing.assert_array_equal(image_of(flipped).velocity, image_of(field).velocity)
    assert image_of(flipped).extent == image_of(field).extent


def test_images_are_packed_and_unpacked(galaxy):
    image = image_of(galaxy.halpha)
    content = image.to_bytes()
    assert len(content) < 4000
    again = FieldImage.from_bytes(content)
    np.testing.assert_allclose(again.velocity, image.velocity, rtol=1e-3)
    assert again.extent == pytest.approx(image.extent)
    assert image.to_bytes() == content


def test_a_field_without_good_spaxels_has_no_image(galaxy):
    field = galaxy.stellar
    assert image_of(replace(field, mask=np.ones_like(field.mask))) is None


def test_a_grid_that_is_rotated_has_no_image(galaxy):
    field = galaxy.stellar
    x, y = (field.x + field.y) / np.sqrt(2), (field.y - field.x) / np.sqrt(2)
    assert image_of(replace(field, x=x, y=y)) is None


@pytest.mark.parametrize("shape", [(1, 9), (9, 1)])
def test_a_line_of_spaxels_has_no_image(shape):
    offsets = np.arange(9.0).reshape(shape)
    line = mangapa.VelocityField.from_arrays(np.ones(shape), offsets, np.zeros(shape))
    assert image_of(line) is None


@pytest.mark.parametrize(("jitter", "is_regular"), [(0.01, True), (0.2, False)])
def test_offsets_may_be_rounded_but_not_irregular(jitter, is_regular):
    y, x = np.indices((8, 8)).astype(float)
    x[3, 4] += jitter
    field = mangapa.VelocityField.from_arrays(x, x, y)
    assert (image_of(field) is not None) == is_regular


def with_dispersion(field, seed=1):
    """The field with dispersions that fall outwards, of which some are unknown."""
    radius = np.hypot(field.x.value, field.y.value)
    dispersion = 150 * np.exp(-radius / 10)
    dispersion[np.random.default_rng(seed).random(radius.shape) < 0.1] = np.nan
    return replace(field, dispersion=dispersion * u.km / u.s, instrumental_dispersion=None)


def test_dispersions_are_stored_if_they_are_wanted(galaxy):
    field = with_dispersion(mangapa.clean(galaxy.stellar))
    assert image_of(field).dispersion is None
    image = image_of(field, with_dispersion=True)
    again = FieldImage.from_bytes(image.to_bytes())
    np.testing.assert_allclose(again.dispersion, image.dispersion, atol=0.5)
    np.testing.assert_array_equal(
        again.velocity, FieldImage.from_bytes(image_of(field).to_bytes()).velocity
    )


def test_dispersions_are_placed_as_the_velocities_are(galaxy):
    """Where the velocity is a function of the dispersion, it still is in the image."""
    field = mangapa.clean(galaxy.stellar)
    flipped = {name: getattr(field, name)[::-1] for name in ("velocity", "x", "y", "mask")}
    field = replace(field, **flipped, ivar=None, bin_id=None, rejection=None)
    field = replace(
        field, dispersion=field.velocity + 1000 * u.km / u.s, instrumental_dispersion=None
    )
    image = image_of(field, with_dispersion=True)
    np.testing.assert_allclose(image.dispersion, image.velocity + 1000)
    assert np.isfinite(image.dispersion).any()


def test_dispersions_that_are_all_unknown_are_not_stored(galaxy):
    field = mangapa.clean(galaxy.stellar)
    unknown = replace(field, dispersion=np.full(field.mask.shape, np.nan) * u.km / u.s)
    assert image_of(unknown, with_dispersion=True).dispersion is None
    without = replace(field, dispersion=None)
    assert image_of(without, with_dispersion=True).dispersion is None
