"""Packages of the extras, imported where they are used."""

import sys
from importlib import import_module

#: Packages that no extra installs on this version of Python or a later one.
NOT_ON_NEW_PYTHON = {"keras": (3, 13), "keras_tuner": (3, 13), "tensorflow": (3, 13)}


def import_extra(module, extra, purpose):
    """Import a module that an extra installs; ``purpose`` is what needs it, for the message."""
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        remedy = f"pip install 'mangapa[{extra}]'"
        if sys.version_info >= (first := NOT_ON_NEW_PYTHON.get(package, (4,))):
            before = ".".join(map(str, first))
            remedy = f"{remedy} with a Python before {before}, on which no extra installs it"
        msg = f"{purpose} needs {package}, which is not installed: {remedy}"
        raise ImportError(msg) from error
