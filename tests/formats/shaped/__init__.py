"""Files in the layout of each survey, written from a known sky; no real file is needed."""

from tests.formats.shaped.image import write_image

#: By the name of the format, what writes such a file: takes a scene and a folder, and returns the
#: path of the file, or the paths of the files of one observation.
WRITERS = {"image": write_image}
