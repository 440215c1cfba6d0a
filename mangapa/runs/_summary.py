"""The state and the catalogue of a run, finished or not."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from astropy.table import QTable

from mangapa._utils.html import as_html, as_text
from mangapa._utils.types import PathLike
from mangapa.catalogue import tabulate_rows
from mangapa.catalogue._tables import failed_row
from mangapa.catalogue.columns import STANDARD, column_groups
from mangapa.runs._store import RunStore

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
        Numbers of galaxies. A galaxy of which a part could not be measured has failed.
    failures : `list` of `tuple`
        Source as it was given and message of each galaxy that failed; the message names the source.
    rate : `float`
        Galaxies per second since the run was last begun or resumed; NaN with fewer than two.
    seconds : `dict`
        Time that each step took, summed over the galaxies.
    """

    folder: Path
    total: int
    measured: int
    failed: int
    failures: list[tuple[str, str]]
    # Only this depends on how the run came about.
    rate: float = field(compare=False)
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
        total, measured, failed = store.progress()
        n_new, first, last = store.pace()
        rate = float("nan")
        if n_new > 1:
            elapsed = datetime.fromisoformat(last) - datetime.fromisoformat(first)
            rate = (n_new - 1) / max(elapsed.total_seconds(), SHORTEST)
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
    mangapa.exceptions.RunStoreError
        If the run cannot be read; it need not be writable.
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
        and date in ``meta``. A galaxy that failed has its ``error``; what could not be measured has
        no values, and the flags ``NOT_MEASURED``.

    Raises
    ------
    FileNotFoundError
        If there is no run.
    mangapa.exceptions.RunStoreError
        If the run cannot be read; it need not be writable.
    """
    with RunStore(folder) as store:
        return tabulate_run(store)


def tabulate_run(store):
    """The catalogue of an open store; see `catalogue`."""
    facts = store.facts
    rows = (failed_row(row["source"]) | row if row["error"] else row for _, row in store.rows())
    # Older runs lack the option, and the package that has a group may be missing here.
    groups = facts["settings"].get("columns", STANDARD).split(",")
    columns = [group for group in groups if group in column_groups()]
    table = tabulate_rows(rows, columns=columns, created=facts["created"])
    table.meta["mangapa"] = facts["version"]
    table.meta["settings"] = facts["settings"]
    return table
