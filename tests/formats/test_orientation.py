"""However the sky is put into a file, the angle on the sky stays the same."""

import inspect
from dataclasses import replace

import numpy as np
import pytest

from mangapa import fit_pa
from mangapa.formats import read_galaxy
from tests.formats.shaped import WRITERS
from tests.formats.shaped.scene import Scene

#: Hardly any noise, so that what is left is the orientation.
SCENE = Scene(error=0.3)
#: Largest change of the angle, degrees.
TOLERANCE = 0.1
#: Mutations of the default suite, and of the slow one.
FEW, MANY = 30, 1000


def mutated(number):
    """A scene in an image of any orientation, the same for the same number, and its options."""
    rng = np.random.default_rng(number)
    side = rng.integers(30, 40, 2)
    scene = replace(
        SCENE,
        pa=float(rng.uniform(0, 360)),
        rotation=float(rng.choice([0.0, 90.0, rng.uniform(-180, 180)])),
        flip_x=bool(rng.integers(2)),
        flip_y=bool(rng.integers(2)),
        cd_matrix=bool(rng.integers(2)),
        shape=tuple(int(one) for one in side),
        shift=tuple(float(one) for one in rng.uniform(-3, 3, 2)),
        pixel=float(rng.choice([0.4, 0.5, 0.8])),
        ra=float(rng.choice([0.0, 359.9999, 0.001, rng.uniform(0, 360)])),
        dec=float(rng.choice([-89.0, 0.0, 89.0, rng.uniform(-80, 80)])),
        seed=number,
    )
    options = {"unit": str(rng.choice(["km/s", "m/s"])), "absolute": bool(rng.integers(2))}
    # Files of a few lines are written faster.
    return scene, {**options, "lines": ("HB4861", "HA6562")}


def assert_angle_stays(name, number, folder):
    """Write a mutation in a format, read it, and compare the angle with that on the sky."""
    scene, options = mutated(number)
    writer = WRITERS[name]
    known = inspect.signature(writer).parameters
    path = writer(scene, folder, **{key: one for key, one in options.items() if key in known})
    galaxy = read_galaxy(path)
    fields = [field for field in (galaxy.stellar, galaxy.halpha) if field is not None]
    assert fields, number
    for field in fields:
        result = fit_pa(field, error=None)
        off = (result.pa.value - scene.pa + 180) % 360 - 180
        assert abs(off) < TOLERANCE, (number, scene, options, result)
    if galaxy.centre is not None:
        # Where the file does not state it, it is only near.
        tolerance = 1 if galaxy.centre_is_nominal else 0.01
        assert galaxy.centre.separation(scene.centre).arcsec < tolerance, (number, scene)


@pytest.mark.promise(17)
@pytest.mark.parametrize("name", WRITERS)
def test_mutations_of_headers(name, tmp_path):
    for number in range(FEW):
        assert_angle_stays(name, number, tmp_path)


@pytest.mark.slow
@pytest.mark.promise(17)
@pytest.mark.parametrize("name", WRITERS)
def test_many_mutations_of_headers(name, tmp_path):
    for number in range(FEW, MANY):
        assert_angle_stays(name, number, tmp_path)
