"""
A rehearsal of a whole release: a survey of links to true files in the mix of MaNGA's five sizes.

    python benchmarks/release_rehearsal.py             # as many galaxies as in DR17; half an hour
    python benchmarks/release_rehearsal.py --n 200     # a look

The first galaxies are surveyed with one worker and with two, and all of them with two: once without
a break, and once killed by ``kill -9`` in the middle and resumed. The files are those of
``survey.py``. A file alone is measured again and again in one process, with one thread of BLAS; the
CPU of a survey, start-up included, is compared with the sum over all files. The speed-up is that of
galaxies per second between the first and the last one. At the end is a table of goals.
"""

import argparse
import os
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

from survey import FIBRES, run, start, write_files
from threadpoolctl import threadpool_limits

import mangapa
from mangapa.report import write_report
from mangapa.runs import catalogue, status
from mangapa.runs._store import FILE_NAME

#: Galaxies of DR17, and of them those that one worker measures, too.
N_GALAXIES, N_SUBSET = 10_735, 1000
#: Rounds in which files are measured alone.
ROUNDS = 5
#: A script in the page that notes when the table is painted, in ms after the page was asked for.
WATCH = """
(function look() {
  if (document.querySelector("#galaxies tbody td.name")) window.tabled = performance.now();
  else requestAnimationFrame(look);
})();
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--n", type=int, default=N_GALAXIES)
    parser.add_argument("--subset", type=int, help=f"default: {N_SUBSET}, or half of a smaller n")
    options = parser.parse_args()
    n_subset = options.subset or min(N_SUBSET, options.n // 2)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        many, few = folder / "many", folder / "few"
        write_files(many, options.n)
        write_files(few, n_subset, copy_of=many)
        rehearse(folder, many, few)


def rehearse(folder, many, few):
    n, n_subset = (len(list(files.iterdir())) for files in (many, few))
    alone = cpu_of_single_files(sorted(many.iterdir())[: len(FIBRES)])
    single = sum(alone[number % len(FIBRES)] for number in range(n))
    print(f"{n} galaxies; a file alone takes {1e3 * single / n:.1f} ms of CPU")
    one, two = (run(folder, few, jobs) for jobs in (1, 2))
    whole = run(folder, many, 2)
    killed_at = kill_in_the_middle(folder, many, n)
    resumed = start(folder, many, folder / "run-killed", 2)
    resumed.communicate()
    assert resumed.returncode == 0
    runs = {name: folder / f"run-{name}" for name in ("few-1", "few-2", "many-2", "killed")}
    rates = {name: status(path).rate for name, path in runs.items()}
    for name, found in (("few-1", one), ("few-2", two), ("many-2", whole)):
        number = status(runs[name]).measured
        print(
            f"{name}: {number} galaxies in {found['wall']:.1f} s, {rates[name]:.2f} per second, "
            f"{1e3 * found['cpu'] / number:.1f} ms of CPU each, parent {found['rss'] / 1e6:.1f} MB"
        )
    texts = {name: text_of(path) for name, path in runs.items()}
    report = write_report(runs["many-2"], progress=False)
    growth = (whole["rss"] - two["rss"]) / (n - n_subset)
    store = (runs["many-2"] / FILE_NAME).stat().st_size
    print(f"killed after {killed_at} galaxies; the store has {store / 1e3 / n:.1f} kB per galaxy")
    goals = [
        ("speed-up by two workers, first galaxies", rates["few-2"] / rates["few-1"], ">=", 1.9),
        ("speed-up by two workers, all galaxies", rates["many-2"] / rates["few-1"], ">=", 1.9),
        ("CPU / sum of the single files", whole["cpu"] / single, "<=", 1.1),
        ("memory of the parent, kB per galaxy", growth / 1e3, "<=", 4),
        ("size of the report, MB", report.stat().st_size / 1e6, "<=", 30),
        ("seconds until the report has a table", seconds_to_table(report), "<=", 3),
        ("galaxies missing after the kill", n - status(runs["killed"]).measured, "<=", 0),
        ("catalogues that differ", int(texts["few-1"] != texts["few-2"]), "<=", 0),
        ("the same, killed and not", int(texts["many-2"] != texts["killed"]), "<=", 0),
    ]
    for what, found, relation, goal in goals:
        is_met = found >= goal if relation == ">=" else found <= goal
        print(f"{what:42} {found:8.3g} {relation} {goal:<5g} {'met' if is_met else 'NOT MET'}")


def cpu_of_single_files(paths):
    """Seconds of CPU of `mangapa.measure` on each file: the median of some rounds."""
    seconds = [[] for _ in paths]
    with threadpool_limits(1):
        mangapa.measure(paths[0])
        for _ in range(ROUNDS):
            for path, found in zip(paths, seconds, strict=True):
                begin = time.process_time()
                mangapa.measure(path)
                found.append(time.process_time() - begin)
    return [statistics.median(found) for found in seconds]


def kill_in_the_middle(folder, files, n):
    """Kill a survey that has measured half of its galaxies; return how many are stored."""
    out = folder / "run-killed"
    process = start(folder, files, out, 2)
    while not (out / FILE_NAME).exists() or status(out).measured < n // 2:
        assert process.poll() is None, "the survey ended before it was killed"
        time.sleep(0.2)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    return status(out).measured


def text_of(run_folder):
    path = mangapa.write_catalogue(catalogue(run_folder), run_folder / "catalogue.ecsv")
    return path.read_bytes()


def seconds_to_table(report):
    """Time until a browser has painted the first rows; NaN without a browser."""
    sys.path.append(str(Path(__file__).parents[1]))
    import pytest

    from tests.chromium import chromium
    from tests.waiting import until

    try:
        with chromium() as browser:
            browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
            browser.get(report.as_uri())
            return until(lambda: browser.execute_script("return window.tabled"), 60) / 1e3
    except pytest.skip.Exception:
        return float("nan")


if __name__ == "__main__":
    main()
