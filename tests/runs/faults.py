"""What workers run in the tests: the true measurement, and what may befall it."""

import os
import signal
import time

from mangapa.runs._workers import measure_source


def measure(source, settings, parent=None):
    """Sources are named for what they do."""
    if "kills" in source:
        os.kill(os.getpid(), signal.SIGKILL)
    if "sleeps" in source:
        time.sleep(120)
    if "raises" in source:
        msg = "an error that nobody thought of"
        raise RuntimeError(msg)
    return measure_source(source, settings, parent)
