"""Files in the layout of each survey, written from a known sky; no real file is needed."""

from tests.formats.shaped.hector import write_hector
from tests.formats.shaped.lzifu import write_lzifu
from tests.formats.shaped.sami import write_sami

#: What writes a galaxy of a `Scene` in each format.
WRITERS = {
    "hector": write_hector,
    "lzifu": write_lzifu,
    "sami": write_sami,
}
