"""What makes a run this run, and no other: its layout, its version and its settings."""

import hashlib
import json
from importlib.metadata import version

from astropy.time import Time

__all__ = ["difference", "digest", "new_facts"]

#: Of the tables of a store; one of another layout is refused.
LAYOUT = 3


def new_facts(settings):
    """
    What is kept of a run that begins now.

    Parameters
    ----------
    settings : `dict`
        Of plain values.

    Returns
    -------
    `dict`
        Layout, settings, version and date.
    """
    return {
        "layout": LAYOUT,
        "settings": settings,
        "version": version("mangapa"),
        "created": Time.now().utc.isot[:10],
    }


def difference(facts, settings=None):
    """
    Say in words why a run cannot be gone on with, or looked at.

    Parameters
    ----------
    facts : `dict`
        Of the run.
    settings : `dict`, optional
        With which it is to be gone on with; not needed to look at it.

    Returns
    -------
    `str` or `None`
        `None` if all is the same.
    """
    if facts["layout"] != LAYOUT:
        return f"by mangapa {facts['version']}, which kept other things"
    if settings is None:
        return None
    if facts["version"] != version("mangapa"):
        return f"by mangapa {facts['version']}, this is {version('mangapa')}"
    kept = facts["settings"]
    if digest(kept) == digest(settings):
        return None
    different = [
        f"{name} {kept.get(name)!r} instead of {settings.get(name)!r}"
        for name in sorted(settings.keys() | kept.keys())
        if kept.get(name) != settings.get(name)
    ]
    return f"with other settings ({', '.join(different)})"


def digest(settings):
    """
    A short name for settings: runs of the same ones have the same.

    Parameters
    ----------
    settings : `dict`
        Of plain values.

    Returns
    -------
    `str`
    """
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
