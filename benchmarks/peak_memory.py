"""
Peak memory of this process.

The ``ru_maxrss`` of ``resource`` will not do on Linux: a process begins with the peak of the one
that started it, and a peak of long ago hides later ones.
"""

import re
import resource
import sys
from pathlib import Path

STATUS, FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak():
    """Return the peak memory of this process since the last `forget_peak`, bytes."""
    if STATUS.exists() and (found := re.search(r"VmHWM:\s+(\d+) kB", STATUS.read_text())):
        return 1024 * int(found[1])
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def forget_peak():
    """Begin again with the memory in use now, where the system allows it; return it, bytes."""
    if FORGET.exists():
        FORGET.write_text("5")
    return peak()
