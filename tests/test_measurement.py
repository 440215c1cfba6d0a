import numpy as np
import pytest
from astropy import units as u

import mangapa
from mangapa import Galaxy, PAFlags, clean, fit_pa, measure
from mangapa.catalogue.columns import catalogue_columns, register_column


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
    with pytest.raises(TypeError, match="source must be the path of a MAPS file, a plate-IFU"):
        measure(source)


def test_a_path_is_not_taken_for_an_identifier():
    with pytest.raises(FileNotFoundError, match=r"there is no file \.\./\.\.-1901"):
        measure("../..-1901")
