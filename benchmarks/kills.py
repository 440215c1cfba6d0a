"""
Surveys that are killed at random moments: nothing may be lost, nothing measured twice.

    python benchmarks/kills.py                                   # 200 galaxies, 50 kills
    python benchmarks/kills.py --folder /dev/shm/run --full      # on a disk that fills up

A survey with two workers is killed by ``kill -9`` after a random time, and begun again, until it
has been killed ``--kills`` times. Then it runs to its end, as does another one that is never
killed. The files are as large as real ones (see ``survey.py``). With ``--full``, which only root
can do, the run is on a small tmpfs, which gets a little more room whenever it is full.

What must hold is checked after each kill: all galaxies that were done are done, with the values
that they had; no galaxy was measured again once it was stored; no worker is left. In the end both
catalogues are the same to the byte.
"""

import argparse
import contextlib
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from survey import write_files

import mangapa
from mangapa.exceptions import RunStoreError
from mangapa.runs import catalogue, status
from mangapa.runs._store import RunStore
from mangapa.runs._workers import measure_source

#: Sizes of the tmpfs, kB: at first, and what is added when it is full.
ROOM, MORE = 600, 200
SURVEY = """
import os, sys
from mangapa.exceptions import RunStoreError
from mangapa.runs import _workers as workers, survey
from kills import logged
workers.measure_source = logged
if __name__ == "__main__":
    try:
        survey(sys.argv[1], sys.argv[2], jobs=2, progress=False)
    except RunStoreError as error:
        sys.exit(f"RunStoreError: {error}")
"""


def logged(source, **task):
    """Measure a galaxy, and note that it is measured; workers call this."""
    result = measure_source(source, **task)
    with open(os.environ["MANGAPA_KILLS_LOG"], "a") as log:
        log.write(f"{Path(source).name}\n")
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--galaxies", type=int, default=200)
    parser.add_argument("--folder", type=Path, help="folder of the run (default: a temporary one)")
    parser.add_argument("--full", action="store_true", help="mount a small tmpfs there")
    parser.add_argument("--seed", type=int, default=15)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder = options.folder or scratch / "killed"
        folder.mkdir(parents=True, exist_ok=True)
        if options.full:
            mount(folder, "-t", "tmpfs", "-o", f"size={ROOM}k", "none")
            stack.callback(subprocess.run, ["umount", folder], check=True)
        Kills(scratch, folder / "run", options).check()


class Kills:
    """One run that is killed, and one that is not."""

    def __init__(self, scratch, run, options):
        self.scratch, self.run, self.options = scratch, run, options
        self.random = random.Random(options.seed)
        self.room, self.n_full, self.again = ROOM, 0, 0
        self.maps, self.script, self.log = (scratch / name for name in ("maps", "a.py", "log"))
        write_files(self.maps, options.galaxies)
        self.script.write_text(SURVEY)

    def check(self):
        """Kill, compare and print."""
        clean = self.scratch / "clean"
        start = time.perf_counter()
        assert self.survey(clean).wait() == 0
        seconds = time.perf_counter() - start
        self.log.unlink()
        # Short enough that the last kill comes before the end.
        longest = seconds / self.options.kills
        before, moments = {}, []
        while len(moments) < self.options.kills:
            self.log.write_text("")
            was_killed, before = self.kill(len(moments), longest, before)
            assert len(before) < self.options.galaxies, "the survey ended before the last kill"
            moments += [len(before)] * was_killed
        while (last := self.survey(self.run)).wait():
            self.make_room(last)
        summary = status(self.run)
        paths = [
            mangapa.write_catalogue(catalogue(run), self.scratch / f"{name}.ecsv")
            for name, run in (("killed", self.run), ("clean", clean))
        ]
        same = paths[0].read_bytes() == paths[1].read_bytes()
        print(
            f"{self.options.kills} kills, after {moments} galaxies; the disk was full "
            f"{self.n_full} times\n{summary!r}\n{self.again} galaxies were measured again that a "
            "killed process had measured, but not stored\n"
            f"catalogues equal to the byte: {same}"
        )
        assert same
        assert (summary.measured, summary.failed) == (self.options.galaxies, 0)

    def kill(self, number, longest, before):
        """Survey for a while, be killed, and compare; return the values that are stored now."""
        process = self.survey(self.run)
        # Every third time while the workers start, otherwise after a while of measuring.
        if number % 3 == 0:
            self.wait(process, self.random.uniform(0, 2))
        else:
            self.wait_for_galaxies(process, len(before) + 1)
            self.wait(process, self.random.uniform(0, longest))
        process.send_signal(signal.SIGKILL)
        was_killed = process.wait() == -signal.SIGKILL
        if not was_killed:
            self.make_room(process)
        end = time.monotonic() + 20
        while not gone(process.pid):
            assert time.monotonic() < end, "workers outlive their parent"
            time.sleep(0.05)
        now = stored(self.run)
        assert before.items() <= now.items(), "a galaxy was lost or has other values"
        measured = self.log.read_text().split()
        assert not before.keys() & set(measured), "a stored galaxy was measured again"
        self.again += len(measured) - len(now.keys() - before.keys())
        return was_killed, now

    def survey(self, run):
        environment = {
            **os.environ,
            "MANGAPA_KILLS_LOG": str(self.log),
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)]),
        }
        return subprocess.Popen(
            [sys.executable, self.script, self.maps, run],
            env=environment,
            start_new_session=True,
            stderr=open(self.scratch / "errors", "w"),
        )

    def make_room(self, process):
        """After a survey that ended by itself: only a full disk may be the reason."""
        assert process.returncode == 0 or self.options.full, self.errors()
        if process.returncode:
            assert "RunStoreError" in self.errors(), self.errors()
            self.n_full += 1
            self.room += MORE
            mount(self.run.parent, "-o", f"remount,size={self.room}k")

    def errors(self):
        return (self.scratch / "errors").read_text()

    def wait(self, process, seconds):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)

    def wait_for_galaxies(self, process, number):
        while process.poll() is None and len(stored(self.run)) < number:
            time.sleep(0.1)


def stored(run):
    """Digest of the values of each galaxy that is done."""
    try:
        with RunStore(run) as store:
            return {
                Path(source).name: hashlib.sha256(repr(row).encode()).hexdigest()
                for source, row in store.rows()
            }
    except FileNotFoundError:
        return {}
    except RunStoreError as error:
        if "(it is empty)" in str(error):  # Killed before the tables were there.
            return {}
        raise


def gone(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def mount(folder, *options):
    subprocess.run(["mount", *options, folder], check=True)


if __name__ == "__main__":
    main()
