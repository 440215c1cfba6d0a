"""Files to galaxies and back: one module for each file format."""

from mangapa.formats.manga import read_maps
from mangapa.formats.manga_writer import write_maps

__all__ = ["read_galaxy", "read_maps", "write_maps"]


def read_galaxy(path, format=None):
    """Read a galaxy (placeholder until the registry is merged)."""
    return read_maps(path)
