"""The store of judgements: an SQLite file to which rows are only ever added."""

import json
import sqlite3
import threading
import uuid
from dataclasses import astuple, dataclass, field, fields, replace
from pathlib import Path

from astropy.time import Time

from mangapa._utils.sqlite import transaction
from mangapa._utils.types import PathLike
from mangapa.catalogue._flag_table import CODES
from mangapa.exceptions import JudgementStoreError

#: Name of the store in the folder of a run.
FILE_NAME = "judgements.sqlite"
#: Version of the tables below; a store of another layout is refused.
STORE_LAYOUT = 1
#: Seconds to wait for another process to write; one row takes milliseconds.
PATIENCE = 20
#: Actions.
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
    One action of an expert on a field.

    Attributes
    ----------
    expert, galaxy, tracer : `str`
        The expert, and the field.
    action : {"judged", "skipped", "withdrawn"}
        A withdrawal undoes an earlier judgement.
    quality : `int` or `None`
        The class: 0 do not use, 1 messy, 2 clean. `None` unless judged.
    feature, note : `int`
        Codes of the published catalogue, 0 for none. Only H-alpha has notes.
    comment : `str`
        Remark in the expert's own words.
    withdraws : `str` or `None`
        The ``id`` of the judgement that is undone.
    series : `str`
        Name of a second look at some galaxies; empty for the first look.
    showing : {1, 2}
        2 if the galaxy is shown again, to compare the answers of the expert.
    place : `int` or `None`
        Place in the order of showings, from 1; `None` if the page did not show it.
    seconds : `float` or `None`
        Time to answer.
    id : `str`
        Unique identifier; a judgement that arrives twice is stored once.
    time : `str`
        UTC at which it was stored.
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
    Judgements of all experts, which processes and threads may read and write at the same time.

    Parameters
    ----------
    path : path-like
        The file, or the folder that holds ``judgements.sqlite``.
    create : `bool`, optional
        Create the store if it does not exist.

    Raises
    ------
    FileNotFoundError
        If the store does not exist and ``create`` is false.
    mangapa.exceptions.JudgementStoreError
        If the file is not a store of judgements.

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

    def __init__(self, path: PathLike, *, create: bool = False):
        path = Path(path)
        self.path = path / FILE_NAME if path.is_dir() else path
        if not (create or self.path.is_file()):
            msg = f"there is no store of judgements {path}; create one with 'mangapa inspect RUN'"
            raise FileNotFoundError(msg)
        self._lock = threading.RLock()
        # Autocommit: transactions begin explicitly.
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
            # Synchronous: an acknowledged judgement must survive a power cut.
            for setting in ("journal_mode = wal", "synchronous = full", "foreign_keys = on"):
                self._database.execute(f"pragma {setting}")
            with transaction(self._database):
                if not self._fetch("select name from sqlite_master"):
                    self._begin()
            facts = dict(self._fetch("select name, value from facts"))
        except sqlite3.DatabaseError as error:
            msg = f"{self.path} is not a store of judgements ({error}); name another file"
            raise JudgementStoreError(msg) from error
        if json.loads(facts["layout"]) != STORE_LAYOUT:
            problem = "has the layout of another version of mangapa"
            msg = f"{self.path} {problem}; export the judgements with that version"
            raise JudgementStoreError(msg)
        #: Unique name, which stays with the file when it is moved.
        self.name = json.loads(facts["name"])

    def _begin(self):
        for statement in TABLES:
            self._database.execute(statement)
        facts = {
            "layout": STORE_LAYOUT,
            "name": str(uuid.uuid4()),
            "created": Time.now().utc.isot[:10],
        }
        rows = [(name, json.dumps(value)) for name, value in facts.items()]
        self._database.executemany("insert into facts values (?, ?)", rows)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def add_galaxies(self, galaxies: dict[str, str | None]) -> None:
        """
        Add galaxies; only judgements of known galaxies are accepted.

        Parameters
        ----------
        galaxies : `dict`
            From the name of each galaxy to its MaNGA-ID, or `None`.
        """
        with self._lock, transaction(self._database):
            self._database.executemany(
                "insert into galaxies values (?, ?) on conflict (galaxy) do update "
                "set mangaid = coalesce(excluded.mangaid, mangaid)",
                list(galaxies.items()),
            )

    def mangaids(self) -> dict[str, str | None]:
        """
        Return the MaNGA-ID of each galaxy.

        Returns
        -------
        `dict`
            MaNGA-ID by name of the galaxy; `None` if it is not known.
        """
        return dict(self._fetch("select galaxy, mangaid from galaxies"))

    def add(self, *judgements: Judgement) -> bool:
        """
        Store judgements, either all of them or none.

        Parameters
        ----------
        *judgements : `Judgement`
            Those whose ``id`` is in the store are not stored again.

        Returns
        -------
        `bool`
            True if any of them is new.

        Raises
        ------
        ValueError
            If a galaxy, a code or a judgement to withdraw is not known.
        """
        now = Time.now().utc.isot
        try:
            with self._lock, transaction(self._database):
                new = [one for one in judgements if self.find(one.id) is None]
                rows = [astuple(replace(one, time=one.time or now)) for one in new]
                self._database.executemany(INSERT, rows)
        except sqlite3.IntegrityError as error:
            msg = f"the judgement is not stored: {error}"
            raise ValueError(msg) from error
        return bool(new)

    def find(self, identifier: str) -> Judgement | None:
        """
        Find a judgement.

        Parameters
        ----------
        identifier : `str`
            Its ``id``.

        Returns
        -------
        `Judgement` or `None`
            The judgement; `None` if it is not in the store.
        """
        return next(iter(self._select("id = :id", {"id": identifier})), None)

    def history(
        self, *, expert: str | None = None, galaxy: str | None = None, withdrawn: bool = False
    ) -> list[Judgement]:
        """
        Return judgements in the order in which they were stored.

        Parameters
        ----------
        expert, galaxy : `str`, optional
            Select one expert, or one galaxy; all by default.
        withdrawn : `bool`, optional
            Include withdrawn judgements and the withdrawals.

        Returns
        -------
        `list` of `Judgement`
            The judgements.
        """
        values = {"expert": expert, "galaxy": galaxy}
        conditions = [f"{name} = :{name}" for name, value in values.items() if value is not None]
        conditions.append("1" if withdrawn else NOT_WITHDRAWN)
        return self._select(" and ".join(conditions), values)

    def experts(self) -> dict[str, int]:
        """
        Count the judgements of each expert, without those that are withdrawn.

        Returns
        -------
        `dict`
            Number by expert.
        """
        which = f"action = '{JUDGED}' and {NOT_WITHDRAWN}"
        counts = f"select expert, count(*) from judgements where {which} group by expert"
        return dict(self._fetch(f"{counts} order by expert"))

    def _select(self, condition, values):
        rows = self._fetch(f"{SELECT} where {condition} order by number", values)
        return [Judgement(**dict(zip(COLUMNS, row, strict=True))) for row in rows]

    def _fetch(self, statement, values=()):
        with self._lock:
            return self._database.execute(statement, values).fetchall()
