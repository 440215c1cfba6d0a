"""
CPU time of a start, beside that of what it needs at least.

Each line is a new process: the best of five, user and system time, and its share of the time of
``import astropy.units, astropy.table``, which any use of the package needs.
"""

import argparse
import resource
import subprocess
import sys

#: What every ratio is to.
NEEDED = "import astropy.units, astropy.table"
STARTS = {
    "python": "pass",
    "import mangapa": "import mangapa",
    "import mangapa, fit_pa": "from mangapa import fit_pa",
    "import mangapa, measure": "from mangapa import measure",
    "import mangapa, all names": "from mangapa import *",
    "mangapa --help": "from mangapa.cli import main; main(['--help'])",
    "mangapa measure --help": "from mangapa.cli import main; main(['measure', '--help'])",
}
ROUNDS = 5


def cpu_time(code):
    """CPU time of a process that runs this code, seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    argparse.ArgumentParser(description=__doc__).parse_args()
    starts = {NEEDED: NEEDED, **STARTS}
    # One round after the other, so that what else the machine does falls on all alike.
    rounds = [{name: cpu_time(code) for name, code in starts.items()} for _ in range(ROUNDS)]
    best = {name: min(one[name] for one in rounds) for name in starts}
    for name, seconds in best.items():
        print(f"{name:<36} {seconds:6.3f} s   {seconds / best[NEEDED]:5.2f}")


if __name__ == "__main__":
    main()
