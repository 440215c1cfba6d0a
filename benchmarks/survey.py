"""
Speed and memory of a survey, and how its time divides among the steps.

    python benchmarks/survey.py                # 500 files of ten galaxies
    python benchmarks/survey.py --n 10735      # the number of galaxies in DR17

The files are true ones or as large as them, in which most extensions are not read. The reference is
the CPU time that ``gzip -dc`` takes on the same files in the same run.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from real_fields import SHARED_DATA

import mangapa
from mangapa.runs import status

#: Fibres of ten galaxies, with the shares of MaNGA.
FIBRES = (127, 127, 127, 91, 61, 61, 37, 37, 19, 127)
#: True files that are used for some of the ten, if they are among the shared data. The others are
#: simulated, as galaxies differ.
TRUE = {
    1: "manga-8080-12701-MAPS-VOR10-GAU-MILESHC.fits.gz",
    6: "manga-7815-3702-MAPS-HYB10-GAU-MILESHC.fits.gz",
    9: "manga-8080-12701-MAPS-VOR10-GAU-MILESHC.fits.gz",
}

RUN = """
import json, resource, sys, time
from mangapa.runs import survey
from peak_memory import peak
if __name__ == "__main__":
    start = time.perf_counter()
    survey(sys.argv[1], sys.argv[2], jobs=int(sys.argv[3]), progress=False)
    own, workers = (resource.getrusage(who) for who in
                    (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"wall": time.perf_counter() - start, "rss": peak(),
                      "cpu": own.ru_utime + own.ru_stime + workers.ru_utime + workers.ru_stime}))
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--n", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        few, many = folder / "few", folder / "many"
        write_files(many, options.n)
        write_files(few, max(options.n // 5, 1), copy_of=many)
        unpack = cpu_of(["gzip", "-dc", *map(str, many.iterdir())])
        print(
            f"{options.n} files; gzip -dc takes {1e3 * unpack / options.n:.1f} ms of CPU per file"
        )
        short = run(folder, few, 1)
        walls = {}
        for jobs in (1, 2):
            found = run(folder, many, jobs)
            walls[jobs] = found["wall"]
            print(
                f"\n{jobs} workers: {options.n / found['wall']:.1f} galaxies/s, "
                f"{1e3 * found['cpu'] / options.n:.1f} ms of CPU per galaxy, "
                f"{found['cpu'] / unpack:.2f} x gzip"
            )
            print_steps(folder / f"run-many-{jobs}")
            if jobs == 1:
                grown = found["rss"] - short["rss"]
                each = grown / (options.n - len(list(few.iterdir())))
                print(f"the memory of the parent grows by {each:.0f} bytes per galaxy")
        print(f"\n2 workers are {walls[1] / walls[2]:.2f} times as fast as one")


def write_files(folder, n, copy_of=None):
    """Fill a folder with links to ten files, or to some of another folder."""
    folder.mkdir()
    if copy_of is not None:
        for path in sorted(copy_of.iterdir())[:n]:
            os.link(path, folder / path.name)
        return
    for number in range(n):
        path = folder / f"manga-{number:05d}-MAPS-VOR10.fits.gz"
        if number < len(FIBRES):
            path.write_bytes(original(number))
        else:
            os.link(folder / f"manga-{number % len(FIBRES):05d}-MAPS-VOR10.fits.gz", path)


def original(number):
    """The content of one of the ten files: a true one, where there is one of its size."""
    true = SHARED_DATA / TRUE.get(number, "")
    return true.read_bytes() if true.is_file() else full_size(FIBRES[number], number)


def full_size(n_fibres, seed):
    """Make a mock file with as many extensions and cards as a real one."""
    galaxy = mangapa.simulate_galaxy(plateifu=f"9999-{n_fibres}01", n_fibres=n_fibres, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mock-MAPS-.fits.gz"
        return mangapa.write_maps(galaxy, path, release="DR15", layout="full").read_bytes()


def cpu_of(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run(folder, files, jobs):
    """What a survey needs: seconds of wall clock and CPU, and the memory of the parent in bytes."""
    time.sleep(1)
    process = start(folder, files, folder / f"run-{files.name}-{jobs}", jobs)
    output = process.communicate()[0]
    assert process.returncode == 0
    return json.loads(output)


def start(folder, files, out, jobs):
    """Start a survey as a process of its own."""
    script = folder / "run.py"
    script.write_text(RUN)
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    return subprocess.Popen(
        [sys.executable, script, files, out, str(jobs)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


def print_steps(run_folder):
    seconds = status(run_folder).seconds
    total = seconds.pop("all")
    print("  " + ", ".join(f"{step} {spent / total:.0%}" for step, spent in seconds.items()))


if __name__ == "__main__":
    main()
