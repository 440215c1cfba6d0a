"""What the readers of all surveys have in common."""

import numpy as np
import pytest
from astropy.io import fits

from mangapa import formats
from mangapa.exceptions import GalaxyFileError
from tests.formats.shaped import WRITERS
from tests.formats.shaped.scene import Scene

SCENE = Scene(pa=150)
EVERY = pytest.mark.parametrize("name", WRITERS)


def written(name, folder):
    """The files of a galaxy."""
    paths = WRITERS[name](SCENE, folder)
    return paths if isinstance(paths, list) else [paths]


@EVERY
def test_names_of_hdus_in_small_letters(name, tmp_path):
    paths = written(name, tmp_path)
    expected = formats.read_galaxy(paths)
    for path in paths:
        with fits.open(path) as hdus:
            for hdu in hdus[1:]:
                if "EXTNAME" in hdu.header:
                    hdu.header["EXTNAME"] = hdu.name.lower()
            hdus.writeto(path, overwrite=True)
    galaxy = formats.read_galaxy(paths)
    for tracer in ("stellar", "halpha"):
        field, other = galaxy.tracer(tracer), expected.tracer(tracer)
        assert (field is None) == (other is None)
        if field is not None:
            np.testing.assert_array_equal(field.mask, other.mask)


@EVERY
def test_a_list_of_no_files_is_an_error(name):
    with pytest.raises(ValueError, match="path is an empty list"):
        getattr(formats, f"read_{name}")([])


@pytest.mark.parametrize("name", ["atlas3d", "califa", "hector", "lvm", "phangs"])
def test_two_files_that_each_hold_a_galaxy_are_refused(name, tmp_path):
    (path,) = written(name, tmp_path)
    other = path.with_name(f"other_{path.name}")
    with pytest.raises(GalaxyFileError, match="each hold a whole galaxy; name one of them"):
        getattr(formats, f"read_{name}")([path, other])
    assert getattr(formats, f"read_{name}")([path]).survey


@EVERY
def test_a_format_says_what_its_numbers_mean(name):
    (one,) = (one for one in formats.formats() if one.name == name)
    # Without coordinates on the sky, columns of tables grow to the West.
    assert one.offset_sign == (-1 if name in ("atlas3d", "califa", "gist") else None)
    absolute = name in ("atlas3d", "califa", "lvm", "pipe3d")
    assert one.frame.startswith("absolute, c z" if absolute else "relative")
    assert one.error.startswith("1 sigma")
    assert one.missing
    assert one.observation(one.files) is not None
