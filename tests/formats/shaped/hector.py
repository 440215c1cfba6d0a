"""Files in the layout of Hector's initial kinematics: an extension for each map, S/N in PRIMARY."""

import numpy as np
from astropy.io import fits

from tests.formats.shaped.scene import DISPERSION_ERROR


def write_hector(scene, folder, *, name="901000000000001_T001", unit="km/s"):
    """
    Write a file of stars and gas, and return its path.

    A tenth of the stellar velocities are spikes, with large errors or with none. The bin of the
    binned maps is as large as the galaxy.
    """
    header = scene.header
    # The third axis of the cube from which the maps were made.
    header.update(WCSAXES=3, CTYPE3="AWAV", CUNIT3="Angstrom", CRPIX3=1.0, CRVAL3=4800.0)
    header["CD3_3" if scene.cd_matrix else "CDELT3"] = 0.5
    header.update(INSTRUME="SPECTOR", NAME=name.partition("_")[0], Z=scene.redshift)
    random = np.random.default_rng(scene.seed)
    spike = random.random(scene.shape) < 0.1
    velocity = np.where(spike, random.choice([-1500.0, 1500.0], scene.shape), scene.velocity)
    velocity[~scene.inside] = np.nan
    error = np.where(spike, random.choice([0.0, 400.0], scene.shape), scene.errors)
    error[~scene.inside] = np.nan
    maps = {"V_STAR": velocity, "V_GAS": scene.velocity, "V_STAR_ERR": error}
    maps["V_GAS_ERR"] = scene.errors
    # Where the fit of the stars failed it stopped at its lower limit, with any error.
    width = np.where(spike & scene.inside, 0.2711819, scene.dispersion)
    maps |= {"SIG_STAR": width, "SIG_GAS": scene.dispersion}
    noise = np.where(scene.inside, DISPERSION_ERROR, np.nan)
    maps |= {"SIG_STAR_ERR": noise, "SIG_GAS_ERR": noise}
    maps |= {f"BINNED_{one}": 0 * map_ + 5 for one, map_ in maps.items()}
    factor = {"km/s": 1.0, "m/s": 1000.0}[unit]
    hdus = [fits.PrimaryHDU(np.where(scene.inside, 10.0, np.nan), header)]
    hdus += [fits.ImageHDU(map_ * factor, name=one) for one, map_ in maps.items()]
    if unit != "km/s":
        # The files of Hector state no unit.
        for hdu in hdus[1:]:
            hdu.header["BUNIT"] = unit
    path = folder / f"{name}_initial_kinematics.fits.gz"
    fits.HDUList(hdus).writeto(path, overwrite=True)
    return path
