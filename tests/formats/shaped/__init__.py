"""Files in the layout of each survey, written from a known sky; no real file is needed."""

from tests.formats.shaped.atlas3d import write_atlas3d
from tests.formats.shaped.califa import write_califa
from tests.formats.shaped.gist import write_gist
from tests.formats.shaped.hector import write_hector
from tests.formats.shaped.image import write_image
from tests.formats.shaped.lvm import write_lvm
from tests.formats.shaped.lzifu import write_lzifu
from tests.formats.shaped.ngist import write_ngist
from tests.formats.shaped.phangs import write_phangs
from tests.formats.shaped.pipe3d import write_pipe3d
from tests.formats.shaped.sami import write_sami

#: By the name of the format, what writes such a file: takes a scene and a folder, and returns the
#: path of the file, or the paths of the files of one observation.
WRITERS = {
    "atlas3d": write_atlas3d,
    "califa": write_califa,
    "gist": write_gist,
    "hector": write_hector,
    "image": write_image,
    "lvm": write_lvm,
    "lzifu": write_lzifu,
    "ngist": write_ngist,
    "phangs": write_phangs,
    "pipe3d": write_pipe3d,
    "sami": write_sami,
}
