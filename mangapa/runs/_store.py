"""The results of a run in an SQLite file that survives any interruption."""

import itertools
import json
import os
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from operator import itemgetter

from mangapa._utils.files import as_path, printable
from mangapa.archive import is_identifier
from mangapa.exceptions import RunStoreError
from mangapa.formats._groups import pattern_of
from mangapa.runs._identity import difference, new_facts
from mangapa.runs._sources import Source, file_stamp
from mangapa.runs._store_file import StoreFile

#: Name of the store in the folder of a run.
FILE_NAME = "run.sqlite"
#: A change here needs another number in `mangapa.runs._identity.STORE_LAYOUT`. The identity of a
#: source may be a path that is no text in any encoding, so it is stored as bytes.
TABLES = """
create table run (name text primary key, value text not null);
create table sources (
    number integer primary key,
    source blob not null unique,
    target blob not null,
    spelling text not null
);
create table results (
    source blob not null references sources (source),
    part text not null check (part in ('galaxy', 'stellar', 'halpha')),
    value text not null,
    primary key (source, part)
) without rowid;
create table fields (
    source blob not null references sources (source),
    tracer text not null check (tracer in ('stellar', 'halpha')),
    image blob,
    profile text,
    primary key (source, tracer)
) without rowid;
create table outcomes (
    source blob primary key references sources (source),
    error text,
    seconds text not null,
    file text,
    finished text not null
);
"""


def now():
    """The date and time in UTC, to a millisecond, as a store has them."""
    return datetime.now(timezone.utc).replace(tzinfo=None).isoformat(timespec="milliseconds")


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result for one galaxy."""

    source: str | tuple[str, ...]  # the identity of a `Source`; its target, from a worker
    parts: dict = field(default_factory=dict)  # columns of "galaxy", "stellar" and "halpha"
    error: str | None = None  # why the galaxy, or a part of it, failed
    images: dict = field(default_factory=dict)  # `bytes` of a `FieldImage` by tracer
    profiles: dict = field(default_factory=dict)  # lists by column, by tracer
    seconds: dict = field(default_factory=dict)  # that each step took
    file: list | None = None  # the `file_stamp` of the source when it was measured
    finished: str = field(default_factory=now, compare=False)


def _packed(target):
    """The target of a `Source` as bytes; each of several paths ends with the byte 0."""
    if isinstance(target, str):
        return os.fsencode(target)
    return b"".join(os.fsencode(path) + b"\0" for path in target)


def _unpacked(target):
    paths = tuple(map(os.fsdecode, target.split(b"\0")))
    return paths[:-1] or paths[0]


class RunStore(StoreFile):
    """
    The store of one run, to read; or with ``settings``, to begin or resume it.

    ``settings`` are plain values. RunStoreError is raised if the run was made with others or by
    another version, if another process is writing to it, or if SQLite cannot use the file.
    """

    def __init__(self, folder, settings=None):
        super().__init__(as_path("folder", folder) / FILE_NAME, writes=settings is not None)
        try:
            self._open(settings)
        except BaseException:
            self.close()
            raise

    def _open(self, settings):
        names = {name for (name,) in self.read("select name from sqlite_master")}
        if "run" not in names:
            if settings is None or names:
                what = "it holds other tables" if names else "it is empty"
                msg = f"{self.path} is not the store of a run ({what}); name another folder"
                raise RunStoreError(msg)
            self._create(settings)
        trouble = difference(self.facts, settings)
        if trouble:
            msg = (
                f"the run in {self.path.parent} was made {trouble}; name another folder, or delete "
                "this one to start again"
            )
            raise RunStoreError(msg)
        if settings is not None:
            self._set_fact("session", now())

    def _set_fact(self, name, value):
        with self.writing() as database:
            database.execute("insert or replace into run values (?, ?)", (name, json.dumps(value)))

    def _create(self, settings):
        facts = [(name, json.dumps(value)) for name, value in new_facts(settings).items()]
        with self.writing() as database:
            for statement in TABLES.split(";"):
                database.execute(statement)
            database.executemany("insert into run values (?, ?)", facts)

    @property
    def facts(self):
        """Layout, settings, version, date and last session of the run, as a `dict`."""
        return {n: json.loads(value) for n, value in self.read("select name, value from run")}

    def add_sources(self, sources):
        """Add `Source` objects or plain names after those already there, which keep their place."""
        sources = [
            Source(identity=one, target=one, spelling=one) if isinstance(one, str) else one
            for one in sources
        ]
        insert = "insert or ignore into sources (source, target, spelling) values (?, ?, ?)"
        update = "update sources set target = ?, spelling = ? where source = ?"
        sources = [self._with_known_files(one) for one in sources]
        rows = [(os.fsencode(s.identity), _packed(s.target), s.spelling) for s in sources]
        # A MaNGA-ID that could not be looked up before, and so failed, was a source of its own.
        failed = [
            (target,)
            for identity, target, _ in rows
            if is_identifier(os.fsdecode(target)) and identity != target
        ]
        several = [(t, text, one) for one, t, text in rows if t.endswith(b"\0")]
        with self.writing() as database:
            for table in ("outcomes", "sources"):
                unmeasured = "source = ? and source not in (select source from results)"
                database.executemany(f"delete from {table} where {unmeasured}", failed)
            database.executemany(insert, rows)
            database.executemany(update, several)

    def _with_known_files(self, source):
        """A source of several files together with those that it had before, if they exist."""
        if isinstance(source.target, str):
            return source
        query = "select target, spelling from sources where source = ?"
        for target, spelling in self.read(query, [os.fsencode(source.identity)]):
            known = _unpacked(target)
            kept = [path for path in known if os.path.exists(path)]
            files = {os.path.basename(path): path for path in (*kept, *source.target)}
            names = sorted(files)
            if names == sorted(map(os.path.basename, known)):
                return replace(source, target=known, spelling=spelling)
            folder = os.path.dirname(source.spelling)
            named = printable(pattern_of([os.path.join(folder, name) for name in names]))
            return replace(source, target=tuple(files[name] for name in names), spelling=named)
        return source

    def unfinished(self):
        """The `Source` objects without an outcome, as a `list` in their order."""
        return [source for source, _ in self._sources("outcomes.source is null")]

    def _sources(self, condition):
        """Yield the `Source` objects that meet a condition, and what is stored of their files."""
        for source, target, spelling, file in self.read(
            "select source, target, spelling, file from sources left join outcomes using (source) "
            f"where {condition} order by number"
        ):
            names = {"identity": os.fsdecode(source), "target": _unpacked(target)}
            yield Source(**names, spelling=spelling), file and json.loads(file)

    def add(self, *results):
        """Store each `Result`, for a known source without an outcome: all of them or none."""
        outcomes, parts, fields = [], [], []
        for result in results:
            source = os.fsencode(result.source)
            error = None if result.error is None else printable(result.error)
            file = None if result.file is None else json.dumps(result.file)
            outcomes.append((source, error, json.dumps(result.seconds), file, result.finished))
            parts += [(source, part, json.dumps(value)) for part, value in result.parts.items()]
            profiles = {tracer: json.dumps(profile) for tracer, profile in result.profiles.items()}
            fields += [
                (source, tracer, result.images.get(tracer), profiles.get(tracer))
                for tracer in result.images.keys() | profiles.keys()
            ]
        with self.writing() as database:
            database.executemany("insert into outcomes values (?, ?, ?, ?, ?)", outcomes)
            database.executemany("insert into results values (?, ?, ?)", parts)
            database.executemany("insert into fields values (?, ?, ?, ?)", fields)
        self.check_file()

    def forget_failures(self):
        """Remove what is stored of all sources that failed, so that they are tried again."""
        self._forget(source for source, _ in self._sources("error is not null"))

    def forget_changed(self):
        """Remove what is stored of sources whose file has changed; return the `Source` objects."""
        changed = [
            source
            for source, file in self._sources("file is not null")
            # A file that cannot be seen from here may be as it was.
            if file_stamp(source) not in (None, file)
        ]
        self._forget(changed)
        return changed

    def _forget(self, sources):
        keys = [(os.fsencode(source.identity),) for source in sources]
        with self.writing() as database:
            for table in ("fields", "results", "outcomes"):
                database.executemany(f"delete from {table} where source = ?", keys)

    def rows(self):
        """
        Yield each finished source, in order, with its columns.

        A row has the "source" as it was given and its "error"; without a measurement, that is all.
        """
        cursor = self.read(
            "select source, spelling, error, value from sources join outcomes using (source) "
            "left join results using (source) order by number, part"
        )
        for source, parts in itertools.groupby(cursor, key=itemgetter(0)):
            row = {}
            for _, spelling, error, value in parts:
                row |= {} if value is None else json.loads(value)
                row |= {"source": spelling, "error": error}
            yield os.fsdecode(source), row

    def images(self, source):
        """Images of a galaxy's fields, `bytes` by tracer."""
        return dict(self._of_fields("image", source))

    def profiles(self, source):
        """Position angles of a galaxy against radius: by tracer, lists by name of the column."""
        rows = self._of_fields("profile", source)
        return {tracer: json.loads(profile) for tracer, profile in rows}

    def _of_fields(self, column, source):
        return self.read(
            f"select tracer, {column} from fields where source = ? and {column} is not null",
            [os.fsencode(source)],
        )

    def imaged(self):
        """The tracers that have an image, as a `set` by source."""
        tracers = {}
        query = "select source, tracer from fields where image is not null"
        for source, tracer in self.read(query):
            tracers.setdefault(os.fsdecode(source), set()).add(tracer)
        return tracers

    def failures(self):
        """Source as it was given and message of each failure, as a `list` of pairs."""
        return list(
            self.read(
                "select spelling, error from sources join outcomes using (source) "
                "where error is not null order by number"
            )
        )

    def progress(self):
        """Numbers of all sources, and of those that are measured and that failed."""
        [numbers] = self.read(
            "select (select count(*) from sources), count(*) - count(error), count(error) "
            "from outcomes"
        )
        return numbers

    def pace(self):
        """Number of sources finished in the last session, and the dates of the first and last."""
        query = "select count(*), min(finished), max(finished) from outcomes where finished >= ?"
        [numbers] = self.read(query, [self.facts["session"]])
        return numbers

    def timings(self):
        """Iterate over the seconds that each step took, one `dict` for each galaxy."""
        for (seconds,) in self.read("select seconds from outcomes"):
            yield json.loads(seconds)
