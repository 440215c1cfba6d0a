"""Files to galaxies and back: one module for each file format."""

from mangapa.formats.manga import read_maps
from mangapa.formats.manga_writer import write_maps

__all__ = ["read_maps", "write_maps"]
