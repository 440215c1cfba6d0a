"""SQLite files: transactions, and opening them only to read."""

import contextlib
import shutil
import sqlite3
import tempfile
from pathlib import Path


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
def open_to_read(path):
    """
    Open a file read-only, and close it; nothing beside it needs to be written.

    SQLite reads a file that has a log through an index beside it. Where it can neither read nor
    make the index, the file is read alone if the log is empty, else a copy of both is read.
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
    database = sqlite3.connect(
        f"{path.absolute().as_uri()}{options}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        # SQLite opens the file when it is first read.
        database.execute("select count(*) from sqlite_master").fetchone()
    except BaseException:
        database.close()
        raise
    return database
