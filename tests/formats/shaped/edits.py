"""Changes to the HDUs of a file that was written."""

from contextlib import contextmanager

from astropy.io import fits


@contextmanager
def edited(path):
    """Yield the HDUs of a file, in memory, and write them back with what was changed."""
    with fits.open(path, memmap=False, lazy_load_hdus=False) as hdus:
        for hdu in hdus:
            hdu.data  # noqa: B018 - the file is replaced
        yield hdus
        hdus.writeto(path, overwrite=True)
