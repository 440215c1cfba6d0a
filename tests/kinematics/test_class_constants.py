"""Every tuned constant of the classes is held by a reference value."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from mangapa.kinematics import _class_evidence, _classes, _two_sigma
from tests.kinematics.class_reference import PATH, values

MODULES = (_two_sigma, _class_evidence, _classes)
#: Constants that guard against overflow.
FREE = {"CERTAIN"}
REFERENCE = json.loads(PATH.read_text())


def constants():
    for module in MODULES:
        text = Path(module.__file__).read_text()
        assigned = re.findall(r"^((?:[A-Z][A-Z_0-9]*, )*[A-Z][A-Z_0-9]*) = ", text, re.M)
        for name in ", ".join(assigned).split(", "):
            value = np.asarray(getattr(module, name), object)
            if name not in FREE and all(isinstance(one, (int, float)) for one in value.flat):
                yield pytest.param(module, name, id=f"{module.__name__.rpartition('.')[2]}.{name}")


def differs(found, expected):
    if isinstance(expected, list):
        return any(differs(*pair) for pair in zip(found or [], expected, strict=True))
    if expected is None or found is None:
        return found is not expected
    return found != pytest.approx(expected, rel=1e-5, abs=1e-9, nan_ok=True)


def differences():
    found = values()
    assert found.keys() == REFERENCE.keys()
    return [name for name, expected in REFERENCE.items() if differs(found[name], expected)]


def test_reference_values():
    assert differences() == []


@pytest.mark.slow
@pytest.mark.parametrize(("module", "name"), constants())
def test_a_careless_change_is_noticed(module, name, monkeypatch):
    value = getattr(module, name)
    if isinstance(value, tuple):
        changed = tuple(1.25 * one for one in value)
    else:
        changed = value + 1 if isinstance(value, int) else 1.25 * value
    monkeypatch.setattr(module, name, changed)
    try:
        found = differences()
    except ValueError:
        # Lists of another length.
        found = [name]
    assert found
