"""What ``import mangapa`` does, and what the public modules offer."""

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import mangapa
from tests.conftest import QUICK_MODULES, TESTS

HEAVY = (
    *("marvin", "tensorflow", "matplotlib", "pafit", "sdss_access", "scipy.ndimage", "pandas"),
    *("threadpoolctl", "requests", "flask", "plotly", "photutils"),
)
#: What makes up most of the time of an import, and is there only when a name is used.
LATER = ("numpy", "astropy", "scipy", "mangapa.fields", "mangapa.formats")
STATE = f"""
import os, sys, threading, warnings, logging
import wrapt

def state():
    numpy = sys.modules.get("numpy")
    return {{
        "environment": dict(os.environ),
        "warning filters": list(warnings.filters),
        "showwarning": warnings.showwarning,
        "excepthook": sys.excepthook,
        "threads": threading.active_count(),
        "root log handlers": list(logging.getLogger().handlers),
        "log handlers": list(logging.getLogger("mangapa").handlers),
        "numpy errors": numpy and numpy.geterr(),
        "folder": os.getcwd(),
        "path": list(sys.path),
    }}

def check(before, what):
    changed = [name for name, value in state().items() if before[name] != value]
    assert not changed, f"{{what}} changed {{changed}}"
    heavy = [name for name in {HEAVY} if name in sys.modules]
    assert not heavy, f"{{what}} imported {{heavy}}"
"""
PROBE = f"""{STATE}
before = state()
import mangapa
check(before, "importing mangapa")
early = [name for name in {LATER} if name in sys.modules]
assert not early, f"importing mangapa imported {{early}}"
"""
PROBE_NAMES = f"""{STATE}
import numpy, astropy.units, astropy.table, astropy.io.fits
before = state()
from mangapa import *
assert "mangapa.fields" in sys.modules
check(before, "using each name of mangapa")
"""
PROBE_HELP = """
import sys
from mangapa.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
early = [name for name in ("numpy", "astropy", "mangapa.settings") if name in sys.modules]
sys.exit(f"mangapa --help imported {early}" if early else 0)
"""
#: The variables that the probe keeps. Others may hide what an import sets. Windows cannot start
#: Python without the last.
KEPT_VARIABLES = ("PATH", "HOME", "USERPROFILE", "PYTHONPATH", "SYSTEMROOT")

API_PAGES = (Path(__file__).parents[1] / "docs" / "reference").glob("*.rst")
API_MODULES = re.findall(
    r"^\.\. automodapi:: (\S+)$",
    "".join(page.read_text() for page in sorted(API_PAGES)),
    re.MULTILINE,
)


PACKAGE = Path(mangapa.__file__).parent


def imports_of(path):
    """Modules of mangapa that a module imports whenever it is imported itself."""
    body = ast.parse(path.read_text()).body
    if path == PACKAGE / "__init__.py":
        # What a name of the package imports when it is used, as type checkers see it.
        body += [inner for node in body if isinstance(node, ast.If) for inner in node.body]
    for node in body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mangapa"):
            for alias in node.names:
                # A name of a package may be a module.
                inner = f"{node.module}.{alias.name}"
                yield inner if find_spec_of(inner) else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("mangapa"))


def find_spec_of(name):
    stem = PACKAGE.parent / name.replace(".", "/")
    return stem.with_suffix(".py").is_file() or (stem / "__init__.py").is_file()


def test_no_module_imports_in_a_circle():
    """Apart from what a function imports when it is called, and what only type hints need."""
    modules = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        modules[".".join(parts).removesuffix(".__init__")] = set(imports_of(path))
    assert len(modules) > 100
    order = list(TopologicalSorter(modules).static_order())
    assert order.index("mangapa.fields") < order.index("mangapa.measurement")
    assert order.index("mangapa.measurement") < order.index("mangapa.cli")


def public_callables():
    """Yield the name and the function of every public function, method and property."""
    for module_name in API_MODULES:
        module = importlib.import_module(module_name)
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isroutine(thing):
                yield f"{module_name}.{name}", thing
            elif inspect.isclass(thing):
                for part, function in methods_of(thing):
                    yield f"{module_name}.{name}.{part}", function


def methods_of(kind):
    """Yield the name and the function of each public method and property of a class."""
    for name, thing in vars(kind).items():
        if isinstance(thing, property):
            thing = thing.fget
        elif isinstance(thing, classmethod | staticmethod):
            thing = thing.__func__
        if inspect.isfunction(thing) and (not name.startswith("_") or name == "__call__"):
            yield name, thing


def without_hints(function):
    """Names of the parameters that lack a type hint, with "return" if the result does."""
    signature = inspect.signature(function)
    missing = [
        name
        for name, parameter in signature.parameters.items()
        if parameter.annotation is parameter.empty and name not in ("self", "cls")
    ]
    if signature.return_annotation is signature.empty:
        missing.append("return")
    return missing


def run(code, folder):
    """Run some code in a folder; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=folder,
        env={name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(folder.iterdir()) == []
    return done.stdout


@pytest.mark.promise(15)
@pytest.mark.quick
@pytest.mark.parametrize("probe", [PROBE, PROBE_NAMES], ids=["import", "use"])
def test_import_loads_nothing_heavy_and_changes_nothing(tmp_path, probe):
    assert run(probe, tmp_path) == ""


@pytest.mark.quick
def test_help_imports_no_numpy(tmp_path):
    printed = run(PROBE_HELP, tmp_path)
    assert all(name in printed for name in ("measure", "survey", "compare", "simulate"))


@pytest.mark.quick
def test_names_are_those_that_type_checkers_see():
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    (hidden,) = (
        node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test).isupper()
    )
    seen = {
        alias.name: node.module
        for node in hidden.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert sorted(seen, key=mangapa.__all__.index) == mangapa.__all__
    for name, module in seen.items():
        assert getattr(mangapa, name) is getattr(importlib.import_module(module), name)
    assert {*seen, "archive", "plotting", "__version__", "__citation__"} <= {*dir(mangapa)}


def test_unknown_name():
    with pytest.raises(AttributeError, match="module 'mangapa' has no attribute 'fit_pq'"):
        _ = mangapa.fit_pq


def test_the_room_usability_does_not_hide_the_function(tmp_path):
    code = """
import mangapa.usability.model, mangapa.usability.labels
import mangapa
from mangapa.usability import load_model
print(type(mangapa.usability).__name__, load_model().name, mangapa.plotting.__name__)
"""
    assert run(code, tmp_path).split() == ["function", "default", "mangapa.plotting"]


def test_formats_are_there_when_only_galaxy_is_used(tmp_path):
    code = "from mangapa import Galaxy\nGalaxy.read.list_formats()"
    assert "manga-maps" in run(code, tmp_path)


@pytest.mark.quick
@pytest.mark.parametrize("name", mangapa.__all__)
def test_each_public_name_is_documented(name):
    thing = getattr(mangapa, name)
    assert inspect.getdoc(thing)
    if inspect.isfunction(thing):
        assert ">>> " in inspect.getdoc(thing), "the docstring has no example"


@pytest.mark.quick
@pytest.mark.parametrize("name", API_MODULES)
def test_each_documented_module_is_public(name):
    assert not [part for part in name.split(".") if part.startswith("_")]
    module = importlib.import_module(name)
    assert module.__doc__
    assert set(module.__all__) <= set(dir(module))


@pytest.mark.quick
@pytest.mark.parametrize(
    "function", [pytest.param(function, id=name) for name, function in public_callables()]
)
def test_each_public_function_has_complete_type_hints(function):
    assert without_hints(function) == []


def test_the_modules_of_the_quick_suite_exist():
    assert [name for name in QUICK_MODULES if not (TESTS / name).is_file()] == []
