"""A survey goes on, whatever is wrong with one galaxy, one worker or the whole run."""

import os
import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

import mangapa
from mangapa.exceptions import RunError, RunStoreError
from mangapa.runs import _workers as workers
from mangapa.runs import catalogue, status, survey
from mangapa.runs._sources import listed
from tests.runs import faults

N_GALAXIES = 200
BAD = {
    "truncated": "is truncated",
    "empty": "is empty",
    "page": "is a web page",
    "no-extension": "has no extension STELLAR_VEL",
    "absent": "there is no file",
    "raises": "RuntimeError: an error that nobody thought of",
    "kills": "its worker died",
    "sleeps": "took longer than",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A few galaxies as MAPS files."""
    folder = tmp_path_factory.mktemp("maps")
    for number in range(6):
        name = f"{8000 + number}-1901"
        galaxy = mangapa.simulate_galaxy(plateifu=name, n_fibres=19, seed=number, v_max=150)
        mangapa.write_maps(galaxy, folder / f"manga-{name}-MAPS-VOR10.fits.gz")
    return folder


@pytest.fixture(scope="module")
def release(folder, tmp_path_factory, galaxy):
    """Two hundred files, of which eight are bad in as many ways, and one is all masked."""
    release = tmp_path_factory.mktemp("release")
    good = sorted(folder.iterdir())
    for number in range(N_GALAXIES - len(BAD) - 1):
        shutil.copy(good[number % len(good)], release / f"manga-{number:04d}-MAPS-good.fits.gz")
    content = good[0].read_bytes()
    nothing = replace(galaxy.stellar, mask=np.ones_like(galaxy.stellar.mask))
    masked = replace(galaxy, stellar=nothing, plateifu="9998-1901")
    mangapa.write_maps(masked, release / "manga-0020b-MAPS-masked.fits.gz")
    for name, what in {
        "truncated": content[:-500],
        "empty": b"",
        "page": b"<html>not found</html>",
        "raises": content,
        "kills": content,
        "sleeps": content,
    }.items():
        (release / f"manga-0050-MAPS-{name}.fits.gz").write_bytes(what)
    from astropy.io import fits

    with fits.open(good[0]) as hdus:
        del hdus["STELLAR_VEL"]
        hdus.writeto(release / "manga-0060-MAPS-no-extension.fits.gz")
    return release


def sources(release):
    return [*listed(release), str(release / "manga-0070-MAPS-absent.fits.gz")]


def same(one, other):
    assert one.colnames == other.colnames
    for name in one.colnames:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_folder_pattern_and_names(folder, tmp_path):
    files = listed(folder)
    assert files == sorted(str(path) for path in folder.iterdir())
    assert listed(f"{folder}/manga-800[01]*") == files[:2]
    assert listed([files[1], folder, "8485-1901", "1-209232"]) == [
        files[1],
        files[0],
        *files[2:],
        "8485-1901",
        "1-209232",
    ]
    with pytest.raises(FileNotFoundError, match=r"no MAPS file .* in the folder"):
        listed(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no file like .*\.fits"):
        listed(str(tmp_path / "*.fits"))
    with pytest.raises(TypeError, match="not int"):
        listed([8485])


def test_the_catalogue_is_that_of_measure(folder, tmp_path):
    summary = survey(folder, tmp_path / "run")
    assert (summary.total, summary.measured, summary.failed, summary.left) == (6, 6, 0, 0)
    assert {"read", "clean", "fit", "classify"} <= summary.seconds.keys()
    table = catalogue(tmp_path / "run")
    one = mangapa.measure(sorted(folder.iterdir())[2]).row()
    for name, value in one.items():
        assert np.ma.is_masked(table[name][2]) if value is None else table[name][2] == value, name
    assert table.meta["settings"]["sigma"] == 3.0


def test_workers_and_order_change_nothing(folder, tmp_path):
    files = listed(folder)
    survey(files, tmp_path / "one", jobs=1)
    shuffled = random.Random(3).sample(files, len(files))
    survey(shuffled, tmp_path / "three", jobs=3)
    one, three = catalogue(tmp_path / "one"), catalogue(tmp_path / "three")
    assert list(three["plateifu"]) == [path.split("manga-")[-1][:9] for path in shuffled]
    three.sort("plateifu")
    same(one, three)


@pytest.mark.slow
def test_faults_cost_one_row_each(release, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "measure_source", faults.measure)
    names = sources(release)
    summary = survey(names, tmp_path / "run", jobs=2, time_limit=3)
    assert (summary.total, summary.failed) == (N_GALAXIES, len(BAD))
    messages = dict(summary.failures)
    for name, message in BAD.items():
        (source,) = [source for source in messages if f"-{name}." in source]
        assert message in messages[source]
    table = catalogue(tmp_path / "run")
    assert len(table) == N_GALAXIES
    failed = table[table["stellar_flags"] == mangapa.PAFlags.NOT_MEASURED]
    assert [str(error) for error in failed["error"]] == [
        message if source in message else f"{source}: {message}"
        for source, message in summary.failures
    ]
    assert np.isnan(failed["halpha_pa"]).all()
    assert table["error"].mask.sum() == N_GALAXIES - len(BAD)
    masked = table[table["plateifu"] == "9998-1901"]
    assert masked["stellar_flags"][0] == mangapa.PAFlags.NO_GOOD_SPAXELS
    assert np.isnan(masked["stellar_pa"][0])
    assert np.isfinite(masked["halpha_pa"][0])

    # What failed is tried again only if that is asked for.
    monkeypatch.setattr(workers, "measure_source", measure_nothing)
    assert survey(names, tmp_path / "run").failures == summary.failures


def measure_nothing(source, settings, parent=None):
    raise AssertionError(source)


INTERRUPTED = """
import sys
from mangapa.runs import _workers as workers
from mangapa.runs import survey
from tests.runs import faults
workers.measure_source = faults.measure
if __name__ == "__main__":
    print("begun", flush=True)
    survey(sys.stdin.read().split(), sys.argv[1], jobs=2, time_limit=3, progress=False)
"""


def gone(group):
    """Whether all processes of a group end soon."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
def test_killed_at_random_moments(release, tmp_path):
    names, moments = sources(release), random.Random(5)
    script = tmp_path / "interrupted.py"
    script.write_text(INTERRUPTED)

    def run(folder):
        process = subprocess.Popen(
            [sys.executable, str(script), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            start_new_session=True,
        )
        process.stdin.write("\n".join(names))
        process.stdin.close()
        assert process.stdout.readline() == "begun\n"
        return process

    interrupted, clean = tmp_path / "interrupted", tmp_path / "clean"
    done = [0]
    for _ in range(20):
        with run(interrupted) as process:
            time.sleep(moments.uniform(0, 3))
            process.kill()
        assert gone(process.pid), "workers outlive their parent"
        if (interrupted / "run.sqlite").exists():
            summary = status(interrupted)
            done.append(summary.measured + summary.failed)
    assert done == sorted(done)
    assert len(set(done)) > 3
    for folder in (interrupted, clean):
        with run(folder) as process:
            assert process.wait(timeout=120) == 0
    assert status(interrupted).total == N_GALAXIES
    assert status(interrupted).failures == status(clean).failures
    paths = [
        mangapa.write_catalogue(catalogue(folder), folder / "catalogue.ecsv")
        for folder in (interrupted, clean)
    ]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_other_settings(folder, tmp_path):
    survey(folder, tmp_path / "run")
    with pytest.raises(RunStoreError, match=r"sigma 3.0 instead of 4"):
        survey(folder, tmp_path / "run", sigma=4)
    with pytest.raises(RunStoreError, match="resume it, name another folder, or delete"):
        survey(folder, tmp_path / "run", resume=False)
    with pytest.raises(ValueError, match="jobs=0 must be a whole number of at least 1"):
        survey(folder, tmp_path / "run", jobs=0)


def test_any_executor(folder, tmp_path):
    files = [*listed(folder), str(folder / "absent-MAPS-.fits")]
    with ThreadPoolExecutor(2) as executor:
        summary = survey(files, tmp_path / "threads", executor=executor)
    assert (summary.measured, summary.failed) == (6, 1)
    survey(files, tmp_path / "processes")
    same(catalogue(tmp_path / "threads"), catalogue(tmp_path / "processes"))


def test_a_broken_executor(folder, tmp_path, monkeypatch):
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    monkeypatch.setattr(workers, "measure_source", faults.measure)
    files = [*listed(folder), "kills-MAPS-.fits"]
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor,
        pytest.raises(RunError, match=r"the executor broke .*run it again"),
    ):
        survey(files, tmp_path / "run", executor=executor)
    assert status(tmp_path / "run").measured > 0
    monkeypatch.undo()
    assert survey(files, tmp_path / "run").measured == 6
