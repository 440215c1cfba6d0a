"""What ``mangapa bug-report`` prints, and what it keeps to itself."""

import platform
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest

import mangapa
from mangapa.cli import main

pytestmark = pytest.mark.quick


def test_versions_and_settings(capsys, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with mangapa.conf.set_temp("release", "DR15"):
        assert main(["bug-report"]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == f"mangapa {mangapa.__version__}"
    assert lines[1].startswith(f"Python {platform.python_version()}")
    for line in (f"numpy {np.__version__}", "release: DR15", "OMP_NUM_THREADS: 3"):
        assert line in lines
    assert "MKL_NUM_THREADS: unset" in lines
    assert any(line.startswith("matplotlib ") for line in lines)
    assert not [line for line in lines if line.startswith("daptype")]


def test_what_is_missing_is_one_line_without_tools_of_developers(capsys, monkeypatch):
    from mangapa.cli import _bug_report

    monkeypatch.setattr(_bug_report, "version", missing_but("mangapa", "numpy"))
    assert main(["bug-report"]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    (missing,) = (line for line in lines if line.startswith("not installed: "))
    assert {"scipy", "matplotlib"} <= set(missing.removeprefix("not installed: ").split(", "))
    assert "numpy 1.2" in lines
    assert "pytest" not in missing


def missing_but(*names):
    def version(name):
        if name not in names:
            raise PackageNotFoundError(name)
        return "1.2"

    return version


def test_nothing_private(capsys, monkeypatch):
    monkeypatch.setenv("SAS_BASE_DIR", "/home/secret/sas")
    monkeypatch.setenv("API_TOKEN", "secret")
    with (
        mangapa.conf.set_temp("server", "https://user:secret@mirror.edu"),
        mangapa.conf.set_temp("table_folder", "/home/secret"),
        mangapa.conf.set_temp("settings", ["model=/home/secret/model.json"]),
    ):
        assert main(["bug-report"]) == 0
    printed = capsys.readouterr().out
    assert "secret" not in printed
    assert "server: changed" in printed
    assert "settings: changed" in printed
    assert "SAS_BASE_DIR: set" in printed
