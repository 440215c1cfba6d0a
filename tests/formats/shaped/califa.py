"""Tables of stellar kinematics in the layout of CALIFA."""

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.table import Table

from tests.formats.shaped.bins import bins, over_pixels
from tests.formats.shaped.scene import DISPERSION_ERROR

MISSING = -999.9


def write_califa(scene, folder, *, name="NGC0001", unit="km/s", absolute=True):
    """Write a table with one row for each spaxel; X grows to the West."""
    east, north = scene.offsets
    binned = bins(scene)
    velocity = binned.velocity + (scene.cz if absolute else 0)
    count = np.arange(1, binned.size.size + 1)

    def column(values):
        return over_pixels(binned, values, MISSING)

    table = Table(
        {
            "SPEC_ID": np.arange(1.0, east.size + 1),
            "X": -east.ravel(),
            "Y": north.ravel(),
            "FLUX": np.nan_to_num(scene.light).ravel(),
            "BIN_ID": column(count),
            "XBIN": column(-binned.east),
            "YBIN": column(binned.north),
            "FLUXBIN": column(20.0 + 0 * binned.light),
            "NSPAXS": column(binned.size),
            "VPXF": column(velocity),
            "DVPXF": column(binned.error / 2),
            "QC_ESTIM": column(0.1 * np.ones(count.size)),
            "Vp": column(velocity),
            "DVp": column(binned.error),
            "Sp": column(binned.dispersion),
            "DSp": column(DISPERSION_ERROR + 0 * binned.dispersion),
        }
    )
    inside = table["BIN_ID"] != MISSING
    for column_name in ("Vp", "DVp", "Sp", "DSp"):
        if unit != "km/s":
            table[column_name][inside] *= u.Unit("km/s").to(unit)
            table[column_name].unit = unit
    primary = fits.PrimaryHDU(header=fits.Header({"OBJECT": name, "CALIFAID": "1"}))
    kinematics = fits.BinTableHDU(table, name="STEKIN_UNBIN3")
    path = folder / f"{name}.CALIFA.V1200.stekin.fits"
    fits.HDUList([primary, kinematics]).writeto(path, overwrite=True)
    return path
