from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u

import mangapa
from mangapa import Galaxy, PAFlags, clean, fit_pa, measure
from mangapa.catalogue.columns import catalogue_columns, register_column
from mangapa.fitting._thin_disc import fit_disc

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

    def counted(points, pa_start):
        sizes.append(points.velocity.size)
        return fit_disc(points, pa_start)

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
    assert sorted(disc_fits) == [497, 499, 766]


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


@pytest.mark.parametrize("source", [None, 8485, ["8485-1901"]])
def test_something_other_than_a_source(source):
    with pytest.raises(TypeError, match="source must be the path of a file, a plate-IFU"):
        measure(source)


def test_a_path_is_not_taken_for_an_identifier():
    with pytest.raises(FileNotFoundError, match=r"there is no file \.\./\.\.-1901"):
        measure("../..-1901")
