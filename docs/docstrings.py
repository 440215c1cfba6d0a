"""Check with numpydoc the docstring of every public name: those of the modules in api.rst."""

import importlib
import inspect
import re
import sys
from pathlib import Path

from numpydoc.validate import validate

#: Left to judgement: extended summaries, references to others, words for what the first line or the
#: type says, moods of verbs.
LEFT = {"ES01", "SA01", "RT02", "RT03", "YD01", "SS05", "GL08"}
MODULE = re.compile(r"^\.\. automodapi:: ([\w.]+)$", re.MULTILINE)


def public_names():
    """The name of each class, method and function that the page of the API shows, and the thing."""
    for module in MODULE.findall(Path(__file__).with_name("api.rst").read_text()):
        for name in importlib.import_module(module).__all__:
            thing = getattr(importlib.import_module(module), name)
            if inspect.isroutine(thing) or inspect.isclass(thing):
                yield f"{module}.{name}", thing
            if inspect.isclass(thing):
                for part, method in vars(thing).items():
                    if inspect.isroutine(method) and not part.startswith("_"):
                        yield f"{module}.{name}.{part}", method


def troubles():
    """What is wrong, a line each."""
    for name, thing in public_names():
        report, left = validate(name), set(LEFT)
        if inspect.isclass(thing):
            # Their attributes are documented as such.
            left |= {"PR01", "EX01"}
        if name.count(".") != 1:
            left.add("EX01")
        if not report["docstring"]:
            yield f"{name}: no docstring"
        yield from (f"{name}: {code} {what}" for code, what in report["errors"] if code not in left)


if __name__ == "__main__":
    sys.exit("\n".join(troubles()) or None)
