"""Read and write galaxies: one module for each file format."""

from mangapa.formats._files import Outline, open_hdus
from mangapa.formats._format import Format, formats, register_format
from mangapa.formats._readers import read_galaxy, write_galaxy
from mangapa.formats.atlas3d import read_atlas3d
from mangapa.formats.califa import read_califa
from mangapa.formats.gist import read_gist
from mangapa.formats.hector import read_hector
from mangapa.formats.image import read_image
from mangapa.formats.lvm import read_lvm
from mangapa.formats.lzifu import read_lzifu
from mangapa.formats.manga import read_maps
from mangapa.formats.manga_writer import write_maps
from mangapa.formats.ngist import read_ngist
from mangapa.formats.phangs import read_phangs
from mangapa.formats.pipe3d import read_pipe3d
from mangapa.formats.portable import (
    read_galaxy_ecsv,
    read_galaxy_fits,
    write_galaxy_ecsv,
    write_galaxy_fits,
)
from mangapa.formats.sami import read_sami

__all__ = [
    "Format",
    "Outline",
    "formats",
    "open_hdus",
    "read_atlas3d",
    "read_califa",
    "read_galaxy",
    "read_galaxy_ecsv",
    "read_galaxy_fits",
    "read_gist",
    "read_hector",
    "read_image",
    "read_lvm",
    "read_lzifu",
    "read_maps",
    "read_ngist",
    "read_phangs",
    "read_pipe3d",
    "read_sami",
    "register_format",
    "write_galaxy",
    "write_galaxy_ecsv",
    "write_galaxy_fits",
    "write_maps",
]
