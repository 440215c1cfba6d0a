import subprocess
import sys

HEAVY = ["marvin", "tensorflow", "matplotlib", "pafit", "sdss_access", "scipy.ndimage", "pandas"]
PROBE = f"""
import os, sys, threading, warnings, logging
import numpy, astropy.units, astropy.table, astropy.io.fits, wrapt

def state():
    return (
        dict(os.environ), list(warnings.filters), warnings.showwarning, sys.excepthook,
        threading.active_count(), list(logging.getLogger().handlers),
        list(logging.getLogger("mangapa").handlers), numpy.geterr(), os.getcwd(), list(sys.path),
    )

before = state()
import mangapa
assert state() == before, "importing mangapa changed the process"
heavy = [name for name in {HEAVY} if name in sys.modules]
assert not heavy, heavy
"""


def test_import_loads_nothing_heavy_and_changes_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not done.stdout
    assert not list(tmp_path.iterdir())


def test_all_public_names_are_there_and_documented():
    import mangapa

    for name in mangapa.__all__:
        assert getattr(mangapa, name).__doc__, name
