"""Tables of a run in the layouts of GIST and nGIST."""

import numpy as np
from astropy.io import fits
from astropy.table import Table

from tests.formats.shaped.bins import bins, in_unit
from tests.formats.shaped.scene import DISPERSION_ERROR, INSTRUMENT


def write_gist(scene, folder, *, run="NGC0001", gas="ppxf", level="BIN", wcs=True, unit="km/s"):
    """
    Write the tables of a run, with the coordinates of the cube as nGIST has them if ``wcs``.

    X and Y are those of the columns and rows of the cube, so that without ``wcs`` North must be up
    and East to the left. Pixels outside are in the nearest bin, with a negative number.
    """
    binned = bins(scene)
    row, column = np.indices(scene.shape)
    crpix = scene.header["CRPIX1"], scene.header["CRPIX2"]
    x = ((column + 1 - crpix[0]) * scene.pixel).ravel()
    y = ((row + 1 - crpix[1]) * scene.pixel).ravel()
    number = binned.of_pixel.ravel()
    outside = number < 0
    # For some pixels outside, the nearest bin is bin 0, and minus 0 is 0.
    bin_id = np.where(outside, -(np.arange(number.size) % binned.size.size), number)
    nearest = np.abs(bin_id)
    size = binned.size[nearest]
    table = Table(
        {
            "ID": np.arange(number.size, dtype="i4"),
            "BIN_ID": bin_id.astype("i4"),
            "X": x,
            "Y": y,
            "FLUX": np.nan_to_num(scene.light).ravel(),
            "SNR": np.full(number.size, 20.0),
            "XBIN": binned.east[nearest],
            "YBIN": binned.north[nearest],
            "SNRBIN": np.full(number.size, 40.0),
            "NSPAX": size.astype("i4"),
        }
    )
    masked = outside.astype("i2")
    none = np.zeros_like(masked)
    mask = Table({"MASK": masked, "MASK_DEFUNCT": none, "MASK_SNR": masked, "MASK_FILE": none})
    kin = Table({"V": binned.velocity, "SIGMA": binned.dispersion, "FORM_ERR_V": binned.error})
    kin["FORM_ERR_SIGMA"] = DISPERSION_ERROR
    in_unit(kin, kin.colnames, unit)
    coordinates = [fits.ImageHDU(header=scene.header)] if wcs else []
    tables = {
        "table": [fits.BinTableHDU(table, name="TABLE"), *coordinates],
        "mask": [fits.BinTableHDU(mask, name="MASKFILE")],
        "kin": [fits.BinTableHDU(kin, name="KIN_DATA")],
        f"gas_{level}": [fits.BinTableHDU(_gas(scene, binned, gas, level))],
    }
    cards = {"table": {"PIXSIZE": scene.pixel}, f"gas_{level}": {"METHOD": gas, "LEVEL": level}}
    for part, hdus in tables.items():
        primary = fits.PrimaryHDU(header=fits.Header(cards.get(part, {})))
        path = folder / f"{run}_{part}.fits"
        fits.HDUList([primary, *hdus]).writeto(path, overwrite=True)
    return folder / f"{run}_kin.fits"


def _gas(scene, binned, method, level):
    """The gas, which moves as the stars do; of spaxels or of bins."""
    maps = binned.velocity, binned.error, binned.dispersion, binned.light
    size = binned.size
    if level == "SPAXEL":
        maps = scene.velocity, scene.errors, scene.dispersion, scene.light
        size = 1
    velocity, error, dispersion, light = (one.ravel() for one in maps)
    if method == "ppxf":
        table = Table({"HA6562_FLUX": light, "HA6562_VEL": velocity, "HA6562_VEL_ERR": error})
        table["HA6562_SIGMA"] = np.hypot(dispersion, INSTRUMENT)
        table["HA6562_SIGMA_ERR"] = DISPERSION_ERROR
        table["HA6562_SIGMA_CORR"] = INSTRUMENT
        return table
    # GANDALF fits the sum of the spectra of a bin.
    table = Table({"Ha_6562.80_F": light * size, "Ha_6562.80_V": velocity})
    table["Ha_6562.80_S"], table["Ha_6562.80_AON"] = dispersion, 20 + 0 * velocity
    return table
