"""Modules of other packages that register readers, methods, columns and models."""


def load_plugins():
    """Import the modules that other packages name as entry points."""
