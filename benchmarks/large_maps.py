"""
Time and memory of a whole measurement against the number of spaxels, and accuracy on large maps.

    python benchmarks/large_maps.py

Each galaxy is measured in a process of its own, so that the peak of the memory is its own. It has
stars in bins that grow outwards and gas in single spaxels of 0.2 arcsec, on rows and columns that
are turned on the sky, with noise that neighbours share. The largest has the 999 x 1231 spaxels, of
which 684,157 are good, of a map by PHANGS. Other cases are lists of positions, which are on no
grid, and maps with holes. On a busy machine, trust the CPU time rather than the seconds.
"""

import argparse
import json
import subprocess
import sys
import time

import numpy as np
from peak_memory import peak
from scipy.ndimage import gaussian_filter

import mangapa
from mangapa import Galaxy, VelocityField

#: Rows, columns and good spaxels.
SIZES = [(37, 37, 1000), (117, 117, 10_000), (370, 370, 100_000), (1170, 1170, 1_000_000)]
PHANGS = (999, 1231, 684_157)
KINDS = ("map", "holes", "list")
#: Side of a spaxel, arcsec, and angle of the columns, degrees.
SPAXEL, TURNED = 0.2, 20.0
#: Position angle and axis ratio of the disc, its speed and the noise of a spaxel, km/s.
PA, AXIS_RATIO, SPEED, NOISE = 60.0, 0.7, 150.0, 10.0
#: Length over which the noise is shared, spaxels.
CORRELATION = 1.92
#: Targets for the largest: seconds of CPU time, and bytes.
MOST_SECONDS, MOST_BYTES = 20, 1e9


def offsets(shape):
    """Return the offsets of the spaxels, arcsec."""
    row, column = (
        SPAXEL * (part - size / 2) for part, size in zip(np.indices(shape), shape, strict=True)
    )
    angle = np.radians(TURNED)
    x = -np.cos(angle) * column + np.sin(angle) * row
    return x, np.sin(angle) * column + np.cos(angle) * row


def disc(x, y, good):
    """Return the velocities of a disc whose curve the fit can follow, so that noise is tested."""
    sine, cosine = np.sin(np.radians(PA)), np.cos(np.radians(PA))
    along, across = x * sine + y * cosine, (x * cosine - y * sine) / AXIS_RATIO
    turnover = 0.1 * np.percentile(np.hypot(x[good], y[good]), 90)
    return SPEED * along / np.hypot(np.hypot(along, across), turnover)


def noise(shape, rng):
    """Return noise that neighbours share."""
    field = gaussian_filter(rng.normal(size=shape), CORRELATION / np.sqrt(2), mode="wrap")
    return NOISE * field / field.std()


def footprint(shape, n_good, holes, rng):
    """Return a map of the good spaxels: the ones nearest to the middle, with holes or without."""
    row, column = (part / size - 0.5 for part, size in zip(np.indices(shape), shape, strict=True))
    distance = (row**4 + column**4).ravel()
    if holes:
        distance[gaussian_filter(rng.random(shape), 4).ravel() < 0.49] += 1
    good = np.zeros(shape, bool)
    good.ravel()[np.argsort(distance, kind="stable")[:n_good]] = True
    return good


def bins_of(shape):
    """Return the number of the bin of each spaxel: squares of 3 to 24 spaxels."""
    row, column = np.indices(shape)
    edge = np.maximum(np.abs(row / shape[0] - 0.5), np.abs(column / shape[1] - 0.5))
    level = np.minimum((8 * edge).astype(int), 3)
    side = 3 * 2**level
    key = (level * shape[0] + row // side) * shape[1] + column // side
    return np.unique(key, return_inverse=True)[1].reshape(shape)


def simulated(n_rows, n_columns, n_good, kind="map", seed=0):
    """Simulate a galaxy with stars in bins, and gas that is not binned."""
    rng = np.random.default_rng(seed)
    shape = n_rows, n_columns
    x, y = offsets(shape)
    good = footprint(shape, n_good, kind == "holes", rng)
    bins = bins_of(shape)
    stars = disc(x, y, good) + noise(shape, rng)
    stars = (np.bincount(bins.ravel(), stars.ravel()) / np.bincount(bins.ravel()))[bins]
    gas = disc(x, y, good) + noise(shape, rng)
    fields = {}
    for tracer, velocity, bin_id in (("stellar", stars, bins), ("halpha", gas, None)):
        parts = {"velocity": velocity, "x": x, "y": y, "ivar": np.full(shape, NOISE**-2)}
        if bin_id is not None:
            parts["bin_id"] = bin_id
        if kind == "list":
            # A hair off the lattice, as the positions of fibres are.
            parts = {name: part[good] for name, part in parts.items()}
            parts["x"] = parts["x"] + rng.uniform(-SPAXEL / 4, SPAXEL / 4, n_good)
        else:
            parts["mask"] = ~good
        fields[tracer] = VelocityField.from_arrays(**parts, tracer=tracer)
    return Galaxy(**fields, name="simulated")


def probe(size, kind):
    """Measure one galaxy; print what it took."""
    mangapa.measure(mangapa.simulate_galaxy(n_fibres=19))  # what is loaded once does not count
    galaxy = simulated(*size, kind=kind)
    before, start, cpu = peak(), time.perf_counter(), time.process_time()
    measured = mangapa.measure(galaxy)
    found = {
        "spaxels": galaxy.halpha.n_spaxels,
        "seconds": time.perf_counter() - start,
        "cpu": time.process_time() - cpu,
        "before": before,
        "peak": peak(),
        "stellar": measured.stellar.pa.value,
        "halpha": measured.halpha.pa.value,
        "errors": measured.errors,
    }
    print(json.dumps(found))


def probed(size, kind):
    """Run `probe` in a process of its own."""
    command = [sys.executable, __file__, "--probe", *map(str, size), kind]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def print_accuracy(n_galaxies):
    """Print the errors of the angles of the largest map, over those that are stated."""
    pulls, off = {"stellar": [], "halpha": []}, {"stellar": [], "halpha": []}
    for seed in range(n_galaxies):
        galaxy = simulated(*PHANGS, seed=seed)
        for tracer in pulls:
            result = mangapa.fit_pa(mangapa.clean(galaxy.tracer(tracer)))
            difference = (result.pa.value - PA + 180) % 360 - 180
            off[tracer].append(abs(difference))
            pulls[tracer].append(difference / result.pa_err_total.value)
    print(f"\n{n_galaxies} galaxies of {PHANGS[0]} x {PHANGS[1]} spaxels")
    for tracer, values in pulls.items():
        print(
            f"{tracer:8} largest error {np.max(off[tracer]):.3f} deg, "
            f"root mean square of the pulls {np.sqrt(np.mean(np.square(values))):.2f}"
        )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--galaxies", type=int, default=10, help="galaxies for the accuracy")
    parser.add_argument("--probe", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.probe:
        *size, kind = options.probe
        probe([int(part) for part in size], kind)
        return

    print(
        f"{'kind':8}{'spaxels':>10}{'seconds':>9}{'CPU s':>8}{'peak MB':>9}{'of it the fields':>18}"
    )
    for kind in KINDS:
        rows = []
        for size in sorted([*SIZES, PHANGS], key=lambda size: size[2]):
            found = probed(size, kind)
            rows.append(found)
            cells = f"{kind:8}{found['spaxels']:10}{found['seconds']:9.2f}{found['cpu']:8.2f}"
            verdict = ""
            if size == PHANGS:
                met = found["cpu"] < MOST_SECONDS and found["peak"] < MOST_BYTES
                verdict = "  met" if met else "  MISSED"
            print(f"{cells}{found['peak'] / 1e6:9.0f}{found['before'] / 1e6:18.0f}{verdict}")
        first, last = rows[1], rows[-1]
        growth = np.log(last["spaxels"] / first["spaxels"])
        for name in ("cpu", "peak"):
            print(f"  {name}: as spaxels^{np.log(last[name] / first[name]) / growth:.2f}")
    print_accuracy(options.galaxies)


if __name__ == "__main__":
    main()
