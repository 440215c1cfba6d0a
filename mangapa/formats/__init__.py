"""Read and write galaxies: one module for each file format."""

from mangapa.formats._format import Format, formats, register_format
from mangapa.formats._readers import read_galaxy, write_galaxy
from mangapa.formats.atlas3d import read_atlas3d
from mangapa.formats.califa import read_califa
from mangapa.formats.gist import read_gist
from mangapa.formats.lvm import read_lvm
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
    "formats",
    "read_atlas3d",
    "read_califa",
    "read_galaxy",
    "read_galaxy_ecsv",
    "read_galaxy_fits",
    "read_gist",
    "read_lvm",
    "read_maps",
    "register_format",
    "write_galaxy",
    "write_galaxy_ecsv",
    "write_galaxy_fits",
    "write_maps",
]
