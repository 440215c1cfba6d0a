"""What a survey has found so far: an SQLite file that survives whatever happens to the run."""

import itertools
import json
import sqlite3
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from astropy.time import Time

from mangapa._utils.sqlite import transaction
from mangapa.exceptions import RunStoreError
from mangapa.runs._identity import difference, new_facts

__all__ = ["FILE_NAME", "Result", "RunStore"]

#: In the folder of a run.
FILE_NAME = "run.sqlite"
#: Another layout needs another number: `mangapa.runs._identity.LAYOUT`.
TABLES = """
create table run (name text primary key, value text not null);
create table sources (number integer primary key, source text not null unique);
create table results (
    source text not null references sources (source),
    part text not null check (part in ('galaxy', 'stellar', 'halpha')),
    value text not null,
    primary key (source, part)
) without rowid;
create table images (
    source text not null references sources (source),
    tracer text not null check (tracer in ('stellar', 'halpha')),
    image blob not null,
    primary key (source, tracer)
) without rowid;
create table profiles (
    source text not null references sources (source),
    tracer text not null check (tracer in ('stellar', 'halpha')),
    profile text not null,
    primary key (source, tracer)
) without rowid;
create table outcomes (
    source text primary key references sources (source),
    error text,
    seconds text not null,
    finished text not null
);
"""


@dataclass(frozen=True, kw_only=True)
class Result:
    """
    What became of one galaxy.

    Attributes
    ----------
    source : `str`
        As it was given.
    parts : `dict` or `None`
        Columns of the catalogue for "galaxy", "stellar" and "halpha"; `None` after a failure.
    error : `str` or `None`
        Why it failed.
    images : `dict`
        Images of the fields for "stellar" and "halpha", as bytes.
    profiles : `dict`
        For the same, columns of the position angle against radius, as lists.
    seconds : `dict`
        Time that each step took.
    """

    source: str
    parts: dict | None = None
    error: str | None = None
    images: dict | None = None
    profiles: dict | None = None
    seconds: dict | None = None


class RunStore:
    """
    The store of one run; opened by one process, the parent, alone.

    Parameters
    ----------
    folder : path-like
        Of the run.
    settings : `dict`, optional
        Of a run that is to be begun or gone on with; not needed to look at one.

    Raises
    ------
    FileNotFoundError
        If there is no run to look at.
    mangapa.exceptions.RunStoreError
        If the run was made with other settings or another version, or is open elsewhere.
    """

    def __init__(self, folder, settings=None):
        self.path = Path(folder) / FILE_NAME
        if settings is None and not self.path.is_file():
            msg = f"there is no run in {folder}; begin one with 'mangapa survey SOURCES --out DIR'"
            raise FileNotFoundError(msg)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Autocommit: each statement stands for itself, transactions are begun by name.
        self._database = sqlite3.connect(self.path, isolation_level=None)
        try:
            self._open(settings)
        except BaseException:
            self._database.close()
            raise

    def _open(self, settings):
        try:
            self._database.execute("pragma journal_mode = wal")
            self._database.execute("pragma synchronous = normal")
            known = self._database.execute(
                "select count(*) from sqlite_master where name = 'run'"
            ).fetchone()[0]
        except sqlite3.DatabaseError as error:
            msg = f"{self.path} is no store of a run ({error}); name another folder"
            raise RunStoreError(msg) from error
        if not known and settings is None:
            msg = f"{self.path} is no store of a run (it holds no run); name another folder"
            raise RunStoreError(msg)
        if not known:
            self._begin(settings)
        self._check(settings)

    def _begin(self, settings):
        with transaction(self._database):
            for statement in TABLES.split(";"):
                self._database.execute(statement)
            self._database.executemany(
                "insert into run values (?, ?)",
                [(name, json.dumps(value)) for name, value in new_facts(settings).items()],
            )

    def _check(self, settings):
        trouble = difference(self.facts, settings)
        if trouble:
            msg = (
                f"the run in {self.path.parent} was made {trouble}; its results are not mixed with "
                "others: name another folder, or delete this one to begin anew"
            )
            raise RunStoreError(msg)

    def snapshot(self):
        """
        Read as of one moment, even while the run goes on.

        Returns
        -------
        context manager
            In which that is so.
        """
        return transaction(self._database, "deferred")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Close the file."""
        self._database.close()

    @property
    def facts(self):
        """Layout, settings, version and date of the run, as a `dict`."""
        rows = self._database.execute("select name, value from run")
        return {name: json.loads(value) for name, value in rows}

    def add_sources(self, sources):
        """
        Add what is to be measured.

        Parameters
        ----------
        sources : iterable of `str`
            In their order; what is known already stays where it is.
        """
        with transaction(self._database):
            self._database.executemany(
                "insert or ignore into sources (source) values (?)", [(one,) for one in sources]
            )

    def unfinished(self):
        """
        What is left to do.

        Returns
        -------
        `list` of `str`
            The sources without an outcome, in their order.
        """
        rows = self._database.execute(
            "select source from sources left join outcomes using (source) "
            "where outcomes.source is null order by number"
        )
        return [source for (source,) in rows]

    def add(self, result):
        """
        Keep what became of a galaxy, whole or not at all.

        Parameters
        ----------
        result : `Result`
            For a source that was added, and has no outcome yet.
        """
        now = Time.now().utc.isot
        with transaction(self._database):
            self._database.execute(
                "insert into outcomes values (?, ?, ?, ?)",
                (result.source, result.error, json.dumps(result.seconds or {}), now),
            )
            self._database.executemany(
                "insert into results values (?, ?, ?)",
                [
                    (result.source, part, json.dumps(value))
                    for part, value in (result.parts or {}).items()
                ],
            )
            self._database.executemany(
                "insert into images values (?, ?, ?)",
                [(result.source, *image) for image in (result.images or {}).items()],
            )
            self._database.executemany(
                "insert into profiles values (?, ?, ?)",
                [
                    (result.source, tracer, json.dumps(profile))
                    for tracer, profile in (result.profiles or {}).items()
                ],
            )

    def forget_failures(self):
        """Let what failed be tried again."""
        self._database.execute("delete from outcomes where error is not null")

    def rows(self):
        """
        What is done, in the order of the sources.

        Yields
        ------
        source : `str`
            As it was given.
        row : `dict`
            Columns of the catalogue; of a galaxy that failed, "error" alone.
        """
        cursor = self._database.execute(
            "select source, error, value from sources join outcomes using (source) "
            "left join results using (source) order by number, part"
        )
        for source, parts in itertools.groupby(cursor, key=itemgetter(0)):
            row = {}
            for _, error, value in parts:
                row |= {"error": error} if value is None else json.loads(value)
            yield source, row

    def images(self, source):
        """
        The images of a galaxy's fields.

        Parameters
        ----------
        source : `str`
            Of the galaxy.

        Returns
        -------
        `dict`
            `bytes` by tracer; empty if there are none.
        """
        rows = self._database.execute("select tracer, image from images where source = ?", [source])
        return dict(rows)

    def profiles(self, source):
        """
        The position angles of a galaxy against radius.

        Parameters
        ----------
        source : `str`
            Of the galaxy.

        Returns
        -------
        `dict`
            Lists by name of the column, by tracer; empty if there are none.
        """
        rows = self._database.execute(
            "select tracer, profile from profiles where source = ?", [source]
        )
        return {tracer: json.loads(profile) for tracer, profile in rows}

    def imaged(self):
        """
        Which fields have an image.

        Returns
        -------
        `dict`
            A `set` of tracers by source.
        """
        found = {}
        for source, tracer in self._database.execute("select source, tracer from images"):
            found.setdefault(source, set()).add(tracer)
        return found

    def failures(self):
        """
        What failed and why.

        Returns
        -------
        `list` of `tuple`
            Source and message.
        """
        rows = self._database.execute(
            "select source, error from sources join outcomes using (source) "
            "where error is not null order by number"
        )
        return list(rows)

    def counts(self):
        """
        How many there are.

        Returns
        -------
        `tuple` of `int`
            Sources, those that were measured, and those that failed.
        """
        return self._database.execute(
            "select (select count(*) from sources), "
            "(select count(*) from outcomes where error is null), "
            "(select count(*) from outcomes where error is not null)"
        ).fetchone()

    def timings(self):
        """Seconds that each step took, one `dict` a galaxy."""
        for (seconds,) in self._database.execute("select seconds from outcomes"):
            yield json.loads(seconds)

    def finished_between(self):
        """
        When the run was at work.

        Returns
        -------
        `tuple`
            When the first and the last galaxy were finished, and how many there are.
        """
        return self._database.execute(
            "select min(finished), max(finished), count(*) from outcomes"
        ).fetchone()
