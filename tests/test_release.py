"""The files that name the version of a release, and the script that compares them."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def script():
    path = ROOT / ".github" / "released_version.py"
    spec = importlib.util.spec_from_file_location("released_version", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_all_files_name_the_next_version(script, tmp_path, monkeypatch):
    """Once the section of changes has a date, nothing else has to change."""
    version = re.match(r"(\S+) \(", (ROOT / "CHANGES.rst").read_text(encoding="utf-8"))[1]
    for name in script.PLACES:
        text = (ROOT / name).read_text(encoding="utf-8")
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(
            text.replace("(unreleased)", "(2026-12-01)", 1), encoding="utf-8"
        )
    monkeypatch.setattr(script, "ROOT", tmp_path)
    assert script.wrong_places(version) == []
    assert len(script.wrong_places("99.0.0")) == len(script.PLACES)


def test_a_section_without_a_date_is_not_released(script, tmp_path, monkeypatch):
    for name in script.PLACES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1.2.0 (unreleased)\n", encoding="utf-8")
    monkeypatch.setattr(script, "ROOT", tmp_path)
    lines = script.wrong_places("1.2.0")
    assert lines[0] == "CHANGES.rst has no version with a date of release, but the tag is 1.2.0"


@pytest.mark.parametrize(("title", "stable"), [("Start - mangapa 1.2.0", True), ("1.1.9", False)])
def test_the_stable_documentation_must_show_the_version(
    script, tmp_path, monkeypatch, title, stable
):
    page = tmp_path / "index.html"
    page.write_text(f"<html><title>\n{title}</title></html>", encoding="utf-8")
    monkeypatch.setattr(script, "STABLE", page.as_uri())
    assert script.is_stable("1.2.0") is stable
