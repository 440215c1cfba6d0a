from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u

import mangapa
from mangapa import Galaxy, PAFlags, UsabilityFlags, clean, fit_pa, measure
from mangapa.catalogue.columns import catalogue_columns, register_column
from mangapa.exceptions import FormatError
from mangapa.fitting import PAFit, available_methods, register_method
from mangapa.fitting._thin_disc import fit_disc
from mangapa.usability import _predict

IVAR = (u.km / u.s) ** -2


def test_the_whole_path(galaxy):
    found = measure(galaxy)
    assert abs(found.stellar.pa - 60 * u.deg) < 3 * u.deg
    assert abs(found.halpha.pa - 100 * u.deg) < 3 * u.deg
    assert abs(found.misalignment.angle - 40 * u.deg) < 4 * u.deg
    assert found.misalignment.misaligned
    alone = fit_pa(clean(galaxy.halpha))
    assert (found.halpha.pa, found.halpha.pa_err) == (alone.pa, alone.pa_err)
    assert found.galaxy.halpha is found.halpha.field
    assert "Measurement of 9999-1901" in repr(found)


def test_profiles_and_features(galaxy):
    """Those of the cleaned fields, in effective radii of the header, and the global angles."""
    measurement = mangapa.measure(galaxy)
    field = mangapa.clean(galaxy.halpha)
    alone = mangapa.pa_profile(field, effective_radius=galaxy.effective_radius)
    for name in alone.colnames:
        np.testing.assert_array_equal(measurement.halpha_profile[name], alone[name], err_msg=name)
    found = mangapa.features(measurement)
    assert found.counter_rotation == measurement.features.counter_rotation
    assert measurement.row()["halpha_kdc"] == found.halpha.kdc
    assert measurement.row()["stellar_warp_turn"] == found.stellar.warp_turn
    assert "profile" in measurement.seconds


@pytest.fixture
def disc_fits(monkeypatch):
    """The number of points of each disc that is fitted."""
    sizes = []

    def counted(points, pa_start, **options):
        sizes.append(points.velocity.size)
        return fit_disc(points, pa_start, **options)

    monkeypatch.setattr("mangapa.fitting._prepared.fit_disc", counted)
    return sizes


@pytest.mark.parametrize("options", [{}, {"velocity_error": 30, "v_sys": 0}])
def test_one_disc_is_fitted_for_each_field(galaxy, disc_fits, options):
    found = measure(galaxy, **options)
    assert len(disc_fits) == 2
    assert np.isfinite([found[tracer].usability.score for tracer in ("stellar", "halpha")]).all()
    assert len(found.stellar_profile) > 2


def test_bins_in_pieces_cost_the_network_another_disc(shared_data, disc_fits):
    """The network takes its bins from equal velocities; two of the 497 bins have two pieces."""
    true_file = shared_data / "manga-7815-3702-MAPS-HYB10-GAU-MILESHC.fits.gz"
    measure(true_file)
    # The centre of the stars seems to be off, which takes two more discs to say.
    assert sorted(disc_fits) == [497, 497, 497, 499, 766]


def test_options_reach_the_profile(galaxy):
    default, changed = measure(galaxy), measure(galaxy, velocity_error=30, v_sys=0)
    bare = replace(galaxy.stellar, ivar=np.full(galaxy.stellar.velocity.shape, 1 / 900) * IVAR)
    expected = mangapa.pa_profile(mangapa.clean(bare), effective_radius=galaxy.effective_radius)
    for name in ("pa", "pa_err", "k1", "v_sys"):
        unit = expected[name].unit
        found = changed.stellar_profile[name]
        np.testing.assert_allclose(found, expected[name], rtol=1e-4, atol=1e-3 * unit)
    assert np.any(changed.stellar_profile["pa_err"] != default.stellar_profile["pa_err"])
    score = default.stellar_usability.score
    assert changed.stellar_usability.score == pytest.approx(score, abs=1e-5)


def test_each_tracer_by_name(galaxy):
    found = measure(galaxy)
    assert [tracer for tracer, _ in found.tracers()] == ["stellar", "halpha"]
    for tracer, measured in found.tracers():
        assert measured.pa is getattr(found, tracer)
        assert measured.usability is getattr(found, f"{tracer}_usability")
        assert measured.profile is getattr(found, f"{tracer}_profile")
        assert measured.features is getattr(found.features, tracer)
        assert measured.field is found.galaxy.tracer(tracer)
    with pytest.raises(ValueError, match="tracer='gas' is not known"):
        found["gas"]


def test_probabilities_and_reliability(galaxy):
    """The disc is well measured, and its gas is 40 deg from the stars."""
    found = measure(galaxy)
    assert found["stellar"].reliability > 0.9
    assert f"reliability {found['halpha'].reliability:.2f}" in repr(found)
    assert "reliability" in found._repr_html_()
    row = found.row()
    assert row["stellar_reliability"] == found["stellar"].reliability
    assert row["halpha_reliability"] == found["halpha"].reliability
    assert row["misaligned_probability"] == found.misalignment.probability_misaligned > 0.9
    assert row["counter_rotating_probability"] < 0.01


@pytest.mark.promise(1)
def test_what_was_not_measured_has_no_probability(galaxy):
    found = measure(Galaxy(stellar=galaxy.stellar))
    assert np.isnan(found["halpha"].reliability)
    assert np.isnan(found.row()["misaligned_probability"])
    assert np.isnan(measure(galaxy, error=None)["stellar"].reliability)


@pytest.mark.promise(12)
def test_every_kind_of_source_gives_the_same_angle(maps_file, sas):
    by_path = measure(maps_file)
    by_text = measure(str(maps_file))
    by_galaxy = measure(mangapa.read_maps(maps_file))
    assert by_path.stellar.pa == by_text.stellar.pa == by_galaxy.stellar.pa
    by_name = measure("8485-1901")
    assert by_name.galaxy.plateifu == "8485-1901"
    assert by_name.galaxy.daptype == "HYB10-MILESHC-MASTARSSP"
    assert by_name.halpha.pa == measure(sas).halpha.pa


def test_missing_tracer_is_flagged(galaxy):
    found = measure(Galaxy(stellar=galaxy.stellar))
    assert np.isfinite(found.stellar.pa)
    assert np.isnan(found.halpha.pa)
    assert found.halpha.flags == PAFlags.NO_MAP
    assert np.isnan(found.misalignment.angle)
    assert found.misalignment.misaligned is None
    assert found.row()["halpha_flags"] == PAFlags.NO_MAP
    assert found.halpha_profile is None
    assert found.features.halpha.flags == PAFlags.NO_MAP


def test_row_holds_every_column(galaxy):
    row = measure(galaxy).row()
    assert list(row) == [column.name for column in catalogue_columns()]
    for name in ("plateifu", "stellar_pa", "halpha_pa", "pa_offset"):  # as published
        assert name in row
    for column in catalogue_columns():
        if column.unit is not None:
            assert row[column.name].unit.is_equivalent(column.unit)


def test_column_names_are_unique():
    with pytest.raises(ValueError, match="'plateifu' is registered already"):
        register_column("plateifu", str, "twice")


def test_cleaning_options_are_passed_on(galaxy):
    kept = measure(galaxy, sigma=None, min_region=0)
    assert kept.stellar.n_spaxels == galaxy.stellar.n_spaxels
    with pytest.raises(ValueError, match="sigma=-1 must be positive"):
        measure(galaxy, sigma=-1)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "source must be the path of a file, a list of the files of one galaxy, a plate-IFU"),
        (8485, "source must be the path of a file, .* not int"),
        (["8485-1901"], "source=.* holds an identifier.*; measure galaxies one by one"),
        ([8485], "a source must be a path, not int: 8485"),
    ],
)
def test_something_other_than_a_source(source, message):
    with pytest.raises(TypeError, match=message):
        measure(source)


def test_files_of_one_galaxy_must_be_its_own(maps_file, tmp_path):
    assert measure([maps_file]).source == str(maps_file)
    other = tmp_path / "manga-8485-1901-MAPS-mock.fits.gz"
    other.write_bytes(maps_file.read_bytes())
    with pytest.raises(FormatError, match=r"with it are of several galaxies or observations .*"):
        measure([maps_file, other])
    with pytest.raises(ValueError, match="path is an empty list"):
        measure([])


def test_a_path_is_not_taken_for_an_identifier():
    with pytest.raises(FileNotFoundError, match=r"there is no file \.\./\.\.-1901"):
        measure("../..-1901")


@pytest.mark.parametrize(
    ("source", "meant"),
    [
        (" 8485-1901", "8485-1901"),
        ("8485\N{EN DASH}1901", "8485-1901"),
        ("manga-8485-1901", "8485-1901"),
    ],
)
def test_an_odd_spelling_of_an_identifier_is_recognised(source, meant):
    with pytest.raises(FileNotFoundError, match=f"; did you mean the identifier '{meant}'\\?$"):
        measure(source)


def fit_stars(spaxels, *, n_steps):
    """A method that fails for the gas of ``galaxy``, whose axis is at 100 deg."""
    angle = np.degrees(spaxels.disc.angle) % 180
    if angle > 80:
        raise np.linalg.LinAlgError("Singular matrix")
    return PAFit(pa_axis=angle, error=spaxels.disc_error)


def assert_only_the_stars_are_measured(found, expected, step):
    assert list(found.errors) == ["halpha"]
    assert found.errors["halpha"].startswith(f"halpha: {step} failed (")
    assert found["halpha"].error == found.errors["halpha"]
    assert found["stellar"].error is None
    assert found.stellar.pa == expected.stellar.pa
    np.testing.assert_array_equal(found.stellar_profile["pa"], expected.stellar_profile["pa"])
    assert found.features.stellar.kdc == expected.features.stellar.kdc
    assert found.stellar_usability.usable
    assert np.isnan([found.halpha.pa.value, found.halpha_usability.score]).all()
    assert found.halpha.flags == PAFlags.NOT_MEASURED
    assert found.halpha_usability.flags == UsabilityFlags.NOT_MEASURED
    assert found.features.halpha.flags == PAFlags.NOT_MEASURED
    assert found.halpha_profile is None
    assert np.isnan(found.misalignment.angle)
    assert found.misalignment.misaligned is None
    assert found.misalignment.flags & PAFlags.NOT_MEASURED
    row = found.row()
    assert row["stellar_pa"] == expected.stellar.pa
    assert np.isnan(row["halpha_pa"])
    assert (row["halpha_flags"], row["halpha_usability_flags"]) == (1024, 128)
    assert (row["halpha_qual"], row["halpha_n_spaxels"], row["stel_qual"]) == (None, None, True)
    assert row["error"] == found.errors["halpha"]
    assert mangapa.features(found).stellar.kdc == expected.features.stellar.kdc
    assert found.errors["halpha"] in found._repr_html_()


@pytest.mark.promise(20)
def test_a_method_that_fails_for_one_tracer_costs_that_tracer(galaxy):
    if "fit stars" not in available_methods():
        register_method("fit stars", error="analytic")(fit_stars)
    found, expected = measure(galaxy, method="fit stars"), measure(galaxy)
    assert_only_the_stars_are_measured(found, expected, "fit")
    assert found.errors["halpha"] == "halpha: fit failed (LinAlgError: Singular matrix)"
    assert found.stellar_usability.score == expected.stellar_usability.score
    assert found.galaxy.halpha.n_spaxels == expected.galaxy.halpha.n_spaxels


@pytest.mark.promise(20)
@pytest.mark.parametrize(
    ("function", "step"),
    [
        ("clean_with", "cleaning"),
        ("prepare_for", "preparation"),
        ("fit_prepared", "fit"),
        ("usability_prepared", "usability"),
        ("profile_prepared", "profile"),
        ("field_features", "features"),
    ],
)
def test_any_step_that_fails_for_one_tracer_costs_that_tracer(galaxy, monkeypatch, function, step):
    expected = measure(galaxy)
    real = getattr(mangapa.measurement, function)

    def fail_for_gas(*arguments, **options):
        if any(is_of_gas(one) for one in arguments):
            raise ZeroDivisionError("injected")
        return real(*arguments, **options)

    def is_of_gas(argument):
        if isinstance(argument, list):
            return any(map(is_of_gas, argument))
        field = getattr(argument, "field", argument)  # of a prepared field, or of a profile
        return getattr(field, "tracer", None) == "halpha"

    monkeypatch.setattr(mangapa.measurement, function, fail_for_gas)
    found = measure(galaxy)
    assert_only_the_stars_are_measured(found, expected, step)
    assert found.errors["halpha"].endswith("(ZeroDivisionError: injected)")


def test_tracers_that_cannot_be_judged_together_are_judged_alone(galaxy, monkeypatch):
    def fail(one, other):
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr(_predict, "pair_descriptors", fail)
    found = measure(galaxy)
    assert found.errors == {}
    for _, measured in found.tracers():
        alone = mangapa.usability(measured.field)
        assert measured.usability.score == alone.score
        assert measured.usability.flags & UsabilityFlags.ONE_TRACER


def test_both_tracers_may_fail(galaxy, monkeypatch):
    def fail(prepared, **options):
        raise MemoryError

    monkeypatch.setattr(mangapa.measurement, "profile_prepared", fail)
    found = measure(galaxy)
    assert found.row()["error"] == (
        "stellar: profile failed (MemoryError: ); halpha: profile failed (MemoryError: )"
    )
    assert np.isnan([found.stellar.pa.value, found.halpha.pa.value]).all()


def test_what_is_wrong_for_every_galaxy_is_raised(galaxy, monkeypatch):
    with pytest.raises(ValueError, match="method='harmonic' has no analytic error"):
        measure(galaxy, method="harmonic", error="analytic")

    def fail(prepared, settings):
        raise ImportError("the method needs pafit")

    monkeypatch.setattr(mangapa.measurement, "fit_prepared", fail)
    with pytest.raises(ImportError, match="needs pafit"):
        measure(galaxy)


@pytest.mark.parametrize("radius", [0.0, -1.0, -999.0])
def test_an_effective_radius_that_cannot_be_costs_nothing(galaxy, radius):
    found = measure(replace(galaxy, header={"REFF": radius}))
    assert found.errors == {}
    assert np.isnan(found.stellar_profile["radius_re"]).all()
    assert found.stellar.pa == measure(galaxy).stellar.pa


def test_the_source_is_kept_as_it_was_given(maps_file, galaxy, monkeypatch, sas):
    monkeypatch.chdir(maps_file.parent)
    name = maps_file.name
    for given, expected in (
        (maps_file, str(maps_file)),
        (f"./{name}", f"./{name}"),
        (name.encode(), name),
        (np.str_(name), name),
        ("8485-1901", "8485-1901"),
        (np.bytes_(b"8485-1901"), "8485-1901"),
        (galaxy, None),
    ):
        found = measure(given)
        assert found.source == expected
        assert found.row()["source"] == expected
        assert found.row()["name"] == found.galaxy.plateifu


def test_a_tilde_is_the_home_folder(maps_file, monkeypatch):
    monkeypatch.setenv("HOME", str(maps_file.parent))
    found = measure(f"~/{maps_file.name}")
    assert found.stellar.pa == measure(maps_file).stellar.pa
    assert found.source == f"~/{maps_file.name}"


def test_a_folder_is_refused_with_the_way_out(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder; name one of its files, or use 'mang"):
        measure(tmp_path)


def test_options_may_be_numpy_scalars_and_quantities(galaxy):
    options = {"sigma": np.float32(3), "v_sys": 0 * u.km / u.s, "n_steps": np.int64(181)}
    found = measure(galaxy, **options, min_region=np.float64(0.1))
    assert found.stellar.pa == measure(galaxy, sigma=3, v_sys=0, n_steps=181).stellar.pa


def test_write(tmp_path):
    measurement = mangapa.measure(mangapa.simulate_galaxy(plateifu="8485-1901", seed=1))
    path = measurement.write(tmp_path / "mine.ecsv")
    (row,) = mangapa.read_catalogue(path)
    assert row["plateifu"] == "8485-1901"
    assert row["stellar_pa"] == measurement.stellar.pa
    with pytest.raises(ValueError, match=r"mine\.txt"):
        measurement.write(tmp_path / "mine.txt")
