"""Files of one run of nGIST: the images of each that are read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.io import fits

from mangapa.formats._files import open_hdus
from mangapa.formats._gist_lines import LINES
from mangapa.formats._maps import common_shape, images_of

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord
    from astropy.wcs import WCS

__all__ = ["NAMES", "RunFile", "origin", "products_of"]

NAMES = re.compile(
    r"(?P<observation>.+)_(?P<kind>kin|gas_(?P<level>bin|spaxel)|spatial_binning|sfh|umod|ls_\w+)"
    r"_maps\.fits(?:\.\w+)?",
    re.IGNORECASE,
)
HALPHA = LINES["Ha"]
WANTED = re.compile(
    rf"V|SIGMA|(FORM_)?ERR_(V|SIGMA)|BINID|[XY]BIN|FLUX|AGE|{HALPHA.pattern}(_ERR)?|"
    r"H_?A.*_((FLUX|SIGMA)(_ERR)?|SIGMA_CORR|F|S)",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class RunFile:
    """
    The images of one file that are read.

    Attributes
    ----------
    path : `~pathlib.Path`
        The file.
    images : `dict` of `str` to `~numpy.ndarray`
        Maps, shape (ny, nx), by the names of their HDUs.
    header : `~astropy.io.fits.Header`
        Header of the first image, with the coordinates of all.
    """

    path: Path
    images: dict[str, np.ndarray]
    header: fits.Header

    @property
    def line(self) -> str | None:
        """Name of the image of the velocities of H-alpha."""
        return next(filter(HALPHA.fullmatch, self.images), None)

    @property
    def level(self) -> str:
        """Whether a file of the gas has bins, "bin", or "spaxel"; empty if its name is changed."""
        found = NAMES.fullmatch(self.path.name)
        return (found["level"] or "").lower() if found else ""


def products_of(paths: Sequence[Path]) -> list[RunFile]:
    """
    Read the files of one run, and that of its bins from the same folder.

    Parameters
    ----------
    paths : sequence of `~pathlib.Path`
        The files that were named.

    Returns
    -------
    `list` of `RunFile`

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If a file is damaged, or the maps have several shapes.
    """
    products = [_read(path) for path in paths]
    if not any("BINID" in product.images for product in products):
        products += [_read(path) for path in _beside(paths[0])]
    images = [image for product in products for image in product.images.values()]
    if images:
        common_shape(images, paths[0])
    return products


def _read(path):
    with open_hdus(path, lambda hdu: WANTED.fullmatch(hdu.name) is not None) as hdus:
        header = hdus[min(1, len(hdus) - 1)].header
        return RunFile(path=path, images=images_of(hdus, path), header=header)


def _beside(path):
    """The file of the bins of the same run in the same folder, if there is one."""
    found = NAMES.fullmatch(path.name)
    for kind in ("SPATIAL_BINNING", "spatial_binning") if found else ():
        name = path.name[: found.start("kind")] + kind + path.name[found.end("kind") :]
        if path.with_name(name).is_file():
            return [path.with_name(name)]
    return []


def origin(wcs: "WCS", binned: dict[str, np.ndarray]) -> "SkyCoord | None":
    """
    Position from which the offsets of the bins count: the ORIGIN of the run.

    Parameters
    ----------
    wcs : `~astropy.wcs.WCS`
        Coordinates of the maps.
    binned : `dict` of `str` to `~numpy.ndarray`
        Maps of the file of the bins, shape (ny, nx).

    Returns
    -------
    `~astropy.coordinates.SkyCoord` or `None`
        `None` if there are no offsets.
    """
    pixel = []
    for axis, name in ((1, "XBIN"), (0, "YBIN")):
        offset = binned.get(name, np.empty((0, 0)))
        inside = np.isfinite(offset)
        if np.ptp(offset[inside]) == 0 if inside.any() else True:
            return None
        # On average over a bin, a pixel is where the offset of the bin says.
        pixel.append(np.polyfit(offset[inside], np.nonzero(inside)[axis], 1)[1])
    return wcs.pixel_to_world(*pixel)
