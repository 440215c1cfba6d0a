"""Wait for pages, servers and processes."""

import os
import time


def until(condition, seconds=30):
    """Wait until a condition is true and return it; until then, errors are ignored."""
    end = time.monotonic() + seconds
    while True:
        trouble = None
        try:
            if found := condition():
                return found
        except Exception as error:  # A page that is being redrawn loses its elements.
            trouble = error
        if time.monotonic() > end:
            raise AssertionError(f"the condition did not become true in {seconds} s") from trouble
        time.sleep(0.01)


def is_gone(group):
    """True if no process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False
