"""Signals that end a command in order."""

import contextlib
import signal
import threading


@contextlib.contextmanager
def stopped_by_sigterm():
    """Let SIGTERM end the block as Ctrl-C does; only the main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
