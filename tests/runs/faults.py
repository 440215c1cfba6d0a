"""What workers run in the tests: the real measurement, and what can go wrong with it."""

import os
import signal

from mangapa.runs._workers import measure_source


def measure(source, **task):
    """The name of a source says what happens to it."""
    if "kills" in source:
        os.kill(os.getpid(), signal.SIGKILL)
    if "hangs" in source:
        signal.pause()
    if "raises" in source:
        msg = "an unexpected error"
        raise RuntimeError(msg)
    return measure_source(source, **task)


def refuse(source, **task):
    """For runs that must not measure anything."""
    raise AssertionError(source)
