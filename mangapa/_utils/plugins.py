"""Methods, columns and readers that other installed packages add to mangapa."""

import contextlib
import sys
import threading
import warnings
from importlib.metadata import distributions, entry_points

from mangapa.exceptions import MangapaWarning

#: Group of the entry points; each names a module that registers what it adds when it is imported.
GROUP = "mangapa"
_lock = threading.RLock()
_is_loaded = False


def load_plugins():
    """
    Import the entry points of the group ``mangapa``, once per process.

    A plugin that cannot be imported, or that adds what another has added already, causes a
    `MangapaWarning` and nothing else. What a plugin prints goes to the standard error, because the
    standard output of a command is read by programs.
    """
    global _is_loaded
    with _lock:
        if _is_loaded:
            return
        # Set first: a plugin may itself call a function that loads plugins.
        _is_loaded = True
        plugins, problems = _found()
        for plugin in plugins:
            try:
                with contextlib.redirect_stdout(sys.stderr):
                    plugin.load()
            # Any error of foreign code, of which an exit may be one.
            except (Exception, SystemExit) as error:
                package = f" of the package {plugin.dist.name}" if plugin.dist else ""
                problems.append(
                    f"the plugin {plugin.name}{package} is ignored: it cannot be imported "
                    f"({type(error).__name__}: {error})"
                )
        for problem in problems:
            warnings.warn(problem, MangapaWarning, stacklevel=3)


def _found():
    """The entry points, and what is wrong with packages whose own cannot be read."""
    # A package with damaged metadata, of mangapa or not, raises errors of any kind.
    with contextlib.suppress(Exception):
        return entry_points(group=GROUP), []
    plugins, problems = {}, []
    for package in distributions():
        try:
            new = [one for one in package.entry_points if one.group == GROUP]
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            where = package.locate_file("")
            problems.append(f"entry points of a package in {where} cannot be read ({reason})")
        else:
            for one in new:
                # The first on the path hides another version of the package.
                plugins.setdefault((one.name, one.value), one)
    return plugins.values(), problems
