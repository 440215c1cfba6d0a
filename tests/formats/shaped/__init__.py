"""Files in the layout of each survey, written from a known sky; no real file is needed."""

from tests.formats.shaped.hector import write_hector
from tests.formats.shaped.image import write_image
from tests.formats.shaped.lzifu import write_lzifu
from tests.formats.shaped.sami import write_sami

#: By the name of the format, what writes such a file: takes a scene and a folder, and returns the
#: path of the file, or the paths of the files of one observation.
WRITERS = {
    "hector": write_hector,
    "image": write_image,
    "lzifu": write_lzifu,
    "sami": write_sami,
}
