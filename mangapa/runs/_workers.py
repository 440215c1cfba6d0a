"""Galaxies measured by other processes: here, or wherever an executor carries them."""

import os
import threading
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, TimeoutError, wait
from dataclasses import replace
from functools import lru_cache
from multiprocessing import get_context, parent_process

import numpy as np

import mangapa
from mangapa.catalogue.columns import catalogue_columns, plain_row
from mangapa.exceptions import RunError
from mangapa.fields import TRACERS
from mangapa.runs._images import image_of
from mangapa.runs._store import Result

__all__ = ["by_executor", "by_processes", "measure_source", "result_of"]

#: Galaxies that wait for each worker: enough that none is idle, few enough that the memory of a run
#: does not grow with its length.
WAITING = 3
#: What is kept of a profile.
PROFILE_COLUMNS = ("radius", "pa", "pa_err", "k1")
#: What an executor is given at once, as the number of its workers is not known.
AT_ONCE = 64


def measure_source(source, settings, parent=None):
    """
    Measure one galaxy, whatever happens.

    Parameters
    ----------
    source : `str`
        As `mangapa.measure` takes it.
    settings : `dict`
        Its other arguments.
    parent : `int`, optional
        Number of the process that asks for it, if another one is to do it.

    Returns
    -------
    `~mangapa.runs._store.Result`
        With a message where it failed.
    """
    if parent not in (None, os.getpid()):
        _one_blas_thread_for_good()
    start = time.perf_counter()
    try:
        measurement = mangapa.measure(source, **settings)
    except Exception as error:  # A survey goes on, whatever is wrong with one galaxy.
        message = str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        return Result(source=source, error=message, seconds={"all": time.perf_counter() - start})
    result = result_of(source, measurement)
    return replace(result, seconds={**result.seconds, "all": time.perf_counter() - start})


def result_of(source, measurement):
    """
    What is kept of a measurement.

    Parameters
    ----------
    source : `str`
        Of the galaxy.
    measurement : `~mangapa.Measurement`
        What was measured.

    Returns
    -------
    `~mangapa.runs._store.Result`
    """
    parts = {"galaxy": {}, "stellar": {}, "halpha": {}}
    row = plain_row(measurement)
    for column in catalogue_columns():
        parts[column.part][column.name] = row[column.name]
    fields = {tracer: measurement.galaxy.tracer(tracer) for tracer in TRACERS}
    images = {tracer: image_of(field) for tracer, field in fields.items() if field is not None}
    return Result(
        source=source,
        parts=parts,
        images={tracer: image.to_bytes() for tracer, image in images.items() if image is not None},
        profiles=_profiles(measurement),
        seconds=measurement.seconds,
    )


def _profiles(measurement):
    """The rings that tell an angle, in deg and arcsec, with as many digits as a figure shows."""
    profiles = {}
    for tracer in TRACERS:
        profile = getattr(measurement, f"{tracer}_profile")
        if profile is not None:
            told = profile[np.isfinite(profile["pa"])]
            profiles[tracer] = {
                name: np.round(told[name].value, 2).tolist() for name in PROFILE_COLUMNS
            }
    return profiles


def by_processes(sources, settings, *, jobs, time_limit, measure):
    """
    Measure with processes of this machine.

    One that dies, or overruns its time, costs its own galaxy alone; another takes its place.

    Parameters
    ----------
    sources : iterable of `str`
        What to measure.
    settings : `dict`
        For ``measure``.
    jobs : `int`
        How many processes.
    time_limit : `float` or `None`
        Seconds a galaxy may take.
    measure : callable
        `measure_source`, or another with its arguments.

    Yields
    ------
    `~mangapa.runs._store.Result`
        As they are finished.
    """
    from pebble import ProcessPool

    # Forked processes would share locks of threads that they do not have.
    pool = ProcessPool(jobs, context=get_context("spawn"), initializer=_initialise)
    try:
        yield from _bounded(
            sources,
            lambda source: pool.schedule(
                measure, args=(source, settings, os.getpid()), timeout=time_limit
            ),
            at_once=jobs * (1 + WAITING),
            time_limit=time_limit,
        )
        pool.close()
    finally:
        pool.stop()
        pool.join()


def by_executor(sources, settings, *, executor, measure):
    """
    Measure with any executor of ``concurrent.futures``, such as dask's, MPI's or loky's.

    Parameters
    ----------
    sources, settings, measure
        As in `by_processes`.
    executor : ``concurrent.futures.Executor``
        Who does the work; it is not shut down.

    Yields
    ------
    `~mangapa.runs._store.Result`
        As they are finished.

    Raises
    ------
    mangapa.exceptions.RunError
        If the executor breaks; what it has measured is kept.
    """
    return _bounded(
        sources,
        lambda source: executor.submit(measure, source, settings, os.getpid()),
        at_once=AT_ONCE,
        time_limit=None,
    )


def _bounded(sources, submit, *, at_once, time_limit):
    """Submit so many at once, and another for each that is finished."""
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
            f"the executor broke at {source} ({error}); what was measured is kept: run it again, "
            "and in a script of yours under 'if __name__ == \"__main__\":'"
        )
        raise RunError(msg) from error
    except TimeoutError:
        return Result(source=source, error=f"took longer than {time_limit:g} s")
    except Exception as error:  # A worker died, and each executor has its own name for that.
        return Result(source=source, error=f"its worker died ({type(error).__name__}: {error})")


def _initialise():
    """What a worker of ours does before its first galaxy."""
    threading.Thread(target=_end_with_parent, daemon=True).start()


@lru_cache(maxsize=1)
def _one_blas_thread_for_good():
    """
    Threads of BLAS would stand in each other's way where each core has a worker of its own.

    They also sum in another order: a worker that is a thread among others must not lift the limit
    while another fits.
    """
    # Importing it sets an environment variable, which ``import mangapa`` must not.
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


def _end_with_parent():
    """A parent that is killed cannot tell its workers to stop."""
    parent_process().join()
    os._exit(1)
