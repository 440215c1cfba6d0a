"""Images of maps of nGIST: one file for the stars, two for the gas, and one for the bins."""

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from tests.formats.shaped.blocks import binned, bins_of
from tests.formats.shaped.scene import DISPERSION_ERROR, INSTRUMENT


def write_ngist(
    scene, folder, *, run="NGC0001", lower=False, level="SPAXEL", snr=20, reference=None
):
    """
    Write the files of the stars, of the gas and of the bins.

    The offsets of the bins count from the galaxy, along the axes of the image. The reference
    position of the coordinates is that of the galaxy, or of the pixel ``reference``.
    """
    bin_id = bins_of(scene)
    header = scene.header
    if reference is not None:
        sky = WCS(header).pixel_to_world(*reference)
        header["CRPIX1"], header["CRPIX2"] = (pixel + 1 for pixel in reference)
        header["CRVAL1"], header["CRVAL2"] = sky.ra.deg, sky.dec.deg
    velocity = scene.velocity if level == "SPAXEL" else binned(bin_id, scene.velocity)
    flux = np.where(scene.inside, scene.light, np.nan)
    noise = np.where(scene.inside, DISPERSION_ERROR, np.nan)
    stars = {"V": binned(bin_id, scene.velocity) + 5, "SIGMA": binned(bin_id, scene.dispersion)}
    stars |= {"FORM_ERR_V": scene.errors, "ERR_V": np.zeros(scene.shape)}
    stars |= {"FORM_ERR_SIGMA": noise, "ERR_SIGMA": np.zeros(scene.shape)}
    gas = {"BIN_ID": bin_id, "V_STARS2": stars["V"], "HB4861_VEL": -velocity}
    gas |= {"HA6562_FLUX": flux, "HA6562_FLUX_ERR": flux / snr}
    gas |= {"HA6562_VEL": velocity, "HA6562_VEL_ERR": scene.errors}
    gas |= {"HA6562_SIGMA": np.hypot(scene.dispersion, INSTRUMENT), "HA6562_SIGMA_ERR": noise}
    gas |= {"HA6562_SIGMA_CORR": INSTRUMENT + 0 * noise}
    row, column = np.indices(scene.shape)
    middle = WCS(scene.header).wcs.crpix - 1
    bins = {"BINID": np.where(bin_id >= 0, bin_id, np.nan), "FLUX": flux, "SNR": flux}
    bins |= {"SNRBIN": flux, "XBIN": binned(bin_id, scene.pixel * (column - middle[0]))}
    bins |= {"YBIN": binned(bin_id, scene.pixel * (row - middle[1]))}
    paths = []
    for kind, maps in (("KIN", stars), (f"gas_{level}", gas), ("SPATIAL_BINNING", bins)):
        images = [fits.ImageHDU(np.float64(values), header, key) for key, values in maps.items()]
        paths.append(folder / f"{run}_{kind.lower() if lower else kind}_maps.fits")
        fits.HDUList([fits.PrimaryHDU(), *images]).writeto(paths[-1], overwrite=True)
    return paths
