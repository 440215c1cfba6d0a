"""A whole survey, which can be interrupted and resumed."""

import os
import warnings
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from contextlib import closing
from functools import partial
from numbers import Integral
from typing import Any

from astropy import units as u

from mangapa._utils.files import as_path
from mangapa._utils.options import documented_with
from mangapa._utils.progress import progress_bar
from mangapa._utils.quantities import scalar
from mangapa._utils.threads import thread_pools
from mangapa._utils.types import PathLike, ScalarLike
from mangapa.archive._configuration import may_download
from mangapa.exceptions import MangapaWarning, RunStoreError
from mangapa.runs import _pools as pools
from mangapa.runs import _workers as workers
from mangapa.runs._identity import run_settings
from mangapa.runs._roots import checked_roots
from mangapa.runs._sources import listed
from mangapa.runs._store import FILE_NAME, RunStore
from mangapa.runs._summary import RunSummary
from mangapa.settings import MeasurementSettings

#: Seconds that a galaxy may take; the largest one takes a fraction of a second.
TIME_LIMIT = 300.0


@documented_with(MeasurementSettings)
def survey(
    sources: PathLike | Iterable[PathLike],
    out: PathLike,
    *,
    jobs: int = 1,
    executor: Executor | None = None,
    worker_roots: Mapping[PathLike, PathLike] | None = None,
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

    Galaxies are stored as they are measured, those of a fifth of a second together. One that fails,
    kills its worker or takes too long costs its own row only. The values do not depend on the order
    or the number of workers.

    Parameters
    ----------
    sources : path-like, `str` or iterable of them
        Folders and patterns, files, plate-IFUs and MaNGA-IDs. A folder stands for the files in it
        and in all folders below, linked ones too but not hidden ones, whose names are those of a
        known format, such as MAPS; or for all FITS files if there are none. Files in one folder
        that belong to one observation of a galaxy, as their names tell, are one source. Each file
        is measured once, under however many names it is given, and so is a plate-IFU that is also
        given as its MaNGA-ID.
    out : path-like
        Folder of the run.
    jobs : `int`, optional
        Largest number of worker processes on this machine.
    executor : ``concurrent.futures.Executor``, optional
        Measures the galaxies instead, such as dask's ``Client.get_executor()``.
    worker_roots : mapping of path-like to path-like, optional
        Folders of this machine, and the absolute paths under which the workers of the executor see
        them, where these differ.
    resume : `bool`, optional
        Resume a run that is already in the folder; if false, it is an error. Files that have
        changed since they were measured are measured again, with a warning.
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
        ``resume`` is false; if another survey is writing to it; or if the run cannot be stored,
        as on a full disk.
    mangapa.exceptions.RunError
        If the executor breaks or loses its scheduler; what was measured is kept.
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
    settings = MeasurementSettings.from_options(settings, **options)
    if not (isinstance(jobs, Integral) and jobs >= 1):
        msg = f"jobs={jobs!r} must be an integer of at least 1"
        raise ValueError(msg)
    if time_limit is not None:
        time_limit = scalar("time_limit", time_limit, u.s, positive=True)
    roots = checked_roots(worker_roots)
    if roots and executor is None:
        msg = "worker_roots is only for an executor: processes of this machine see the same paths"
        raise ValueError(msg)
    stored = run_settings(settings, release=release, daptype=daptype)
    arguments = {
        "release": stored["release"],
        "daptype": stored["daptype"],
        # The workers do not know the configuration of this session.
        "download": may_download(download),
        "settings": settings,
    }
    measure_one = partial(
        workers.measure_source,
        arguments=arguments,
        modules=workers.needed_modules(settings.method, settings.columns),
        parent=os.getpid(),
    )
    named = listed(sources, release=stored["release"], download=arguments["download"])
    out = as_path("out", out)
    if not resume and (out / FILE_NAME).exists():
        msg = f"there is already a run in {out}; resume it, name another folder, or delete it"
        raise RunStoreError(msg)
    with RunStore(out, stored) as store:
        store.add_sources(named)
        del named  # The store knows them, and a survey may be long.
        if retry:
            store.forget_failures()
        _forget_changed(store)
        todo = store.unfinished()
        if executor is None:
            results = pools.by_processes(todo, measure_one, jobs=jobs, time_limit=time_limit)
        else:
            results = pools.by_executor(todo, measure_one, executor, roots)
        total = store.progress()[0]
        bar = progress_bar(show=progress, total=total, initial=total - len(todo))
        # An executor may use threads of this process, in which workers set no limit.
        with bar, thread_pools().limit(limits=1), closing(results):
            for new in results if todo else ():
                store.add(*new)
                bar.update(len(new))
        store.check_file()
        return RunSummary.of_store(store)


def _forget_changed(store):
    """Measure a file again that is not the one whose results are stored."""
    changed = store.forget_changed()
    if changed:
        message = (
            f"{len(changed)} files have changed since they were measured, such as "
            f"{changed[0].spelling}; they are measured again"
        )
        warnings.warn(message, MangapaWarning, stacklevel=4)
