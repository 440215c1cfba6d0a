"""A survey continues, whatever is wrong with one galaxy, one worker or the whole run."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pytest
from astropy import units as u

import mangapa
from mangapa import MeasurementSettings
from mangapa.archive._addresses import table_address
from mangapa.exceptions import MangapaWarning, RunError, RunStoreError
from mangapa.runs import catalogue, status, survey
from mangapa.runs._store import FILE_NAME
from tests.archive_server import write_drpall
from tests.runs import faults
from tests.waiting import is_gone, until

N_GALAXIES = 200
#: What the workers call for each source.
MEASURE = "mangapa.runs._workers.measure_source"
BAD = {
    "truncated": "is truncated",
    "empty": "is empty",
    "page": "is a web page",
    "no-extension": "has no extension STELLAR_VEL",
    "absent": "there is no file",
    "raises": "its worker died (RuntimeError: an unexpected error)",
    "kills": "its worker died",
    "hangs": "took longer than",
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
    """Two hundred files: seven are bad in different ways, and one is masked altogether."""
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
        "hangs": content,
    }.items():
        (release / f"manga-0050-MAPS-{name}.fits.gz").write_bytes(what)
    from astropy.io import fits

    with fits.open(good[0]) as hdus:
        del hdus["STELLAR_VEL"]
        hdus.writeto(release / "manga-0060-MAPS-no-extension.fits.gz")
    return release


def files_in(folder):
    return sorted(str(path) for path in folder.iterdir())


def sources(release):
    """All files of the release, and one that does not exist."""
    return [*files_in(release), str(release / "manga-0070-MAPS-absent.fits.gz")]


def same(one, other):
    assert one.colnames == other.colnames
    for name in one.colnames:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@pytest.mark.promise(10)
def test_the_catalogue_has_the_values_of_measure(folder, tmp_path):
    summary = survey(folder, tmp_path / "run")
    assert (summary.total, summary.measured, summary.failed, summary.left) == (6, 6, 0, 0)
    assert {"read", "clean", "fit", "classify"} <= summary.seconds.keys()
    table = catalogue(tmp_path / "run")
    one = mangapa.measure(sorted(folder.iterdir())[2]).row()
    for name, value in one.items():
        assert np.ma.is_masked(table[name][2]) if value is None else table[name][2] == value, name
    assert table.meta["settings"]["sigma"] == 3.0


@pytest.mark.promise(10)
def test_kinematics_are_in_the_catalogue_of_a_run_that_asks_for_them(folder, tmp_path):
    source = sorted(folder.iterdir())[2]
    survey(source, tmp_path / "run", columns="kinematics", jobs=2)
    [row] = catalogue(tmp_path / "run")
    expected = mangapa.measure(source, columns="kinematics").row()
    assert list(expected) == row.colnames
    for name in ("stellar_k51", "halpha_class_regular_rotator", "stellar_psi", "halpha_lambda_r"):
        assert row[name] == expected[name]
        assert np.isfinite(row[name])
    assert row["stellar_group"] == expected["stellar_group"]
    assert status(tmp_path / "run").seconds["kinematics"] > 0
    survey(source, tmp_path / "other")
    assert not [name for name in catalogue(tmp_path / "other").colnames if "k51" in name]


def test_runs_that_are_older_than_the_groups_are_read(folder, tmp_path):
    """Their settings lack the option; those of a plugin may have a group that is not here."""
    survey(sorted(folder.iterdir())[:2], tmp_path / "run")
    before = catalogue(tmp_path / "run")
    for columns in (None, "standard,dust"):
        with closing(sqlite3.connect(tmp_path / "run" / FILE_NAME)) as database, database:
            [[value]] = database.execute("select value from run where name = 'settings'")
            settings = {**json.loads(value), "columns": columns}
            if columns is None:
                del settings["columns"]
            update = "update run set value = ? where name = 'settings'"
            database.execute(update, [json.dumps(settings)])
        after = catalogue(tmp_path / "run")
        assert after.colnames == before.colnames
        np.testing.assert_array_equal(after["stellar_pa"], before["stellar_pa"])
        assert status(tmp_path / "run").measured == 2


def test_values_do_not_depend_on_workers_and_order(folder, tmp_path):
    files = files_in(folder)
    survey(files, tmp_path / "one", jobs=1)
    shuffled = random.Random(3).sample(files, len(files))
    survey(shuffled, tmp_path / "three", jobs=3)
    one, three = catalogue(tmp_path / "one"), catalogue(tmp_path / "three")
    assert list(three["plateifu"]) == [path.split("manga-")[-1][:9] for path in shuffled]
    three.sort("plateifu")
    same(one, three)


@pytest.mark.promise(7)
@pytest.mark.slow
def test_faults_cost_one_row_each(release, tmp_path, monkeypatch):
    monkeypatch.setattr(MEASURE, faults.measure)
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
    assert [str(error) for error in failed["error"]] == [message for _, message in summary.failures]
    assert np.isnan(failed["halpha_pa"]).all()
    assert table["error"].mask.sum() == N_GALAXIES - len(BAD)
    masked = table[table["plateifu"] == "9998-1901"]
    assert masked["stellar_flags"][0] == mangapa.PAFlags.NO_GOOD_SPAXELS
    assert np.isnan(masked["stellar_pa"][0])
    assert np.isfinite(masked["halpha_pa"][0])

    # Failed galaxies are not tried again unless ``retry`` is true.
    monkeypatch.setattr(MEASURE, faults.refuse)
    assert survey(names, tmp_path / "run").failures == summary.failures


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


@pytest.mark.promise(8)
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

    def n_done():
        summary = status(interrupted)
        return summary.measured + summary.failed

    done = []
    for number in range(12):
        with run(interrupted) as process:
            if number < 4:  # While the workers start.
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=moments.uniform(0, 1))
            else:
                target = max(done, default=0) + moments.randrange(1, 10)
                assert until(lambda target=target: n_done() >= target, seconds=120)
            process.kill()
        assert until(lambda group=process.pid: is_gone(group)), "workers outlive their parent"
        if number >= 4:
            done.append(n_done())
    assert done == sorted(set(done))
    assert done[-1] < N_GALAXIES
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


@pytest.mark.promise(11)
def test_a_run_is_resumed_with_equal_settings_only(folder, tmp_path, monkeypatch):
    run = tmp_path / "run"
    first = survey(folder, run, velocity_error=5 * u.km / u.s)
    assert first.measured == 6
    monkeypatch.setattr(MEASURE, faults.refuse)
    equal = MeasurementSettings(velocity_error=0.005 * u.km / u.ms, sigma=3, method="disc")
    assert survey(folder, run, settings=equal, release="MPL-11") == first
    with pytest.raises(RunStoreError, match=r"made with sigma=3.0 instead of 4.0; name another"):
        survey(folder, run, settings=equal, sigma=4)
    with pytest.raises(RunStoreError, match=r"daptype='HYB10-.* instead of 'SPX-"):
        survey(folder, run, settings=equal, daptype="SPX")


def test_resume_can_be_forbidden(folder, tmp_path):
    survey(folder, tmp_path / "run")
    with pytest.raises(RunStoreError, match=r"there is already a run in .*; resume it, name"):
        survey(folder, tmp_path / "run", resume=False)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"metod": "disc"}, TypeError, "no option 'metod'; did you mean 'method'?"),
        ({"settings": {"sigma": 3}}, TypeError, "settings must be MeasurementSettings, not dict"),
        ({"method": "magic"}, ValueError, "method='magic' is not known"),
        ({"sigma": -1}, ValueError, "sigma=-1 must be positive"),
        ({"velocity_error": 5 * u.pc}, ValueError, "velocity_error=.* must be a number in km / s"),
        ({"model": "guess"}, ValueError, "model='guess' is not known"),
        ({"jobs": 0}, ValueError, "jobs=0 must be an integer of at least 1"),
        ({"time_limit": 0}, ValueError, "time_limit=0 must be positive"),
        ({"time_limit": -1 * u.s}, ValueError, "time_limit=.* must be positive"),
        ({"time_limit": float("nan")}, ValueError, "time_limit=nan must be one finite number"),
        ({"time_limit": float("inf")}, ValueError, "time_limit=inf must be one finite number"),
        ({"time_limit": "long"}, ValueError, "time_limit='long' must be a number in s"),
        ({"sources": [8485]}, TypeError, "a source must be a path or an identifier, not int"),
        ({"sources": None}, TypeError, "sources must be a path, an identifier or an iterable"),
        ({"sources": ""}, ValueError, "a source is empty"),
        ({"release": "DR99"}, ValueError, "release='DR99' is not known"),
    ],
)
def test_bad_arguments_leave_no_folder(folder, tmp_path, options, error, message):
    with pytest.raises(error, match=message):
        survey(**{"sources": folder, "out": tmp_path / "run", **options})
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        (8485, TypeError, "out must be a path, not int: 8485"),
        ("", ValueError, "out is empty"),
        ("a\0b", ValueError, "NUL"),
    ],
)
def test_a_run_that_cannot_be_named(folder, out, error, message):
    with pytest.raises(error, match=message):
        survey(folder, out)


def test_a_run_in_the_home_folder(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert survey(files_in(folder)[0], "~/run", time_limit=None).folder == tmp_path / "run"
    assert status("~/run").measured == len(catalogue("~/run")) == 1
    assert not (tmp_path / "~").exists()


@pytest.mark.promise(19)
def test_a_folder_under_three_names_is_one(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder.parent)
    with pytest.warns(MangapaWarning, match="12 sources are the same files as others under ano"):
        summary = survey([folder.name, f"./{folder.name}", folder], tmp_path / "run")
    assert (summary.total, summary.measured) == (6, 6)
    monkeypatch.setattr(MEASURE, faults.refuse)
    assert survey(folder, tmp_path / "run") == summary
    (tmp_path / "linked").symlink_to(folder)
    assert survey(tmp_path / "linked", tmp_path / "run") == summary


@pytest.mark.promise(19)
def test_two_analyses_of_a_galaxy_are_two_rows(tmp_path):
    for bintype in ("VOR10", "HYB10"):
        galaxy = mangapa.simulate_galaxy(plateifu="8485-1901", n_fibres=19, bintype=bintype)
        mangapa.write_maps(galaxy, tmp_path / f"manga-8485-1901-MAPS-{bintype}.fits.gz")
    survey(tmp_path, tmp_path / "run")
    table = catalogue(tmp_path / "run")
    assert table["plateifu"].tolist() == ["8485-1901", "8485-1901"]
    assert [name.split("-")[0] for name in table["daptype"]] == ["HYB10", "VOR10"]


@pytest.mark.promise(19)
def test_workers_in_another_folder(folder, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(folder)
    start = {"initializer": os.chdir, "initargs": (tmp_path / "elsewhere",)}
    names = [path.name for path in sorted(folder.iterdir())[:2]]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), **start) as executor:
        summary = survey([*names, "absent.fits"], tmp_path / "run", executor=executor)
    assert summary.measured == 2
    [(source, message)] = summary.failures
    assert source == "absent.fits"
    assert message.startswith("there is no file absent.fits; ")


def test_a_name_that_is_not_unicode_costs_nothing(folder, tmp_path):
    path = os.fsencode(tmp_path) + b"/latin\xe9/\xc3\xa9-MAPS-.fits.gz"
    os.mkdir(os.path.dirname(path))
    shutil.copy(files_in(folder)[0], path)
    summary = survey([path, path + b"x", folder], tmp_path / "run")
    assert (summary.total, summary.measured) == (8, 7)
    shown = f"{tmp_path}/latin\\udce9/\u00e9-MAPS-.fits.gzx"
    assert summary.failures[0][0] == shown
    assert shown in summary.failures[0][1]
    table = catalogue(tmp_path / "run")
    assert shown in table["error"][1]
    mangapa.write_catalogue(table, tmp_path / "catalogue.ecsv")
    assert len(mangapa.read_catalogue(tmp_path / "catalogue.ecsv")) == 8


def test_a_file_that_changed_is_measured_again(tmp_path):
    path = tmp_path / "manga-8485-1901-MAPS-VOR10.fits.gz"
    for angle in (30, 120):
        mangapa.write_maps(mangapa.simulate_galaxy(n_fibres=19, pa_stellar=angle), path)
        if angle == 30:
            survey(path, tmp_path / "run")
        else:
            message = r"1 files have changed since they were measured, such as .*MAPS-VOR10"
            with pytest.warns(MangapaWarning, match=message):
                assert survey(path, tmp_path / "run").measured == 1
        measured = catalogue(tmp_path / "run")["stellar_pa"][0].value
        assert measured == mangapa.measure(path).stellar.pa.value


@pytest.mark.promise(21)
def test_a_run_that_is_deleted_while_it_runs(folder, tmp_path):
    run = tmp_path / "run"

    class Executor:
        """Deletes the run, and fails to measure."""

        def submit(self, *_):
            shutil.rmtree(run, ignore_errors=True)
            future = Future()
            future.set_exception(RuntimeError("not run"))
            return future

    with pytest.raises(RunStoreError, match=r"run\.sqlite was deleted or moved while"):
        survey(folder, run, executor=Executor())


def test_the_configuration_of_the_session_reaches_the_workers(tmp_path, monkeypatch):
    given = {}

    class Executor:
        """Keeps what it is to run, and fails."""

        def submit(self, function, source):
            given.update(function.keywords["arguments"])
            future = Future()
            future.set_exception(RuntimeError("not run"))
            return future

    with mangapa.conf.set_temp("release", "DR15"), mangapa.conf.set_temp("allow_download", True):
        summary = survey("8485-1901", tmp_path / "run", executor=Executor(), sigma=4)
    assert summary.failures[0][1] == "8485-1901: its worker died (RuntimeError: not run)"
    assert given == {
        "release": "DR15",
        "daptype": "HYB10-GAU-MILESHC",
        "download": True,
        "settings": MeasurementSettings(sigma=4),
    }


def test_rate_leaves_out_the_pause_before_a_resume(folder, tmp_path):
    files = files_in(folder)
    survey(files[:2], tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as database, database:
        database.execute("update outcomes set finished = '2020-01-01T00:00:00.000'")
    survey(files[:4], tmp_path)
    summary = status(tmp_path)
    assert (summary.measured, summary.left) == (4, 0)
    assert summary.rate > 0.01


def test_summary_of_a_run(folder, tmp_path):
    survey([*files_in(folder)[:2], "absent-MAPS-.fits"], tmp_path / "run")
    summary = status(tmp_path / "run")
    assert (summary.total, summary.measured, summary.failed, summary.left) == (3, 2, 1, 0)
    assert summary.rate > 0
    assert summary.seconds["all"] > summary.seconds["fit"] > 0
    assert repr(summary) == f"<RunSummary of {tmp_path / 'run'}: 2 of 3 measured, 1 failed>"
    assert mangapa.survey.__doc__.count("velocity_error") == 1


@pytest.mark.promise(7)
def test_a_killed_worker_costs_its_galaxy(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(MEASURE, faults.measure)
    summary = survey(["kills-MAPS-.fits", files_in(folder)[0]], tmp_path / "run")
    assert (summary.measured, summary.failed) == (1, 1)
    assert summary.failures[0][1].startswith("kills-MAPS-.fits: its worker died (ProcessExpired")


def test_any_executor(folder, tmp_path):
    files = [*files_in(folder), str(folder / "absent-MAPS-.fits")]
    with ThreadPoolExecutor(2) as executor:
        summary = survey(files, tmp_path / "threads", executor=executor)
    assert (summary.measured, summary.failed) == (6, 1)
    survey(files, tmp_path / "processes")
    same(catalogue(tmp_path / "threads"), catalogue(tmp_path / "processes"))


def test_a_broken_executor(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(MEASURE, faults.measure)
    files = [*files_in(folder), "kills-MAPS-.fits"]
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor,
        pytest.raises(RunError, match=r"the workers stopped at .*run the survey again"),
    ):
        survey(files, tmp_path / "run", executor=executor)
    assert status(tmp_path / "run").measured > 0
    monkeypatch.undo()
    assert survey(files, tmp_path / "run").measured == 6


@pytest.mark.promise(19)
@pytest.mark.parametrize("first", ["8485-1901", "1-209232"])
def test_a_mangaid_and_its_plateifu_are_one_galaxy(sas, tmp_path, first):
    write_drpall(
        table_address("drpall", release="DR17").path, [("8485-1901", "1-209232", 0.04, 1024)]
    )
    sources = ["8485-1901", "1-209232"]
    second = sources[first == sources[0]]
    message = f"1 sources are the same .* such as {second} and {first}; each file is measured once"
    with pytest.warns(MangapaWarning, match=message):
        assert survey([first, second], tmp_path / "run").measured == 1
    assert survey(second, tmp_path / "run").total == 1
    assert list(catalogue(tmp_path / "run")["plateifu"]) == ["8485-1901"]


@pytest.mark.promise(19)
def test_the_row_of_a_mangaid_that_could_not_be_looked_up_is_replaced(sas, tmp_path):
    sources = ["8485-1901", "1-209232"]
    summary = survey(sources, tmp_path / "run")
    assert (summary.measured, summary.failed) == (1, 1)
    assert summary.failures[0][0] == "1-209232"
    assert "there is no table" in summary.failures[0][1]
    write_drpall(
        table_address("drpall", release="DR17").path, [("8485-1901", "1-209232", 0.04, 1024)]
    )
    summary = survey("1-209232", tmp_path / "run")
    assert (summary.total, summary.measured, summary.failed) == (1, 1, 0)


@pytest.mark.promise(20)
def test_a_mangaid_of_two_observations_is_a_failed_row(sas, tmp_path):
    twice = [("8485-1901", "12-193481", 0.02, 1024), ("8312-12703", "12-193481", 0.02, 1024)]
    write_drpall(table_address("drpall", release="DR17").path, twice)
    summary = survey(["8485-1901", "12-193481"], tmp_path / "run")
    assert (summary.measured, summary.failed) == (1, 1)
    assert "was observed as 8312-12703 and 8485-1901" in summary.failures[0][1]
