"""The pages of the documentation: what they must show, and how they are reached."""

import importlib
import re
from pathlib import Path

import pytest

import mangapa

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(
    path for folder in (".", "surveys", "reference") for path in (DOCS / folder).glob("*.rst")
)
#: Pages of tables or texts that a picture does not help.
NO_PICTURE = {"archive", "settings", "export", "trust", "others"}


def toctree(page):
    """Pages in the toctrees of a page, relative to the folder of the documentation."""
    trees = re.findall(
        r"^\.\. toctree::\n((?:   .*\n|\n)+)", (DOCS / f"{page}.rst").read_text(), re.M
    )
    entries = re.findall(r"^   ([\w/]+)$", "".join(trees), re.M)
    return [str((Path(page).parent / entry).as_posix()) for entry in entries]


#: The gallery is made when the documentation is built.
SECTIONS = [section for section in toctree("index") if section != "auto_gallery/index"]


def test_sections_have_pages_for_the_sidebar():
    # The sidebar shows the pages of a section, and nothing on a page that is a section by itself.
    assert len(SECTIONS) <= 5
    assert all(toctree(section) for section in SECTIONS)


def test_every_page_is_in_a_section():
    sections = toctree("index")
    reached = {"index", *sections, *(page for section in SECTIONS for page in toctree(section))}
    pages = {path.relative_to(DOCS).with_suffix("").as_posix() for path in PAGES}
    hidden = {page for page in pages if (DOCS / f"{page}.rst").read_text().startswith(":orphan:")}
    assert pages - reached - {"sg_execution_times"} == hidden == {"reference/extending"}


def test_guide_pages_have_pictures():
    bare = {
        page
        for page in toctree("guide")
        if not re.search(r"^\.\. (plot|figure|image)::", (DOCS / f"{page}.rst").read_text(), re.M)
    }
    assert bare == NO_PICTURE


def test_pictures_are_described():
    for path in PAGES:
        text = path.read_text()
        pictures = re.findall(r"\.\. (?:plot|figure|image)::.*\n((?:  .*\n)*)", text)
        assert all(":alt:" in options for options in pictures), path


def test_every_public_name_is_in_the_reference():
    documented = re.findall(
        r"^\.\. automodapi:: (\S+)$",
        "".join(path.read_text() for path in (DOCS / "reference").glob("*.rst")),
        re.M,
    )
    assert len(documented) == len(set(documented))
    modules = [importlib.import_module(module) for module in documented]
    named = {id(getattr(module, name)) for module in modules for name in module.__all__}
    assert all(id(getattr(mangapa, name)) in named for name in mangapa.__all__)


@pytest.mark.parametrize("part", ["galaxy", "stellar", "halpha"])
def test_all_columns_are_on_the_page(part):
    from mangapa.catalogue.columns import catalogue_columns

    text = (DOCS / "reference" / "columns.rst").read_text()
    for group, named in (("standard", part), ("kinematics", f"{part} kinematics")):
        assert f".. catalogue-columns:: {named}\n" in text
        parts = {column.part for column in catalogue_columns(group) if column.group == group}
        assert parts == {"galaxy", "stellar", "halpha"}
    assert {column.group for column in catalogue_columns(None)} == {"standard", "kinematics"}


@pytest.mark.parametrize("kind", ["PAFlags", "UsabilityFlags", "Rejection"])
def test_all_flags_are_on_the_page(kind):
    assert f".. flags:: {kind}\n" in (DOCS / "reference" / "columns.rst").read_text()


def test_the_page_of_commands_is_made_from_the_parser():
    text = (DOCS / "reference" / "commands.rst").read_text()
    module, function = re.findall(r"^   :(?:module|func): (\S+)$", text, re.M)
    usage = getattr(importlib.import_module(module), function)().format_help()
    assert {"demo", "measure", "survey", "simulate"} <= set(usage.split())
