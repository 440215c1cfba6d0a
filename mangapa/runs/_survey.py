"""A whole survey: what is to be measured, by whom, and what has come of it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mangapa._utils.html import as_html, as_text
from mangapa.archive._configuration import conf
from mangapa.archive.releases import PLATEIFU
from mangapa.catalogue import tabulate_rows
from mangapa.cleaning import MIN_REGION, SIGMA
from mangapa.exceptions import RunStoreError
from mangapa.fields import TRACERS
from mangapa.flags import PAFlags, UsabilityFlags
from mangapa.runs import _workers as workers
from mangapa.runs._sources import listed
from mangapa.runs._store import FILE_NAME, RunStore
from mangapa.usability.model import load_model

__all__ = ["RunSummary", "catalogue", "status", "survey"]

#: Seconds that a galaxy may take; the largest one takes a fraction of one.
TIME_LIMIT = 300.0


@dataclass(frozen=True, kw_only=True, repr=False)
class RunSummary:
    """
    How far a run is.

    Attributes
    ----------
    folder : `~pathlib.Path`
        Where it is kept.
    total, measured, failed : `int`
        Numbers of galaxies.
    failures : `list` of `tuple`
        Source and message of each that failed.
    rate : `float`
        Galaxies per second, between the first and the last; NaN with fewer than two.
    seconds : `dict`
        Time that each step took, summed over the galaxies.
    """

    folder: Path
    total: int
    measured: int
    failed: int
    failures: list
    rate: float
    seconds: dict

    @property
    def left(self):
        """How many galaxies are not done yet."""
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
        rows += [("Failure", f"{source}: {error}") for source, error in self.failures[:3]]
        return as_html("RunSummary", rows)


def survey(
    sources,
    out,
    *,
    jobs=1,
    executor=None,
    resume=True,
    progress=True,
    release=None,
    daptype=None,
    download=None,
    time_limit=TIME_LIMIT,
    retry=False,
    sigma=SIGMA,
    min_region=MIN_REGION,
    model="default",
    **fit_options,
):
    """
    Measure many galaxies, and go on where an earlier run was interrupted.

    Each galaxy is kept as soon as it is measured. One that fails, kills its worker or takes too
    long costs its own row. The order and the number of the workers do not change any value.

    Parameters
    ----------
    sources : path-like, `str` or iterable of them
        A folder or a pattern of MAPS files, files, plate-IFUs or MaNGA-IDs.
    out : path-like
        Folder of the run.
    jobs : `int`, optional
        How many processes of this machine work.
    executor : ``concurrent.futures.Executor``, optional
        Who works instead, such as dask's ``Client.get_executor()``.
    resume : `bool`, optional
        Go on with a run that is there; else it is an error.
    progress : `bool`, optional
        Show a progress bar, if there is a terminal.
    release, daptype, download : optional
        Of identifiers, as in `mangapa.measure`.
    time_limit : `float` or `None`, optional
        Seconds that a galaxy may take, on processes of this machine.
    retry : `bool`, optional
        Try again what failed before.
    sigma, min_region : `float`, optional
        As in `mangapa.measure`, like the rest; kept with the run, which goes on with the same ones
        only.
    model : `str` or path-like, optional
        Which model of `~mangapa.usability` judges the fields.
    **fit_options
        Options of `~mangapa.fit_pa`, such as ``method``.

    Returns
    -------
    `~mangapa.RunSummary`

    Raises
    ------
    FileNotFoundError
        If a folder or pattern holds no file.
    mangapa.exceptions.RunStoreError
        If there is a run of other settings or another version, or one at all and ``resume`` is
        false; the message says what to do.
    mangapa.exceptions.RunError
        If an executor breaks.
    TypeError, ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(plateifu="8485-1901", n_fibres=19)
    >>> path = mangapa.write_maps(galaxy, "manga-8485-1901-MAPS-mock.fits.gz")
    >>> mangapa.survey(path, "run").measured
    1
    """
    from tqdm import tqdm

    names = listed(sources)
    if not (isinstance(jobs, int) and jobs >= 1):
        msg = f"jobs={jobs!r} must be a whole number of at least 1"
        raise ValueError(msg)
    settings = {
        "release": release or conf.release,
        "daptype": daptype or conf.daptype or None,
        "sigma": sigma,
        "min_region": min_region,
        "model": str(model),
        **fit_options,
    }
    # A model is told by its hash: another one under the same path is another setting.
    fingerprint = {**settings, "model_sha256": load_model(model).card["sha256"]}
    given = {**settings, "download": download}
    if not resume and (Path(out) / FILE_NAME).exists():
        msg = f"there is a run in {out}; resume it, name another folder, or delete this one"
        raise RunStoreError(msg)
    with RunStore(out, fingerprint) as store:
        store.add_sources(names)
        if retry:
            store.forget_failures()
        todo = store.unfinished()
        if executor is None:
            results = workers.by_processes(
                todo, given, jobs=jobs, time_limit=time_limit, measure=workers.measure_source
            )
        else:
            results = workers.by_executor(
                todo, given, executor=executor, measure=workers.measure_source
            )
        # Importing it sets an environment variable, which ``import mangapa`` must not.
        from threadpoolctl import threadpool_limits

        total = store.counts()[0]
        bar = tqdm(
            total=total,
            initial=total - len(todo),
            unit="galaxy",
            leave=False,
            disable=None if progress else True,
        )
        # An executor may work in threads of this process; see the workers.
        with bar, threadpool_limits(1):
            for result in results if todo else ():
                store.add(result)
                bar.update()
        return summarise(store)


def status(folder):
    """
    Tell how far a run is, while it runs or after.

    Parameters
    ----------
    folder : path-like
        Of the run.

    Returns
    -------
    `~mangapa.RunSummary`

    Raises
    ------
    FileNotFoundError
        If there is no run.
    """
    with RunStore(folder) as store:
        return summarise(store)


def catalogue(folder):
    """
    The catalogue of a run, finished or not.

    Parameters
    ----------
    folder : path-like
        Of the run.

    Returns
    -------
    `~astropy.table.QTable`
        One row a galaxy that is done, in the order of the sources; settings, version and date in
        ``meta``. One that failed has its ``error`` and the flags ``NOT_MEASURED``, no values.

    Raises
    ------
    FileNotFoundError
        If there is no run.
    """
    with RunStore(folder) as store:
        return tabulate_run(store)


def tabulate_run(store):
    """
    The catalogue of an open store; see `catalogue`.

    Parameters
    ----------
    store : `~mangapa.runs._store.RunStore`
        Of the run.

    Returns
    -------
    `~astropy.table.QTable`
    """
    facts = store.facts
    rows = (_failed(source, row) if row["error"] else row for source, row in store.rows())
    table = tabulate_rows(rows, created=facts["created"])
    table.meta["mangapa"] = facts["version"]
    table.meta["settings"] = facts["settings"]
    return table


def _failed(source, row):
    """The row of a galaxy that failed: its name, if the source tells it, and why."""
    name = PLATEIFU.search(Path(source).name)
    row["plateifu"] = name.group() if name else None
    if source not in row["error"]:
        row["error"] = f"{source}: {row['error']}"
    for tracer in TRACERS:
        row[f"{tracer}_flags"] = int(PAFlags.NOT_MEASURED)
        row[f"{tracer}_usability_flags"] = int(UsabilityFlags.NOT_MEASURED)
    return row


def summarise(store):
    """
    How far the run of an open store is; see `status`.

    Parameters
    ----------
    store : `~mangapa.runs._store.RunStore`
        Of the run.

    Returns
    -------
    `~mangapa.RunSummary`
    """
    total, measured, failed = store.counts()
    first, last, number = store.finished_between()
    rate = float("nan")
    if number > 1:
        apart = datetime.fromisoformat(last) - datetime.fromisoformat(first)
        rate = (number - 1) / max(apart.total_seconds(), 1e-3)
    seconds = {}
    for steps in store.timings():
        for step, spent in steps.items():
            seconds[step] = seconds.get(step, 0.0) + spent
    return RunSummary(
        folder=store.path.parent,
        total=total,
        measured=measured,
        failed=failed,
        failures=store.failures(),
        rate=rate,
        seconds=seconds,
    )
