"""Sources measured by worker processes: on this machine, or wherever an executor starts them."""

import ast
import contextlib
import inspect
import os
import sys
import threading
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, TimeoutError, wait
from dataclasses import replace
from functools import partial
from multiprocessing import get_context, parent_process, spawn
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path

from mangapa.exceptions import RunError
from mangapa.runs._roots import seen_under
from mangapa.runs._sources import file_stamp
from mangapa.runs._store import Result, now

#: Galaxies that wait for each worker process: enough to keep it busy, and few enough that the
#: memory of a run does not grow with its length.
WAITING = 3
#: Galaxies that an executor is given at once, as the number of its workers is not known: enough for
#: a few nodes.
AT_ONCE = 64
#: Seconds in which results are gathered to be stored together, which takes less time than one by
#: one. After a kill, what was measured in them is measured again.
GATHERED = 0.2
#: Errors of an executor that cannot go on, whatever it measures.
LOST = (BrokenExecutor, CancelledError)


def by_processes(sources, measure_one, *, jobs, time_limit):
    """
    Measure in up to ``jobs`` processes of this machine; yield lists of each `Result` that is new.

    A process that dies, or exceeds ``time_limit`` in seconds if it is not `None`, costs its own
    galaxy only; another process takes its place.
    """
    from pebble import ProcessPool

    jobs = min(jobs, len(sources))
    # A forked process would inherit locks whose threads it lacks.
    context = get_context("spawn") if _can_run_script_again() else _WithoutScript()
    pool = ProcessPool(jobs, context=context, initializer=_watch_parent)
    try:

        def submit(target):
            _read_ahead(target)
            return pool.schedule(measure_one, args=(target,), timeout=time_limit)

        yield from _bounded(
            sources,
            submit,
            at_once=jobs * (1 + WAITING),
            time_limit=time_limit,
        )
        pool.close()
    finally:
        pool.stop()
        pool.join()


def _read_ahead(target):
    """Let the system read files while others are measured, which takes no CPU of a worker."""
    paths = [target] if isinstance(target, str) else target
    # Some are identifiers, and a pipe that is opened and closed again kills its writer.
    for path in filter(os.path.isfile, paths) if hasattr(os, "posix_fadvise") else ():
        # What is wrong with a file the worker says.
        with contextlib.suppress(OSError):
            file = os.open(path, os.O_RDONLY)
            try:
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_WILLNEED)
            finally:
                os.close(file)


def by_executor(sources, measure_one, executor, roots=()):
    """
    Measure with an executor, which the caller shuts down; yield lists of new results.

    Its workers see the folders of some ``roots`` under other paths.
    """
    submit = partial(executor.submit, measure_one)
    # Such as a lost connection; in processes of this machine, an OSError is a worker that died.
    lost = (*LOST, OSError)
    return _bounded(sources, submit, at_once=AT_ONCE, lost=lost, seen=partial(seen_under, roots))


def _bounded(sources, submit, *, at_once, time_limit=None, lost=LOST, seen=lambda source: source):
    """Keep ``at_once`` sources submitted; if the caller stops iterating, cancel them."""
    waiting, running, new, due = deque(sources), {}, [], 0.0
    try:
        while waiting or running:
            try:
                while waiting and len(running) < at_once:
                    source = waiting.popleft()
                    # Read first: if the file changes meanwhile, the next survey measures it again.
                    file, source = file_stamp(source), seen(source)
                    running[_submitted(source, submit)] = source, file
                left = max(due - time.monotonic(), 0) if new else None
                for future in wait(running, left, FIRST_COMPLETED).done:
                    source, file = running.pop(future)
                    outcome = _outcome(future, source, time_limit, lost)
                    new.append(replace(outcome, file=file, finished=now()))
            except BaseException:  # Whatever ends a survey, what is measured is kept.
                if new:
                    yield new
                raise
            if new and (time.monotonic() >= due or not (waiting or running)):
                yield new
                new, due = [], time.monotonic() + GATHERED
    finally:
        for future in running:
            future.cancel()


def _submitted(source, submit):
    try:
        return submit(source.target)
    except Exception as error:  # Each executor has its own when it cannot work.
        raise _stopped(source, error) from error


def _outcome(future, source, time_limit, lost):
    """The `Result` of a source as the store knows it; its error names it as it was given."""
    try:
        result = future.result()
    except TimeoutError as error:
        if time_limit is None:
            raise _stopped(source, error) from error
        result = _failed(source, f"took longer than {time_limit:g} s")
    # A worker tells of all errors of its galaxy in a Result: these are of the executor.
    except lost as error:
        raise _stopped(source, error) from error
    except Exception as error:  # A worker died; each executor has its own exception for that.
        result = _failed(source, f"its worker died ({type(error).__name__}: {error})")
    error = result.error and source.respelled(result.error)
    return replace(result, source=source.identity, error=error)


def _failed(source, why):
    return Result(source=source.target, error=f"{source.spelling}: {why}")


def _stopped(source, error):
    """The error of a run whose executor broke, lost its scheduler or was shut down."""
    return RunError(
        f"the workers stopped at {source.spelling} ({type(error).__name__}: {error}); the results "
        "so far are kept: run the survey again to resume it. A script that makes an executor of "
        "processes must do so, and call survey(), under 'if __name__ == \"__main__\":'"
    )


def _can_run_script_again():
    """
    Whether a process may import the script of this one, as `multiprocessing` does.

    A script that calls survey() outside of ``if __name__ == "__main__"`` would begin another
    survey, and what comes from the standard input cannot be imported.
    """
    script, frame = sys.modules["__main__"], inspect.currentframe()
    while frame and not (frame.f_code.co_name == "<module>" and frame.f_globals is vars(script)):
        frame = frame.f_back
    if frame is None or getattr(script, "__file__", None) is None:
        return True
    try:
        statements = ast.parse(Path(script.__file__).read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return False
    for statement in statements:
        if statement.lineno <= frame.f_lineno <= statement.end_lineno:
            names = ast.walk(statement.test) if isinstance(statement, ast.If) else ()
            return any(isinstance(name, ast.Name) and name.id == "__name__" for name in names)
    return False


class _ProcessWithoutScript(SpawnProcess):
    """A new process that does not import the script of its parent."""

    _lock = threading.Lock()

    def start(self):
        thread = threading.get_ident()

        def without_script(name):
            data = prepare(name)
            # Other threads may start processes of their own, which need the script.
            if threading.get_ident() == thread:
                for key in ("init_main_from_name", "init_main_from_path"):
                    data.pop(key, None)
            return data

        with self._lock:
            prepare = spawn.get_preparation_data
            spawn.get_preparation_data = without_script
            try:
                super().start()
            finally:
                spawn.get_preparation_data = prepare


class _WithoutScript(SpawnContext):
    Process = _ProcessWithoutScript


def _watch_parent():
    """Let this worker end with its parent, which cannot stop it when it is killed."""

    def end_with_parent():
        parent_process().join()
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()
