"""The light of real galaxies; see benchmarks/psi.py."""

from itertools import combinations

import numpy as np
import pytest
from astropy import units as u

from mangapa import Galaxy, photometric_misalignment, photometry, read_maps
from mangapa.angles import UNCONSTRAINED

pytestmark = pytest.mark.needs_photutils


def read(folder, name):
    """A galaxy of another survey whose file gives its light."""
    path = folder / "surveys" / name
    if not path.exists():
        pytest.skip(f"there is no {path}")
    galaxy = Galaxy.read(path)
    if galaxy.stellar.flux is None:
        pytest.skip(f"the reader of {name} gives no light")
    return galaxy


def apart(a, b):
    """Angle between two axes, in units of both errors."""
    angle = abs((a.pa - b.pa + 90 * u.deg) % (180 * u.deg) - 90 * u.deg)
    return (angle / np.hypot(a.pa_err, b.pa_err)).value


@pytest.mark.parametrize("name", ["8080-12701-MAPS-VOR10", "7815-3702-MAPS-HYB10"])
def test_header_against_light(shared_data, name):
    galaxy = read_maps(shared_data / f"manga-{name}-GAU-MILESHC.fits.gz")
    stated, measured = (photometry(galaxy, source=source) for source in ("header", "flux"))
    assert photometry(galaxy).source == "header"
    assert apart(stated, measured) < 1
    error = np.hypot(stated.ellipticity_err, measured.ellipticity_err)
    assert abs(stated.ellipticity - measured.ellipticity) < error
    for one in (stated, measured):
        psi = photometric_misalignment(galaxy, photometry=one)
        assert psi.angle < psi.error
    assert measured.pa_err.value < UNCONSTRAINED or measured.flags


@pytest.mark.parametrize(
    ("name", "pa", "pa_err", "ellipticity", "most"),
    [
        # The footprint ends where the disc begins to dominate over the bulge.
        ("atlas3d/NGC4570_4moments_ATLAS3d.fits", 159.3, 0.2, 0.73, 3.0),
        ("califa/NGC6278.V1200.rscube_INDOUSv2_SN20_stellar_kin.fits", 125.8, 1.3, 0.45, 1.5),
    ],
)
def test_published_axes(shared_data, name, pa, pa_err, ellipticity, most):
    """Krajnovic et al. 2011, Table D1."""
    galaxy = read(shared_data, name)
    found = photometry(galaxy)
    assert found.source == "flux"
    assert abs(found.pa.value - pa) < np.hypot(found.pa_err.value, pa_err)
    assert abs(found.ellipticity - ellipticity) < most * found.ellipticity_err
    psi = photometric_misalignment(galaxy)
    assert psi.angle < psi.error
    assert psi.probability_over_30 < 0.01


def test_repeat_observations(shared_data):
    found = [
        photometric_misalignment(
            read(shared_data, f"sami/41144_{letter}_stellar-velocity_default_two-moment.fits")
        )
        for letter in "ABCD"
    ]
    for one, other in combinations(found, 2):
        # The light of all four shares what its disc does to the axis, so compare the rotation's.
        error = np.hypot(*(psi.kinematic.pa_err_total.value for psi in (one, other)))
        assert abs((one.angle - other.angle).value) < 2 * error
        assert apart(one.photometric, other.photometric) < 0.5
        flatness, other_flatness = one.photometric.ellipticity, other.photometric.ellipticity
        assert abs(flatness - other_flatness) < one.photometric.ellipticity_err * 1.5
