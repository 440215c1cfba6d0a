"""Files in the layout of each survey, written from a known sky; no real file is needed."""

from tests.formats.shaped.ngist import write_ngist
from tests.formats.shaped.phangs import write_phangs
from tests.formats.shaped.pipe3d import write_pipe3d

#: By the name of the format, what writes such a file: takes a scene and a folder, and returns the
#: path of the file, or the paths of the files of one observation.
WRITERS = {
    "ngist": write_ngist,
    "phangs": write_phangs,
    "pipe3d": write_pipe3d,
}
