"""Dask on this machine: a worker or the scheduler is killed, and workers run in another folder."""

import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

import mangapa
from mangapa.exceptions import RunError
from mangapa.runs import catalogue, status, survey
from tests.waiting import until

distributed = pytest.importorskip("distributed", reason="dask is not installed")
N_GALAXIES = 60
DASK = (sys.executable, "-m", "dask")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "maps"
    folder.mkdir()
    first = folder / "manga-0000-MAPS-a.fits.gz"
    mangapa.write_maps(mangapa.simulate_galaxy(n_fibres=19), first)
    for number in range(1, N_GALAXIES):
        shutil.copy(first, folder / f"manga-{number:04d}-MAPS-a.fits.gz")
    return folder


class Executor:
    """The executor of dask; something happens when it has been given 20 galaxies."""

    def __init__(self, client, happens):
        self._executor, self._happens, self._submitted = client.get_executor(), happens, 0

    def submit(self, *args):
        self._submitted += 1
        if self._submitted == 20:
            self._happens()
        return self._executor.submit(*args)


@pytest.mark.slow
@pytest.mark.promise(7)
@pytest.mark.filterwarnings("ignore")
def test_a_worker_is_killed_and_all_are_in_another_folder(folder, tmp_path, monkeypatch):
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    )
    with cluster, distributed.Client(cluster) as client:
        (tmp_path / "elsewhere").mkdir()
        client.run(os.chdir, tmp_path / "elsewhere")
        killed = []

        def kill():
            killed.append(next(iter(client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

        monkeypatch.setattr("mangapa.runs._pools.AT_ONCE", 8)
        monkeypatch.chdir(tmp_path)
        summary = survey("maps", "dask", executor=Executor(client, kill))
    assert len(killed) == 1
    assert (summary.measured, summary.failed) == (N_GALAXIES, 0)
    survey(folder, tmp_path / "processes", jobs=2)
    one, other = catalogue(tmp_path / "dask"), catalogue(tmp_path / "processes")
    for name in set(one.colnames) - {"source"}:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@pytest.fixture
def dask(tmp_path):
    """Start a command of dask that knows the scheduler of the file ``scheduler.json``."""
    started = []

    def start(command, *arguments):
        process = subprocess.Popen(
            [*DASK, command, *arguments, "--scheduler-file", tmp_path / "scheduler.json"],
            stderr=subprocess.DEVNULL,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.promise(8)
@pytest.mark.filterwarnings("ignore")
def test_the_scheduler_is_killed(folder, tmp_path, dask):
    scheduler = dask("scheduler", "--host", "127.0.0.1", "--no-dashboard")
    address = tmp_path / "scheduler.json"
    assert until(lambda: json.loads(address.read_text()))
    dask("worker", "--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard")
    with distributed.Client(scheduler_file=str(address), timeout=30) as client:
        executor = Executor(client, scheduler.kill)
        with pytest.raises(RunError, match=r"the workers stopped at .*run the survey again"):
            survey(folder, tmp_path / "run", executor=executor)
    summary = status(tmp_path / "run")
    assert summary.failed == 0
    assert summary.left == N_GALAXIES - summary.measured > 0
    assert survey(folder, tmp_path / "run").measured == N_GALAXIES
