"""What is published about the package agrees with itself, and names no person as its author."""

import json
import re
from importlib.metadata import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AUTHORS = "The mangapa developers"


def version_of_changes():
    """The newest version of the change log, which is the one that is released next or was last."""
    return (ROOT / "CHANGES.rst").read_text().split()[0]


@pytest.mark.parametrize(
    ("file", "pattern"),
    [("CITATION.cff", r"^version: (\S+)$"), ("recipe/recipe.yaml", r'^  version: "(\S+)"$')],
)
def test_versions_agree(file, pattern):
    assert re.findall(pattern, (ROOT / file).read_text(), re.M) == [version_of_changes()]


def test_authors():
    assert f"- name: {AUTHORS}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"- name: {AUTHORS}\n" in (ROOT / "paper" / "paper.md").read_text()
    assert json.loads((ROOT / ".zenodo.json").read_text())["creators"] == [{"name": AUTHORS}]
    assert metadata("mangapa")["Author"] == AUTHORS


def test_every_reference_of_the_paper_is_cited_and_known():
    cited = set(re.findall(r"@(\w+)", (ROOT / "paper" / "paper.md").read_text()))
    known = re.findall(r"^@\w+\{(\w+),$", (ROOT / "paper" / "paper.bib").read_text(), re.M)
    assert cited == set(known)


def test_the_recipe_requires_what_the_package_requires():
    import configparser

    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    required = {line.replace("isal", "python-isal").replace("astropy>", "astropy-base>")
                for line in config["options"]["install_requires"].split()}  # fmt: skip
    run = (ROOT / "recipe" / "recipe.yaml").read_text().split("  run:\n")[1].split("\ntests:")[0]
    listed = {line.replace(" ", "").removeprefix("-") for line in run.split("\n") if line}
    assert listed == required | {"python" + config["options"]["python_requires"]}
