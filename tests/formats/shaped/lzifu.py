"""Files in the layout of LZIFU: planes of components, of which the first is the total or empty."""

import numpy as np
from astropy.io import fits

from tests.formats.shaped.scene import DISPERSION_ERROR


def write_lzifu(scene, folder, *, name="NGC9999", fit="1", stars=False, unit="km/s"):
    """
    Write a fit with 1, 2 or 3 components or their "merge", and return its path.

    The broad components, which come first, have velocities that mean nothing; and so have the
    outskirts, where H-alpha is faint. Files with velocities of the stars are those of S7.
    """
    n_components = 3 if fit == "merge" else int(fit)
    random = np.random.default_rng(scene.seed)
    faint = np.hypot(*scene.offsets) > 0.4 * scene.pixel * min(scene.shape)
    narrow = np.where(faint, random.normal(0, 500, scene.shape), scene.velocity)
    narrow[~scene.inside] = np.nan
    velocity, width = np.full((2, n_components + 1, *scene.shape), np.nan)
    for i in range(1, n_components + 1):
        broad = np.where(scene.inside, random.normal(0, 300, scene.shape), np.nan)
        velocity[i] = narrow if i == n_components else broad
        width[i] = scene.dispersion if i == n_components else np.where(scene.inside, 400, np.nan)
    if fit == "merge":
        # Most spectra need one component only, which is then the first.
        one = random.random(scene.shape) < 0.7
        for planes in velocity, width:
            planes[1][one] = planes[3][one]
            planes[2:, one] = np.nan
    error = 0 * velocity + scene.error
    flux = np.where(np.isfinite(velocity), 1.0, np.nan)
    flux[0] = np.where(scene.inside, np.where(faint, 0.02, scene.light), np.nan)
    maps = {"CONTINUUM": np.zeros((2, *scene.shape)), "V": velocity, "V_ERR": error}
    noise = 0 * width + DISPERSION_ERROR
    maps |= {"VDISP": width, "VDISP_ERR": noise, "CHI2": flux[0], "DOF": flux[0]}
    maps |= {"HALPHA": flux, "HALPHA_ERR": 0 * flux + 0.005}
    if stars:
        maps["STAR_V"] = np.stack([scene.velocity, scene.errors])
        maps["STAR_VDISP"] = np.stack([scene.dispersion, 0 * scene.errors + DISPERSION_ERROR])
    factor = {"km/s": 1.0, "m/s": 1000.0}[unit]
    maps |= {n: one * factor for n, one in maps.items() if n[0] == "V" or n[:6] == "STAR_V"}
    primary = fits.PrimaryHDU()
    primary.header.update(OBJECT=name, Z_LZIFU=scene.redshift, NCOMP=n_components, SORTTYPE="vel")
    hdus = [primary, *(fits.ImageHDU(one.astype("f4"), name=n) for n, one in maps.items())]
    if fit == "merge":
        hdus.append(fits.ImageHDU(np.isfinite(velocity[1:]).sum(axis=0), name="COMP_MAP"))
    for i, hdu in enumerate(hdus[1:]):
        hdu.header.update(scene.header)
        if unit != "km/s":
            # The files of LZIFU state no unit.
            hdu.header["BUNIT"] = unit
        primary.header[f"EXT{i}"] = hdu.name
    path = folder / f"{name}_{fit}_comp.fits"
    fits.HDUList(hdus).writeto(path, overwrite=True)
    return path
