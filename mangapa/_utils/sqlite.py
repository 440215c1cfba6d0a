"""Transactions of SQLite files."""

import contextlib


@contextlib.contextmanager
def transaction(database, kind="immediate"):
    """
    Commit what the block does, or nothing of it if it raises.

    ``database`` is a connection in autocommit mode (``isolation_level=None``). ``kind`` is
    "immediate" to write, or "deferred" to read a consistent state.
    """
    database.execute(f"begin {kind}")
    try:
        yield
    except BaseException:
        database.execute("rollback")
        raise
    database.execute("commit")
