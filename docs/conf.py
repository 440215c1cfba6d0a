"""Configuration of the documentation."""

import csv
import os
import sys
import textwrap
from importlib.metadata import version as installed_version
from pathlib import Path

from docutils import nodes
from numpydoc.hooks.validate_docstrings import parse_config
from sphinx import addnodes
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective
from sphinx_astropy.conf.v2 import *  # noqa: F403

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import mangapa  # noqa: E402
from mangapa.catalogue.columns import catalogue_columns  # noqa: E402
from tests.promises import marked_tests  # noqa: E402

project = "mangapa"
author = "The mangapa developers"
copyright = f"2026, {author}"
version = release = installed_version(project)

html_theme_options.update(  # noqa: F405
    logo={"text": project}, use_edit_page_button=False, github_url=None, show_toc_level=2
)
html_title = f"{project} {release}"
# The sidebar lists the pages of a section; these have no others.
html_sidebars = {"index": []}
# What the theme and the gallery lack for readers with a screen reader.
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["accessible.css", "mangapa.css"]
exclude_patterns += ["_build", "gallery", "auto_gallery/*.ipynb"]  # noqa: F405
extensions += ["sphinx_design", "sphinxarg.ext", "myst_nb"]  # noqa: F405
# The notebook needs Marvin, which does not live beside Sphinx: a test runs it, and its outputs are
# kept in it.
nb_execution_mode = "off"
source_suffix = {".rst": "restructuredtext", ".ipynb": "myst-nb"}

# Figures of the pages on surveys, from files in the layout of each.
extensions.append("matplotlib.sphinxext.plot_directive")
plot_html_show_formats = plot_html_show_source_link = plot_include_source = False
plot_formats = [("png", 110)]

extensions.append("sphinx_gallery.gen_gallery")
sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_gallery",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    # Axes.set gives a list of texts, and hist a tuple; results of mangapa are neither.
    "ignore_repr_types": r"(matplotlib\.|_notebook_)(axes|figure|text)|'(list|tuple)'",
    "remove_config_comments": True,
}

# Validate the docstring of every public name with the checks in pyproject.toml.
numpydoc_validation_checks = parse_config(ROOT)["checks"]
# The generated constructor of a dataclass takes its documented attributes.
numpydoc_validation_overrides = {"PR01": [r"Attributes\n *-----"]}
# Flags take the parameters of `enum.IntFlag`.
numpydoc_validation_exclude = {r"\.(\w+Flags|Rejection)$"}

nitpicky = True
nitpick_ignore_regex = [
    # Type hints and base classes may name classes that are not documented.
    (r"py:class", r"mangapa\.(\w+\.)*_\w+\.[\w.]+"),
    (r"py:class", r"mangapa\.cleaning\.CleanSettings"),
    (
        r"py:.*",
        r"(astropy|numpy|dataclasses|matplotlib|sklearn|concurrent|pathlib|collections|enum|os|re|regions|typing)\..*",
    ),
    (
        r"py:.*",
        r"(str|int|float|bool|tuple|list|dict|callable|iterable|sequence|module|path-like|optional"
        r"|array_like|None|ValueError|TypeError|OSError|ImportError|FileNotFoundError|Callable"
        r"|IntFlag|Quantity|UnitBase|AstropyUserWarning|object|Ellipsis|of them|ArrayLike"
        r"|ScalarLike|PathLike|Any|Axes|Figure|Self|SkyCoord|CartesianRepresentation|WCS|CCDData).*",
    ),
]
if "READTHEDOCS" not in os.environ:
    # Other projects' inventories come over the network, and a local build must work without it.
    intersphinx_mapping = {}


class Promise(SphinxDirective):
    """A promise, and below it the tests that hold it."""

    required_arguments = 1
    has_content = True

    def run(self):
        number = int(self.arguments[0])
        tests = marked_tests().get(number)
        if not tests:
            msg = f"no test is marked with pytest.mark.promise({number})"
            raise ExtensionError(msg)
        item = "\n".join([*self.content, "", *(f"- ``{test}``" for test in tests)])
        start = f"{number}. "
        return self.parse_text_to_nodes(start + textwrap.indent(item, " " * len(start)).lstrip())


class ListTable(SphinxDirective):
    """A table of the rows that a subclass gives."""

    required_arguments = 1

    def run(self):
        titles, rows = self.table(*self.arguments)
        lines = [".. list-table::", "   :header-rows: 1", ""]
        for row in (titles, *rows):
            lines += [f"   {'  -' if n else '* -'} {cell}" for n, cell in enumerate(row)]
        return self.parse_text_to_nodes("\n".join(lines))


class CatalogueColumns(ListTable):
    """Columns of a catalogue that describe the galaxy, the stars or the gas, of one group."""

    optional_arguments = 1

    def table(self, part, group="standard"):
        titles = ("column", "unit", "type", "description")
        return titles, [
            (f"``{column.name}``", column.unit or "", column.kind.__name__, column.description)
            for column in catalogue_columns(group)
            if column.part == part and column.group == group
        ]


class Flags(ListTable):
    """The members of one kind of flag."""

    def table(self, kind):
        kinds = vars(mangapa.kinematics) | {
            name: getattr(mangapa, name) for name in mangapa.__all__
        }
        members = [flag for flag in kinds[kind] if flag]
        rows = [(f"``{flag.name}``", int(flag), flag.description) for flag in members]
        return ("flag", "bit", "meaning"), rows


class Comparison(ListTable):
    """Numbers of comparison.csv: a row for each field and quantity, a column for each tool."""

    final_argument_whitespace = True

    def table(self, quantities):
        quantities = [quantity.strip() for quantity in quantities.split(",")]
        with open(ROOT / "docs" / "comparison.csv", newline="", encoding="utf-8") as file:
            numbers = [row for row in csv.DictReader(file) if row["quantity"] in quantities]
        tools = {row["tool"]: self.title(row) for row in numbers}
        cells = {}
        for row in numbers:
            text = f"{row['value']} ± {row['error']}" if row["error"] else row["value"]
            cells.setdefault((row["field"], row["quantity"]), {})[row["tool"]] = text
        names = {key: [key[0], key[1]] if len(quantities) > 1 else [key[0]] for key in cells}
        rows = [[*names[key], *(cells[key].get(tool, "") for tool in tools)] for key in cells]
        return ["field", *["quantity"] * (len(quantities) > 1), *tools.values()], rows

    @staticmethod
    def title(row):
        """Return the name of a tool with the version that was run, if it is another's."""
        version = row["source"].partition("run, ")[2]
        return f"{row['tool']} {version}".strip()


class LinkedNames(SphinxTransform):
    """Make a link of every literal in prose that is a public name, such as ``fit_pa``."""

    # Before Sphinx collects the references.
    default_priority = 200
    #: A column or an option in a table may have the name of a function.
    without = (addnodes.pending_xref, nodes.reference, nodes.title, nodes.entry)

    def apply(self):
        parents = [node for kind in self.without for node in self.document.findall(kind)]
        kept = [literal for node in parents for literal in node.findall(nodes.literal)]
        for literal in set(self.document.findall(nodes.literal)).difference(kept):
            name = literal.astext().removesuffix("()").removeprefix("mangapa.")
            if name in mangapa.__all__ and name != "conf":
                link = addnodes.pending_xref(
                    refdoc=self.env.docname, refdomain="py", reftype="obj", refexplicit=True,
                    reftarget=f"mangapa.{name}", refwarn=True,
                )  # fmt: skip
                literal.replace_self(link)
                link += literal


def setup(app):
    """Register the directives, and the transform."""
    app.add_directive("promise", Promise)
    app.add_directive("catalogue-columns", CatalogueColumns)
    app.add_directive("comparison", Comparison)
    app.add_directive("flags", Flags)
    app.add_transform(LinkedNames)
