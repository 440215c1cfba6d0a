"""MAPS of PHANGS-MUSE: one image for each map, with its own coordinates."""

import numpy as np
from astropy.io import fits

from tests.formats.shaped.blocks import binned, bins_of

LINES = ("HB4861", "OIII4958", "OIII5006", "NII6548", "HA6562", "NII6583", "SII6716", "SII6730")


def write_phangs(scene, folder, *, name="NGC0001", version="copt_1.16asec", snr=20, lines=LINES):
    """Write the MAPS of a galaxy; its stars move at 5 km/s relative to REDSHIFT."""
    bin_id = bins_of(scene)
    maps = {
        "BIN_ID": np.where(bin_id >= 0, bin_id, np.nan),
        "V_STARS": binned(bin_id, scene.velocity) + 5,
        "FORM_ERR_V_STARS": scene.errors,
        "SIGMA_STARS": np.where(scene.inside, 60, np.nan),
        "FORM_ERR_SIGMA_STARS": scene.errors,
    }
    flux = np.where(scene.inside, snr, np.nan)
    for line in lines:
        velocity = scene.velocity if line == "HA6562" else -scene.velocity
        quantities = {"FLUX": flux, "FLUX_ERR": flux / snr, "VEL": velocity}
        quantities |= {"VEL_ERR": scene.errors, "SIGMA": 30 + 0 * flux, "SIGMA_ERR": scene.errors}
        maps |= {f"{line}_{quantity}": values for quantity, values in quantities.items()}
    primary = fits.PrimaryHDU(header=fits.Header({"OBJECT": name, "REDSHIFT": round(scene.cz, 3)}))
    images = [fits.ImageHDU(np.float64(v), scene.header, key) for key, v in maps.items()]
    for image in images:
        if image.name.endswith(("VEL", "V_STARS", "VEL_ERR")):
            image.header["BUNIT"] = "km/s"
    path = folder / f"{name}_MAPS_{version}.fits"
    fits.HDUList([primary, *images]).writeto(path, overwrite=True)
    return path
