import numpy as np
import pytest
from astropy.io import fits
from astropy.stats import sigma_clip
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from mangapa import PAFlags, VelocityField, clean, fit_pa
from mangapa.flags import Rejection

Y, X = np.mgrid[-5:5.5:0.5, 5:-5.5:-0.5]


def field(velocity=10 * X, mask=None):
    return VelocityField.from_arrays(velocity, X, Y, mask=mask)


def test_a_clean_field_is_unchanged():
    cleaned = clean(field())
    assert cleaned.n_spaxels == X.size
    assert not cleaned.rejection.any()


def test_a_small_region_is_rejected():
    mask = np.zeros(X.shape, bool)
    mask[:, 4] = True  # cut off 4 of 21 columns
    mask[:-2, :4] = True  # keep two rows of them, 8 spaxels
    cleaned = clean(field(mask=mask))
    rejected = cleaned.rejection == Rejection.SMALL_REGION
    assert rejected.sum() == 8
    assert rejected[-2:, :4].all()
    assert cleaned.mask[rejected].all()
    assert "8 small_region" in repr(cleaned)


def test_diagonal_neighbours_are_not_connected():
    mask = np.ones(X.shape, bool)
    mask[:10, :10] = False
    mask[10:12, 10:12] = False
    assert clean(field(mask=mask)).n_spaxels == 100


def test_a_region_of_exactly_a_tenth_is_kept():
    mask = np.ones(X.shape, bool)
    mask[:9, :10] = False  # 90
    mask[15, :10] = False  # 10 of 100
    assert clean(field(mask=mask)).n_spaxels == 100
    assert clean(field(mask=mask), min_region=0.11).n_spaxels == 90


def test_outliers_are_rejected_after_regions():
    velocity = 10 * X
    velocity[3, 3] = 900
    velocity[10, 10] = -900
    cleaned = clean(field(velocity))
    np.testing.assert_array_equal(
        np.argwhere(cleaned.rejection == Rejection.OUTLYING_VELOCITY), [[3, 3], [10, 10]]
    )
    assert clean(field(velocity), sigma=None).n_spaxels == X.size


def test_clipping_equals_that_of_astropy(galaxy):
    cleaned = clean(galaxy.halpha, min_region=0)
    velocity = galaxy.halpha.velocity[galaxy.halpha.good].value
    kept = ~np.ma.getmaskarray(sigma_clip(velocity))
    np.testing.assert_array_equal(cleaned.good[galaxy.halpha.good], kept)


def test_a_field_that_is_all_masked():
    assert clean(field(mask=np.ones(X.shape))).n_spaxels == 0


@settings(deadline=None)  # the first call imports scipy
@given(st.integers(0, 2**32 - 1))
def test_cleaning_only_masks_and_records_each_spaxel(seed):
    rng = np.random.default_rng(seed)
    before = field(rng.standard_cauchy(X.shape), mask=rng.random(X.shape) < rng.random())
    after = clean(before)
    assert not np.any(after.good & before.mask)
    np.testing.assert_array_equal(after.rejection > 0, before.good & after.mask)
    np.testing.assert_array_equal(after.velocity, before.velocity)
    assert not before.rejection.any()


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"sigma": 0}, "sigma=0 must be positive"),
        ({"sigma": float("nan")}, "sigma=nan must be one finite number"),
        ({"min_region": -0.1}, "min_region=-0.1 must be a fraction"),
        ({"min_region": 10}, "min_region=10 must be a fraction"),
    ],
)
def test_bad_thresholds(options, match):
    with pytest.raises(ValueError, match=match):
        clean(field(), **options)


def cut_field():
    """Return a turned map of which a small part is cut off, with an outlier."""
    mask = np.zeros(X.shape, bool)
    mask[:, 1] = True
    velocity = 10 * X
    velocity[10, 10] = 900
    x, y = 0.8 * X + 0.6 * Y, 0.8 * Y - 0.6 * X
    return {"velocity": velocity, "x": x, "y": y, "mask": mask}


@pytest.mark.parametrize("shape", [(-1,), (1, -1), (-1, 1)])
@pytest.mark.parametrize("shuffled", [False, True])
def test_rows_in_any_order_are_cleaned_like_the_map(shape, shuffled):
    expected = clean(VelocityField.from_arrays(**cut_field()))
    assert (expected.rejection == Rejection.SMALL_REGION).sum() == 21
    assert (expected.rejection == Rejection.OUTLYING_VELOCITY).sum() == 1
    order = np.arange(X.size)
    if shuffled:
        order = np.random.default_rng(1).permutation(order)
    rows = {name: part.ravel()[order].reshape(shape) for name, part in cut_field().items()}
    cleaned = clean(VelocityField.from_arrays(**rows))
    np.testing.assert_array_equal(cleaned.rejection.ravel(), expected.rejection.ravel()[order])


def test_a_hexagonal_pattern_has_neighbours():
    column, row = (part.ravel() for part in np.mgrid[:20, :20])
    x, y = column + 0.5 * (row % 2), np.sqrt(3) / 2 * row
    cut_off = (column < 2) & (row < 5)
    mask = ~cut_off & (column < 4) & (row < 7)
    cleaned = clean(VelocityField.from_arrays(10.0 * x, x, y, mask=mask))
    np.testing.assert_array_equal(cleaned.rejection[0] == Rejection.SMALL_REGION, cut_off)


def test_centres_of_bins_have_no_known_neighbours():
    """Small bins in the middle, and a few large ones further out."""
    y, x = (part.ravel() for part in np.mgrid[-5:6.0, -5:6.0])
    x, y = np.append(x, [9.3, -9.1, 0.4]), np.append(y, [0.2, 0.7, 9.6])
    assert clean(VelocityField.from_arrays(10 * x, x, y)).n_spaxels == x.size


@pytest.mark.parametrize("v_sys", [0, 1500, 7000])
@pytest.mark.parametrize("fill", [-999.0, -999.9, -32768.0, -9999.0, 1e10])
def test_fill_values_are_removed(v_sys, fill):
    outside = np.hypot(X, Y) > 4
    velocity = v_sys + 10 * X + np.random.default_rng(1).normal(size=X.shape)
    cleaned = clean(field(np.where(outside, fill, velocity)))
    np.testing.assert_array_equal(cleaned.mask, outside)
    assert (cleaned.rejection[outside] == Rejection.OUTLYING_VELOCITY).all()


def test_equal_velocities_that_are_not_far_are_kept():
    """A large bin at the end of the rotation curve, two halves, and a single spike."""
    for velocity in (np.minimum(10 * X, 30), 100.0 * (X > 0), 1000.0 * (X == 0) * (Y == 0)):
        assert clean(field(velocity), sigma=None).n_spaxels == X.size


@pytest.mark.parametrize("shape", [(-1,), (2, -1), (-1, 12)])
def test_the_order_of_positions_means_nothing(shape):
    """A list of spaxels, in one row or several, loses the region that their map loses."""
    mask = np.zeros(X.shape, bool)
    mask[:, 4:6] = True
    mask[:-2, :4] = True  # leaves 8 spaxels on the other side
    good = ~mask
    order = np.random.default_rng(1).permutation(np.flatnonzero(good))[: good.sum() // 12 * 12]
    x, y = (part.ravel()[order].reshape(shape) for part in (X, Y))
    rejected = clean(VelocityField.from_arrays(10 * x, x, y)).rejection == Rejection.SMALL_REGION
    np.testing.assert_array_equal(rejected.ravel(), (x > 3.2).ravel())
    assert rejected.any()


def disc_of(good, spaxel=0.5, noise=5.0):
    """Return the velocities of a disc at 60 deg on the good spaxels of a map, and their offsets."""
    y, x = spaxel * (np.indices(good.shape) - np.array(good.shape)[:, None, None] / 2)
    along, across = x * np.sin(np.pi / 3) + y * np.cos(np.pi / 3), x / 2 - y * np.sin(np.pi / 3)
    velocity = 1500 + 150 * along / np.hypot(np.hypot(along, across / 0.6), 5.0)
    rng = np.random.default_rng(1)
    return velocity + rng.normal(scale=noise, size=good.shape), x, y


def nodes(side=120):
    """Return a map of which only the nodes of bins have values, the further out the fewer."""
    y, x = np.indices((side, side)) - side / 2
    radius = np.hypot(x, y)
    rng = np.random.default_rng(2)
    return (rng.random(radius.shape) < 0.4 / (1 + (radius / 15) ** 2)) & (radius < side / 2.2)


def clouds(side=160, *, share=0.3, size=1.0, seed=0):
    """Return a map of clouds that cover a share of a disc."""
    y, x = np.indices((side, side)) - side / 2
    smooth = gaussian_filter(np.random.default_rng(seed).normal(size=x.shape), size)
    disc = np.hypot(x, y) < side / 2.8
    return disc & (smooth > np.quantile(smooth[disc], 1 - share))


@pytest.mark.parametrize("as_list", [False, True])
@pytest.mark.parametrize(
    "good",
    [nodes(), *(clouds(share=share, size=size) for share in (0.1, 0.3, 0.5) for size in (1, 3))],
)
def test_maps_with_gaps_are_not_emptied(good, as_list):
    velocity, x, y = disc_of(good)
    if as_list:
        made = VelocityField.from_arrays(velocity[good], x[good], y[good])
    else:
        made = VelocityField.from_arrays(velocity, x, y, mask=~good)
    cleaned = clean(made)
    assert cleaned.n_spaxels >= 0.8 * made.n_spaxels
    result = fit_pa(cleaned)
    assert abs(result.pa.value - 60) < max(5, 3 * result.pa_err_total.value)
    assert not result.flags & PAFlags.MUCH_REMOVED


@pytest.mark.parametrize("good", [nodes(), clouds(), np.hypot(*np.indices((160, 160)) - 80) < 50])
def test_an_object_beside_the_field_is_rejected(good):
    velocity, x, y = disc_of(good)
    beside = np.hypot(x - x.max() + 3, y - y.max() + 3) < 2
    velocity[beside] = 1200
    cleaned = clean(VelocityField.from_arrays(velocity, x, y, mask=~(good | beside)))
    assert not cleaned.good[beside].any()
    assert cleaned.good[good].mean() > 0.95


def test_a_field_without_a_body_is_kept():
    """A dozen pieces that are further from each other than any gap of a sampling."""
    angle = np.repeat(np.radians(30.0 * np.arange(12)), 4)
    x = 100 * np.sin(angle) + np.tile([0, 1, 0, 1], 12)
    y = 100 * np.cos(angle) + np.tile([0, 0, 1, 1], 12)
    cleaned = clean(VelocityField.from_arrays(x, np.rint(x), np.rint(y)), sigma=None)
    assert cleaned.n_spaxels == x.size


def test_much_that_was_removed_is_flagged():
    velocity, x, y = disc_of(np.ones((60, 60), bool))
    for width, flagged in ((11, False), (13, True)):
        filled = np.where(np.indices(x.shape)[1] < width, -9999.0, velocity)
        cleaned = clean(VelocityField.from_arrays(filled, x, y))
        assert cleaned.n_spaxels == 60 * (60 - width)
        result = fit_pa(cleaned)
        assert bool(result.flags & PAFlags.MUCH_REMOVED) == flagged
        assert (PAFlags.MUCH_REMOVED.description in repr(result)) == flagged


def test_what_was_masked_before_is_not_removed():
    velocity, x, y = disc_of(np.ones((60, 60), bool))
    cleaned = clean(VelocityField.from_arrays(velocity, x, y, mask=x > 0))
    assert not fit_pa(cleaned).flags & PAFlags.MUCH_REMOVED


def test_real_maps_of_bin_nodes_are_not_emptied(shared_data):
    paths = sorted((shared_data / "surveys" / "ghasp").glob("*_rv_bin.fits.gz"))
    assert paths
    for path in paths:
        velocity = fits.getdata(path)
        y, x = np.indices(velocity.shape)
        made = VelocityField.from_arrays(velocity, 200 - x, y - 200)
        assert clean(made).n_spaxels > 0.9 * made.n_spaxels, path
