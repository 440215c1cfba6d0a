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
    *("threadpoolctl", "requests", "flask", "plotly"),
)
PROBE = f"""
import os, sys, threading, warnings, logging
import numpy, astropy.units, astropy.table, astropy.io.fits, wrapt

def state():
    return {{
        "environment": dict(os.environ),
        "warning filters": list(warnings.filters),
        "showwarning": warnings.showwarning,
        "excepthook": sys.excepthook,
        "threads": threading.active_count(),
        "root log handlers": list(logging.getLogger().handlers),
        "log handlers": list(logging.getLogger("mangapa").handlers),
        "numpy errors": numpy.geterr(),
        "folder": os.getcwd(),
        "path": list(sys.path),
    }}

before = state()
import mangapa
after = state()
changed = [name for name in before if before[name] != after[name]]
assert not changed, f"importing mangapa changed {{changed}}"
heavy = [name for name in {HEAVY} if name in sys.modules]
assert not heavy, f"importing mangapa imported {{heavy}}"
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
    for node in ast.parse(path.read_text()).body:
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


@pytest.mark.promise(15)
@pytest.mark.quick
def test_import_loads_nothing_heavy_and_changes_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


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
