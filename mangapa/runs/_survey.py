"""A whole survey: run it, see how far it is, and read its catalogue."""

import os
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from numbers import Integral
from pathlib import Path
from typing import Any

from astropy import units as u
from astropy.table import QTable

from mangapa._utils.html import as_html, as_text
from mangapa._utils.options import documented_with
from mangapa._utils.progress import progress_bar
from mangapa._utils.quantities import scalar
from mangapa._utils.types import PathLike, ScalarLike
from mangapa.archive._configuration import conf, may_download
from mangapa.archive.releases import PLATEIFU
from mangapa.catalogue import tabulate_rows
from mangapa.exceptions import RunStoreError
from mangapa.fields import TRACERS
from mangapa.flags import PAFlags, UsabilityFlags
from mangapa.runs import _workers as workers
from mangapa.runs._identity import run_settings
from mangapa.runs._sources import listed
from mangapa.runs._store import FILE_NAME, RunStore
from mangapa.settings import MeasurementSettings

#: Seconds that a galaxy may take; the largest one takes a fraction of a second.
TIME_LIMIT = 300.0
#: Shortest time in seconds by which a rate is divided: the resolution of the store's dates.
SHORTEST = 1e-3


@dataclass(frozen=True, kw_only=True, repr=False)
class RunSummary:
    """
    The state of a run.

    Attributes
    ----------
    folder : `~pathlib.Path`
        Folder of the run.
    total, measured, failed : `int`
        Numbers of galaxies.
    failures : `list` of `tuple`
        Source and message of each galaxy that failed; the message names the source.
    rate : `float`
        Galaxies per second between the first and the last; NaN with fewer than two.
    seconds : `dict`
        Time that each step took, summed over the galaxies.
    """

    folder: Path
    total: int
    measured: int
    failed: int
    failures: list[tuple[str, str]]
    rate: float
    seconds: dict[str, float]

    @classmethod
    def of_store(cls, store: RunStore) -> "RunSummary":
        """
        Summarise the run of an open store.

        Parameters
        ----------
        store : ``RunStore``
            Store of the run.

        Returns
        -------
        `~mangapa.RunSummary`
        """
        total, measured, failed, first, last = store.progress()
        done, rate = measured + failed, float("nan")
        if done > 1:
            elapsed = datetime.fromisoformat(last) - datetime.fromisoformat(first)
            rate = (done - 1) / max(elapsed.total_seconds(), SHORTEST)
        seconds = Counter()
        for steps in store.timings():
            seconds.update(steps)
        return cls(
            folder=store.path.parent,
            total=total,
            measured=measured,
            failed=failed,
            failures=store.failures(),
            rate=rate,
            seconds=dict(seconds),
        )

    @property
    def left(self) -> int:
        """Number of galaxies that are not done yet."""
        return self.total - self.measured - self.failed

    def __repr__(self):
        text = f"<RunSummary of {self.folder}: {self.measured} of {self.total} measured"
        if self.failed:
            text += f", {self.failed} failed"
        return text + (f", {self.left} left>" if self.left else ">")

    def _repr_html_(self):
        names = ("folder", "total", "measured", "failed", "left")
        rows = [(name.capitalize(), getattr(self, name)) for name in names]
        rows += [("Galaxies per second", as_text(self.rate, decimals=2))]
        rows += [("Failure", error) for _, error in self.failures[:3]]
        return as_html("RunSummary", rows)


@documented_with(MeasurementSettings)
def survey(
    sources: PathLike | Iterable[PathLike],
    out: PathLike,
    *,
    jobs: int = 1,
    executor: Executor | None = None,
    resume: bool = True,
    progress: bool = True,
    release: str | None = None,
    daptype: str | None = None,
    download: bool | None = None,
    time_limit: ScalarLike | None = TIME_LIMIT,
    retry: bool = False,
    settings: MeasurementSettings | None = None,
    **options: Any,
) -> RunSummary:
    """
    Measure many galaxies, and resume a run that was interrupted.

    Each galaxy is stored as soon as it is measured. One that fails, kills its worker or takes too
    long costs its own row only. The values do not depend on the order or the number of workers.

    Parameters
    ----------
    sources : path-like, `str` or iterable of them
        Folders and patterns of MAPS files, files, plate-IFUs and MaNGA-IDs.
    out : path-like
        Folder of the run.
    jobs : `int`, optional
        Number of worker processes on this machine.
    executor : ``concurrent.futures.Executor``, optional
        Measures the galaxies instead, such as dask's ``Client.get_executor()``.
    resume : `bool`, optional
        Resume a run that is already in the folder; if false, it is an error.
    progress : `bool`, optional
        Show a progress bar if there is a terminal.
    release, daptype, download : optional
        Where to find plate-IFUs and MaNGA-IDs, as in `mangapa.measure`.
    time_limit : `float`, `~astropy.units.Quantity` or `None`, optional
        Time that a galaxy may take in a worker process of this machine, in seconds.
    retry : `bool`, optional
        Try the galaxies again that failed before.
    settings : `~mangapa.MeasurementSettings`, optional
        All options of the measurement as one value. They are stored with the run, which can only
        be resumed with equal ones.
    **options
        Single options, which replace those of ``settings``; velocities may be quantities:

        {options}

    Returns
    -------
    `~mangapa.RunSummary`

    Raises
    ------
    FileNotFoundError
        If a folder or pattern holds no file.
    mangapa.exceptions.RunStoreError
        If the folder holds a run with other settings or of another version, or any run if
        ``resume`` is false.
    mangapa.exceptions.RunError
        If the executor breaks.
    TypeError, ValueError
        If an argument is unknown, of the wrong type or out of its range, or if the method or a
        column of the catalogue is registered in a script or notebook; the run is not begun.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(plateifu="8485-1901", n_fibres=19)
    >>> path = mangapa.write_maps(galaxy, "manga-8485-1901-MAPS-mock.fits.gz")
    >>> mangapa.survey(path, "run").measured
    1
    """
    from threadpoolctl import threadpool_limits

    settings = MeasurementSettings.from_options(settings, **options)
    if not (isinstance(jobs, Integral) and jobs >= 1):
        msg = f"jobs={jobs!r} must be an integer of at least 1"
        raise ValueError(msg)
    if time_limit is not None:
        time_limit = scalar("time_limit", time_limit, u.s, positive=True)
    stored = run_settings(settings, release=release, daptype=daptype)
    arguments = {
        "release": release or conf.release,
        "daptype": stored["daptype"],
        # The workers do not know the configuration of this session.
        "download": may_download(download),
        "settings": settings,
    }
    measure_one = partial(
        workers.measure_source,
        arguments=arguments,
        modules=workers.needed_modules(settings.method),
        parent=os.getpid(),
    )
    names = listed(sources)
    if not resume and (Path(out) / FILE_NAME).exists():
        msg = f"there is already a run in {out}; resume it, name another folder, or delete it"
        raise RunStoreError(msg)
    with RunStore(out, stored) as store:
        store.add_sources(names)
        if retry:
            store.forget_failures()
        todo = store.unfinished()
        if executor is None:
            results = workers.by_processes(todo, measure_one, jobs=jobs, time_limit=time_limit)
        else:
            results = workers.by_executor(todo, measure_one, executor)
        total = store.progress()[0]
        bar = progress_bar(show=progress, total=total, initial=total - len(todo))
        # An executor may use threads of this process, in which workers set no limit.
        with bar, threadpool_limits(1):
            for result in results if todo else ():
                store.add(result)
                bar.update()
        return RunSummary.of_store(store)


def status(folder: PathLike) -> RunSummary:
    """
    Summarise a run, finished or not.

    Parameters
    ----------
    folder : path-like
        Folder of the run.

    Returns
    -------
    `~mangapa.RunSummary`

    Raises
    ------
    FileNotFoundError
        If there is no run.
    """
    with RunStore(folder) as store:
        return RunSummary.of_store(store)


def catalogue(folder: PathLike) -> QTable:
    """
    Read the catalogue of a run, finished or not.

    Parameters
    ----------
    folder : path-like
        Folder of the run.

    Returns
    -------
    `~astropy.table.QTable`
        One row for each galaxy that is done, in the order of the sources, with settings, version
        and date in ``meta``. A galaxy that failed has its ``error`` and the flags
        ``NOT_MEASURED``, and no values.

    Raises
    ------
    FileNotFoundError
        If there is no run.
    """
    with RunStore(folder) as store:
        return tabulate_run(store)


def tabulate_run(store):
    """The catalogue of an open store; see `catalogue`."""
    facts = store.facts
    rows = (row | _failed(source) if row["error"] else row for source, row in store.rows())
    table = tabulate_rows(rows, created=facts["created"])
    table.meta["mangapa"] = facts["version"]
    table.meta["settings"] = facts["settings"]
    return table


def _failed(source):
    """Columns of a galaxy that failed: its plate-IFU, if the source names it, and its flags."""
    plateifu = PLATEIFU.search(Path(source).name)
    row = {"plateifu": plateifu.group() if plateifu else None}
    for tracer in TRACERS:
        row[f"{tracer}_flags"] = int(PAFlags.NOT_MEASURED)
        row[f"{tracer}_usability_flags"] = int(UsabilityFlags.NOT_MEASURED)
    return row
