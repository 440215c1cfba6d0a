"""
Reference values of kinematic classes, which depend on every tuned constant.

    python -m tests.kinematics.class_reference    # write them anew
"""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from astropy import units as u

from mangapa import kinematic_classes
from mangapa.fitting._prepared import prepare
from mangapa.kinematics import _class_evidence as evidence
from mangapa.kinematics._two_sigma import dispersion_axis, dispersion_peaks, dispersions_of
from mangapa.profiles import FieldFeatures
from tests.kinematics.two_discs import ROUND, X, Y, discs

PATH = Path(__file__).with_name("classes.json")
#: Cut in half, and with a gap near the major axis.
GAP = (np.abs(X - 0.58 * Y) < 1.5) & (Y > 1)
FIELDS = {
    "two discs": {"share": 0.4},
    "noisy": {"share": 0.4, "error": 15.0, "seed": 1},
    "weak": {"share": 0.08, "error": 6.0, "seed": 2},
    "bulge": {"share": 0.0, "bulge": 80.0},
    "cold": {"share": 0.1, "dispersion": 12.0},
    "gap": {"share": 0.4, "mask": ~ROUND | GAP},
    "no errors": {"share": 0.3, "dispersion_ivar": None},
    "flat": {"share": 0.4, "axis_ratio": 0.2},
    "small": {"share": 0.4, "mask": np.hypot(X, Y) > 4},
}


def values():
    """Return all reference values by name, as plain numbers."""
    found = {}
    for name, options in FIELDS.items():
        data = dispersions_of(prepare(discs(**options)))
        for radius in (np.nan, 8.0):
            peaks = dispersion_peaks(data, 30.0, options.get("axis_ratio", 0.6), radius)
            found[f"{name}, {radius}"] = None if peaks is None else list(asdict(peaks).values())
        found[f"{name}, axis"] = dispersion_axis(data, 0.6, 30.0)
    for name, pa, turned in (("aligned", 30.0, 40.0), ("turned", 30.0, 47.0)):
        classes = kinematic_classes(
            discs(0.3, pa=pa), effective_radius=6, photometric_pa=turned, ellipticity=0.4
        )
        found[f"axis of light, {name}"] = [classes.peak_axis.value, classes.peak_radius.value]
    for error in (20.0, 37.0, 50.0):
        slow = discs(0.48, error=error, seed=3)
        found[f"slow, {error}"] = int(kinematic_classes(slow).flags)
    for radius in (19.0, 25.0):
        found[f"reach, {radius}"] = int(
            kinematic_classes(discs(0.4), effective_radius=radius).flags
        )
    for reach in (2.5, 3.0, 3.5, 4.0, 5.0):
        short = discs(0.4, mask=np.hypot(X, Y) > reach)
        found[f"rings, {reach}"] = int(kinematic_classes(short).flags)
    return found | _of_evidence()


def _of_evidence():
    features = FieldFeatures(
        kdc=0.3,
        kdc_significance=2.0,
        kdc_turn=140 * u.deg,
        kdc_turn_err=20 * u.deg,
        warp_turn=12 * u.deg,
        warp_turn_err=1.5 * u.deg,
    )
    peaks = dispersion_peaks(dispersions_of(prepare(discs(0.1, error=8.0))), 30.0, 0.6, 6.0)
    k1, error = np.array([50.0, 80, 76, 79, 90]), np.full(5, 1.0)
    return {
        "regular": evidence.regular_rotator(0.035, 0.01),
        "low level": evidence.low_level_velocity(np.array([3.0, 5.0]), np.array([1.0, 1.2])),
        "twist": evidence.kinematic_twist(features),
        "core": evidence.decoupled_core(features),
        "turned core": evidence.counter_rotating(features),
        "maxima": evidence.double_maximum(k1, error),
        "peaks": evidence.two_sigma(peaks),
        "discs": evidence.counter_rotating_discs(peaks, 0.1),
    }


if __name__ == "__main__":
    PATH.write_text(json.dumps(values(), indent=1) + "\n")
