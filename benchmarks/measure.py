"""
CPU that `mangapa.measure` takes on MAPS files as long as true ones.

    python benchmarks/measure.py [FILE ...]

The reference of each ratio is `gzip.decompress` of the same file in the same run. Each figure is
the best of several rounds, in which files and reference take turns; limit BLAS to one thread.
"""

import argparse
import gzip
import tempfile
import time
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
        for file in files:
            keep_best(best[file], one_round(file))
    for file, cpu in best.items():
        print(f"\n{file.name}")
        for step, seconds in cpu.items():
            ratio = seconds / cpu["gzip.decompress"]
            print(f"  {step:16} {1e3 * seconds:7.1f} ms  {ratio:6.2f} x gzip.decompress")


def one_round(file):
    """CPU seconds of each step."""
    content, galaxy = file.read_bytes(), mangapa.read_maps(file)
    steps = {
        "gzip.decompress": lambda: gzip.decompress(content),
        "read_maps": lambda: mangapa.read_maps(file),
        "measure a galaxy": lambda: mangapa.measure(galaxy),
        "measure a file": lambda: mangapa.measure(file),
    }
    return {name: cpu_of(step) for name, step in steps.items()}


def cpu_of(function):
    start = time.process_time()
    function()
    return time.process_time() - start


def keep_best(best, found):
    for name, seconds in found.items():
        best[name] = min(best.get(name, seconds), seconds)


if __name__ == "__main__":
    main()
