"""The citation is the same wherever it appears, and catalogues carry it."""

import re
from pathlib import Path

import pytest

import mangapa
from mangapa.catalogue._provenance import BIBTEX, CITATION, provenance
from mangapa.cli import main

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def papers():
    """The papers of CITATION.cff."""
    yaml = pytest.importorskip("yaml")
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    return [cff["preferred-citation"], *cff["references"]]


def test_bibtex_agrees_with_citation_cff(papers):
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


def test_citation_in_one_line_agrees_with_citation_cff(papers):
    paper = papers[0]
    for word in (paper["authors"][0]["family-names"], paper["year"], paper["volume"]):
        assert str(word) in CITATION


def test_citation_cff_names_the_release_of_the_change_log():
    version = re.search(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)[1]
    assert (ROOT / "CHANGES.rst").read_text().startswith(f"{version} ")


def test_command_prints_the_bibtex(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--citation"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.rstrip() == BIBTEX.rstrip() == mangapa.__citation__.rstrip()


def test_metadata_of_a_catalogue():
    meta = provenance(created="2024-05-06T07:08:09+00:00")
    assert meta["created"] == "2024-05-06T07:08:09+00:00"
    assert (meta["mangapa"], meta["citation"]) == (mangapa.__version__, CITATION)
    assert meta["flags"] == mangapa.PAFlags.descriptions()
    assert meta["usability_flags"] == mangapa.UsabilityFlags.descriptions()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", provenance()["created"])
