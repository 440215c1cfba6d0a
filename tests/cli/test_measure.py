"""``mangapa measure``: each source has its row, its message and its figure."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits

import mangapa
import mangapa.runs
from mangapa.cli import main
from mangapa.cli._output import missing_kinematics
from mangapa.kinematics import ClassFlags
from mangapa.usability import _predict


@pytest.fixture
def no_pair(monkeypatch):
    """H-alpha cannot be judged, neither with the stars nor alone."""
    real = mangapa.measurement.usability_prepared

    def fail(prepared, model):
        if any(one.field.tracer == "halpha" for one in prepared):
            raise np.linalg.LinAlgError("Singular matrix")
        return real(prepared, model)

    monkeypatch.setattr(mangapa.measurement, "usability_prepared", fail)


@pytest.mark.promise(20)
def test_each_source_has_its_row(maps_file, tmp_path, capsys):
    bad = tmp_path / "bad-MAPS-.fits.gz"
    bad.write_bytes(b"<html>")
    absent = tmp_path / "manga-8485-1902-MAPS-absent.fits.gz"
    sources = [str(bad), str(maps_file), str(absent), "../..-1901", str(tmp_path)]
    out = tmp_path / "all.ecsv"
    assert main(["measure", *sources, "--out", str(out)]) == 1
    captured = capsys.readouterr()
    assert len(captured.err.splitlines()) == 4
    *rows, note, written = captured.out.splitlines()[3:]
    assert "pa_offset_err includes departures from a disc" in note
    assert written == f"All columns are in {out}."
    names = ["bad-MAPS-", "9999-1901", "8485-1902", "..-1901", tmp_path.name]
    assert [row.split()[0] for row in rows] == names
    table = mangapa.read_catalogue(out)
    assert table["source"].tolist() == sources
    assert table["name"].tolist() == names
    assert table["plateifu"].tolist() == [None, "9999-1901", "8485-1902", None, None]
    assert table["error"].mask.tolist() == [False, True, False, False, False]
    assert "is a web page" in table["error"][0]
    assert np.isfinite(table["stellar_pa"]).tolist() == [False, True, False, False, False]
    assert table["stellar_flags"].tolist() == [1024, 0, 1024, 1024, 1024]
    assert table["halpha_usability_flags"].tolist() == [128, 0, 128, 128, 128]
    assert main(["measure", *sources, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [list(row) for row in found] == [table.colnames] * 5
    assert [row["source"] for row in found] == sources
    assert [row["error"] is None for row in found] == [False, True, False, False, False]
    assert found[0]["stellar_pa"] is None


@pytest.mark.promise(20)
def test_a_tracer_that_fails_costs_that_tracer(maps_file, tmp_path, capsys, no_pair):
    out = tmp_path / "all.ecsv"
    assert main(["measure", str(maps_file), "--out", str(out), "--profile"]) == 1
    captured = capsys.readouterr()
    message = "halpha: usability failed (LinAlgError: Singular matrix)"
    assert captured.err == f"mangapa: {maps_file}: {message}\n"
    assert "9999-1901 halpha: it could not be measured" in captured.out
    assert "9999-1901 stellar\n" in captured.out
    table = mangapa.read_catalogue(out)
    assert table["error"].tolist() == [message]
    assert abs(table["stellar_pa"][0].value - 60) < 3
    assert np.isnan(table["halpha_pa"][0])
    assert table["halpha_qual"].mask.tolist() == [True]


def test_a_tracer_that_is_judged_alone_is_no_failure(maps_file, monkeypatch, capsys):
    def fail(one, other):
        raise np.linalg.LinAlgError

    monkeypatch.setattr(_predict, "pair_descriptors", fail)
    assert main(["measure", str(maps_file)]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.needs_matplotlib
@pytest.mark.parametrize("name", ["../outside/x", "FOLDER/outside/x", "..", "$x^{", "a/../../b"])
def test_figures_stay_in_their_folder(maps_file, tmp_path, capsys, name):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.png").write_text("mine")
    galaxy = mangapa.read_maps(maps_file)
    source = mangapa.write_maps(galaxy, tmp_path / "odd-MAPS-.fits")
    with fits.open(source, mode="update") as hdus:
        hdus[0].header["PLATEIFU"] = name.replace("FOLDER", str(tmp_path))
    figures = tmp_path / "figures"
    main(["measure", str(source), "--plot", str(figures), "--profile"])
    assert (outside / "x.png").read_text() == "mine"
    assert list(outside.iterdir()) == [outside / "x.png"]
    files = {path.name for path in tmp_path.iterdir()}
    assert files == {maps_file.name, source.name, "outside", "figures"}
    assert len(list(figures.iterdir())) == 3


@pytest.mark.needs_matplotlib
def test_no_figure_replaces_another(maps_file, tmp_path, capsys):
    galaxy = mangapa.read_maps(maps_file)
    (tmp_path / "again").mkdir()
    again = mangapa.write_maps(galaxy, tmp_path / "again" / maps_file.name)
    mock = mangapa.simulate_galaxy(n_fibres=19, plateifu="9999-1901", bintype="HYB10", seed=2)
    hybrid = mangapa.write_maps(mock, tmp_path / "manga-9999-1901-MAPS-HYB10.fits.gz")
    figures = tmp_path / "figures"
    arguments = [*map(str, (maps_file, again, hybrid)), "--plot", str(figures)]
    names = [f"9999-1901-{name}-MILESHC-MASTARSSP" for name in ("HYB10", "VOR10", "VOR10")]
    names[2] += "-2"
    for _ in range(2):  # figures of an earlier run are replaced
        assert main(["measure", *arguments]) == 0
        assert sorted(path.stem for path in figures.iterdir()) == names
    printed = capsys.readouterr().out
    assert "daptype" in printed
    assert "HYB10-MILESHC-MASTARSSP" in printed


@pytest.mark.needs_matplotlib
def test_a_figure_that_fails_costs_that_figure(maps_file, tmp_path, capsys, monkeypatch):
    def fail(self, figure, **options):
        raise ZeroDivisionError("injected")

    monkeypatch.setattr(mangapa.Measurement, "plot", fail)
    figures, out = tmp_path / "figures", tmp_path / "all.ecsv"
    arguments = ["--plot", str(figures), "--profile", "--out", str(out)]
    assert main(["measure", str(maps_file), *arguments]) == 1
    captured = capsys.readouterr()
    expected = f"mangapa: {figures / '9999-1901.png'}: ZeroDivisionError: injected\n"
    assert captured.err == expected
    assert "9999-1901" in captured.out
    assert len(mangapa.read_catalogue(out)) == 1
    assert len(list(figures.iterdir())) == 2


@pytest.mark.parametrize(
    ("option", "value", "code", "message"),
    [
        ("--out", "all.xls", 2, "path='all.xls' must end in .ecsv"),
        ("--out", "no/such/all.ecsv", 1, "there is no folder no/such for --out; make it first"),
        ("--out", "folder.ecsv", 2, "--out folder.ecsv is a folder; name a file"),
        ("--plot", "file", 2, "--plot file is a file; name a folder"),
        ("--out", "/proc/all.ecsv", 1, "--out: no file can be written to /proc ("),
    ],
)
@pytest.mark.needs_matplotlib
def test_what_cannot_be_written_is_refused_first(
    maps_file, tmp_path, monkeypatch, capsys, option, value, code, message
):
    def fail(*arguments, **options):
        raise AssertionError

    monkeypatch.setattr(mangapa, "measure", fail)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.ecsv").mkdir()
    (tmp_path / "file").write_text("")
    assert main(["measure", str(maps_file), option, value]) == code
    captured = capsys.readouterr()
    assert captured.err.startswith(f"mangapa: {message}")
    assert captured.out == ""


def test_the_table_is_printed_if_the_catalogue_cannot_be_written(
    maps_file, tmp_path, monkeypatch, capsys
):
    def fail(table, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mangapa, "write_catalogue", fail)
    assert main(["measure", str(maps_file), "--out", str(tmp_path / "all.ecsv")]) == 1
    captured = capsys.readouterr()
    assert "9999-1901" in captured.out
    assert captured.err == "mangapa: [Errno 28] No space left on device\n"


@pytest.mark.parametrize("option", ["--out", "--plot"])
def test_an_empty_path_is_bad_usage(maps_file, option, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["measure", str(maps_file), option, ""])
    assert stop.value.code == 2
    assert f"argument {option}: it is empty; name a file or a folder" in capsys.readouterr().err


def test_a_tilde_is_the_home_folder(maps_file, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(maps_file.parent)
    assert main(["measure", f"~/{maps_file.name}", "--out", "~/all.ecsv"]) == 0
    table = mangapa.read_catalogue(tmp_path / "all.ecsv")
    assert table["source"].tolist() == [f"~/{maps_file.name}"]
    assert not (tmp_path / "~").exists()


def test_control_characters_of_a_name_are_not_printed(maps_file, tmp_path, capsys):
    bad = tmp_path / "a\x1b[31m\n.fits"
    bad.write_bytes(b"<html>")
    assert main(["measure", str(bad), str(maps_file)]) == 1
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err
    assert len(captured.err.splitlines()) == 1
    assert r"a\x1b[31m\n" in captured.out
    assert r"a\x1b[31m\n.fits" in captured.err


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "mangapa", *arguments],
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
    )


@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}])
def test_any_name_is_printed_in_any_locale(tmp_path, environment):
    names = ["M\xe9chain.fits", "\u03b1.fits"]
    if sys.platform == "linux":
        names.append(os.fsdecode(b"latin\xe9.fits"))
    for name in names:
        (tmp_path / name).write_bytes(b"<html>")
    done = run("measure", *(tmp_path / name for name in names), **environment)
    assert done.returncode == 1
    lines = done.stderr.decode("utf-8").splitlines()
    assert len(lines) == len(names)
    assert all(line.startswith("mangapa: ") and "is a web page" in line for line in lines)
    assert len(done.stdout.splitlines()) == len(names) + 3


@pytest.mark.skipif(sys.platform == "win32", reason="pipes differ")
def test_a_reader_that_has_enough_ends_the_command_quietly(maps_file, tmp_path):
    out = tmp_path / "all.ecsv"
    command = [sys.executable, "-m", "mangapa", "measure", maps_file, "--json", "--out", out]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert done.stderr == b""
    assert done.returncode == 1
    assert len(mangapa.read_catalogue(out)) == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_output_is_an_error_in_words(maps_file, tmp_path):
    out = tmp_path / "all.ecsv"
    command = [sys.executable, "-m", "mangapa", "measure", maps_file, "--out", out]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.stderr == "mangapa: [Errno 28] No space left on device\n"
    assert done.returncode == 1
    assert len(mangapa.read_catalogue(out)) == 1


def test_the_output_may_be_closed(maps_file, tmp_path):
    out = tmp_path / "all.ecsv"
    code = "import sys; sys.stdout = None; from mangapa.cli import main; sys.exit(main({}))"
    arguments = ["measure", str(maps_file), "--out", str(out)]
    done = subprocess.run([sys.executable, "-c", code.format(arguments)], check=False)
    assert done.returncode == 0
    assert len(mangapa.read_catalogue(out)) == 1


def test_sources_in_a_list(maps_file, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "M 31.fits.gz").write_bytes(maps_file.read_bytes())
    listed = tmp_path / "names.txt"
    listed.write_text("# mergers\n\n  M 31.fits.gz\n")
    assert main(["measure", "--list", str(listed), "--json"]) == 0
    assert [row["source"] for row in json.loads(capsys.readouterr().out)] == ["M 31.fits.gz"]
    assert main(["measure", str(listed)]) == 1
    advice = capsys.readouterr().err
    assert "measure --list FILE" in advice
    assert "delete" not in advice
    assert main(["survey", "--list", str(listed), "--out", "run", "--jobs", "1"]) == 0
    assert mangapa.runs.catalogue("run")["source"].tolist() == ["M 31.fits.gz"]
    listed.write_text("# nothing\n")
    assert main(["measure", "--list", str(listed)]) == 2
    assert "names no source" in capsys.readouterr().err
    listed.write_text("plateifu,mangaid\n8485-1901,1-209232\n")
    assert main(["measure", "--list", str(listed)]) == 2
    assert "names.txt has several columns, and there is no file plateifu" in capsys.readouterr().err
    assert main(["measure"]) == 2
    assert "nothing to measure" in capsys.readouterr().err


@pytest.mark.promise(19)
def test_two_spellings_of_a_file_are_measured_once(maps_file, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(maps_file.parent)
    sources = [str(maps_file), maps_file.name, f"./{maps_file.name}"]
    assert main(["measure", *sources, "--json"]) == 0
    captured = capsys.readouterr()
    assert [row["source"] for row in json.loads(captured.out)] == sources[:1]
    assert captured.err.splitlines() == [
        f"mangapa: {other} is the same as {maps_file}; it is measured once" for other in sources[1:]
    ]


def test_kinematics_are_printed_when_they_are_asked_for(maps_file, tmp_path, capsys):
    assert main(["measure", str(maps_file)]) == 0
    default = capsys.readouterr().out.splitlines()
    out = tmp_path / "all.fits"
    arguments = ["measure", str(maps_file), "--columns", "kinematics", "--out", str(out)]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[: len(default)] == default
    blank, head, *_, note, written = lines[len(default) :]
    assert blank == ""
    assert head.split()[:5] == ["name", "tracer", "k51", "k51_err", "psi"]
    assert "noise alone" in note
    assert "All columns are in" in written
    rows = {line.split()[1]: line.split() for line in lines if line.startswith("9999-1901 ")}
    measured = mangapa.measure(maps_file, columns="kinematics")
    for tracer in ("stellar", "halpha"):
        kinematics = measured[tracer].kinematics
        assert float(rows[tracer][2]) == pytest.approx(kinematics.kinemetry.k51, abs=5e-4)
    assert "regular rotator" in next(line for line in lines if " halpha " in line)
    assert "stellar_k51" in mangapa.read_catalogue(out).colnames
    assert main(["measure", str(maps_file), "--json", "--columns", "kinematics"]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert row["halpha_k51"] == pytest.approx(measured.row()["halpha_k51"])


def test_missing_kinematics_have_a_reason(maps_file, tmp_path, capsys):
    bare = tmp_path / "bare" / maps_file.name
    bare.parent.mkdir()
    with fits.open(maps_file) as hdus:
        hdus[0].header.remove("REFF")
        hdus.pop("STELLAR_SIGMA")
        hdus.writeto(bare)
    assert main(["measure", str(bare), "--columns", "kinematics"]) == 0
    out = capsys.readouterr().out
    [line] = [line for line in out.splitlines() if line.startswith("9999-1901 stellar: ")]
    assert "no lambda_r: the field has no velocity dispersions; the effective radius" in line
    assert line.endswith("no group: the field has no velocity dispersions")
    assert "9999-1901 halpha: no lambda_r: the effective radius is unknown\n" in out
    stars = mangapa.measure(maps_file, columns="kinematics")["stellar"].kinematics
    classes = mangapa.KinematicClasses(flags=ClassFlags.TOO_FEW_RINGS | ClassFlags.NOT_STARS)
    momentum = mangapa.AngularMomentum(flags=mangapa.AngularMomentumFlags.NO_FLUX)
    assert missing_kinematics(replace(stars, classes=classes, angular_momentum=momentum)) == [
        "no lambda_r: the field has no light to weight its velocities with",
        "no classes: fewer rings than the classes need",
    ]


def test_failed_sources_have_empty_kinematics(maps_file, tmp_path, capsys):
    bad = tmp_path / "bad-MAPS-.fits.gz"
    bad.write_bytes(b"<html>")
    arguments = ["measure", str(bad), str(maps_file), "--columns", "kinematics"]
    assert main(arguments) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("bad")] == [
        "nan",
        "stellar",
        "halpha",
    ]


def test_a_group_that_is_not_known_is_bad_usage(maps_file, capsys):
    assert main(["measure", str(maps_file), "--columns", "dust"]) == 2
    assert "columns='dust' must name groups of columns, of standard" in capsys.readouterr().err
