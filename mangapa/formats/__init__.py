"""Read and write galaxies: one module for each file format."""

from mangapa.formats._files import Outline, open_hdus
from mangapa.formats._format import Format, formats, register_format
from mangapa.formats._readers import read_galaxy, write_galaxy
from mangapa.formats.image import read_image
from mangapa.formats.manga import read_maps
from mangapa.formats.manga_writer import write_maps
from mangapa.formats.portable import (
    read_galaxy_ecsv,
    read_galaxy_fits,
    write_galaxy_ecsv,
    write_galaxy_fits,
)

__all__ = [
    "Format",
    "Outline",
    "formats",
    "open_hdus",
    "read_galaxy",
    "read_galaxy_ecsv",
    "read_galaxy_fits",
    "read_image",
    "read_maps",
    "register_format",
    "write_galaxy",
    "write_galaxy_ecsv",
    "write_galaxy_fits",
    "write_maps",
]
