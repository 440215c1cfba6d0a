"""What makes a run this run and no other: its layout, its version and its settings."""

from importlib.metadata import version

from astropy.time import Time

from mangapa.archive._addresses import daptype_named
from mangapa.archive._configuration import release_and_daptype
from mangapa.archive.releases import release_named
from mangapa.usability.model import load_model

#: Number of the layout of a store's tables; a store with another layout is refused.
STORE_LAYOUT = 7


def run_settings(settings, *, release=None, daptype=None):
    """Everything on which the values of a run depend, as plain values with full names."""
    release, daptype = release_and_daptype(release, daptype)
    known = release_named(release)
    return {
        "release": known.name,
        "daptype": daptype_named(daptype, known),
        **settings.as_dict(),
        # Another model may come to lie under the same path.
        "model_sha256": load_model(settings.model).card["sha256"],
    }


def new_facts(settings):
    """The facts that are stored with a run that begins now."""
    return {
        "layout": STORE_LAYOUT,
        "settings": settings,
        "version": version("mangapa"),
        "created": Time.now().utc.isot[:10],
    }


def difference(facts, settings=None):
    """Why a run that "was made ..." cannot be read or, with ``settings``, resumed, or `None`."""
    if facts.get("layout") != STORE_LAYOUT:
        return f"by mangapa {facts.get('version')}, which stores runs in another layout"
    if settings is None:
        return None
    if facts["version"] != version("mangapa"):
        return f"by mangapa {facts['version']}, but this is mangapa {version('mangapa')}"
    stored = facts["settings"]
    different = " and ".join(
        f"{name}={stored.get(name)!r} instead of {settings.get(name)!r}"
        for name in sorted(stored.keys() | settings.keys())
        if stored.get(name) != settings.get(name)
    )
    return f"with {different}" if different else None
