"""What is published about the package agrees with itself, and names no person as its author."""

import json
import re
from importlib.metadata import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
AUTHORS = "The mangapa developers"


def test_authors():
    assert f"- name: {AUTHORS}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"- name: {AUTHORS}\n" in (ROOT / "paper" / "paper.md").read_text()
    assert json.loads((ROOT / ".zenodo.json").read_text())["creators"] == [{"name": AUTHORS}]
    assert metadata("mangapa")["Author"] == AUTHORS


def test_every_reference_of_the_paper_is_cited_and_known():
    cited = set(re.findall(r"@(\w+)", (ROOT / "paper" / "paper.md").read_text()))
    known = re.findall(r"^@\w+\{(\w+),$", (ROOT / "paper" / "paper.bib").read_text(), re.M)
    assert cited == set(known)
