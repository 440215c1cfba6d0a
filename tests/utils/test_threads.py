import os
import subprocess
import sys

import mangapa

MEASURE = """
import os
before = dict(os.environ)
import mangapa
galaxy = mangapa.simulate_galaxy(n_fibres=19)
mangapa.measure(galaxy)
changed = {name for name in os.environ if os.environ[name] != before.get(name)}
assert not changed, f"measuring changed {changed}"
"""


def test_measuring_leaves_the_environment_as_it_was(tmp_path):
    kept = ("PATH", "HOME", "PYTHONPATH", "SYSTEMROOT")
    subprocess.run(
        [sys.executable, "-c", MEASURE],
        check=True,
        cwd=tmp_path,
        env={name: os.environ[name] for name in kept if name in os.environ},
    )


def test_a_variable_that_is_set_stays(monkeypatch):
    monkeypatch.setenv("KMP_DUPLICATE_LIB_OK", "FALSE")
    mangapa.fit_pa(mangapa.simulate_galaxy(n_fibres=19).stellar)
    assert os.environ["KMP_DUPLICATE_LIB_OK"] == "FALSE"
