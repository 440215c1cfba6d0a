"""Packages of the extras, imported where they are used."""

from importlib import import_module


def import_extra(module, extra, purpose):
    """Import a module that an extra installs; ``purpose`` is what needs it, for the message."""
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        msg = f"{purpose} needs {package}, which is not installed: pip install 'mangapa[{extra}]'"
        raise ImportError(msg) from error
