import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import mangapa
from mangapa.cli import main


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
    found = mangapa.measure(maps_file)
    assert row["stellar_pa"] == pytest.approx(found.stellar.pa.value)
    assert row["pa_offset"] == pytest.approx(found.misalignment.angle.value)
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
    said = capsys.readouterr().out
    assert "8485-3701 stellar" in said
    assert "stands out: kdc, counter rotating core" in said
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


def test_a_bad_file_costs_its_own_row(maps_file, tmp_path, capsys):
    bad = tmp_path / "bad-MAPS-.fits.gz"
    bad.write_bytes(b"<html>")
    absent = tmp_path / "absent.fits.gz"
    assert main(["measure", str(bad), str(maps_file), str(absent), "--json"]) == 1
    captured = capsys.readouterr()
    assert len(json.loads(captured.out)) == 1
    assert "bad-MAPS-.fits.gz is a web page" in captured.err
    assert "there is no file" in captured.err


def test_a_field_without_an_angle_is_reported(galaxy, tmp_path, capsys):
    nothing = replace(galaxy.stellar, mask=np.ones_like(galaxy.stellar.mask))
    path = tmp_path / "empty-MAPS-.fits.gz"
    mangapa.write_maps(replace(galaxy, stellar=nothing), path)
    assert main(["measure", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "9999-1901 stellar: every spaxel is masked" in printed
    assert "nan" in printed


@pytest.mark.quick
@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["measure"],
        ["guess"],
        ["measure", "x", "--method", "magic"],
        ["measure", "x", "--v-sys", "fast"],
        ["simulate", "x.fits", "--fibres", "20"],
    ],
)
def test_bad_usage(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "usage: mangapa" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--release", "DR99"], "release='DR99' is not known"),
        (["--sigma", "-1"], "sigma=-1.0 must be positive"),
    ],
)
def test_bad_values(arguments, message, sas, capsys):
    assert main(["measure", "8485-1901", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.quick
def test_simulate(tmp_path, capsys):
    path = tmp_path / "mock-MAPS-.fits.gz"
    arguments = ["--fibres", "19", "--pa-stellar", "20", "--release", "MPL-9", "--seed", "3"]
    assert main(["simulate", str(path), *arguments]) == 0
    assert str(path) in capsys.readouterr().out
    galaxy = mangapa.read_maps(path)
    assert galaxy.release == "MPL-9"
    assert galaxy.header["TRUEPAST"] == 20


@pytest.mark.needs_matplotlib
def test_demo(tmp_path, capsys, monkeypatch):
    from mangapa.cli import _demo as demo

    monkeypatch.setattr(demo, "DEMO", demo.DEMO[1:2])
    out = tmp_path / "demo"
    assert main(["demo", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "aligned, small IFU" in printed
    assert "stellar_true" in printed
    table = mangapa.read_catalogue(out / "catalogue.ecsv")
    assert abs(table["stellar_pa"][0] - table["stellar_true"][0]).value < 3
    kinds = sorted(path.suffix for path in out.iterdir())
    assert kinds == [".ecsv", ".gz", ".png"]


@pytest.mark.parametrize("arguments", [["--help"], ["measure", "--help"], ["--version"]])
def test_as_a_command(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "mangapa", *arguments], capture_output=True, text=True, check=True
    )
    assert "mangapa" in done.stdout


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom mangapa.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n"
        "    print([m for m in ('matplotlib', 'marvin', 'pafit') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")
