"""What is to be cited is the same wherever it is said."""

import re
from pathlib import Path

import pytest

import mangapa
from mangapa.catalogue._citation import BIBTEX, CITATION
from mangapa.cli import main

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def papers():
    """The papers of CITATION.cff."""
    yaml = pytest.importorskip("yaml")
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    return [cff["preferred-citation"], *cff["references"]]


def test_bibtex_is_that_of_the_file(papers):
    entries = re.findall(r"^@article\{(?:.|\n)*?^\}", BIBTEX, re.MULTILINE)
    assert len(entries) == len(papers)
    for entry, paper in zip(entries, papers, strict=True):
        fields = dict(re.findall(r"(\w+) = \{(.*)\},$", entry, re.MULTILINE))
        assert fields["title"] == paper["title"]
        assert fields["journal"] == paper["journal"]
        assert fields["doi"] == paper["doi"]
        assert [int(fields[name]) for name in ("volume", "pages", "year")] == [
            paper[name] for name in ("volume", "start", "year")
        ]
        assert fields["author"].count(" and ") == len(paper["authors"]) - 1


def test_one_line(papers):
    paper = papers[0]
    for word in (paper["authors"][0]["family-names"], paper["year"], paper["volume"]):
        assert str(word) in CITATION


def test_the_release_is_that_of_the_changes():
    version = re.search(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)[1]
    assert (ROOT / "CHANGES.rst").read_text().startswith(f"{version} ")


def test_the_command(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--citation"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.rstrip() == BIBTEX.rstrip() == mangapa.__citation__.rstrip()
