"""Kinemetry of galaxies whose mean k5 / k1 is published."""

import numpy as np
import pytest

import mangapa

#: Table D1 of Krajnovic et al. 2011.
PUBLISHED = {
    "atlas3d/NGC4570_4moments_ATLAS3d.fits": (0.011, 0.004),
    "califa/NGC6278.V1200.rscube_INDOUSv2_SN20_stellar_kin.fits": (0.024, 0.010),
    "atlas3d/NGC2974_SAURON_kinematics.dat": (0.007, 0.003),
}
#: MEAN_K51_RE of SAMI DR3 for observation A of 41144.
SAMI_K51 = 0.0131
SAMI = "sami/41144_{}_stellar-velocity_{}_two-moment.fits"


def kinemetry_of(path):
    return mangapa.kinemetry(mangapa.clean(mangapa.Galaxy.read(path).stellar))


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_regular_rotators(shared_data, name):
    found = kinemetry_of(shared_data / "surveys" / name)
    published, error = PUBLISHED[name]
    assert abs(found.k51 - published) < 1.5 * np.hypot(found.k51_err, error)
    # The published mean has the noise of its field in it, as this one has.
    assert abs(found.k51_observed - published) < 0.012
    assert found.k51 < 0.04


@pytest.mark.parametrize("binning", ["default", "adaptive"])
def test_repeated_observations_agree(shared_data, binning):
    paths = [shared_data / "surveys" / SAMI.format(letter, binning) for letter in "ABCD"]
    found = [kinemetry_of(path) for path in paths]
    for i, one in enumerate(found):
        for other in found[:i]:
            assert abs(one.k51 - other.k51) < 1.5 * np.hypot(one.k51_err, other.k51_err)
        assert abs(one.k51 - SAMI_K51) < 1.5 * one.k51_err
    assert found[0].k51_observed == pytest.approx(SAMI_K51, abs=0.006)


def test_shapes_of_a_true_file(shared_data):
    galaxy = mangapa.read_maps(shared_data / "manga-7815-3702-MAPS-HYB10-GAU-MILESHC.fits.gz")
    field = mangapa.clean(galaxy.stellar)
    light = mangapa.kinemetry(field, moment="flux", effective_radius=galaxy.effective_radius)
    outer = light[np.isfinite(light["pa"]) & (light["radius_re"] > 0.7)]
    assert len(outer) >= 5
    # The cards ECOOPA and ECOOELL are from a deeper image.
    off = (outer["pa"] - galaxy.photometric_pa).to_value("deg")
    assert np.median(np.abs((off + 90) % 180 - 90)) < 15
    assert np.median(outer["axis_ratio"].value) == pytest.approx(1 - galaxy.ellipticity, abs=0.07)
    rotation = mangapa.kinemetry(field, effective_radius=galaxy.effective_radius)
    assert rotation.meta["weighting"] == "flux"
    assert rotation.k51 < 0.02
