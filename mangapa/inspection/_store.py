"""The store of judgements: an SQLite file to which rows are only ever added."""

import contextlib
import sqlite3
import threading
import uuid
from dataclasses import astuple, dataclass, field, fields, replace

from astropy.time import Time

from mangapa._utils.files import as_path, identity
from mangapa._utils.sqlite import transaction
from mangapa._utils.types import PathLike
from mangapa.exceptions import JudgementStoreError
from mangapa.inspection._store_file import (
    FILE_NAME,
    JUDGED,
    WITHDRAWN,
    connect,
    in_words,
    read_facts,
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
#: Errors of SQLite about values, not about the file.
REFUSED = (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError, OverflowError)
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
        If the file is not a store of judgements, or cannot be opened.

    Notes
    -----
    A file that cannot be written can still be read. All methods raise
    `~mangapa.exceptions.JudgementStoreError` if the file cannot be used, for example because
    the disk is full; then nothing of what was to be added is in the store.

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
        path = as_path("path", path)
        self.path = path / FILE_NAME if path.is_dir() else path
        if not (create or self.path.is_file()):
            msg = f"there is no store of judgements {path}; create one with 'mangapa inspect RUN'"
            raise FileNotFoundError(msg)
        self._lock = threading.RLock()
        with in_words(self.path), contextlib.ExitStack() as stack:
            self._database = connect(self.path, stack, create=create)
            #: Unique name, which stays with the file when it is moved.
            self.name = read_facts(self.path, self._database)["name"]
            self._identity = identity(self.path)
            self._opened = stack.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._opened.close()

    def add_galaxies(self, galaxies: dict[str, str | None]) -> None:
        """
        Add galaxies; only judgements of known galaxies are accepted.

        Parameters
        ----------
        galaxies : `dict`
            From the name of each galaxy to its MaNGA-ID, or `None`.
        """
        with self._writing():
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
        with self._writing():
            new = [one for one in judgements if self.find(one.id) is None]
            rows = [astuple(replace(one, time=one.time or now)) for one in new]
            try:
                self._database.executemany(INSERT, rows)
            except REFUSED as error:
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

    @contextlib.contextmanager
    def _writing(self):
        with self._lock, in_words(self.path):
            # SQLite would write to a deleted file, and what it writes would be lost.
            if identity(self.path) != self._identity:
                problem = "has been moved, replaced or deleted"
                msg = f"{self.path} {problem}; put it back, or stop and start the command again"
                raise JudgementStoreError(msg)
            with transaction(self._database):
                yield

    def _fetch(self, statement, values=()):
        with self._lock, in_words(self.path):
            return self._database.execute(statement, values).fetchall()
