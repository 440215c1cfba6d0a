"""A lock on a file, for one process at a time."""

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

    `BlockingIOError` is raised if it is held already; its text names the holder. The system frees
    the lock when the process ends, even by ``kill -9``. File systems without locks do without.
    """
    if fcntl is None:
        yield
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 1000).decode(errors="replace") or "another process"
            raise BlockingIOError(holder) from None
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
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
