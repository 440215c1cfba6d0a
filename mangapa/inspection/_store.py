"""What the experts said: an SQLite file to which rows are only ever added."""

import contextlib
import json
import sqlite3
import threading
import uuid
from dataclasses import astuple, dataclass, field, fields, replace
from pathlib import Path

from astropy.time import Time

from mangapa._utils.sqlite import transaction
from mangapa.catalogue._flag_table import CODES
from mangapa.exceptions import JudgementStoreError

__all__ = ["FILE_NAME", "JUDGED", "SKIPPED", "WITHDRAWN", "Judgement", "JudgementStore"]

#: In the folder of a run.
FILE_NAME = "judgements.sqlite"
#: Of the tables below; a store of another layout is refused.
LAYOUT = 1
#: Seconds to wait for another expert's row to be written.
PATIENCE = 20
#: What a row may be.
JUDGED, SKIPPED, WITHDRAWN = "judged", "skipped", "withdrawn"
ALLOWED = {name: ", ".join(map(str, codes)) for name, codes in CODES.items()}
TABLES = (
    "create table facts (name text primary key, value text not null)",
    "create table galaxies (galaxy text primary key, mangaid text) without rowid",
    f"""
    create table judgements (
        number integer primary key autoincrement,
        id text not null unique,
        expert text not null check (expert != ''),
        galaxy text not null references galaxies (galaxy),
        tracer text not null check (tracer in ('stellar', 'halpha')),
        action text not null check (action in ('{JUDGED}', '{SKIPPED}', '{WITHDRAWN}')),
        quality integer check (quality in ({ALLOWED["quality"]})),
        feature integer not null check (feature in ({ALLOWED["feature"]})),
        note integer not null check (note in ({ALLOWED["note"]})),
        comment text not null,
        withdraws text unique references judgements (id),
        series text not null,
        showing integer not null check (showing in (1, 2)),
        place integer,
        seconds real,
        time text not null,
        check ((action = '{JUDGED}') = (quality is not null)),
        check ((action = '{WITHDRAWN}') = (withdraws is not null)),
        check (note = 0 or tracer = 'halpha')
    )
    """,
    "create index by_expert on judgements (expert, galaxy, tracer)",
    *(
        f"create trigger no_{verb} before {verb} on judgements "
        "begin select raise(abort, 'judgements are only added'); end"
        for verb in ("update", "delete")
    ),
)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """
    One row: what an expert did at one moment.

    Attributes
    ----------
    expert, galaxy, tracer : `str`
        Who, and of which field.
    action : {"judged", "skipped", "withdrawn"}
        A withdrawal undoes an earlier row, which it names.
    quality : `int` or `None`
        The class: 0 do not use, 1 messy, 2 clean. `None` unless judged.
    feature, note : `int`
        Codes of the published catalogue; a note is of the gas.
    comment : `str`
        In the expert's own words.
    withdraws : `str` or `None`
        The ``id`` of the row that is undone.
    series : `str`
        Empty for the galaxies as they come; else the name of a second look at some of them.
    showing : {1, 2}
        Some galaxies are shown twice, to see whether an expert agrees with himself.
    place : `int` or `None`
        Where in the order it was shown, from 1; `None` if it was not shown by the page.
    seconds : `float` or `None`
        From the question to the answer.
    id : `str`
        Chosen by who posts it, so that posting again stores nothing twice.
    time : `str`
        UTC, of its storage.
    """

    expert: str
    galaxy: str
    tracer: str
    action: str = JUDGED
    quality: int | None = None
    feature: int = 0
    note: int = 0
    comment: str = ""
    withdraws: str | None = None
    series: str = ""
    showing: int = 1
    place: int | None = None
    seconds: float | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    time: str = ""


COLUMNS = tuple(column.name for column in fields(Judgement))
SELECT = f"select {', '.join(COLUMNS)} from judgements"
INSERT = f"insert into judgements ({', '.join(COLUMNS)}) values ({', '.join('?' * len(COLUMNS))})"
NOT_WITHDRAWN = (
    f"action != '{WITHDRAWN}' "
    "and id not in (select withdraws from judgements where withdraws is not null)"
)


class JudgementStore:
    """
    The judgements of all experts; many processes and threads may have it open at once.

    Parameters
    ----------
    path : path-like
        The file, or the folder that holds ``judgements.sqlite``.
    create : `bool`, optional
        Begin a store where there is none.

    Raises
    ------
    FileNotFoundError
        If there is no store, and none is to be begun.
    mangapa.exceptions.JudgementStoreError
        If the file is something else.

    Examples
    --------
    >>> from mangapa.inspection import Judgement, JudgementStore
    >>> with JudgementStore("judgements.sqlite", create=True) as store:
    ...     store.add_galaxies({"8485-1901": None})
    ...     store.add(Judgement(expert="vera", galaxy="8485-1901", tracer="stellar", quality=2))
    ...     [judgement.quality for judgement in store.history(expert="vera")]
    True
    [2]
    """

    def __init__(self, path, *, create=False):
        path = Path(path)
        self.path = path / FILE_NAME if path.is_dir() else path
        if not (create or self.path.is_file()):
            msg = f"there is no store of judgements {path}; 'mangapa inspect RUN' begins one"
            raise FileNotFoundError(msg)
        self._lock = threading.RLock()
        # Autocommit: each statement stands for itself, transactions are begun by name.
        self._database = sqlite3.connect(
            self.path, isolation_level=None, timeout=PATIENCE, check_same_thread=False
        )
        try:
            self._open()
        except BaseException:
            self._database.close()
            raise

    def _open(self):
        try:
            self._database.execute("pragma journal_mode = wal")
            # A judgement that was acknowledged outlives a power cut.
            self._database.execute("pragma synchronous = full")
            self._database.execute("pragma foreign_keys = on")
            with self._transaction():
                tables = self._database.execute("select name from sqlite_master").fetchall()
                if not tables:
                    self._begin()
            facts = dict(self._database.execute("select name, value from facts"))
        except sqlite3.DatabaseError as error:
            msg = f"{self.path} is no store of judgements ({error}); name another file"
            raise JudgementStoreError(msg) from error
        if json.loads(facts["layout"]) != LAYOUT:
            msg = f"{self.path} was made by another version of mangapa; export it with that one"
            raise JudgementStoreError(msg)
        #: Tells this store from any other, wherever it is moved.
        self.name = json.loads(facts["name"])

    def _begin(self):
        for statement in TABLES:
            self._database.execute(statement)
        facts = {"layout": LAYOUT, "name": str(uuid.uuid4()), "created": Time.now().utc.isot[:10]}
        self._database.executemany(
            "insert into facts values (?, ?)",
            [(name, json.dumps(value)) for name, value in facts.items()],
        )

    @contextlib.contextmanager
    def _transaction(self):
        with self._lock, transaction(self._database):
            yield

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Close the file."""
        with self._lock:
            self._database.close()

    def add_galaxies(self, galaxies):
        """
        Make galaxies known; judgements of others are refused.

        Parameters
        ----------
        galaxies : `dict`
            From their names to their MaNGA-IDs, or `None`.
        """
        with self._transaction():
            self._database.executemany(
                "insert into galaxies values (?, ?) on conflict (galaxy) do update "
                "set mangaid = coalesce(excluded.mangaid, mangaid)",
                list(galaxies.items()),
            )

    def mangaids(self):
        """
        The MaNGA-ID of each galaxy.

        Returns
        -------
        `dict`
            By name; `None` where it is not known.
        """
        with self._lock:
            return dict(self._database.execute("select galaxy, mangaid from galaxies"))

    def add(self, *judgements):
        """
        Keep what was said, all of it or nothing.

        Parameters
        ----------
        *judgements : `Judgement`
            One whose ``id`` is known already is not stored again.

        Returns
        -------
        `bool`
            Whether anything was new.

        Raises
        ------
        ValueError
            If a galaxy is unknown, a code is none, or what is withdrawn is not there to be.
        """
        now = Time.now().utc.isot
        try:
            with self._transaction():
                known = [self._database.execute(f"{SELECT} where id = ?", [one.id]).fetchone()
                         for one in judgements]  # fmt: skip
                new = [one for one, row in zip(judgements, known, strict=True) if row is None]
                self._database.executemany(
                    INSERT, [astuple(replace(one, time=one.time or now)) for one in new]
                )
        except sqlite3.IntegrityError as error:
            msg = f"the judgement is not stored: {error}"
            raise ValueError(msg) from error
        return bool(new)

    def find(self, identifier):
        """
        Find what was said under an identifier.

        Parameters
        ----------
        identifier : `str`
            Its ``id``.

        Returns
        -------
        `Judgement` or `None`
        """
        found = self._rows("id = :id", {"id": identifier})
        return found[0] if found else None

    def history(self, *, expert=None, galaxy=None, withdrawn=False):
        """
        What was said, in the order in which it was.

        Parameters
        ----------
        expert, galaxy : `str`, optional
            By whom, and of what; all if not given.
        withdrawn : `bool`, optional
            With what was withdrawn, and the withdrawals.

        Returns
        -------
        `list` of `Judgement`
        """
        asked = {"expert": expert, "galaxy": galaxy}
        values = {name: value for name, value in asked.items() if value is not None}
        conditions = [f"{name} = :{name}" for name in values]
        if not withdrawn:
            conditions.append(NOT_WITHDRAWN)
        return self._rows(" and ".join(conditions) or "1", values)

    def _rows(self, condition, values):
        with self._lock:
            rows = self._database.execute(f"{SELECT} where {condition} order by number", values)
            return [Judgement(**dict(zip(COLUMNS, row, strict=True))) for row in rows]

    def experts(self):
        """
        How many judgements of each expert stand.

        Returns
        -------
        `dict`
            Numbers by name.
        """
        with self._lock:
            return dict(
                self._database.execute(
                    f"select expert, count(*) from judgements where action = '{JUDGED}' "
                    f"and {NOT_WITHDRAWN} group by expert order by expert"
                )
            )
