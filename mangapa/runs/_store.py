"""The results of a run in an SQLite file that survives any interruption."""

import itertools
import json
import sqlite3
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

from astropy.time import Time

from mangapa._utils.sqlite import transaction
from mangapa.exceptions import RunStoreError
from mangapa.runs._identity import difference, new_facts

#: Name of the store in the folder of a run.
FILE_NAME = "run.sqlite"
#: A change here needs another number in `mangapa.runs._identity.STORE_LAYOUT`.
TABLES = """
create table run (name text primary key, value text not null);
create table sources (number integer primary key, source text not null unique);
create table results (
    source text not null references sources (source),
    part text not null check (part in ('galaxy', 'stellar', 'halpha')),
    value text not null,
    primary key (source, part)
) without rowid;
create table fields (
    source text not null references sources (source),
    tracer text not null check (tracer in ('stellar', 'halpha')),
    image blob,
    profile text,
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
    """The result for one galaxy."""

    source: str  # as it was given
    parts: dict = field(default_factory=dict)  # columns of "galaxy", "stellar" and "halpha"
    error: str | None = None  # why the galaxy failed
    images: dict = field(default_factory=dict)  # `bytes` of a `FieldImage` by tracer
    profiles: dict = field(default_factory=dict)  # lists by column, by tracer
    seconds: dict = field(default_factory=dict)  # that each step took


class RunStore:
    """
    The store of one run; only one process may write to it.

    ``settings`` are plain values with which the run is begun or resumed; not needed to read it.
    RunStoreError is raised if the run was made with others, or by another version.
    """

    def __init__(self, folder, settings=None):
        self.path = Path(folder) / FILE_NAME
        if settings is None and not self.path.is_file():
            msg = f"there is no run in {folder}; begin one with 'mangapa survey SOURCES --out DIR'"
            raise FileNotFoundError(msg)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Autocommit mode, so that transactions are begun by name.
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
            [(exists,)] = self._database.execute(
                "select count(*) from sqlite_master where name = 'run'"
            )
        except sqlite3.DatabaseError as error:
            msg = f"{self.path} is not the store of a run ({error}); name another folder"
            raise RunStoreError(msg) from error
        if not exists:
            if settings is None:
                msg = f"{self.path} is not the store of a run (it is empty); name another folder"
                raise RunStoreError(msg)
            self._create(settings)
        trouble = difference(self.facts, settings)
        if trouble:
            msg = (
                f"the run in {self.path.parent} was made {trouble}; name another folder, or delete "
                "this one to start again"
            )
            raise RunStoreError(msg)

    def _create(self, settings):
        facts = [(name, json.dumps(value)) for name, value in new_facts(settings).items()]
        with transaction(self._database):
            for statement in TABLES.split(";"):
                self._database.execute(statement)
            self._database.executemany("insert into run values (?, ?)", facts)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Close the file."""
        self._database.close()

    def snapshot(self):
        """Context manager in which all reads see the same state, even while the run continues."""
        return transaction(self._database, "deferred")

    @property
    def facts(self):
        """Layout, settings, version and date of the run, as a `dict`."""
        rows = self._database.execute("select name, value from run")
        return {name: json.loads(value) for name, value in rows}

    def add_sources(self, sources):
        """Add sources after those that are already there; known ones keep their place."""
        insert = "insert or ignore into sources (source) values (?)"
        with transaction(self._database):
            self._database.executemany(insert, [(one,) for one in sources])

    def unfinished(self):
        """Sources without an outcome, as a `list` of `str` in their order."""
        rows = self._database.execute(
            "select source from sources left join outcomes using (source) "
            "where outcomes.source is null order by number"
        )
        return [source for (source,) in rows]

    def add(self, result):
        """Store the `Result` for a known source without an outcome, whole or not at all."""
        source, now = result.source, Time.now().utc.isot
        outcome = (source, result.error, json.dumps(result.seconds), now)
        parts = [(source, part, json.dumps(value)) for part, value in result.parts.items()]
        profiles = {tracer: json.dumps(profile) for tracer, profile in result.profiles.items()}
        fields = [
            (source, tracer, result.images.get(tracer), profiles.get(tracer))
            for tracer in result.images.keys() | profiles.keys()
        ]
        with transaction(self._database):
            self._database.execute("insert into outcomes values (?, ?, ?, ?)", outcome)
            self._database.executemany("insert into results values (?, ?, ?)", parts)
            self._database.executemany("insert into fields values (?, ?, ?, ?)", fields)

    def forget_failures(self):
        """Remove the outcome of all sources that failed, so that they are tried again."""
        self._database.execute("delete from outcomes where error is not null")

    def rows(self):
        """Yield each finished source, in order, with its columns, or only "error" if it failed."""
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
        """Images of a galaxy's fields, `bytes` by tracer."""
        return dict(self._of_fields("image", source))

    def profiles(self, source):
        """Position angles of a galaxy against radius: by tracer, lists by name of the column."""
        rows = self._of_fields("profile", source)
        return {tracer: json.loads(profile) for tracer, profile in rows}

    def _of_fields(self, column, source):
        return self._database.execute(
            f"select tracer, {column} from fields where source = ? and {column} is not null",
            [source],
        )

    def imaged(self):
        """The tracers that have an image, as a `set` by source."""
        tracers = {}
        for source, tracer in self._database.execute(
            "select source, tracer from fields where image is not null"
        ):
            tracers.setdefault(source, set()).add(tracer)
        return tracers

    def failures(self):
        """Source and message of each failure, as a `list` of pairs."""
        return self._database.execute(
            "select source, error from sources join outcomes using (source) "
            "where error is not null order by number"
        ).fetchall()

    def progress(self):
        """Numbers of all, measured and failed sources, and the dates of the first and last."""
        return self._database.execute(
            "select (select count(*) from sources), count(*) - count(error), count(error), "
            "min(finished), max(finished) from outcomes"
        ).fetchone()

    def timings(self):
        """Iterate over the seconds that each step took, one `dict` for each galaxy."""
        for (seconds,) in self._database.execute("select seconds from outcomes"):
            yield json.loads(seconds)
