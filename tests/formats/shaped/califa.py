"""Tables of stellar kinematics in the layout of CALIFA."""

import numpy as np
from astropy.io import fits
from astropy.table import Table

from tests.formats.shaped.bins import bins, over_pixels

MISSING = -999.9


def write_califa(scene, folder, *, name="NGC0001"):
    """Write a table with one row for each spaxel; X grows to the West."""
    east, north = scene.offsets
    binned = bins(scene)
    count = np.arange(1, binned.size.size + 1)

    def column(values):
        return over_pixels(scene, values, MISSING)

    table = Table(
        {
            "SPEC_ID": np.arange(1.0, east.size + 1),
            "X": -east.ravel(),
            "Y": north.ravel(),
            "FLUX": np.ones(east.size),
            "BIN_ID": column(count),
            "XBIN": column(-binned.east),
            "YBIN": column(binned.north),
            "NSPAXS": column(binned.size),
            "VPXF": column(scene.cz + binned.velocity),
            "DVPXF": column(binned.error / 2),
            "QC_ESTIM": column(0.1 * np.ones(count.size)),
            "Vp": column(scene.cz + binned.velocity),
            "DVp": column(binned.error),
        }
    )
    primary = fits.PrimaryHDU(header=fits.Header({"OBJECT": name, "CALIFAID": "1"}))
    kinematics = fits.BinTableHDU(table, name="STEKIN_UNBIN3")
    path = folder / f"{name}.CALIFA.V1200.stekin.fits"
    fits.HDUList([primary, kinematics]).writeto(path, overwrite=True)
    return path
