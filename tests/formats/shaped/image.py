"""Write an image of velocities as radio telescopes and Fabry-Perot instruments do."""

import numpy as np
from astropy.io import fits

from tests.formats.shaped.scene import Scene


def write_image(
    scene: Scene,
    folder,
    *,
    name="toy.mom1.fits",
    unit="km/s",
    absolute=True,
    missing=np.nan,
    extra_axes=0,
    cards=None,
    others=(),
):
    """
    Write a moment-1 map, and return its path.

    ``extra_axes`` axes of length 1 stand before the celestial ones; ``others`` are further HDUs,
    as pairs of a name and an array.
    """
    factor = 1000.0 if unit and unit.strip("[]").lower().startswith("m") else 1.0
    velocity = (scene.velocity + absolute * scene.cz) * factor
    values = np.where(np.isfinite(velocity), velocity, missing).astype(">f4")
    header = scene.header
    if unit is not None:
        header["BUNIT"] = unit
    for i in range(extra_axes):
        header[f"CTYPE{3 + i}"] = ("FREQ", "STOKES")[i]
        header[f"CRVAL{3 + i}"], header[f"CRPIX{3 + i}"] = 1.0, 1.0
        header[f"CDELT{3 + i}"] = 1.0
    for card, value in (cards or {}).items():
        if value is None:
            header.remove(card)
        else:
            header[card] = value
    hdus = [fits.PrimaryHDU(values.reshape((1,) * extra_axes + values.shape), header)]
    hdus += [fits.ImageHDU(np.asarray(array, ">f4"), name=title) for title, array in others]
    fits.HDUList(hdus).writeto(folder / name, overwrite=True)
    return folder / name
