"""The file of a run: opened to read or to write by one process, with its errors explained."""

import contextlib
import sqlite3

from mangapa._utils.files import identity
from mangapa._utils.locks import locked
from mangapa._utils.sqlite import open_to_read, open_to_write, remedy, transaction
from mangapa.exceptions import RunStoreError

#: Name of the file that locks a run for one survey.
LOCK_NAME = "run.lock"


class StoreFile:
    """
    An SQLite file in the folder of a run, made if it ``writes``.

    Errors of SQLite are raised as RunStoreError, with the way out.
    """

    def __init__(self, path, *, writes):
        self.path = path
        with contextlib.ExitStack() as stack:
            self._require_file(writes)
            if writes:
                stack.enter_context(self._locked())
            with self._explained("opened"):
                opened = open_to_write(path) if writes else open_to_read(path)
                self._database = stack.enter_context(opened)
            self._identity = identity(path)
            self._stack = stack.pop_all()

    def _require_file(self, writes):
        folder = self.path.parent
        if not (writes or self.path.exists()):
            msg = f"there is no run in {folder}; begin one with 'mangapa survey SOURCES --out DIR'"
            raise FileNotFoundError(msg)
        if self.path.exists() and not self.path.is_file():
            msg = f"{self.path} is not the store of a run (it is not a file); name another folder"
            raise RunStoreError(msg)

    @contextlib.contextmanager
    def _locked(self):
        """Keep other surveys from this run."""
        folder = self.path.parent
        with contextlib.ExitStack() as stack:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                stack.enter_context(locked(folder / LOCK_NAME))
            except BlockingIOError as error:
                msg = (
                    f"another survey is writing to the run in {folder} ({error}); wait until it "
                    "ends, or name another folder"
                )
                raise RunStoreError(msg) from None
            except OSError as error:
                msg = f"no run can be written in {folder} ({error.strerror}); name another folder"
                raise RunStoreError(msg) from error
            yield

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Close the file."""
        self._stack.close()

    @contextlib.contextmanager
    def snapshot(self):
        """Context manager in which all reads see the same state, even while the run continues."""
        with self._explained("read"), transaction(self._database, "deferred"):
            yield

    @contextlib.contextmanager
    def writing(self):
        """Context manager of a transaction that is stored whole or not at all."""
        with self._explained("written"), transaction(self._database):
            yield self._database

    def read(self, query, values=()):
        """Yield the rows of a query."""
        with self._explained("read"):
            yield from self._database.execute(query, values)

    def check_file(self):
        """Raise RunStoreError if the file was deleted or moved, so that nothing can be kept."""
        if identity(self.path) != self._identity:
            msg = (
                f"{self.path} was deleted or moved while the survey was running, so that nothing "
                "more can be stored; run the survey again"
            )
            raise RunStoreError(msg)

    @contextlib.contextmanager
    def _explained(self, doing):
        """Turn errors of SQLite into RunStoreError with the way out."""
        try:
            yield
        except sqlite3.Error as error:
            msg = f"{self.path} cannot be {doing} ({error}); {remedy(error, 'another folder')}"
            raise RunStoreError(msg) from error
