"""Methods, columns and readers that other installed packages add to mangapa."""

import threading
import warnings
from importlib.metadata import entry_points

from mangapa.exceptions import MangapaWarning

#: Group of the entry points; each names a module that registers what it adds when it is imported.
GROUP = "mangapa"
_lock = threading.RLock()
_is_loaded = False


def load_plugins():
    """
    Import the entry points of the group ``mangapa``, once per process.

    A plugin that cannot be imported causes a `MangapaWarning` and nothing else.
    """
    global _is_loaded
    with _lock:
        if _is_loaded:
            return
        # Set first: a plugin may itself call a function that loads plugins.
        _is_loaded = True
        for plugin in entry_points(group=GROUP):
            try:
                plugin.load()
            except Exception as error:
                warnings.warn(
                    f"the plugin {plugin.name} of the package {plugin.dist.name} is ignored: it "
                    f"cannot be imported ({type(error).__name__}: {error})",
                    MangapaWarning,
                    stacklevel=3,
                )
