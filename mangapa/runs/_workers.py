"""Galaxies measured by worker processes: on this machine, or wherever an executor starts them."""

import os
import threading
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, TimeoutError, wait
from dataclasses import replace
from functools import lru_cache, partial
from importlib import import_module
from multiprocessing import get_context, parent_process

import numpy as np

from mangapa._utils.plugins import load_plugins
from mangapa.catalogue.columns import catalogue_columns, plain_row
from mangapa.exceptions import RunError
from mangapa.fitting._methods import method_named
from mangapa.measurement import measure
from mangapa.runs._images import image_of
from mangapa.runs._store import Result

#: Galaxies that wait for each worker process: enough to keep it busy, and few enough that the
#: memory of a run does not grow with its length.
WAITING = 3
#: Galaxies that an executor is given at once, as the number of its workers is not known: enough for
#: a few nodes.
AT_ONCE = 64
#: Columns of a profile that are stored.
PROFILE_COLUMNS = ("radius", "pa", "pa_err", "k1")


def explain(source, error):
    """Say in one line why a source failed; the message names the source."""
    message = str(error)
    if not isinstance(error, (OSError, ValueError)):
        message = f"{type(error).__name__}: {message}"
    return message if source in message else f"{source}: {message}"


def needed_modules(method):
    """
    Modules that define the fitting method and the catalogue's columns; workers import them.

    What is defined in ``__main__`` raises ValueError, since workers cannot import it.
    """
    functions = {f"method {method!r}": method_named(method).fit}
    functions |= {f"column {column.name!r}": column.value for column in catalogue_columns()}
    modules = set()
    for name, function in functions.items():
        while isinstance(function, partial):
            function = function.func
        if function.__module__ == "__main__":
            msg = (
                f"the {name} is defined in a script or notebook, from which worker processes "
                "cannot import it; move it to a module and import that module, or install it as a "
                "package with an entry point in the group 'mangapa'"
            )
            raise ValueError(msg)
        modules.add(function.__module__)
    return sorted(modules)


def measure_source(source, *, arguments, modules=(), parent=None):
    """
    Measure one galaxy and return a `Result`, whatever happens.

    ``arguments`` are those of `mangapa.measure`, ``modules`` are imported first, and ``parent`` is
    the id of the process that asks.
    """
    if parent not in (None, os.getpid()):
        _limit_blas_for_good()
    start = time.perf_counter()
    try:
        load_plugins()
        for module in modules:
            import_module(module)
        result = result_of(source, measure(source, **arguments))
    except Exception as error:  # Whatever is wrong with one galaxy, a survey continues.
        result = Result(source=source, error=explain(source, error))
    return replace(result, seconds={**result.seconds, "all": time.perf_counter() - start})


def result_of(source, measurement):
    """What is stored of a `~mangapa.Measurement`, as a `Result`."""
    parts = {"galaxy": {}, "stellar": {}, "halpha": {}}
    row = plain_row(measurement)
    for column in catalogue_columns():
        parts[column.part][column.name] = row[column.name]
    images, profiles = {}, {}
    for tracer, measured in measurement.tracers():
        image = None if measured.field is None else image_of(measured.field)
        if image is not None:
            images[tracer] = image.to_bytes()
        if measured.profile is not None:
            # Rings with an angle, in deg and arcsec, with as many digits as a figure shows.
            rings = measured.profile[np.isfinite(measured.profile["pa"])]
            profiles[tracer] = {
                name: np.round(rings[name].value, 2).tolist() for name in PROFILE_COLUMNS
            }
    return Result(
        source=source,
        parts=parts,
        images=images,
        profiles=profiles,
        seconds=measurement.seconds,
    )


def by_processes(sources, measure_one, *, jobs, time_limit):
    """
    Measure in ``jobs`` processes of this machine; yield each `Result` when it is finished.

    A process that dies, or exceeds ``time_limit`` in seconds (`None` for no limit), costs its own
    galaxy only; another process takes its place.
    """
    from pebble import ProcessPool

    # A forked process would inherit locks whose threads it lacks.
    pool = ProcessPool(jobs, context=get_context("spawn"), initializer=_watch_parent)
    try:
        yield from _bounded(
            sources,
            lambda source: pool.schedule(measure_one, args=(source,), timeout=time_limit),
            at_once=jobs * (1 + WAITING),
            time_limit=time_limit,
        )
        pool.close()
    finally:
        pool.stop()
        pool.join()


def by_executor(sources, measure_one, *, executor):
    """
    Measure with an executor of ``concurrent.futures``; yield each `Result` when it is finished.

    If the executor breaks, RunError is raised. The caller shuts the executor down.
    """
    return _bounded(
        sources,
        lambda source: executor.submit(measure_one, source),
        at_once=AT_ONCE,
        time_limit=None,
    )


def _bounded(sources, submit, *, at_once, time_limit):
    """Keep ``at_once`` sources submitted; if the caller stops iterating, cancel them."""
    waiting, running = deque(sources), {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                source = waiting.popleft()
                running[submit(source)] = source
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield _outcome(future, running.pop(future), time_limit)
    finally:
        for future in running:
            future.cancel()


def _outcome(future, source, time_limit):
    try:
        return future.result()
    except BrokenExecutor as error:
        msg = (
            f"the workers stopped at {source} ({error}); the results so far are kept: run the "
            "survey again to resume it. A script must call survey() under "
            "'if __name__ == \"__main__\":'"
        )
        raise RunError(msg) from error
    except TimeoutError:
        error = f"{source}: took longer than {time_limit:g} s"
    except Exception as failure:  # A worker died; each executor has its own exception for that.
        error = f"{source}: its worker died ({type(failure).__name__}: {failure})"
    return Result(source=source, error=error)


@lru_cache(maxsize=1)
def _limit_blas_for_good():
    """
    Limit BLAS to one thread in this process, where each core has a worker of its own.

    Several threads also sum in another order, so that a worker thread must not lift the limit while
    another fits.
    """
    # Importing it sets an environment variable, which importing mangapa must not do.
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


def _watch_parent():
    """Let this worker end with its parent, which cannot stop it when it is killed."""
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent():
    parent_process().join()
    os._exit(1)
