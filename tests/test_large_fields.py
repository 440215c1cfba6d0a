"""Memory and time grow no faster than the number of spaxels, wherever the spaxels are."""

import json
import subprocess
import sys

import numpy as np
import pytest

import mangapa

#: Measures one function on one field in a fresh process; prints seconds, and bytes at the peak.
PROBE = """
import json, resource, sys, time
import numpy as np
import mangapa

name, kind, side, far = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
rng = np.random.default_rng(1)
row, column = np.indices((side, side))
x, y = (0.5 * (part - side / 2) for part in (column, row))
if kind != "map":
    x, y = x + rng.uniform(-0.2, 0.2, x.shape), y + rng.uniform(-0.2, 0.2, x.shape)
velocity = 120 * x / np.hypot(np.hypot(x, y / 0.6), side / 20) + rng.normal(scale=8, size=x.shape)
if kind == "far":
    x = x + far
if kind == "stray":
    x[0, 0] += far
if kind == "thin":
    x = x + 15 * y
field = mangapa.VelocityField.from_arrays(velocity, x, y)
small = mangapa.simulate_galaxy(n_fibres=19).stellar
run = {
    "disc": mangapa.fit_pa,
    "harmonic": lambda f: mangapa.fit_pa(f, method="harmonic", error=None),
    "symmetry": lambda f: mangapa.fit_pa(f, method="symmetry", n_steps=31, error=None),
    "clean": mangapa.clean,
    "usability": mangapa.usability,
    "profile": mangapa.pa_profile,
    "kinemetry": mangapa.kinemetry,
}[name]
run(small)  # what is loaded once does not count
# The allocations of numpy are counted; a peak of the process would hold those of the field.
import tracemalloc
tracemalloc.start()
start = time.process_time()
run(field)
seconds = time.process_time() - start
print(json.dumps([seconds, tracemalloc.get_traced_memory()[1]]))
"""
FUNCTIONS = ("disc", "harmonic", "symmetry", "clean", "usability", "profile", "kinemetry")


def measured(name, kind, side, far=0.0):
    """Seconds, and bytes at the peak."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROBE, name, kind, str(side), str(far)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.promise(22)
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(
    ("kind", "far"),
    [("far", 100.0), ("far", 500.0), ("stray", 100.0), ("stray", 10_000.0), ("thin", 0.0)],
)
@pytest.mark.slow
def test_where_spaxels_are_costs_nothing(name, kind, far):
    seconds, peak = measured(name, kind, 20, far)
    assert seconds < 5
    assert peak < 100e6


@pytest.mark.promise(22)
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("kind", ["map", "scattered"])
@pytest.mark.slow
def test_memory_and_time_grow_like_the_spaxels(name, kind):
    """From 2,500 to 250,000 spaxels, and what every call takes."""
    few_seconds, few_bytes = measured(name, kind, 50)
    many_seconds, many_bytes = measured(name, kind, 500)
    assert many_bytes < 100 * (few_bytes + 1e6)
    assert many_bytes < 1000 * 250_000
    assert many_seconds < 100 * (few_seconds + 0.05)


@pytest.mark.promise(22)
@pytest.mark.parametrize("kind", ["map", "holes", "list"])
@pytest.mark.slow
def test_a_whole_measurement_of_the_largest_maps(kind):
    from large_maps import MOST_BYTES, MOST_SECONDS, PA, PHANGS, probed

    found = probed(PHANGS, kind)
    assert found["spaxels"] == 684_157
    assert not found["errors"]
    assert found["cpu"] < MOST_SECONDS
    assert found["peak"] < MOST_BYTES
    for tracer in ("stellar", "halpha"):
        assert abs(found[tracer] - PA) < 0.2


def large(side, kind="map", seed=0):
    """Return the fields of a simulated galaxy with so many spaxels to a side."""
    from large_maps import simulated

    return simulated(side, side, side**2, kind, seed)


@pytest.mark.parametrize("kind", ["map", "list"])
def test_what_is_averaged_has_the_errors_of_what_is_not(kind):
    """Fields just below and above the number of spaxels from which they are averaged."""
    few, many = (mangapa.fit_pa(large(side, kind).halpha) for side in (172, 176))
    assert (few.n_spaxels, many.n_spaxels) == (172**2, 176**2)
    assert many.pa_err.value / few.pa_err.value == pytest.approx(1, abs=0.25)
    assert many.disc.axis_ratio == pytest.approx(few.disc.axis_ratio, abs=0.02)
    assert many.v_sys.value == pytest.approx(few.v_sys.value, abs=1.5)
    # The rule of pafit counts data that are independent, not spaxels.
    assert many.pa_err_3sigma.value <= 2 * few.pa_err_3sigma.value


@pytest.mark.slow
@pytest.mark.parametrize("tracer", ["stellar", "halpha"])
def test_errors_of_averaged_fields(tracer):
    from large_maps import PA

    results = [mangapa.fit_pa(large(250, seed=seed).tracer(tracer)) for seed in range(20)]
    pulls = [(result.pa.value - PA) / result.pa_err_total.value for result in results]
    assert 0.6 < np.sqrt(np.mean(np.square(pulls))) < 1.4


def test_bins_are_averaged_whole():
    """Spaxels that share a bin share all that is drawn from it, however many bins there are."""
    field = large(250).halpha
    pair = np.arange(250**2).reshape(250, 250) // 2
    velocity = np.repeat(field.velocity.value.reshape(250, 125, 2).mean(axis=2), 2, axis=1)
    binned = mangapa.VelocityField.from_arrays(velocity, field.x, field.y, bin_id=pair)
    apart = mangapa.VelocityField.from_arrays(velocity, field.x, field.y)
    one, other = (mangapa.fit_pa(each) for each in (binned, apart))
    assert abs(one.pa - other.pa) < one.pa_err / 2
    assert one.pa_err.value / other.pa_err.value == pytest.approx(1, abs=0.2)


def test_rings_of_averaged_fields_count_all_spaxels():
    field = large(180).halpha
    profile = mangapa.pa_profile(field)
    assert profile["n_spaxels"].sum() == pytest.approx(field.n_spaxels, rel=0.001)
    pulls = (profile["pa"] - mangapa.fit_pa(field).pa) / profile["pa_err"]
    assert np.sqrt(np.nanmean(np.square(pulls[np.isfinite(pulls)]))) < 1.5
