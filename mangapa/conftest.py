"""What the examples in docstrings find in their namespace."""

import os

import pytest


@pytest.fixture(autouse=True)
def example_namespace(doctest_namespace, tmp_path):
    """A folder to write to, and figures that need no screen."""
    os.environ.setdefault("MPLBACKEND", "agg")
    doctest_namespace["tmp_path"] = tmp_path
