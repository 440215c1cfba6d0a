"""Tables of stellar kinematics in the layouts of ATLAS3D and SAURON."""

import numpy as np
from astropy.io import fits
from astropy.table import Table

from tests.formats.shaped.bins import bins, in_unit
from tests.formats.shaped.scene import DISPERSION_ERROR


def write_atlas3d(scene, folder, *, name="NGC0001", as_text=False, unit="km/s", absolute=True):
    """Write a table with one row for each bin; XS, A and XBIN grow to the West."""
    binned = bins(scene)
    velocity = binned.velocity + (scene.cz if absolute else 0)
    noise = np.full(velocity.size, DISPERSION_ERROR)
    if as_text:
        path = folder / f"{name}_SAURON_kinematics.dat"
        columns = (-binned.east, binned.north, velocity, binned.error, binned.dispersion, noise)
        rows = np.column_stack([np.arange(1, velocity.size + 1), *columns])
        first = "  #     XBIN        YBIN       VEL       ER_VEL      SIG       ER_SIG"
        shape = ["%3d", *["%10.4f"] * 6]
        np.savetxt(path, rows, fmt=shape, header=first, comments="")
        return path
    columns = {
        "XS": -binned.east,
        "YS": binned.north,
        "VPXF": velocity,
        "SPXF": binned.dispersion,
        "EVPXF": binned.error,
        "ESPXF": noise,
        "A": -binned.east,
        "D": binned.north,
        "FLUX": binned.light,
    }
    table = Table({key: column.astype("f4") for key, column in columns.items()})
    in_unit(table, ["VPXF", "EVPXF", "SPXF", "ESPXF"], unit)
    table["NO"] = np.arange(1, velocity.size + 1, dtype="i4")
    table["BINSIZE"] = binned.size.astype("i4")
    table["KINFLAG"] = np.ones(velocity.size, "i2")
    path = folder / f"PXF_bin_MS_{name}_r1_idl.fits"
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU(table)]).writeto(path, overwrite=True)
    return path
