import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from astropy import units as u

import mangapa
from mangapa import MeasurementSettings
from mangapa.archive import expected_path
from mangapa.archive._addresses import table_address
from mangapa.catalogue import tabulate, tabulate_rows
from mangapa.cli import main
from mangapa.exceptions import RunError
from mangapa.runs import status, survey
from mangapa.runs._store import Result, RunStore
from tests.archive_server import write_dapall, write_drpall
from tests.runs import faults
from tests.waiting import is_gone, until


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps")
    for number in range(2):
        name = f"{8000 + number}-1901"
        galaxy = mangapa.simulate_galaxy(plateifu=name, n_fibres=19, seed=number)
        mangapa.write_maps(galaxy, folder / f"manga-{name}-MAPS-VOR10.fits.gz")
    return folder


@pytest.mark.quick
def test_survey_and_status(folder, tmp_path, capsys):
    run, absent = tmp_path / "run", folder / "absent-MAPS-.fits"
    arguments = ["survey", str(folder), str(absent), "--out", str(run), "--jobs", "1"]
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert "3 of 3 galaxies done, 1 of them failed" in captured.out
    assert f"Next: 'mangapa catalogue {run}' or 'mangapa report {run}'" in captured.out
    assert captured.err.count(f"there is no file {absent}") == 1
    assert main(["status", str(run)]) == 0
    captured = capsys.readouterr()
    assert "galaxies per second" in captured.out
    assert captured.err.count(f"mangapa: there is no file {absent}") == 1
    assert main([*arguments, "--sigma", "4"]) == 1
    message = "made with sigma=3.0 instead of 4.0; name another folder, or delete this one"
    assert message in capsys.readouterr().err
    shutil.copy(folder / "manga-8000-1901-MAPS-VOR10.fits.gz", absent)
    try:
        assert main([*arguments, "--retry"]) == 0
    finally:
        absent.unlink()
    assert "3 of 3 galaxies done, 0 of them failed" in capsys.readouterr().out
    # A survey that measures nothing has no speed.
    assert main(["survey", str(folder), "--out", str(run), "--jobs", "1"]) == 0
    assert "galaxies per second" not in capsys.readouterr().out


def test_status_of_a_run_with_many_failures(tmp_path, capsys):
    names = [f"galaxy {number}" for number in range(12)]
    with RunStore(tmp_path, {}) as store:
        store.add_sources([*names, "left"])
        for name in names:
            store.add(Result(source=name, error=f"{name}: broken"))
    assert main(["status", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    assert "12 of 13 galaxies done, 12 of them failed" in captured.out
    assert " galaxies per second, about 0:00:00 left" in captured.out
    assert captured.err.count("broken") == 12


def test_survey_lists_the_first_failures(tmp_path, capsys):
    names = [f"/missing/manga-{number}-MAPS-a.fits" for number in range(11)]
    assert main(["survey", *names, "--out", str(tmp_path / "run"), "--jobs", "1"]) == 1
    error = capsys.readouterr().err
    assert error.count("there is no file /missing/") == 10
    assert f"and 1 more; 'mangapa status {tmp_path / 'run'}' lists all failures" in error


def test_survey_of_a_slip_makes_no_run(tmp_path, capsys):
    assert main(["survey", "typo", "--out", str(tmp_path / "run")]) == 1
    assert "there is no file or folder typo; name files, folders" in capsys.readouterr().err
    assert main(["survey", "08485_1901", "--out", str(tmp_path / "run")]) == 1
    assert "did you mean" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.filterwarnings("ignore:.*CSV keeps")
def test_catalogue(folder, tmp_path, capsys):
    run = tmp_path / "run"
    survey([folder, "8002-1901-MAPS-missing.fits"], run)
    assert main(["catalogue", str(run)]) == 0
    assert capsys.readouterr().out.strip() == str(run / "catalogue.ecsv")
    table = mangapa.read_catalogue(run / "catalogue.ecsv")
    assert table["plateifu"].tolist() == ["8000-1901", "8001-1901", "8002-1901"]
    assert np.isnan(table["stellar_pa"][2])
    assert "there is no file 8002-1901-MAPS-missing.fits" in table["error"][2]
    for name, suffix in {"votable": "vot", "fits": "fits", "csv": "csv"}.items():
        assert main(["catalogue", str(run), "--format", name]) == 0
        assert len(mangapa.read_catalogue(run / f"catalogue.{suffix}")) == 3
    assert main(["catalogue", str(run), "--out", str(tmp_path / "mine.fits")]) == 0
    assert len(mangapa.read_catalogue(tmp_path / "mine.fits")) == 3
    assert main(["catalogue", str(run), "--format", "csv", "--out", "a.fits"]) == 2
    assert "--out a.fits must end in .csv for --format csv" in capsys.readouterr().err


def test_kinematics_of_a_survey(folder, tmp_path, capsys):
    """They are asked for once, when the run is made, and whoever resumes it asks for the same."""
    source, run = str(sorted(folder.iterdir())[0]), str(tmp_path / "run")
    assert main(["survey", source, "--out", run, "--columns", "kinematics"]) == 0
    assert main(["catalogue", run, "--format", "fits"]) == 0
    [row] = mangapa.read_catalogue(capsys.readouterr().out.splitlines()[-1])
    measured = mangapa.measure(source, columns="kinematics")
    assert row["stellar_k51"] == measured["stellar"].kinematics.kinemetry.k51
    assert main(["survey", source, "--out", run]) == 1
    assert "columns='standard,kinematics' instead of 'standard'" in capsys.readouterr().err


def test_the_command_resumes_a_run_of_python(folder, tmp_path, capsys, monkeypatch):
    run = tmp_path / "run"
    survey(folder, run, velocity_error=5 * u.km / u.s, v_sys=0, error=None, sigma=3)
    monkeypatch.setattr("mangapa.runs._workers.measure_source", faults.refuse)
    options = ["--velocity-error", "5", "--v-sys", "0", "--error", "none", "--method", "disc"]
    assert main(["survey", str(folder), "--out", str(run), *options, "--daptype", "HYB10"]) == 0
    assert "2 of 2 galaxies done, 0 of them failed" in capsys.readouterr().out


def test_python_resumes_a_run_of_the_command(folder, tmp_path, monkeypatch):
    run = tmp_path / "run"
    options = ["--sigma", "none", "--v-sys", "median", "--min-region", "0.2"]
    assert main(["survey", str(folder), "--out", str(run), "--jobs", "1", *options]) == 0
    monkeypatch.setattr("mangapa.runs._workers.measure_source", faults.refuse)
    settings = MeasurementSettings(sigma=None, min_region=0.2)
    assert survey(folder, run, settings=settings).measured == 2


@pytest.mark.parametrize("limit", ["0", "-1", "nan", "inf", "soon"])
def test_a_time_limit_that_is_none(folder, tmp_path, capsys, limit):
    command = ["survey", str(folder), "--out", str(tmp_path / "run"), f"--time-limit={limit}"]
    try:
        code = main(command)
    except SystemExit as error:  # What is no number is refused with the other options.
        code = error.code
    assert code == 2
    message = {
        "0": "time_limit=0.0 must be positive",
        "-1": "time_limit=-1.0 must be positive",
        "soon": "argument --time-limit: invalid value 'soon': a number of seconds, or none",
    }.get(limit, f"time_limit={limit} must be one finite number")
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_no_time_limit(folder, tmp_path, capsys):
    command = ["survey", str(folder), "--out", str(tmp_path / "run"), "--time-limit", "none"]
    assert main([*command, "--jobs", "1"]) == 0
    assert "2 of 2 galaxies done, 0 of them failed" in capsys.readouterr().out


#: The command, with workers that hang at some sources.
TERMINATED = """
import sys
from mangapa.cli import main
from mangapa.runs import _workers as workers
from tests.runs import faults
from tests.waiting import is_gone, until
workers.measure_source = faults.measure
if __name__ == "__main__":
    sys.exit(main())
"""


@pytest.mark.promise(8)
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_survey_that_is_terminated(folder, tmp_path, name):
    script, run = tmp_path / "script.py", tmp_path / "run"
    script.write_text(TERMINATED)
    (tmp_path / "hangs-MAPS-.fits").touch()
    process = subprocess.Popen(
        [sys.executable, script, "survey", folder, tmp_path, "--out", run, "--jobs", "2"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        assert until(lambda: status(run).measured == 2, seconds=60)
        process.send_signal(getattr(signal, name))
        error = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert error == (
        f"mangapa: interrupted; what is measured is kept in {run}: run the same command again to "
        "resume it\n"
    )
    assert until(lambda: is_gone(process.pid)), "processes outlive the survey"
    summary = status(run)
    assert (summary.measured, summary.failed, summary.left) == (2, 0, 1)


def test_dask_that_is_not_installed(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    command = ["survey", str(folder), "--out", str(tmp_path / "run"), "--dask", "tcp://a:1"]
    assert main(command) == 1
    assert "pip install 'mangapa[dask]'" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_broken_run_is_reported(folder, tmp_path, capsys, monkeypatch):
    def fail(*_, **__):
        msg = "the workers stopped"
        raise RunError(msg)

    monkeypatch.setattr("mangapa.cli._survey.survey", fail)
    assert main(["survey", str(folder), "--out", str(tmp_path / "run")]) == 1
    assert capsys.readouterr().err == "mangapa: the workers stopped\n"


def test_galaxies_of_a_release(galaxy, tmp_path, capsys):
    paths = [table_address(name, release="DR17").path for name in ("drpall", "dapall")]
    write_drpall(paths[0], [("8485-1901", "1-2", 0.04, 1), ("7443-12703", "1-3", 0.02, 1)])
    write_dapall(paths[1], {"8485-1901": 0}, "HYB10-MILESHC-MASTARSSP")
    path = expected_path("8485-1901")
    path.parent.mkdir(parents=True, exist_ok=True)
    mock = mangapa.simulate_galaxy(plateifu="8485-1901", n_fibres=19, bintype="HYB10")
    mangapa.write_maps(mock, path)
    try:
        run = str(tmp_path / "run")
        assert main(["survey", "--where", "z > 0.03", "--out", run, "--jobs", "1"]) == 0
        assert "1 of 1 galaxies done" in capsys.readouterr().out
        assert main(["survey", "--out", run, "--jobs", "1"]) == 1
        assert "mangapa download 7443-12703" in capsys.readouterr().err
    finally:
        shutil.rmtree(os.environ["SAS_BASE_DIR"])


def test_status_of_a_missing_run(tmp_path, capsys):
    assert main(["status", str(tmp_path)]) == 1
    assert "begin one with 'mangapa survey" in capsys.readouterr().err


def test_compare_checks_for_matplotlib_first(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main(["compare", "missing.ecsv", "absent.ecsv", "--plot", str(tmp_path / "a.png")]) == 1
    expected = "--plot needs matplotlib, which is not installed: pip install 'mangapa[plot]'"
    assert expected in capsys.readouterr().err


def test_compare_refuses_what_is_not_a_table(folder, tmp_path, capsys):
    published = tmp_path / "published.csv"
    published.write_text("plateifu,stellar_pa,halpha_pa,pa_offset\n7443-12703,1,2,1\n")
    maps = next(folder.iterdir())
    for path, code, message in [
        (tmp_path, 1, f"{tmp_path} is a folder; name a table in it"),
        (tmp_path / "absent.txt", 1, f"there is no file {tmp_path / 'absent.txt'}; check the name"),
        (maps, 2, f"{maps} is not a CSV table in UTF-8 (invalid start byte); name a table"),
    ]:
        assert main(["compare", str(published), str(path)]) == code
        assert capsys.readouterr().err.startswith(f"mangapa: {message}")


@pytest.mark.needs_matplotlib
def test_compare_draws_though_nobody_reads_what_it_prints(tmp_path, monkeypatch):
    published, figure = tmp_path / "published.csv", tmp_path / "both.png"
    published.write_text("plateifu,stellar_pa,halpha_pa,pa_offset\n7443-12703,1,2,1\n")

    def unread(table):
        raise OSError

    monkeypatch.setattr("mangapa.cli._survey.print_table", unread)
    assert main(["compare", str(published), str(published), "--plot", str(figure)]) == 1
    assert figure.read_bytes().startswith(b"\x89PNG")


@pytest.mark.needs_matplotlib
def test_compare(folder, tmp_path, capsys):
    measurements = [mangapa.measure(path) for path in sorted(folder.iterdir())]
    ours = tabulate(measurements)
    mangapa.write_catalogue(ours, tmp_path / "ours.ecsv")
    published = tmp_path / "published.csv"
    published.write_text(
        "plateifu,stellar_pa,halpha_pa,pa_offset\n"
        f"8000-1901,{ours['stellar_pa'][0].value + 40},{ours['halpha_pa'][0].value},2.5\n"
        "7443-12703,1,2,1\n"
    )
    figure = tmp_path / "both.png"
    command = ["compare", str(published), str(tmp_path / "ours.ecsv"), "--plot", str(figure)]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "stellar_pa: 1 of 1 differ by more than 10 deg: 8000-1901 (-40)" in printed
    assert f"galaxies in both: 1 ({published} has 2 rows, {tmp_path / 'ours.ecsv'} has" in printed
    assert f"galaxies that are not in {published}: 1" in printed
    assert f"galaxies that are not in {tmp_path / 'ours.ecsv'}: 1 (7443-12703)" in printed
    median = next(line.split()[2] for line in printed.splitlines() if "stellar_pa " in line)
    assert median == "40.00"
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert main(["compare", str(tmp_path / "absent.ecsv"), str(published)]) == 1


@pytest.mark.promise(19)
def test_compare_tells_what_it_leaves_out(tmp_path, capsys):
    row = {"plateifu": "8485-1901", "stellar_pa": 10.0, "halpha_pa": 10.0, "pa_offset": 0.0}
    ours = tmp_path / "ours.ecsv"
    rows = [row | {"daptype": daptype} for daptype in ("HYB10", "VOR10")]
    rows += [row | {"plateifu": f"8485-190{number}"} for number in range(2, 5)] + [{}]
    mangapa.write_catalogue(tabulate_rows(rows), ours)
    published = tmp_path / "published.csv"
    published.write_text(
        "plateifu,stellar_pa,halpha_pa,pa_offset\n8485-1901,10,10,0\n8485-1902,10,-999,0\n"
    )
    assert main(["compare", str(ours), str(published)]) == 0
    printed = capsys.readouterr().out
    assert f"galaxies that are not in {published}: 2" in printed
    assert "halpha_pa: missing in one of the catalogues for 1 of " in printed
    assert "rows that could not be matched and are left out: 4" in printed
    several = "several rows could be its partner"
    assert f"  {ours}, row 2 (8485-1901 VOR10): {several}\n" in printed
    assert f"  {published}, row 1 (8485-1901): {several}\n" in printed
    assert f"  {ours}, row 6: it has no plate-IFU and no name\n" in printed
    assert main(["compare", str(ours), str(ours)]) == 0
    assert "left out: 2" in capsys.readouterr().out


@pytest.mark.promise(19)
def test_compare_reads_catalogues_of_other_surveys(tmp_path, capsys):
    ids, angles = range(1001, 1013), range(5, 365, 30)
    rows = [f"{n}_{letter},{pa},1" for n, pa in zip(ids, angles, strict=True) for letter in "AB"]
    sami = tmp_path / "sami.csv"
    sami.write_text("\n".join(["CUBEIDPUB,PA_STELKIN,PA_STELKIN_ERR", *rows]))
    ours = [
        {"name": str(n), "observation": letter, "source": f"{n}_{letter}", "stellar_pa": pa + 0.5}
        for n, pa in zip(ids, angles, strict=True)
        for letter in "AC"
    ]
    for name in ("ours.ecsv", "ours.vot"):
        mangapa.write_catalogue(tabulate_rows(ours), tmp_path / name)
    with pytest.warns(mangapa.MangapaWarning, match="CSV keeps no units"):
        mangapa.write_catalogue(tabulate_rows(ours), tmp_path / "ours.csv")
    for name in ("ours.ecsv", "ours.vot", "ours.csv"):
        assert main(["compare", str(sami), str(tmp_path / name)]) == 0
        printed = capsys.readouterr().out
        assert "stellar_pa of b is turned by 180 deg (a + 180) against a: " in printed
        assert "stellar_pa: 12 of 12 differ by more than 10 deg: 1001 (-180)" in printed
        assert "rows that could not be matched and are left out: 24" in printed
        assert "row 2 (1001 B): the other catalogue has no such analysis" in printed
