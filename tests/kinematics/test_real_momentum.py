"""Angular momentum and spin of true MAPS files."""

from dataclasses import replace

import numpy as np
import pytest

import mangapa
from mangapa import AngularMomentumFlags, SpinFlags

FILES = {
    "8080-12701": "manga-8080-12701-MAPS-VOR10-GAU-MILESHC.fits.gz",
    "7815-3702": "manga-7815-3702-MAPS-HYB10-GAU-MILESHC.fits.gz",
}


@pytest.fixture(params=FILES)
def galaxy(request, shared_data):
    return mangapa.read_maps(shared_data / FILES[request.param])


def momentum_of(galaxy, tracer, **options):
    return mangapa.angular_momentum(
        mangapa.clean(galaxy.tracer(tracer)),
        effective_radius=galaxy.effective_radius,
        radius="major_axis",
        pa=galaxy.photometric_pa,
        ellipticity=galaxy.ellipticity,
        **options,
    )


def test_a_galaxy_needs_no_options(galaxy):
    clean = replace(galaxy, halpha=mangapa.clean(galaxy.halpha))
    found = mangapa.angular_momentum(clean, "halpha")
    given = momentum_of(galaxy, "halpha")
    assert (found.lambda_r, found.pa) == (given.lambda_r, given.pa)
    assert found.ellipticity == pytest.approx(given.ellipticity)
    correction = {"sersic_index": 2, "beam_correction": "graham2018"}
    sharp = mangapa.angular_momentum(clean, "halpha", **correction)
    assert sharp.lambda_r_corrected > found.lambda_r


def test_both_galaxies_are_discs(galaxy):
    gas = momentum_of(galaxy, "halpha")
    assert gas.coverage > 0.95
    assert 0.55 < gas.lambda_r < 0.95
    assert 0 < gas.lambda_r_err_total < 0.05
    assert gas.probability_fast_cappellari2016 > 0.99
    stars = momentum_of(galaxy, "stellar", beam=2.5, sersic_index=2, beam_correction="graham2018")
    if galaxy.plateifu == "7815-3702":
        assert stars.flags == AngularMomentumFlags.NO_INSTRUMENT
        assert np.isnan(stars.lambda_r)
    else:
        assert not stars.flags
        assert 0.7 < stars.lambda_r < 0.8 < stars.lambda_r_corrected < 0.9
        assert stars.lambda_r < gas.lambda_r
        assert stars.noise_bias < 0.02


def test_their_spins_are_perpendicular_to_the_receding_side(galaxy):
    ratio = 1 - galaxy.ellipticity
    light = {"inclination": np.degrees(np.arccos(ratio)), "inclination_err": 8}
    spin = mangapa.spin_vector(galaxy, **light)
    assert spin.flags & ~SpinFlags.NOT_A_DISC == SpinFlags.NEAR_SIDE_UNKNOWN
    angle, ra, dec = (
        np.radians(part.to_value("deg"))
        for part in (spin.position_angle, galaxy.centre.ra, galaxy.centre.dec)
    )
    east = np.array([-np.sin(ra), np.cos(ra), 0])
    north = np.array([-np.sin(dec) * np.cos(ra), -np.sin(dec) * np.sin(ra), np.cos(dec)])
    receding = np.sin(angle) * east + np.cos(angle) * north
    assert receding @ spin.solutions.xyz.value == pytest.approx(0, abs=1e-9)
    gas = mangapa.spin_vector(galaxy, "halpha", **light)
    between = spin.angle_to(gas)
    # Stars and gas rotate together: one of the pairs agrees.
    assert between.angle.min().to_value("deg") < 3 * between.error.max().to_value("deg")


def test_a_disc_that_hardly_shows_its_inclination_has_no_spin(shared_data):
    galaxy = mangapa.read_maps(shared_data / FILES["7815-3702"])
    spin = mangapa.spin_vector(galaxy)
    assert spin.flags == SpinFlags.NO_INCLINATION
    assert len(spin.solutions) == 0
