"""Angles of real velocity fields against the published ones (Duckworth et al. 2020)."""

import numpy as np
import pytest

from mangapa import fit_pa

PUBLISHED = {"velocity_error": 10, "v_sys": 0, "error": None}


def differences(fields, results, period):
    from published_angles import apart, published_angle
    from real_fields import published_catalogue

    catalogue = published_catalogue()
    published = np.array([published_angle(catalogue, field) for field in fields])
    return apart(np.array([result.pa.value for result in results]), published, period)


@pytest.fixture(scope="module")
def some_fields():
    """About 400 fields of all classes."""
    import real_fields

    if not real_fields.SHARED_DATA.is_dir():
        pytest.skip(f"there are no real data at {real_fields.SHARED_DATA}; set MANGAPA_SHARED_DATA")
    chosen = np.random.default_rng(7).permutation(real_fields.n_velocity_fields())[:400]
    return list(real_fields.velocity_fields(only=set(chosen.tolist())))


@pytest.fixture(scope="module")
def clean_fields(some_fields):
    from published_angles import expert_class
    from real_fields import published_catalogue

    catalogue = published_catalogue()
    return [field for field in some_fields if expert_class(catalogue, field) == "2"]


def test_symmetry_reproduces_the_published_angles(some_fields):
    results = fit_pa(some_fields, method="symmetry", **PUBLISHED)
    axis = differences(some_fields, results, 180)
    assert np.mean(axis <= 0.5) > 0.80
    assert np.mean(axis <= 1) > 0.88
    assert np.mean(axis <= 5) > 0.96
    assert np.mean(differences(some_fields, results, 360) <= 90) > 0.98


@pytest.mark.parametrize("method", ["disc", "harmonic"])
def test_other_methods_agree_on_clean_fields(clean_fields, method):
    results = fit_pa(clean_fields, method=method, **PUBLISHED)
    axis = differences(clean_fields, results, 180)
    assert np.median(axis) < 2
    assert np.mean(axis <= 5) > 0.80
    assert np.mean(differences(clean_fields, results, 360) <= 90) > 0.99


def test_clean_fields_have_smaller_errors(some_fields, clean_fields):
    errors = {id(r.field): r.pa_err.value for r in fit_pa(some_fields)}
    assert all(0 < error <= 52 for error in errors.values())
    clean = [errors[id(field)] for field in clean_fields]
    assert np.median(clean) < 2
    assert np.median(list(errors.values())) > np.median(clean)


@pytest.mark.slow
@pytest.mark.needs_pafit
def test_pafit_reproduces_the_published_angles(clean_fields):
    chosen = clean_fields[::10][:12]
    results = fit_pa(chosen, method="pafit", **PUBLISHED)
    axis = differences(chosen, results, 180)
    assert np.mean(axis <= 0.5) >= 0.75
    assert np.all(axis <= 5)
