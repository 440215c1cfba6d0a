"""Configuration of the documentation."""

import os
import sys
import textwrap
from importlib.metadata import version as installed_version
from pathlib import Path

from numpydoc.hooks.validate_docstrings import parse_config
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective
from sphinx_astropy.conf.v2 import *  # noqa: F403

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.promises import marked_tests  # noqa: E402

project = "mangapa"
author = "The mangapa developers"
copyright = f"2026, {author}"
version = release = installed_version(project)

html_theme_options.update(  # noqa: F405
    logo={"text": project}, use_edit_page_button=False, github_url=None
)
html_title = f"{project} {release}"
# What the theme and the gallery lack for readers with a screen reader.
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["accessible.css"]
# The left sidebar lists the pages below a page; only the API page has any.
html_sidebars = {
    page.stem: [] for page in Path(__file__).parent.glob("*.rst") if page.stem != "api"
}
exclude_patterns += ["_build", "gallery"]  # noqa: F405

# Figures of the pages on surveys, from files in the layout of each.
extensions.append("matplotlib.sphinxext.plot_directive")  # noqa: F405
plot_html_show_formats = plot_html_show_source_link = plot_include_source = False
plot_formats = [("png", 110)]

extensions.append("sphinx_gallery.gen_gallery")  # noqa: F405
sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_gallery",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "ignore_repr_types": r"matplotlib\.(axes|figure|text)",
    "remove_config_comments": True,
}

# Validate the docstring of every public name with the checks in pyproject.toml.
numpydoc_validation_checks = parse_config(ROOT)["checks"]
# The generated constructor of a dataclass takes its documented attributes.
numpydoc_validation_overrides = {"PR01": [r"Attributes\n *-----"]}
# Flags take the parameters of `enum.IntFlag`.
numpydoc_validation_exclude = {r"\.(PAFlags|UsabilityFlags|Rejection)$"}

nitpicky = True
nitpick_ignore_regex = [
    # Type hints and base classes may name classes that are not documented.
    (r"py:class", r"mangapa\.(\w+\.)*_\w+\.[\w.]+"),
    (r"py:class", r"mangapa\.cleaning\.CleanSettings"),
    (
        r"py:.*",
        r"(astropy|numpy|matplotlib|sklearn|concurrent|pathlib|collections|enum|os|re|regions|typing)\..*",
    ),
    (
        r"py:.*",
        r"(str|int|float|bool|tuple|list|dict|callable|iterable|sequence|module|path-like|optional"
        r"|array_like|None|ValueError|TypeError|OSError|ImportError|FileNotFoundError|Callable"
        r"|IntFlag|Quantity|UnitBase|AstropyUserWarning|object|Ellipsis|of them|ArrayLike"
        r"|ScalarLike|PathLike|Any|Axes|Figure|SkyCoord|WCS|CCDData).*",
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


def setup(app):
    """Register the directive of ``promises.rst``."""
    app.add_directive("promise", Promise)
