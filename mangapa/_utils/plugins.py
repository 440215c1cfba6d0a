"""Methods, columns and readers that other installed packages add to mangapa."""


def load_plugins():
    """Import the entry points of the group ``mangapa``, once per process."""
