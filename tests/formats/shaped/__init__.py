"""Files in the layout of each survey, written from a known sky; no real file is needed."""

from tests.formats.shaped.atlas3d import write_atlas3d
from tests.formats.shaped.califa import write_califa
from tests.formats.shaped.gist import write_gist
from tests.formats.shaped.lvm import write_lvm

#: What writes a galaxy of a `Scene` in each format.
WRITERS = {
    "atlas3d": write_atlas3d,
    "califa": write_califa,
    "gist": write_gist,
    "lvm": write_lvm,
}
