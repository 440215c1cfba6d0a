"""Rows of an SQLite file appear all together or not at all."""

import contextlib

__all__ = ["transaction"]


@contextlib.contextmanager
def transaction(database, kind="immediate"):
    """
    Commit what is done inside, or nothing of it if that raises.

    Parameters
    ----------
    database : `sqlite3.Connection`
        In autocommit mode, ``isolation_level=None``: transactions are begun by name.
    kind : {"immediate", "deferred"}, optional
        To write, or to read as of one moment.
    """
    database.execute(f"begin {kind}")
    try:
        yield
    except BaseException:
        database.execute("rollback")
        raise
    database.execute("commit")
