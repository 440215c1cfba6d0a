"""Wait for pages and servers."""

import time


def until(condition, seconds=30):
    """Wait until a condition is true and return its value; ignore what it raises until then."""
    end = time.monotonic() + seconds
    while True:
        trouble = None
        try:
            if found := condition():
                return found
        except Exception as error:  # A page that is being redrawn loses its elements.
            trouble = error
        if time.monotonic() > end:
            raise AssertionError(f"still false after {seconds} s") from trouble
        time.sleep(0.01)
