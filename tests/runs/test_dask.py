"""
Dask: a worker or the scheduler is killed, and workers run in another folder.

All run on this machine, but some in networks and with files of their own, as on several machines.
"""

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


#: Names of networks that see each other and nothing else, with the last part of their addresses.
MACHINES = {"scheduler": 1, "one": 2, "two": 3, "client": 4}


def address(name):
    return f"10.78.0.{MACHINES[name]}"


def ip(*arguments):
    return subprocess.run(["ip", *arguments], capture_output=True, text=True)


@pytest.fixture
def machines():
    """
    Start a command on one of several machines, which share no network with this one.

    Each is a network namespace, with a cable to the bridge of the scheduler.
    """
    if shutil.which("ip") is None:
        pytest.skip("the command ip is missing: apt-get install iproute2")
    prefix, started = f"mangapa{os.getpid()}", []

    def namespace(name):
        return f"{prefix}{name}"

    def start(name, *command, **options):
        command = ["ip", "netns", "exec", namespace(name), *map(str, command)]
        started.append(subprocess.Popen(command, **options))
        return started[-1]

    try:
        for name in MACHINES:
            if (done := ip("netns", "add", namespace(name))).returncode:
                pytest.skip(f"network namespaces cannot be made here: {done.stderr.strip()}")
        hub = namespace("scheduler")
        links = [ip("-n", hub, "link", "add", "hub", "type", "bridge")]
        links += [ip("-n", hub, "address", "add", f"{address('scheduler')}/24", "dev", "hub")]
        for name in ("one", "two", "client"):
            cable = ("link", "add", name, "type", "veth", "peer", "name", "cable")
            links += [
                ip("-n", hub, *cable, "netns", namespace(name)),
                ip("-n", hub, "link", "set", name, "master", "hub", "up"),
                ip("-n", namespace(name), "address", "add", f"{address(name)}/24", "dev", "cable"),
                ip("-n", namespace(name), "link", "set", "cable", "up"),
            ]
        links += [ip("-n", hub, "link", "set", "hub", "up")]
        links += [ip("-n", namespace(name), "link", "set", "lo", "up") for name in MACHINES]
        if trouble := [done.stderr.strip() for done in links if done.returncode]:
            pytest.skip(f"networks cannot be connected here: {trouble[0]}")
        yield start
    finally:
        for process in started:
            process.kill()
            process.wait()
        for name in MACHINES:
            ip("netns", "delete", namespace(name))


#: What a worker runs: the files are under another path, and there is nothing where they are here.
ELSEWHERE = """
mkdir -p "$2" && mount --bind "$1" "$2" && mount -t tmpfs none "$1" && shift 2 && exec "$@"
"""


@pytest.mark.slow
@pytest.mark.promise(10)
def test_workers_on_other_machines_see_the_files_under_another_path(folder, tmp_path, machines):
    there = tmp_path / "there"
    (folder / "manga-0000-MAPS-bad.fits.gz").write_bytes(b"bad")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    machines("scheduler", *DASK, "scheduler", "--host", address("scheduler"), **quiet)
    scheduler = f"tcp://{address('scheduler')}:8786"
    for name in ("one", "two"):
        worker = (*DASK, "worker", scheduler, "--host", address(name), "--nthreads", "1")
        machines(
            name, "sh", "-c", ELSEWHERE, "sh", folder, there, *worker, "--no-dashboard", **quiet
        )
    mangapa_command = (sys.executable, "-m", "mangapa", "survey", folder)
    options = ("--out", tmp_path / "dask", "--dask", scheduler)
    roots = ("--worker-root", f"{folder}={there}")
    client = machines(
        "client", *mangapa_command, *options, *roots, stderr=subprocess.PIPE, text=True
    )
    message = client.communicate(timeout=120)[1]
    assert client.returncode == 1, message
    summary = status(tmp_path / "dask")
    assert (summary.measured, summary.failed, summary.left) == (N_GALAXIES, 1, 0)
    assert str(there) not in summary.failures[0][1]
    survey(folder, tmp_path / "processes", jobs=2)
    one, other = (
        mangapa.write_catalogue(catalogue(tmp_path / name), tmp_path / f"{name}.ecsv").read_bytes()
        for name in ("dask", "processes")
    )
    assert one == other
