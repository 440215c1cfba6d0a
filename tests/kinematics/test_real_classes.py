"""Real galaxies of known class; see benchmarks/published_classes.py."""

import numpy as np
import pytest

from mangapa import clean, kinematic_classes, measure
from mangapa.kinematics import _class_evidence as evidence


@pytest.mark.parametrize("name", ["NGC4570", "NGC6278", "NGC2974"])
def test_regular_rotators_of_table_d1(shared_data, name):
    from published_classes import published_fields, published_table

    row, field = published_table()[name], published_fields()[name]
    found = kinematic_classes(
        clean(field), photometric_pa=float(row["PAphot"]), ellipticity=float(row["EPS"])
    )
    assert row["symbols"] == "e"
    assert found.groups["e"] > 0.8
    assert found.two_sigma < 0.05
    both = np.hypot(found.k51_err, float(row["erk51"]))
    assert abs(found.k51 - float(row["k51"])) < 1.5 * both


def test_the_published_rule(shared_data):
    """A galaxy is a non-regular rotator where k5/k1 less its error exceeds 0.04."""
    from published_classes import published_table

    rows = [row for row in published_table().values() if "/" in row["kinstruct"]]
    regular = np.array([row["kinstruct"].startswith("RR") for row in rows])
    probability = np.array(
        [evidence.regular_rotator(float(row["k51"]), float(row["erk51"])) for row in rows]
    )
    assert np.mean((probability > 0.1587) == regular) > 0.99


def test_a_maps_file(real_maps):
    measurement = measure(real_maps)
    stars, gas = (kinematic_classes(measurement, tracer) for tracer in ("stellar", "halpha"))
    assert stars.regular_rotator > 0.9
    assert stars.two_sigma < 0.2
    assert sum(stars.groups.values()) == pytest.approx(1)
    assert gas.regular_rotator > 0.9
    assert np.isnan(gas.two_sigma)
