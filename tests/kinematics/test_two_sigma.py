import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangapa import VelocityField
from mangapa.fitting._prepared import prepare
from mangapa.kinematics._two_sigma import dispersion_axis, dispersion_peaks, dispersions_of
from tests.kinematics.two_discs import ROUND, X, Y, discs

PA, AXIS_RATIO, RADIUS = 30.0, 0.6, 6.0


def found(field, pa=PA, effective_radius=RADIUS):
    data = dispersions_of(prepare(field))
    return dispersion_peaks(data, pa, AXIS_RATIO, effective_radius)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_two_discs_have_peaks_on_both_sides(share):
    peaks = found(discs(share))
    assert peaks.over_minor > 3
    assert peaks.over_centre > 3
    assert peaks.pattern > 5
    # 4 f (1 - f) V^2 over s^2, with a velocity of 0.9 x 120 km/s at the outer radii.
    assert 1 < peaks.contrast_minor < 4


@pytest.mark.parametrize(
    "options", [{}, {"bulge": 80.0}, {"ring": 60.0}, {"dispersion": 20.0}, {"error": 12.0}]
)
def test_one_disc_has_none(options):
    peaks = found(discs(0.0, **options))
    assert min(peaks.over_minor, peaks.over_centre) < 1


def test_the_weaker_side_counts():
    peaks = found(discs(0.4, sides=(1.0, 0.0)))
    assert peaks.over_minor < 1
    assert peaks.pattern < 1


def test_peaks_are_on_the_major_axis():
    on_axis, across = found(discs(0.4)), found(discs(0.4), pa=PA + 90)
    assert across.over_minor < 0 < on_axis.over_minor


def test_peaks_are_half_an_effective_radius_apart():
    field = discs(0.4)
    for effective_radius in (4.0, 16.0):
        assert found(field, effective_radius=effective_radius).radius >= effective_radius / 4
    assert found(field, effective_radius=np.nan).radius >= 1.25
    assert found(field, effective_radius=60.0) is None


def test_no_peaks_without_a_centre():
    hole = np.hypot(X, Y) < 3
    assert found(discs(0.4, mask=~ROUND | hole)) is None


def test_no_dispersions():
    field = VelocityField.from_arrays(X + 0.1 * Y**2, X, Y)
    assert dispersions_of(prepare(field)) is None
    unknown = discs(0.4, dispersion_ivar=np.zeros(X.shape))
    assert dispersions_of(prepare(unknown)) is None


def test_without_errors_the_scatter_tells():
    with_errors, without = (
        found(discs(0.4, error=error, **options))
        for error, options in ((4.0, {}), (4.0, {"dispersion_ivar": None}))
    )
    data = dispersions_of(prepare(discs(0.4, dispersion_ivar=None)))
    assert not data.errors_known
    assert without.over_minor == pytest.approx(with_errors.over_minor, rel=0.2)


def test_outliers_make_no_peaks():
    field = discs(0.0)
    rng = np.random.default_rng(1)
    dispersion = field.dispersion.value.copy()
    wild = rng.random(X.shape) < 0.03
    dispersion[wild] *= rng.uniform(2, 6, np.count_nonzero(wild))
    spoilt = VelocityField.from_arrays(
        field.velocity,
        field.x,
        field.y,
        mask=field.mask,
        ivar=field.ivar,
        dispersion=dispersion,
        dispersion_ivar=field.dispersion_ivar,
    )
    peaks = found(spoilt)
    assert min(peaks.over_minor, peaks.over_centre) < 1


def test_the_instrument_is_no_part_of_the_contrast():
    """Only the errors of sigma^2 grow with the instrument's part."""
    free, field = discs(0.4, error=2.0), discs(0.4, error=2.0)
    instrument = np.full(X.shape, 70.0)
    wider = VelocityField.from_arrays(
        field.velocity,
        field.x,
        field.y,
        mask=field.mask,
        ivar=field.ivar,
        dispersion=np.hypot(field.dispersion.value, instrument),
        dispersion_ivar=field.dispersion_ivar,
        instrumental_dispersion=instrument,
    )
    ours, theirs = found(free), found(wider)
    assert ours.contrast_minor == pytest.approx(theirs.contrast_minor, rel=0.1)


@settings(max_examples=10, deadline=None)
@given(st.floats(0, 180), st.integers(0, 3))
def test_peaks_turn_with_the_field(pa, seed):
    turned = found(discs(0.4, pa=pa, seed=seed), pa=pa)
    assert min(turned.over_minor, turned.over_centre, turned.pattern) > 3
    axis = dispersion_axis(dispersions_of(prepare(discs(0.4, pa=pa, seed=seed))))
    assert abs((axis - pa + 90) % 180 - 90) < 8


@settings(max_examples=10, deadline=None)
@given(st.floats(0.1, 10))
def test_significances_do_not_depend_on_the_scale_of_velocities(scale):
    """Above the dispersion below which contrasts mean nothing."""
    options = {"dispersion": 60.0, "rotation": 120.0, "error": 4.0}
    one = found(discs(0.4, **options))
    other = found(discs(0.4, **{name: (1 + scale) * value for name, value in options.items()}))
    assert other.over_minor == pytest.approx(one.over_minor, rel=1e-6)
    assert other.pattern == pytest.approx(one.pattern, rel=1e-6)


def test_mirrored_field_has_the_same_peaks():
    field = discs(0.4)
    flipped = [np.asarray(values)[:, ::-1] for values in (field.velocity.value, field.mask)]
    dispersion, ivar = field.dispersion.value[:, ::-1], field.dispersion_ivar.value[:, ::-1]
    other = VelocityField.from_arrays(
        flipped[0],
        X,
        Y,
        mask=flipped[1],
        ivar=field.ivar,
        dispersion=dispersion,
        dispersion_ivar=ivar,
    )
    assert found(other, pa=-PA).over_minor == pytest.approx(found(field).over_minor, rel=1e-6)
