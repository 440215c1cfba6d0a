from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u

import mangapa
from mangapa import KinematicPA, PAFlags, VelocityField, clean
from mangapa._marks import PALE
from mangapa.angles import UNCONSTRAINED
from mangapa.catalogue import compare
from mangapa.plotting import DISPERSION_COLOURS, colour_range, dispersion_range

pytestmark = pytest.mark.needs_matplotlib


@pytest.fixture(autouse=True)
def close_figures():
    yield
    from matplotlib import pyplot

    pyplot.close("all")


def result_of(field, pa=60):
    return KinematicPA(
        pa=pa * u.deg, pa_err=5 * u.deg, v_sys=12 * u.km / u.s, method="none", field=field
    )


@pytest.fixture(scope="module")
def measurement(galaxy):
    return mangapa.measure(galaxy)


@pytest.fixture
def drawable(request, galaxy, measurement):
    """An object that draws itself, by name."""
    table = mangapa.catalogue.tabulate([measurement])
    return {
        "field": galaxy.stellar,
        "result": measurement.stellar,
        "galaxy": galaxy,
        "measurement": measurement,
        "profile": measurement.halpha_profile,
        "comparison": compare(table, table),
    }[request.param]


@pytest.mark.parametrize("drawable", ["field", "result"], indirect=True)
def test_what_needs_one_pair_of_axes_takes_and_returns_it(drawable):
    from matplotlib import pyplot
    from matplotlib.figure import Figure

    pyplot.close("all")
    ax = Figure().subplots()
    assert drawable.plot(ax) is ax
    assert drawable.plot(ax=ax) is ax
    assert pyplot.get_fignums() == []
    assert drawable.plot().figure.number in pyplot.get_fignums()


@pytest.mark.parametrize(
    "drawable", ["galaxy", "measurement", "profile", "comparison"], indirect=True
)
def test_what_needs_several_axes_takes_and_returns_a_figure(drawable):
    from matplotlib import pyplot
    from matplotlib.figure import Figure

    pyplot.close("all")
    given = Figure()
    assert drawable.plot(given) is given
    assert len(given.axes) > 1
    given = Figure()
    assert drawable.plot(figure=given) is given
    assert pyplot.get_fignums() == []
    assert drawable.plot().number in pyplot.get_fignums()


def test_north_is_up_and_east_left(galaxy):
    ax = galaxy.stellar.plot()
    left, right = ax.get_xlim()
    bottom, top = ax.get_ylim()
    assert left > 0 > right
    assert bottom < 0 < top
    assert "East" in ax.get_xlabel()


@pytest.mark.quick
def test_colours_are_centred_on_the_systemic_velocity(galaxy):
    ax = result_of(galaxy.stellar).plot()
    image = ax.collections[-1]
    low, high = image.get_clim()
    assert (low + high) / 2 == pytest.approx(12)
    assert image.get_cmap().name == "RdBu_r"
    assert "km/s" in ax.figure.axes[-1].get_ylabel()


@pytest.mark.quick
def test_arrow_points_to_the_receding_side(galaxy):
    ax = result_of(galaxy.stellar, pa=90).plot()
    arrow = next(a for a in ax.texts if a.get_text() == "" and hasattr(a, "xy"))
    east, north = arrow.xy
    assert east > 5
    assert north == pytest.approx(0, abs=1e-9)
    arcs = [line.get_xydata() for line in ax.lines if len(line.get_xydata()) > 2]
    ends = [(np.degrees(np.arctan2(*arc[[0, -1]].T)).round() % 360).tolist() for arc in arcs]
    assert ends == [[85, 95], [265, 275]]
    assert r"60.0" not in ax.get_title()
    assert r"90.0 $\pm$ 5.0$\degree$" in ax.get_title()


def test_rejected_spaxels_are_faint():
    wild = mangapa.simulate_galaxy(n_fibres=19, outliers=0.05, seed=1).stellar
    cleaned = clean(wild)
    assert cleaned.rejection.any()
    faint, bright = cleaned.plot(colorbar=False).collections[:2]
    assert faint.get_alpha() < 0.5 < bright.get_alpha()
    assert np.ma.count(faint.get_array()) == np.count_nonzero(cleaned.rejection)
    assert np.ma.count(bright.get_array()) == cleaned.n_spaxels


def test_scattered_points_and_empty_fields_are_drawn():
    x, y = np.random.default_rng(1).normal(size=(2, 1, 50))
    assert VelocityField.from_arrays(x, x, y).plot().collections
    empty = VelocityField.from_arrays(x * np.nan, x, y)
    assert "no good spaxel" in [t.get_text() for t in empty.plot().texts]


def test_outliers_do_not_widen_the_colours():
    velocity = np.append(np.linspace(-100, 100, 1000), 5000)
    centre, span = colour_range(velocity)
    assert centre == pytest.approx(0, abs=1)
    assert span == pytest.approx(98, abs=1)
    assert colour_range(velocity, 50)[0] == 50
    assert colour_range(np.zeros(3)) == (0, 1)


def test_galaxy_is_drawn_without_results(galaxy):
    figure = mangapa.Galaxy(stellar=galaxy.stellar, name="NGC 1").plot()
    assert figure.get_suptitle() == "NGC 1"
    titles = [ax.get_title() for ax in figure.axes if ax.get_title()]
    assert titles == ["Stars"]
    assert "no map of this tracer" in figure.axes[1].texts[0].get_text()


@pytest.mark.parametrize("tracers", [("stellar",), ("stellar", "halpha")])
def test_a_galaxy_without_a_good_spaxel_is_drawn(galaxy, tracers):
    empty = {
        one: replace(getattr(galaxy, one), mask=np.ones_like(galaxy.stellar.mask))
        for one in tracers
    }
    figure = mangapa.measure(mangapa.Galaxy(**empty, name="NGC 1")).plot()
    texts = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert texts.count("no good spaxel") == len(tracers)


def test_a_missing_angle_is_stated(galaxy):
    ax = KinematicPA(flags=PAFlags.FIT_FAILED, field=galaxy.stellar).plot()
    assert "no position angle" in ax.get_title()
    assert "gave no finite angle" in ax.get_title()
    with pytest.raises(ValueError, match="no field to draw: the galaxy has no map"):
        KinematicPA(flags=PAFlags.NO_MAP).plot()


@pytest.mark.quick
def test_measurement_figure(galaxy):
    halpha = result_of(galaxy.halpha, pa=100)
    measurement = mangapa.Measurement(
        galaxy=galaxy,
        stellar=result_of(galaxy.stellar),
        halpha=halpha,
        misalignment=mangapa.misalignment(result_of(None), halpha),
        halpha_usability=mangapa.Usability(usable=True, score=0.876),
    )
    figure = measurement.plot()
    assert "9999-1901 simulated" in figure.get_suptitle()
    assert "DR17" not in figure.get_suptitle()
    assert r"misalignment 40.0 $\pm$ 7.1$\degree$" in figure.get_suptitle()
    assert len(figure.axes) == 4
    spans = [np.ptp(ax.collections[-1].get_clim()) for ax in figure.axes[:2]]
    assert spans[0] == pytest.approx(spans[1])
    titles = [ax.get_title() for ax in figure.axes]
    assert any(title.endswith("usable (0.88)") for title in titles)
    assert sum("usable" in title for title in titles) == 1
    figure.canvas.draw()


def test_measurement_without_gas(galaxy):
    missing = KinematicPA(flags=PAFlags.NO_MAP)
    measurement = mangapa.Measurement(
        galaxy=mangapa.Galaxy(stellar=galaxy.stellar, plateifu="8485-1901"),
        stellar=result_of(galaxy.stellar),
        halpha=missing,
        misalignment=mangapa.misalignment(10, missing),
    )
    figure = measurement.plot()
    texts = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert any("no map of this tracer" in text for text in texts)


def test_profile_is_drawn_on_the_map_and_below():
    warped = mangapa.simulate_galaxy(n_fibres=37, pa_stellar=350, warp=30, seed=1)
    profile = mangapa.pa_profile(warped.stellar, effective_radius=5)
    figure = profile.plot(result=result_of(warped.stellar, pa=350))
    figure.canvas.draw()
    measured = np.isfinite(profile["pa"])

    above = figure.axes[0]
    assert "asymmetry" in above.get_title()
    receding, approaching = (
        c.get_offsets() for c in above.collections if len(c.get_offsets()) == measured.sum()
    )
    np.testing.assert_allclose(receding, -approaching, atol=1e-9)
    angle = np.degrees(np.arctan2(*receding.T)) % 360
    np.testing.assert_allclose(angle, profile["pa"][measured].value, atol=1e-6)

    below = next(ax for ax in figure.axes if "Position angle" in ax.get_ylabel())
    points = np.concatenate([bars.lines[0].get_xydata() for bars in below.containers])
    assert len(points) == measured.sum()
    # No step at 360 degrees, and the ticks are angles again.
    assert np.ptp(points[:, 1]) < 60
    assert [below.yaxis.get_major_formatter()(angle, 0) for angle in (370, -10)] == ["10", "350"]


def test_angles_of_a_counter_rotating_core_are_180_deg_from_the_disc():
    galaxy = mangapa.simulate_galaxy(n_fibres=37, pa_stellar=64, core_radius=4, seed=1)
    profile = mangapa.pa_profile(galaxy.stellar)
    figure = profile.plot(result=result_of(galaxy.stellar, pa=64))
    below = next(ax for ax in figure.axes if "Position angle" in ax.get_ylabel())
    shown = below.containers[0].lines[0].get_xydata()[:, 1]
    line = below.lines[-1].get_ydata()[0]
    assert np.ptp([*shown, line]) < 200
    assert np.abs(shown - line).max() == pytest.approx(180, abs=12)


@pytest.mark.parametrize(
    ("options", "allowed"),
    [({"warp": 20}, {1, 2, 5, 10, 20}), ({"core_radius": 4}, {15, 30, 45, 60, 90})],
)
def test_ticks_of_angles_are_round(options, allowed):
    galaxy = mangapa.simulate_galaxy(n_fibres=37, pa_stellar=64, seed=1, **options)
    figure = mangapa.pa_profile(galaxy.stellar).plot()
    below = next(ax for ax in figure.axes if "Position angle" in ax.get_ylabel())
    steps = np.diff(below.get_yticks())
    np.testing.assert_allclose(steps, steps[0])
    assert steps[0] in allowed


def test_a_precise_axis_still_shows_its_error(galaxy):
    result = replace(result_of(galaxy.stellar, pa=90), pa_err=0.1 * u.deg)
    ax = result.plot()
    widths = [line.get_linewidth() for line in ax.lines if len(line.get_xydata()) > 2]
    assert widths == [3, 3]
    assert r"90.00 $\pm$ 0.10$\degree$" in ax.get_title()


def test_rings_of_opposite_directions_are_not_joined():
    galaxy = mangapa.simulate_galaxy(n_fibres=37, pa_stellar=64, core_radius=4, seed=1)
    profile = mangapa.pa_profile(galaxy.stellar)
    lines = [line.get_xydata() for line in profile.plot().axes[0].lines if line.get_path_effects()]
    assert len(lines) > 4
    for line in lines:
        step = np.hypot(*np.diff(line, axis=0).T)
        assert (step < 3).all()


def test_remarks_above_neighbouring_fields_do_not_overlap():
    warped = mangapa.simulate_galaxy(n_fibres=37, pa_stellar=20, warp=30, seed=1)
    figure = mangapa.measure(warped).plot()
    figure.canvas.draw()
    left, right = (ax.title.get_window_extent() for ax in figure.axes[:2])
    assert "a warp or bar" in figure.axes[0].get_title().replace("\n", " ")
    assert left.x1 < right.x0


def test_profile_without_a_map_shows_its_angles():
    galaxy = mangapa.simulate_galaxy(n_fibres=19, seed=1)
    part = mangapa.pa_profile(galaxy.stellar)[:4]
    figure = part.plot()
    assert len(figure.axes) == 1
    assert "arcsec" in figure.axes[0].get_xlabel()
    figure.canvas.draw()


def test_profile_of_noise_is_pale():
    noise = np.random.default_rng(1).normal(size=(21, 21))
    y, x = np.mgrid[-5:5.5:0.5, 5:-5.5:-0.5]
    profile = mangapa.pa_profile(VelocityField.from_arrays(noise, x, y))
    figure = profile.plot()
    figure.canvas.draw()
    unsure = np.isfinite(profile["pa"]) & (profile["pa_err"] > UNCONSTRAINED * u.deg)
    assert unsure.any()
    (below,) = (ax for ax in figure.axes if ax.get_ylabel().startswith("Position angle"))
    pale = [line for line in below.lines if line.get_color() == PALE and line.get_marker() == "o"]
    assert sum(len(line.get_xdata()) for line in pale) == unsure.sum()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("$x^{", r"\$x^{"),
        ("a$b$c", r"a\$b\$c"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb", r"a\nb"),
        ("latin\udce9", r"latin\udce9"),
        ("x" * 500, "x" * 57 + "..."),
    ],
)
def test_a_name_is_text_and_not_mathematics(galaxy, name, shown):
    named = mangapa.Galaxy(stellar=replace(galaxy.stellar, galaxy=name), name=name)
    measurement = mangapa.measure(named)
    Figure = pytest.importorskip("matplotlib.figure").Figure
    for drawn in (measurement, measurement.stellar_profile, named):
        figure = drawn.plot(Figure())
        figure.canvas.draw()
        texts = [figure.get_suptitle(), *(ax.get_title() for ax in figure.axes)]
        assert any(shown in text for text in texts)
    assert "<img " in measurement._repr_html_()


@pytest.mark.parametrize(("name", "value"), [("velocity", 1e160), ("x", 1e160), ("y", 1e4)])
def test_what_no_galaxy_has_is_not_drawn(galaxy, name, value):
    """It changes neither the frame nor the grid nor the colours."""
    one = galaxy.stellar
    arrays = {part: getattr(one, part).value.copy() for part in ("velocity", "x", "y")}
    place = tuple(np.argwhere(one.good)[0])
    arrays[name][place] = value
    field = VelocityField.from_arrays(**arrays, mask=one.mask)
    expected, found = one.plot(), clean(field).plot()
    assert found.get_xlim() == expected.get_xlim()
    assert type(found.collections[0]) is type(expected.collections[0])


@pytest.fixture
def with_dispersion(galaxy):
    """A cleaned field whose dispersions fall outwards, from 200 km/s; two are unknown."""
    field = clean(galaxy.stellar)
    dispersion = 200 * np.exp(-np.hypot(field.x.value, field.y.value) / 10)
    dispersion.flat[np.flatnonzero(field.good)[:2]] = np.nan
    return replace(field, dispersion=dispersion * u.km / u.s, instrumental_dispersion=None)


def test_dispersions_are_drawn(with_dispersion):
    ax = with_dispersion.plot(quantity="dispersion")
    image = ax.collections[-1]
    drawn = image.get_array().compressed()
    assert drawn.size == with_dispersion.n_spaxels - 2
    assert drawn.max() == pytest.approx(np.nanmax(with_dispersion.dispersion.value))
    assert image.get_cmap().name == DISPERSION_COLOURS
    assert image.get_clim() == dispersion_range(drawn)
    assert ax.figure.axes[-1].get_ylabel() == "Velocity dispersion (km/s)"
    assert ax.get_xlim()[0] > ax.get_xlim()[1]


def test_dispersions_are_free_of_the_instrument(with_dispersion):
    instrument = np.full(with_dispersion.mask.shape, 70) * u.km / u.s
    field = replace(with_dispersion, instrumental_dispersion=instrument)
    drawn = field.plot(quantity="dispersion").collections[-1].get_array().compressed()
    known = field.good & np.isfinite(field.dispersion)
    expected = np.maximum(field.dispersion.value[known] ** 2 - 70**2, 0)
    np.testing.assert_allclose(np.sort(drawn) ** 2, np.sort(expected), atol=1e-6)


def test_dispersions_that_a_field_lacks_cannot_be_drawn(galaxy):
    with pytest.raises(ValueError, match="quantity='dispersion', but the field has no dispersions"):
        replace(galaxy.stellar, dispersion=None).plot(quantity="dispersion")
    with pytest.raises(ValueError, match="quantity='flux' is not known; choose one of velocity"):
        galaxy.stellar.plot(quantity="flux")


def test_the_range_of_dispersions_leaves_out_the_wildest():
    values = np.array([*np.linspace(50, 150, 1000), np.nan, 9000])
    low, high = dispersion_range(values)
    assert 50 < low < 52
    assert 148 < high < 150
    assert dispersion_range(np.array([np.nan])) == (0, 1)
    assert dispersion_range(np.array([80.0])) == (80, 81)
