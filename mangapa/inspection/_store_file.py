"""The SQLite file of judgements: its tables, how it is opened, and its errors in words."""

import contextlib
import json
import sqlite3
import uuid

from astropy.time import Time

from mangapa._utils.sqlite import open_to_read, remedy, transaction
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
#: Parts of the messages about the files of other programs.
FOREIGN = ("not a database", "no such table", "no such column")


@contextlib.contextmanager
def in_words(path):
    """Turn an error of SQLite into a `JudgementStoreError` with the file and the way out."""
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        if any(part in text for part in FOREIGN):
            raise JudgementStoreError(_foreign(path, error)) from error
        way_out = remedy(error, "another file with --store")
        msg = f"the store of judgements {path} cannot be used ({error}); {way_out}"
        raise JudgementStoreError(msg) from error


def connect(path, stack, *, create):
    """Connect to a store until ``stack`` is closed; only to read if it cannot be written."""
    if path.exists() and not path.is_file():
        raise JudgementStoreError(_foreign(path, "it is not a file"))
    exists = path.is_file() and path.stat().st_size > 0
    if not (exists or create):
        raise JudgementStoreError(_foreign(path, "it is empty"))
    try:
        # Autocommit: transactions begin explicitly.
        database = sqlite3.connect(
            path, isolation_level=None, timeout=PATIENCE, check_same_thread=False
        )
        stack.callback(database.close)
        # Synchronous: an acknowledged judgement must survive a power cut.
        for setting in ("journal_mode = wal", "synchronous = full", "foreign_keys = on"):
            database.execute(f"pragma {setting}")
        if create:
            with transaction(database):
                if not database.execute("select name from sqlite_master").fetchone():
                    _begin(database)
    except sqlite3.OperationalError as error:
        if not exists or "locked" in str(error):
            raise
        database = stack.enter_context(open_to_read(path))
    _check_length(path, database)
    return database


def _check_length(path, database):
    """Refuse a file that ends within a page, of which SQLite takes the rest to be zeros."""
    [(page,)] = database.execute("pragma page_size")
    log = path.with_name(f"{path.name}-wal")
    has_log = log.exists() and log.stat().st_size > 0
    if path.stat().st_size % page and not has_log:
        msg = "malformed: its end is missing"
        raise sqlite3.DatabaseError(msg)


def read_facts(path, database):
    """The facts about a store, as a `dict`; those of another layout are refused."""
    rows = database.execute("select name, value from facts").fetchall()
    try:
        facts = {name: json.loads(value) for name, value in rows}
        layout, _ = facts["layout"], facts["name"]
    except (KeyError, TypeError, ValueError) as error:
        raise JudgementStoreError(_foreign(path, f"facts: {error!r}")) from error
    if layout != STORE_LAYOUT:
        problem = "has the layout of another version of mangapa"
        msg = f"{path} {problem}; export the judgements with that version"
        raise JudgementStoreError(msg)
    return facts


def _foreign(path, why):
    return f"{path} is not a store of judgements ({why}); name another file"


def _begin(database):
    for statement in TABLES:
        database.execute(statement)
    facts = {
        "layout": STORE_LAYOUT,
        "name": str(uuid.uuid4()),
        "created": Time.now().utc.isot[:10],
    }
    rows = [(name, json.dumps(value)) for name, value in facts.items()]
    database.executemany("insert into facts values (?, ?)", rows)
