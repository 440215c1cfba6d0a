"""Executors that break, scripts without a guard, and the number of processes."""

import os
import subprocess
import sys
import threading
from concurrent.futures import CancelledError, Future
from pathlib import Path

import pytest

import mangapa
from mangapa.exceptions import RunError
from mangapa.runs import _pools as pools
from mangapa.runs import catalogue, status, survey
from mangapa.runs._sources import Source
from mangapa.runs._store import Result


class Executor:
    """Measures nothing: futures have the outcomes of a list, or ``submit`` raises them."""

    def __init__(self, *outcomes, submits=True):
        self.outcomes, self.submits, self.given = list(outcomes), submits, []

    def submit(self, _, target):
        self.given.append(target)
        outcome, future = self.outcomes.pop(0), Future()
        if not self.submits:
            raise outcome
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
        return future


def sources(*names):
    return [Source.of(name) for name in names]


@pytest.mark.promise(8)
@pytest.mark.parametrize("submits", [True, False])
@pytest.mark.parametrize(
    "error",
    [CancelledError("lost"), ConnectionError("lost"), OSError("lost"), TimeoutError("lost")],
)
def test_a_lost_scheduler_is_no_failure_of_a_galaxy(tmp_path, error, submits):
    names = [f"{plate}-1901" for plate in range(8000, 8128)]
    executor = Executor(*[error] * len(names), submits=submits)
    message = rf"the workers stopped at 80\d\d-1901 \({type(error).__name__}: lost\); the res"
    with pytest.raises(RunError, match=message):
        survey(names, tmp_path / "run", executor=executor)
    summary = status(tmp_path / "run")
    assert (summary.measured, summary.failed, summary.left) == (0, 0, 128)


def test_an_executor_that_was_shut_down(tmp_path):
    executor = Executor(RuntimeError("cannot schedule new futures after shutdown"), submits=False)
    with pytest.raises(RunError, match="RuntimeError: cannot schedule new futures"):
        survey("8485-1901", tmp_path / "run", executor=executor)
    assert status(tmp_path / "run").left == 1


def test_a_worker_that_died_costs_its_galaxy(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.fits"
    path.touch()
    executor = Executor(RuntimeError("killed"), Result(source=str(path), error=f"{path}: bad"))
    # Both are finished at once, in any order.
    [results] = pools.by_executor(sources("b.fits", "a.fits"), None, executor)
    second, first = sorted(results, key=lambda result: result.source)
    assert executor.given == [str(tmp_path / "b.fits"), str(path)]
    died = "b.fits: its worker died (RuntimeError: killed)"
    assert first == Result(source=str(tmp_path / "b.fits"), error=died)
    stamp = [0, path.stat().st_mtime_ns]
    assert second == Result(source=str(path), error="a.fits: bad", file=stamp)


@pytest.mark.promise(8)
def test_what_is_measured_is_kept_when_the_executor_is_lost(monkeypatch):
    """Results that wait to be stored with others come before the error, in lists of their own."""
    monkeypatch.setattr(pools, "AT_ONCE", 1)
    monkeypatch.setattr(pools, "GATHERED", 60)  # however busy the machine is
    names = [f"{plate}-1901" for plate in range(8000, 8004)]
    outcomes = [*(Result(source=name) for name in names[:3]), CancelledError("lost")]
    batches, kept = pools.by_executor(sources(*names), None, Executor(*outcomes)), []
    with pytest.raises(RunError, match=f"stopped at {names[3]}"):
        kept.extend(batches)
    assert [[result.source for result in new] for new in kept] == [names[:1], names[1:3]]


def test_results_are_not_held_back_by_a_slow_one(monkeypatch):
    monkeypatch.setattr(pools, "AT_ONCE", 2)
    monkeypatch.setattr(pools, "GATHERED", 0.01)
    futures, results = [Future() for _ in range(3)], [Result(source=f"800{n}-1901") for n in "012"]
    futures[0].set_result(results[0])

    class Slow:
        """The second galaxy ends when the third is submitted, which ends last."""

        def submit(self, _, target):
            if target == results[2].source:
                futures[1].set_result(results[1])
            return futures[int(target[3])]

    names = [result.source for result in results]
    batches = pools.by_executor(sources(*names), None, Slow())
    assert next(batches) == results[:1]
    assert next(batches) == results[1:2]
    futures[2].set_result(results[2])
    assert next(batches) == results[2:]


@pytest.fixture
def started(monkeypatch):
    """Numbers of processes that were asked for; none is started, and nothing is measured."""
    started = []

    class Pool:
        def __init__(self, jobs, **_):
            started.append(jobs)

        def schedule(self, _, args, timeout):
            return Executor(Result(source=args[0])).submit(None, *args)

        def close(self):
            pass

        stop = join = close

    monkeypatch.setattr("pebble.ProcessPool", Pool)
    return started


def test_no_more_processes_than_sources(started):
    for number in (1, 3):
        many = sources(*(str(one) for one in range(number)))
        batches = pools.by_processes(many, None, jobs=2, time_limit=None)
        assert sum(map(len, batches)) == number
    assert started == [1, 2]


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="nothing is read ahead")
def test_files_are_read_ahead_and_pipes_are_not(tmp_path, monkeypatch, started):
    file, pipe = str(tmp_path / "a.fits"), str(tmp_path / "b.fits")
    Path(file).touch()
    os.mkfifo(pipe)
    opened, real = [], os.open
    monkeypatch.setattr(os, "open", lambda path, *how: opened.append(path) or real(path, *how))
    many = sources(file, pipe, "8485-1901", str(tmp_path / "absent.fits"))
    assert sum(map(len, pools.by_processes(many, None, jobs=1, time_limit=None))) == 4
    assert opened == [file]


#: It would begin a survey in each worker, if the workers ran it again.
UNGUARDED = """
import sys, mangapa
print("begun")
def measure():
    return mangapa.survey(sys.argv[1], sys.argv[2], jobs={jobs}, progress=False)
print(measure().measured)
"""
#: Here the workers need what the script registers.
GUARDED = """
import sys
from astropy.io import registry
import mangapa
def recognise(origin, path, *_, **__):
    return path is not None and path.endswith(".mine")
def read(path):
    return mangapa.simulate_galaxy(n_fibres=19)
registry.register_reader("mine", mangapa.Galaxy, read)
registry.register_identifier("mine", mangapa.Galaxy, recognise)
if __name__ == "__main__":
    print(mangapa.survey(sys.argv[1], sys.argv[2], progress=False).measured)
"""


def run_python(*arguments, folder, text=None):
    path = os.pathsep.join(filter(None, sys.path))
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        input=text,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )


@pytest.mark.parametrize(
    ("how", "jobs"),
    [("script", 1), ("script", 2), ("standard input", 1), ("-c", 1), ("console", 1)],
)
def test_scripts_need_no_guard(maps_file, tmp_path, how, jobs):
    text = UNGUARDED.format(jobs=jobs)
    script = tmp_path / "script.py"
    script.write_text(text)
    console = text.replace("    return", " return").replace("\nprint(m", "\n\nprint(m")
    command = {
        "script": [script],
        "standard input": ["-"],
        "-c": ["-c", text],
        "console": ["-i", "-"],
    }[how]
    text = {"script": None, "-c": None, "console": console}.get(how, text)
    done = run_python(*command, maps_file, "run", folder=tmp_path, text=text)
    assert done.stdout.split() == ["begun", "1"], done.stderr
    assert catalogue(tmp_path / "run")["stellar_pa"][0] == mangapa.measure(maps_file).stellar.pa


def test_workers_import_a_script_with_a_guard(tmp_path):
    (tmp_path / "script.py").write_text(GUARDED)
    (tmp_path / "galaxy.mine").touch()
    done = run_python("script.py", "galaxy.mine", "run", folder=tmp_path)
    assert done.stdout == "1\n", done.stderr


def test_other_threads_start_processes_as_usual(maps_file, tmp_path, monkeypatch):
    from multiprocessing import spawn

    prepared, prepare = {}, spawn.get_preparation_data

    def record(name):
        prepared[threading.current_thread().name] = prepare(name)
        return prepared[threading.current_thread().name]

    monkeypatch.setattr(spawn, "get_preparation_data", record)
    monkeypatch.setattr(pools, "_can_run_script_again", lambda: False)
    assert survey(maps_file, tmp_path / "run").measured == 1
    assert spawn.get_preparation_data is record
    assert prepared.keys() == {"MainThread"}
