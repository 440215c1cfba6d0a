"""Packages of the extras, imported where they are used."""

from importlib import import_module


def import_extra(module, extra, purpose):
    """
    Import a module of a package that an extra of mangapa installs.

    Parameters
    ----------
    module : `str`
        Such as "matplotlib.pyplot".
    extra : `str`
        Name of the extra.
    purpose : `str`
        What needs the package, as the subject of a sentence.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        msg = f"{purpose} needs {package}, which is not installed: pip install 'mangapa[{extra}]'"
        raise ImportError(msg) from error
