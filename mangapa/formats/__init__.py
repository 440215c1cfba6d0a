"""Read and write galaxies: one module for each file format."""

from mangapa.formats._format import Format, formats, register_format
from mangapa.formats._readers import read_galaxy
from mangapa.formats.manga import read_maps
from mangapa.formats.manga_writer import write_maps

__all__ = ["Format", "formats", "read_galaxy", "read_maps", "register_format", "write_maps"]
