"""Memory and time grow no faster than the number of spaxels, wherever the spaxels are."""

import json
import subprocess
import sys

import pytest

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
FUNCTIONS = ("disc", "harmonic", "symmetry", "clean", "usability", "profile")


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
@pytest.mark.slow
def test_memory_and_time_grow_like_the_spaxels(name):
    """From 2,500 to 250,000 spaxels, and what every call takes."""
    few_seconds, few_bytes = measured(name, "map", 50)
    many_seconds, many_bytes = measured(name, "map", 500)
    assert many_bytes < 100 * (few_bytes + 1e6)
    assert many_bytes < 2500 * 250_000
    assert many_seconds < 100 * (few_seconds + 0.05)
