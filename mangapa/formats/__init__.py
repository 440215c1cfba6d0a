"""Read and write galaxies: one module for each file format."""

from mangapa.formats._format import Format, formats, register_format
from mangapa.formats._readers import read_galaxy, write_galaxy
from mangapa.formats.hector import read_hector
from mangapa.formats.image import read_image
from mangapa.formats.lzifu import read_lzifu
from mangapa.formats.manga import read_maps
from mangapa.formats.manga_writer import write_maps
from mangapa.formats.portable import (
    read_galaxy_ecsv,
    read_galaxy_fits,
    write_galaxy_ecsv,
    write_galaxy_fits,
)
from mangapa.formats.sami import read_sami

__all__ = [
    "Format",
    "formats",
    "read_galaxy",
    "read_galaxy_ecsv",
    "read_galaxy_fits",
    "read_hector",
    "read_image",
    "read_lzifu",
    "read_maps",
    "read_sami",
    "register_format",
    "write_galaxy",
    "write_galaxy_ecsv",
    "write_galaxy_fits",
    "write_maps",
]
