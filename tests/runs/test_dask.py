"""A dask scheduler and two workers on this machine, one of which is killed during the run."""

import os
import shutil
import signal

import numpy as np
import pytest

import mangapa
from mangapa.runs import catalogue, survey

distributed = pytest.importorskip("distributed", reason="dask is not installed")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_worker_is_killed(tmp_path, monkeypatch):
    folder = tmp_path / "maps"
    folder.mkdir()
    first = folder / "manga-0000-MAPS-a.fits.gz"
    mangapa.write_maps(mangapa.simulate_galaxy(n_fibres=19), first)
    for number in range(1, 60):
        shutil.copy(first, folder / f"manga-{number:04d}-MAPS-a.fits.gz")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    )
    with cluster, distributed.Client(cluster) as client:
        killed = []

        class Executor:
            """The executor of dask, which loses a worker after a few galaxies."""

            def __init__(self):
                self._executor = client.get_executor()
                self._submitted = 0

            def submit(self, *args):
                self._submitted += 1
                if self._submitted == 20:
                    worker = next(iter(client.run(os.getpid).values()))
                    os.kill(worker, signal.SIGKILL)
                    killed.append(worker)
                return self._executor.submit(*args)

        monkeypatch.setattr("mangapa.runs._workers.AT_ONCE", 8)
        summary = survey(folder, tmp_path / "dask", executor=Executor())
    assert len(killed) == 1
    assert (summary.measured, summary.failed) == (60, 0)
    survey(folder, tmp_path / "processes", jobs=2)
    one, other = catalogue(tmp_path / "dask"), catalogue(tmp_path / "processes")
    for name in one.colnames:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
