"""
CPU that `mangapa.measure` takes on MAPS files as long as true ones.

    python benchmarks/measure.py [FILE ...]

The reference of each ratio is `gzip.decompress` of the same file in the same run. Each figure is
the best of several rounds; limit BLAS to one thread. Files take turns at each step, since a step
that follows one of the same galaxy would find the footprint of its map at hand.
"""

import argparse
import gzip
import tempfile
import time
from functools import partial
from pathlib import Path

from real_fields import SHARED_DATA

import mangapa


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument(
        "files", nargs="*", type=Path, help="default: true files at hand, or simulated ones"
    )
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    files = options.files or sorted(SHARED_DATA.glob("manga-*-MAPS-*.fits.gz"))
    with tempfile.TemporaryDirectory() as folder:
        compare(files or simulated(Path(folder)), options.rounds)


def simulated(folder):
    """Write files of two sizes, with as many extensions and cards as true ones."""
    galaxies = [mangapa.simulate_galaxy(n_fibres=n_fibres, seed=1) for n_fibres in (37, 127)]
    return [
        mangapa.write_maps(galaxy, folder / f"{galaxy.name}-MAPS-.fits.gz", "DR15", layout="full")
        for galaxy in galaxies
    ]


def compare(files, rounds):
    """Print what each step takes."""
    best = {file: {} for file in files}
    for _ in range(rounds):
        for name, step in STEPS.items():
            for file in files:
                keep_best(best[file], name, cpu_of(step, file))
    for file, cpu in best.items():
        print(f"\n{file.name}")
        for step, seconds in cpu.items():
            ratio = seconds / cpu["gzip.decompress"]
            print(f"  {step:16} {1e3 * seconds:7.1f} ms  {ratio:6.2f} x gzip.decompress")


def cpu_of(step, file):
    """CPU seconds of a step, without the preparation of what it is given."""
    prepare, function = step
    given = prepare(file)
    start = time.process_time()
    function(given)
    return time.process_time() - start


def keep_best(best, name, seconds):
    best[name] = min(best.get(name, seconds), seconds)


#: What is given to a step, and the step.
STEPS = {
    "gzip.decompress": (Path.read_bytes, gzip.decompress),
    "read_maps": (Path, mangapa.read_maps),
    "measure a galaxy": (mangapa.read_maps, mangapa.measure),
    "... kinematics": (mangapa.read_maps, partial(mangapa.measure, columns="kinematics")),
    "measure a file": (Path, mangapa.measure),
}


if __name__ == "__main__":
    main()
