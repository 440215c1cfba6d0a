"""Measured values stay equal to 1e-5; see tests/reference/table.py."""

import json
import math

import pytest

from tests.reference import table

REFERENCE = json.loads(table.TABLE.read_text())
#: Tolerances: relative, and absolute for values that are zero except for rounding.
RELATIVE, ABSOLUTE = 1e-5, 1e-7


def differences(found, expected, where):
    """Yield a line for each value that differs."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys(), where
        for name in expected:
            yield from differences(found[name], expected[name], f"{where} {name}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for number, (one, other) in enumerate(zip(found, expected, strict=True)):
            yield from differences(one, other, f"{where} [{number}]")
    elif isinstance(expected, str) or None in (found, expected):
        if found != expected:
            yield f"{where}: {found} for {expected}"
    elif not math.isclose(found, expected, rel_tol=RELATIVE, abs_tol=ABSOLUTE):
        yield f"{where}: {found} for {expected}"


def check(cases):
    found = [
        difference
        for name, compute in cases
        for difference in differences(table.plain(compute()), REFERENCE[name], name)
    ]
    assert not found, "\n".join(found[:40])


def test_every_reference_value_has_a_case(shared_data):
    cases = dict(table.cases()) | dict(table.pafit_cases()) | dict(table.real_cases())
    assert cases.keys() == REFERENCE.keys()


@pytest.mark.promise(12)
def test_simulated_fields():
    check(table.cases())


@pytest.mark.promise(12)
@pytest.mark.needs_pafit
def test_pafit():
    check(table.pafit_cases())


@pytest.mark.promise(12)
def test_true_files(shared_data):
    check(table.real_cases())
