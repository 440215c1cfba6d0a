"""Locks of files and folders, for one process at a time; the system frees those of dead ones."""

import contextlib
import errno
import os
import socket

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

#: Errors of file systems that have no locks.
NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EBADF, errno.EINVAL)


@contextlib.contextmanager
def locked(path):
    """
    Hold the lock of a file, which is made and stays.

    `BlockingIOError` is raised if it is held already; its text names the holder. File systems
    without locks do without.
    """
    if fcntl is None:
        yield
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            _lock(descriptor, wait=False)
        except BlockingIOError:
            holder = os.read(descriptor, 1000).decode(errors="replace") or "another process"
            raise BlockingIOError(holder) from None
        # The name of the holder is only for people: a full disk must not matter.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"process {os.getpid()} on host {socket.gethostname()}".encode())
        yield
    finally:
        with contextlib.suppress(OSError):
            # A process that was forked meanwhile must not keep it.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


@contextlib.contextmanager
def locked_folder(folder, *, wait=True):
    """
    Hold the lock of a folder, and yield whether it is held.

    It is not if the folder cannot be opened, where the file system has no locks, and, unless
    ``wait``, if it is held already.
    """
    if fcntl is None:
        yield False
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:  # It is not a folder, was removed meanwhile, or is another user's.
        yield False
        return
    try:
        try:
            is_held = _lock(descriptor, wait=wait)
        except BlockingIOError:
            is_held = False
        yield is_held
    finally:
        os.close(descriptor)


def _lock(descriptor, *, wait):
    """Lock an open file or folder; False where there are no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        return False
    return True
