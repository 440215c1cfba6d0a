"""SQLite files: transactions, and opening them to write or only to read."""

import contextlib
import shutil
import sqlite3
import tempfile
from pathlib import Path

#: What to do about errors of SQLite, by a part of their text; {} is what else may be named.
REMEDIES = {
    "full": "make room on the disk and try again; all that is stored is kept",
    "locked": "another program uses the file; try again when it has ended",
    "unable to open": "check the permissions of the file and of its folder, or name {}",
    "readonly": "check the permissions of the file and of its folder, or name {}",
    "I/O": "check that the file is still there, and make room on the disk",
    "not a database": "it is a file of another kind; name {}",
    "malformed": "the file is damaged; restore it from a copy, or name {}",
    "closed database": "open it again",
}


def remedy(error, other):
    """What to do about an error of SQLite; ``other`` is what else the user may name."""
    known = (way for text, way in REMEDIES.items() if text in str(error))
    return next(known, "check the file, or name {}").format(other)


@contextlib.contextmanager
def transaction(database, kind="immediate"):
    """
    Commit what the block does, or nothing of it if it raises; ``isolation_level`` must be `None`.

    ``kind`` is "immediate" to write, or "deferred" to read a consistent state.
    """
    database.execute(f"begin {kind}")
    try:
        yield
        database.execute("commit")
    except BaseException:
        # After some errors, such as a full disk, SQLite has rolled back already.
        if database.in_transaction:
            database.execute("rollback")
        raise


@contextlib.contextmanager
def open_to_write(path):
    """
    Open a file in autocommit mode so that others can read it at the same time, and close it.

    Afterwards it is one file without a log, which can be read where nothing can be written.
    """
    database = sqlite3.connect(path, isolation_level=None)
    try:
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = normal")
        yield database
    finally:
        # While others read, or on a full disk, the log stays, which is as good.
        with contextlib.suppress(sqlite3.Error):
            database.execute("pragma busy_timeout = 0")
            database.execute("pragma journal_mode = delete")
        database.close()


@contextlib.contextmanager
def open_to_read(path):
    """
    Open a file read-only, and close it; nothing beside it needs to be written.

    SQLite reads a file that has a log through an index beside it. Where it can neither read nor
    make that, the file is read alone if the log is empty, and otherwise a copy of both is read.
    """
    with contextlib.ExitStack() as stack:
        log = Path(f"{path}-wal")
        try:
            database = _connected(path, "?mode=ro")
        except sqlite3.OperationalError:
            if log.exists() and log.stat().st_size:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                shutil.copyfile(path, folder / path.name)
                shutil.copyfile(log, folder / log.name)
                database = _connected(folder / path.name)
            else:
                database = _connected(path, "?mode=ro&immutable=1")
        stack.callback(database.close)
        yield database


def _connected(path, options=""):
    uri = f"{path.absolute().as_uri()}{options}"
    database = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    try:
        # SQLite opens the file when it is first read.
        database.execute("select count(*) from sqlite_master").fetchone()
    except BaseException:
        database.close()
        raise
    return database
