"""MAPS of PHANGS-MUSE: one image for each map, with its own coordinates."""

import numpy as np
from astropy.io import fits

from tests.formats.shaped.blocks import binned, bins_of
from tests.formats.shaped.scene import DISPERSION_ERROR, INSTRUMENT

LINES = ("HB4861", "OIII4958", "OIII5006", "NII6548", "HA6562", "NII6583", "SII6716", "SII6730")


def write_phangs(
    scene,
    folder,
    *,
    name="NGC0001",
    version="copt_1.16asec",
    snr=20,
    lines=LINES,
    corrections=False,
):
    """
    Write the MAPS of a galaxy; its stars move at 5 km/s relative to REDSHIFT.

    Those of internal releases have the instrument's part of the dispersions, ``corrections``.
    """
    bin_id = bins_of(scene)
    maps = {
        "BIN_ID": np.where(bin_id >= 0, bin_id, np.nan),
        "V_STARS": binned(bin_id, scene.velocity) + 5,
        "FORM_ERR_V_STARS": scene.errors,
        "SIGMA_STARS": binned(bin_id, scene.dispersion),
        "FORM_ERR_SIGMA_STARS": np.where(scene.inside, DISPERSION_ERROR, np.nan),
    }
    flux = np.where(scene.inside, scene.light, np.nan)
    width = np.hypot(scene.dispersion, INSTRUMENT)
    for line in lines:
        velocity = scene.velocity if line == "HA6562" else -scene.velocity
        quantities = {"FLUX": flux, "FLUX_ERR": flux / snr, "VEL": velocity}
        quantities |= {"VEL_ERR": scene.errors, "SIGMA": width}
        quantities |= {"SIGMA_ERR": maps["FORM_ERR_SIGMA_STARS"]}
        if corrections:
            quantities["SIGMA_CORR"] = INSTRUMENT + 0 * width
        maps |= {f"{line}_{quantity}": values for quantity, values in quantities.items()}
    primary = fits.PrimaryHDU(header=fits.Header({"OBJECT": name, "REDSHIFT": round(scene.cz, 3)}))
    images = [fits.ImageHDU(np.float64(v), scene.header, key) for key, v in maps.items()]
    for image in images:
        if image.name.endswith(("VEL", "V_STARS", "VEL_ERR")):
            image.header["BUNIT"] = "km/s"
    path = folder / f"{name}_MAPS_{version}.fits"
    fits.HDUList([primary, *images]).writeto(path, overwrite=True)
    return path
