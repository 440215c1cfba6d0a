"""Exit codes of the commands, and messages that go with them; light, as ``--help`` imports it."""

import sys

from mangapa._utils.files import printable

ALL_GOOD, SOME_FAILED, BAD_USAGE = 0, 1, 2


def complain(error):
    """Print an error in one line, and return the exit code for it."""
    print(f"mangapa: {printable(error)}", file=sys.stderr)
    return SOME_FAILED
