"""The format of the page "How to extend it", installed as a package of its own."""

import doctest
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from tests.utils.test_plugins import install

PAGE = Path(__file__).parents[2] / "docs" / "extend.rst"
#: Most lines of the example.
LONGEST = 30


def examples():
    """The example on the page, and the code that makes files for it."""
    text = PAGE.read_text(encoding="utf-8").partition("A file format\n---")[2]
    sources = [one.source for one in doctest.DocTestParser().get_examples(text)]
    (end,) = (place for place, source in enumerate(sources) if "register_format(\n" in source)
    (files,) = (one for one in sources if ".writeto(" in one)
    return sources[: end + 1], files


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run code in a new process, in a folder with two files, where the package is installed."""
    code, files = examples()
    install(tmp_path / "site", "my-survey", "my-survey = my_survey", "my_survey", "".join(code))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    exec(files, {"np": np, "fits": fits})
    path = os.pathsep.join(map(str, (tmp_path / "site", Path(__file__).parents[2])))
    monkeypatch.setenv("PYTHONPATH", path)

    def run(code):
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


def test_the_example_is_short():
    code, _ = examples()
    assert len("".join(code).splitlines()) < LONGEST


def test_an_installed_package_adds_a_format(run):
    printed = run(
        "from mangapa.cli import main\n"
        "main(['formats'])\n"
        "main(['measure', 'NGC1-stellar.fits', 'NGC1-halpha.fits'])\n"
    )
    assert "my-survey - My Survey: velocity maps, one file for the stars and one" in printed
    row = next(line.split() for line in printed.splitlines() if line.startswith("NGC1 "))
    assert row[:2] == ["NGC1", "90.0"]


@pytest.mark.slow
def test_workers_know_the_format_of_a_package(run):
    printed = run(
        "import mangapa\n"
        "mangapa.survey('.', 'run', progress=False)\n"
        "print(*mangapa.runs.catalogue('run')['name', 'survey', 'source'][0])\n"
    )
    assert printed == "NGC1 My Survey ./NGC1-*.fits\n"
