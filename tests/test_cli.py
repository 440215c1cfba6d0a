import json
import subprocess
import sys
from dataclasses import fields, replace

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import MaskedColumn, QTable
from astropy.utils.masked import Masked

import mangapa
from mangapa import MeasurementSettings
from mangapa.cli import main
from mangapa.cli._output import print_table
from mangapa.simulate import Bar, CounterDisc, Neighbour
from tests.archive_server import write_drpall

#: Modules that printing a help text does not need.
HEAVY = ("matplotlib", "marvin", "pafit", "tensorflow", "threadpoolctl", "pebble", "distributed")


def help_of(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.quick
def test_measure_prints_a_table(maps_file, capsys):
    assert main(["measure", str(maps_file)]) == 0
    printed = capsys.readouterr().out
    assert "9999-1901" in printed
    assert "stellar_pa" in printed
    assert "deg" in printed


@pytest.mark.quick
def test_measure_json(maps_file, capsys):
    assert main(["measure", str(maps_file), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    expected = mangapa.measure(maps_file)
    assert row["stellar_pa"] == pytest.approx(expected.stellar.pa.value)
    assert row["pa_offset"] == pytest.approx(expected.misalignment.angle.value)
    assert row["plateifu"] == "9999-1901"


@pytest.mark.needs_matplotlib
def test_measure_figures_and_catalogue(maps_file, tmp_path, capsys):
    out = tmp_path / "new" / "figures"
    catalogue = tmp_path / "all.ecsv"
    arguments = ["--plot", str(out), "--out", str(catalogue)]
    assert main(["measure", str(maps_file), *arguments]) == 0
    assert (out / "9999-1901.png").read_bytes().startswith(b"\x89PNG")
    assert [p.name for p in out.iterdir()] == ["9999-1901.png"]
    assert mangapa.read_catalogue(catalogue)["plateifu"][0] == "9999-1901"


@pytest.mark.needs_matplotlib
def test_measure_profiles(tmp_path, capsys):
    galaxy = mangapa.simulate_galaxy(plateifu="8485-3701", n_fibres=37, core_radius=3.5, seed=1)
    path = mangapa.write_maps(galaxy, tmp_path / "manga-8485-3701-MAPS-mock.fits.gz")
    assert main(["measure", str(path), "--profile", "--plot", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "8485-3701 stellar" in printed
    assert "features: kdc, counter rotating core" in printed
    for tracer in ("stellar", "halpha"):
        figure = tmp_path / f"8485-3701-{tracer}-profile.png"
        assert figure.read_bytes().startswith(b"\x89PNG")
    assert main(["measure", str(path), "--profile", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    profile = row["profiles"]["halpha"]
    expected = mangapa.pa_profile(mangapa.clean(galaxy.halpha))
    assert profile["n_spaxels"] == expected["n_spaxels"].tolist()
    assert profile["pa"][0] == pytest.approx(expected["pa"][0].value, abs=1e-3)
    assert row["halpha_kdc"] > 0.5


def test_an_ambiguous_identifier_costs_its_own_row(sas, tmp_path, capsys):
    from mangapa.archive._addresses import table_address

    path = table_address("drpall", release="DR17").path
    write_drpall(path, [("8485-1901", "1-2", 0.04, 1), ("7443-12703", "1-2", 0.04, 1)])
    out = tmp_path / "all.ecsv"
    assert main(["measure", "1-2", "8485-1901", "1-99", "--out", str(out)]) == 1
    captured = capsys.readouterr()
    assert "8485-1901" in captured.out
    assert captured.err.splitlines()[0].startswith("mangapa: mangaid='1-2' ")
    assert captured.err.splitlines()[1].startswith("mangapa: mangaid='1-99' ")
    table = mangapa.read_catalogue(out)
    assert table["name"].tolist() == ["1-2", "8485-1901", "1-99"]
    assert table["source"].tolist() == ["1-2", "8485-1901", "1-99"]
    assert table["mangaid"].tolist()[::2] == ["1-2", "1-99"]
    assert "was observed as 7443-12703 and 8485-1901" in table["error"][0]


def test_an_unexpected_error_costs_its_own_row(maps_file, capsys, monkeypatch):
    measure = mangapa.measure

    def fail_once(source, **options):
        if source == "odd.fits":
            msg = "odd"
            raise ZeroDivisionError(msg)
        return measure(source, **options)

    monkeypatch.setattr(mangapa, "measure", fail_once)
    assert main(["measure", "odd.fits", str(maps_file)]) == 1
    captured = capsys.readouterr()
    assert captured.err == "mangapa: odd.fits: ZeroDivisionError: odd\n"
    assert "9999-1901" in captured.out


def test_a_missing_package_ends_the_command_at_once(maps_file, capsys, monkeypatch):
    def fail(source, **options):
        msg = "the method needs pafit"
        raise ImportError(msg)

    monkeypatch.setattr(mangapa, "measure", fail)
    assert main(["measure", str(maps_file), str(maps_file)]) == 1
    assert capsys.readouterr().err == "mangapa: the method needs pafit\n"


def test_a_field_without_an_angle_is_reported(galaxy, tmp_path, capsys):
    nothing = replace(galaxy.stellar, mask=np.ones_like(galaxy.stellar.mask))
    path = tmp_path / "empty-MAPS-.fits.gz"
    mangapa.write_maps(replace(galaxy, stellar=nothing), path)
    assert main(["measure", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "9999-1901 stellar: every spaxel is masked" in printed
    assert "nan" in printed


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([], {}),
        (
            ["--error", "none", "--v-sys", "median", "--sigma", "none", "--method", "symmetry"],
            {"error": None, "v_sys": "median", "sigma": None, "method": "symmetry"},
        ),
        (
            ["--v-sys", "-12.5", "--velocity-error", "10", "--n-steps", "181"],
            {"v_sys": -12.5, "velocity_error": 10, "n_steps": 181},
        ),
        (["--min-region", "0", "--model", "default"], {"min_region": 0, "model": "default"}),
    ],
)
def test_options_are_the_settings(arguments, options, maps_file, monkeypatch):
    given = []

    def keep(source, *, settings, **rest):
        given.append(settings)
        raise OSError

    monkeypatch.setattr(mangapa, "measure", keep)
    assert main(["measure", str(maps_file), *arguments]) == 1
    assert given == [MeasurementSettings(**options)]


@pytest.mark.parametrize("command", ["measure", "survey", "demo"])
def test_help_describes_every_setting(command, capsys):
    text = help_of(command, capsys)
    for one in fields(MeasurementSettings):
        assert f"--{one.name.replace('_', '-')} " in text
        assert f"{' '.join(one.metadata['text'].split())} (default: " in text
    assert "--error {default,analytic,bootstrap,none}" in text
    assert "or none (default: 3)" in text
    assert "fitting method: disc (a robust thin disc)" in text
    assert "(default: disc)" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a COMMAND; 'mangapa --help' lists them"),
        (["simulate"], "the following arguments are required: FILE"),
        (["guess"], "invalid choice: 'guess'"),
        (["measure", "x", "--method", "magic"], "argument --method: invalid choice: 'magic'"),
        (["measure", "x", "--v-sys", "fast"], "argument --v-sys: invalid value 'fast': velocity"),
        (["survey", "x", "--out", "y", "--sigma", "x"], "argument --sigma: invalid value 'x'"),
        (["simulate", "x.fits", "--fibres", "20"], "argument --fibres: invalid choice: 20"),
    ],
)
def test_bad_usage(arguments, message, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert "usage: mangapa" in error
    assert message in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--release", "DR99"], "release='DR99' is not known"),
        (["--daptype", "SPX", "--release", "DR15"], "daptype='SPX' is not in DR15"),
        (["--sigma", "-1"], "sigma=-1.0 must be positive"),
        (["--n-steps", "2"], "n_steps=2 must be an integer of at least 3"),
        (["--model", "guess"], "model='guess' is not known"),
    ],
)
@pytest.mark.parametrize("command", [["measure"], ["survey", "--out", "run"]])
def test_bad_values(command, arguments, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([*command, "8485-1901", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"mangapa: {message}")
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.quick
def test_simulate_takes_the_options_of_the_function(tmp_path, capsys):
    path = tmp_path / "manga-9999-1901-MAPS-VOR10.fits.gz"
    arguments = ["--fibres", "19", "--psf", "2.5", "--dithered", "--bar", "0.3", "4", "60"]
    arguments += ["--neighbour", "0.2", "3", "2", "-250", "--warp", "20", "--missing", "1"]
    assert main(["simulate", str(path), *arguments]) == 0
    expected = mangapa.simulate_galaxy(
        n_fibres=19,
        psf=2.5,
        dithered=True,
        bar=Bar(amplitude=0.3, radius=4, angle=60),
        neighbour=Neighbour(flux=0.2, x=3, y=2, velocity=-250),
        warp=20,
        missing=1,
    )
    found = mangapa.read_maps(path).stellar
    good = expected.stellar.good
    np.testing.assert_allclose(found.velocity[good], expected.stellar.velocity[good], rtol=1e-4)


def test_simulate_takes_a_counter_rotating_disc(tmp_path):
    path = tmp_path / "manga-9999-1901-MAPS-SPX.fits.gz"
    arguments = ["--counter-disc", "0.4", "0.5", "--dispersion", "120", "--bintype", "SPX"]
    arguments += ["--dispersion-halpha", "30", "--losvd", "moments"]
    assert main(["simulate", str(path), *arguments]) == 0
    expected = mangapa.simulate_galaxy(
        n_fibres=19,
        bintype="SPX",
        dispersion=120,
        dispersion_halpha=30,
        counter_disc=CounterDisc(mass_fraction=0.4, scale=0.5),
        losvd="moments",
    )
    found = mangapa.read_maps(path)
    for tracer in ("stellar", "halpha"):
        good = expected.tracer(tracer).good
        for name in ("velocity", "dispersion"):
            values, truth = (getattr(one.tracer(tracer), name) for one in (found, expected))
            np.testing.assert_allclose(values[good].value, truth[good].value, atol=1e-3)


def test_simulate_writes_all_extensions_if_asked(tmp_path):
    assert main(["simulate", str(tmp_path / "a.fits"), "--fibres", "19", "--layout", "full"]) == 0
    with fits.open(tmp_path / "a.fits") as hdus:
        assert "SPECINDEX_CORR" in hdus


def test_simulate_takes_the_plate_ifu_of_the_file(tmp_path, capsys):
    path = tmp_path / "manga-8485-1902-MAPS-VOR10.fits.gz"
    assert main(["simulate", str(path)]) == 0
    assert mangapa.read_maps(path).plateifu == "8485-1902"
    path.unlink()
    assert main(["simulate", str(path), "--fibres", "37"]) == 2
    expected = f"--fibres 37: {path.name} names an IFU of 19 fibres; leave one of them out"
    assert expected in capsys.readouterr().err
    assert not path.exists()


def test_simulate(tmp_path, capsys):
    path = tmp_path / "mock-MAPS-.fits.gz"
    arguments = ["--fibres", "19", "--pa-stellar", "20", "--release", "MPL-9", "--seed", "3"]
    assert main(["simulate", str(path), *arguments]) == 0
    assert str(path) in capsys.readouterr().out
    galaxy = mangapa.read_maps(path)
    assert galaxy.release == "MPL-9"
    assert galaxy.header["TRUEPAST"] == galaxy.header["TRUEPAHA"] == 20


def test_the_usage_of_an_unknown_option_is_that_of_its_command(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["measure", "x", "--plto", "figures"])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("usage: mangapa measure ")
    assert "[--plot DIR]" in error
    assert error.endswith("mangapa measure: error: unrecognized arguments: --plto figures\n")


def test_demo_without_matplotlib_has_no_figures(tmp_path, capsys, monkeypatch):
    from mangapa.cli import _demo as demo

    monkeypatch.setattr(demo, "DEMO", demo.DEMO[1:2])
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["demo", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "Simulating and measuring 1 galaxies" in printed
    assert "pa_offset_true" in printed
    assert "figures need matplotlib: pip install 'mangapa[plot]'" in printed
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".ecsv", ".gz"]


def test_demo_in_a_file_is_refused(tmp_path, capsys):
    path = tmp_path / "file"
    path.touch()
    assert main(["demo", "--out", str(path)]) == 2
    assert capsys.readouterr().err == f"mangapa: --out {path} is a file; name a folder\n"


@pytest.mark.needs_matplotlib
def test_demo(tmp_path, capsys, monkeypatch):
    from mangapa.cli import _demo as demo

    monkeypatch.setattr(demo, "DEMO", demo.DEMO[1:2])
    out = tmp_path / "demo"
    assert main(["demo", "--out", str(out), "--method", "symmetry"]) == 0
    printed = capsys.readouterr().out
    assert "aligned, small IFU" in printed
    assert "1 of 1: aligned, small IFU" in printed
    assert "stellar_true" in printed
    assert "pa_offset_true" in printed
    assert "true angle of the warp" in " ".join(printed.split())
    table = mangapa.read_catalogue(out / "catalogue.ecsv")
    assert table["method"].tolist() == ["symmetry"]
    assert abs(table["stellar_pa"][0] - table["stellar_true"][0]).value < 3
    kinds = sorted(path.suffix for path in out.iterdir())
    assert kinds == [".ecsv", ".gz", ".png"]


def test_errors_are_printed_with_two_digits_and_missing_ones_as_missing(capsys):
    errors = Masked([0.0444, 5.13, 12.3, np.nan, 1] * u.deg, mask=[False] * 4 + [True])
    column = MaskedColumn(errors.unmasked.value, mask=errors.mask)
    print_table(QTable({"pa_err": errors, "score_err": column}))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()[3:]]
    for printed in zip(*lines, strict=True):
        assert printed[:4] == ("0.044", "5.1", "12", "nan")
        assert not any(digit in printed[4] for digit in "0123456789")


def test_citation_is_bibtex(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--citation"])
    assert stop.value.code in (None, 0)
    assert capsys.readouterr().out == mangapa.__citation__


@pytest.mark.filterwarnings("always:all.csv. CSV keeps")
def test_own_warnings_are_one_line(maps_file, tmp_path, capsys):
    out = tmp_path / "all.csv"
    assert main(["measure", str(maps_file), "--out", str(out)]) == 0
    assert capsys.readouterr().err.startswith("mangapa: all.csv: CSV keeps ")


@pytest.mark.parametrize("arguments", [["--help"], ["measure", "--help"], ["--version"]])
def test_as_a_command(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "mangapa", *arguments], capture_output=True, text=True, check=True
    )
    assert "mangapa" in done.stdout


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom mangapa.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n"
        f"    print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")
