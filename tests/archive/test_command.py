"""``mangapa download``, ``mangapa list`` and ``mangapa measure --download``."""

import json
import os
import signal
import subprocess
import sys

import pytest
from astropy.table import QTable

import mangapa
from mangapa.archive import expected_path
from mangapa.archive._addresses import table_address
from mangapa.archive._transport import partial_files
from mangapa.cli import main
from tests.archive_server import write_dapall, write_drpall
from tests.waiting import until


@pytest.fixture
def tables(archive):
    """The server with the tables drpall and dapall."""
    remote = [
        archive.root
        / table_address(name, release="DR17").path.relative_to(os.environ["SAS_BASE_DIR"])
        for name in ("drpall", "dapall")
    ]
    write_drpall(remote[0], [("8485-1901", "1-2", 0.04, 1), ("7443-12703", "1-3", 0.02, 1)])
    write_dapall(remote[1], {"8485-1901": 0}, "HYB10-MILESHC-MASTARSSP")
    return archive


def test_measure_with_download(archive, capsys):
    arguments = ["measure", "8485-1901", "--release", "DR17", "--json"]
    assert main(arguments) == 1
    assert "mangapa download 8485-1901 --release DR17" in capsys.readouterr().err
    assert main([*arguments, "--download"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    expected = mangapa.measure(archive.file)
    assert row["stellar_pa"] == pytest.approx(expected.stellar.pa.value)
    assert main(arguments) == 0
    assert len(archive.gets) == 1


def test_by_configuration_alone(archive, tmp_path, monkeypatch):
    folder = tmp_path / "astropy"
    folder.mkdir()
    (folder / "mangapa.cfg").write_text(f"server = {mangapa.conf.server}\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    command = [sys.executable, "-m", "mangapa", "measure", "8485-1901", "--release", "DR17"]
    done = subprocess.run([*command, "--download"], capture_output=True, text=True, check=True)
    assert "8485-1901" in done.stdout
    assert archive.address.path.read_bytes() == archive.file.read_bytes()


def test_measure_continues_after_a_failure(archive, maps_file, capsys):
    sources = ["7443-1901", str(maps_file), "8485-1901"]
    assert main(["measure", *sources, "--download", "--json"]) == 1
    captured = capsys.readouterr()
    rows = json.loads(captured.out)
    assert [row["plateifu"] for row in rows] == ["7443-1901", "9999-1901", "8485-1901"]
    assert "the server has no file" in rows[0]["error"]
    assert [row["error"] for row in rows[1:]] == [None, None]
    assert captured.err.count("mangapa: ") == 1
    assert "the server has no file" in captured.err


def test_download(archive, capsys):
    assert main(["download", "8485-1901", "7443-1901", "--jobs", "2"]) == 1
    captured = capsys.readouterr()
    assert captured.out.strip() == str(expected_path("8485-1901"))
    assert "'mangapa list' lists the galaxies" in captured.err


@pytest.mark.promise(20)
def test_invalid_source_costs_its_line(tables, capsys):
    assert main(["download", "8485-01901", "1-2", "1-9", "8485-1901"]) == 1
    captured = capsys.readouterr()
    assert captured.out.split() == [str(expected_path("8485-1901"))] * 2
    first, second = captured.err.strip().splitlines()
    assert first.endswith("did you mean the identifier '8485-1901'?")
    assert second.startswith("mangapa: mangaid='1-9' is not a galaxy of DR17")


@pytest.mark.promise(5)
@pytest.mark.parametrize(
    ("number", "code", "message"),
    [(signal.SIGINT, 1, "mangapa: interrupted\n"), (signal.SIGTERM, -signal.SIGTERM, "")],
)
def test_signal_leaves_no_half_file(archive, tmp_path, monkeypatch, number, code, message):
    folder = tmp_path / "astropy"
    folder.mkdir()
    (folder / "mangapa.cfg").write_text(f"server = {mangapa.conf.server}\ntimeout = 3\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    archive.faults[archive.file.name] = ["stall"]
    command = [sys.executable, "-m", "mangapa", "download", "8485-1901"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: partial_files(archive.address.path))
        process.send_signal(number)
        _, errors = process.communicate()
    assert (process.returncode, errors) == (code, message)
    assert not archive.address.path.exists()
    assert main(["download", "8485-1901"]) == 0
    assert archive.address.path.read_bytes() == archive.file.read_bytes()
    assert [path.name for path in archive.address.path.parent.iterdir()] == [archive.file.name]


def test_download_a_selection(tables, capsys):
    assert main(["download", "--where", "z > 0.03"]) == 0
    assert capsys.readouterr().out.strip() == str(expected_path("8485-1901"))


@pytest.mark.filterwarnings("always:the column dap_quality")
def test_list(tables, tmp_path, capsys):
    assert main(["list"]) == 1
    assert "mangapa list --release DR17 --download" in capsys.readouterr().err
    assert main(["list", "--download", "--brief"]) == 0
    assert capsys.readouterr().out.split() == ["7443-12703", "8485-1901"]
    out = tmp_path / "galaxies.ecsv"
    table_address("dapall", release="DR17").path.unlink()
    assert main(["list", "--where", "z < 0.03", "--out", str(out)]) == 0
    captured = capsys.readouterr()
    assert "7443-12703" in captured.out
    assert "8485-1901" not in captured.out
    assert captured.err.startswith("mangapa: the column dap_quality is masked: there is no table")
    assert list(QTable.read(out)["plateifu"]) == ["7443-12703"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["download"], "nothing to download"),
        (["download", "8485-1901", "--jobs", "99"], "--jobs 99 must be 1 to 8"),
        (["download", "../.."], "is neither a plate-IFU"),
        (["download", "8485-1901", "--release", "DR99"], "release='DR99' is not known"),
        (["list", "--where", "zed", "--download"], "columns plateifu, mangaid"),
    ],
)
def test_bad_values(tables, arguments, message, capsys):
    assert main(arguments) == 2
    assert message in capsys.readouterr().err
