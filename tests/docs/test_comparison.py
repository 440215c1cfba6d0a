"""Our numbers in docs/comparison.csv are those of today."""

import numpy as np
import pytest

import mangapa

comparison_fields = pytest.importorskip("comparison_fields")
other_tools = pytest.importorskip("other_tools")
RUNS = {"mangapa": other_tools.run_mangapa, "mangapa.kinemetry": other_tools.run_kinemetry}
ROWS = other_tools.read_rows()


def assert_today(rows, field):
    """Compare fresh rows of a field with those of the CSV, to the last digit that is written."""
    written = {(r.quantity, r.tool): r for r in ROWS if r.field == field and r.tool in RUNS}
    written = {key: row for key, row in written.items() if key[0] != other_tools.TIME}
    assert {(row.quantity, row.tool) for row in rows} == set(written)
    for row in rows:
        old = written[row.quantity, row.tool]
        step = 10.0 ** -other_tools.DIGITS.get(row.quantity, 1)
        message = f"{field}, {row.tool}, {row.quantity}: run benchmarks/other_tools.py"
        off = row.value - old.value
        if row.quantity.startswith("pa"):
            off = (off + 180) % 360 - 180
        assert abs(off) < 0.6 * step, message
        assert np.isclose(row.error, old.error, rtol=0, atol=0.6 * step, equal_nan=True), message


@pytest.mark.parametrize("name", comparison_fields.REAL)
def test_real_fields(shared_data, name):
    field = comparison_fields.real_field(name)
    rows = [
        row
        for tool, run in RUNS.items()
        for row in other_tools.rows_of(name, tool, "run", run(field))
    ]
    assert_today(rows, name)


@pytest.mark.slow
@pytest.mark.parametrize("family", comparison_fields.FAMILIES)
def test_simulated_fields(shared_data, family):
    fields = comparison_fields.simulated(family)
    cleaned = [mangapa.clean(one.field) for one in fields]
    rows = []
    for tool, run in RUNS.items():
        results = [run(field) for field in cleaned]
        rows += other_tools.simulated_rows(family, tool, "run", fields, results)
    assert_today(rows, family)


def test_published_numbers(shared_data):
    written = [row for row in ROWS if "published" in row.tool]
    fresh = comparison_fields.published_rows()
    assert [(r.field, r.quantity, r.tool) for r in written] == [
        (r.field, r.quantity, r.tool) for r in fresh
    ]
    for old, new in zip(written, fresh, strict=True):
        assert old.value == pytest.approx(new.value, abs=0.051)


def test_other_tools_have_their_version():
    others = [row for row in ROWS if row.tool in ("pafit", "BBarolo")]
    assert others
    assert all(row.source.startswith("run, ") for row in others)
