"""Real fields: a published PA(R) and the expert's flags; see benchmarks/profiles.py."""

import numpy as np
import pytest

from mangapa import clean, features, pa_profile, read_maps


def test_follows_the_published_trace(shared_data):
    from real_fields import radon_example

    field, (offset, axis, error) = radon_example()
    profile = pa_profile(field)
    measured = np.isfinite(profile["pa"])
    radius = profile["radius"][measured].value
    inside = np.abs(offset) <= radius.max()
    at = np.abs(offset[inside])
    ours = np.interp(at, radius, profile["pa"][measured].value % 180)
    our_error = np.interp(at, radius, profile["pa_err"][measured].value)
    near = np.abs(ours - axis[inside]) <= np.hypot(our_error, error[inside])
    assert inside.sum() > 30
    assert near.mean() >= 0.8
    assert features(field).stellar.found == ()


def test_a_real_file(real_maps):
    galaxy = read_maps(real_maps)
    for field in (clean(galaxy.stellar), clean(galaxy.halpha)):
        profile = pa_profile(field, effective_radius=galaxy.effective_radius)
        measured = np.isfinite(profile["pa"])
        assert measured.sum() > 8
        apart = (profile["pa"][measured].value - 5 + 180) % 360 - 180
        assert np.median(np.abs(apart)) < 5
        assert profile["radius_re"][measured].max() > 1
        assert profile.field_asymmetry < 0.1


@pytest.fixture(scope="module")
def flagged():
    """Usable stellar fields: all with a flagged core, and some without a flag."""
    import real_fields
    from real_features import KDC, NOTHING

    if not real_fields.SHARED_DATA.is_dir():
        pytest.skip(f"there are no real data at {real_fields.SHARED_DATA}; set MANGAPA_SHARED_DATA")
    catalogue = real_fields.published_catalogue()
    plain, cores = [], []
    for field in real_fields.velocity_fields():
        row = catalogue[field.galaxy]
        if field.tracer == "stellar" and row["stel_qual"] in ("1", "2"):
            flag = int(row["stel_feature"])
            if flag in (KDC, NOTHING):
                (cores if flag == KDC else plain).append(field)
    return plain[::12], cores


def test_cores_that_the_expert_flagged(flagged):
    from real_features import area

    plain, cores = ([features(field).stellar for field in fields] for fields in flagged)
    assert len(cores) == 18
    kdc = np.array([one.kdc for one in (*plain, *cores)])
    is_core = np.arange(kdc.size) >= len(plain)
    assert np.isfinite(kdc).all()
    assert area(kdc, is_core) >= 0.9
    assert np.mean(["kdc" in one.found for one in plain]) < 0.03
    # The probabilities account for the small share of cores.
    assert np.mean(kdc[~is_core]) < 0.02 < 0.2 < np.mean(kdc[is_core])
