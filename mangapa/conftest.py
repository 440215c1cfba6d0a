"""Where the examples in docstrings and pages run."""

import os

import pytest


@pytest.fixture(autouse=True)
def example_folder(tmp_path, monkeypatch):
    """A folder to write to, and figures that need no screen."""
    os.environ.setdefault("MPLBACKEND", "agg")
    monkeypatch.chdir(tmp_path)
