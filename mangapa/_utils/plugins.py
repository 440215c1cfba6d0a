"""Extensions of mangapa that other packages bring, found through entry points."""


def load_plugins():
    """Import the plugins."""
