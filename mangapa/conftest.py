"""Where the examples in docstrings and pages run."""

import os

import pytest

from mangapa.catalogue import columns


@pytest.fixture(autouse=True)
def example_folder(tmp_path, monkeypatch):
    """A folder to write to, figures that need no screen, and columns that end with the example."""
    monkeypatch.setattr(columns, "_columns", dict(columns._columns))
    os.environ.setdefault("MPLBACKEND", "agg")
    monkeypatch.chdir(tmp_path)
