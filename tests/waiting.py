"""Pages and servers take their time."""

import time


def until(condition, seconds=30):
    """Wait until a condition is true, and return it; what it raises in the meantime is no end."""
    end = time.monotonic() + seconds
    while True:
        trouble = None
        try:
            if found := condition():
                return found
        except Exception as error:  # A page that is being redrawn loses its elements.
            trouble = error
        if time.monotonic() > end:
            raise AssertionError("this never came") from trouble
        time.sleep(0.01)
