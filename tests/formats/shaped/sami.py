"""Files in the layout of the SAMI Galaxy Survey: an image for each quantity, and its errors."""

import numpy as np
from astropy.io import fits

from tests.formats.shaped.scene import DISPERSION_ERROR

FLUX_UNIT = "10**(-16) erg/s/cm**2/angstrom/pixel"
DESCRIPTIONS = {
    "default": "(unbinned)",
    "adaptive": "(binned)",
    "sectors": "(binned, sectors)",
    "annular": "(binned, annular)",
}
PRODUCTS = ("stellar-velocity", "gas-velocity", "Halpha")


def write_sami(
    scene,
    folder,
    *,
    observation="41144_A",
    binning="default",
    moments="two-moment",
    components="1-comp",
    products=PRODUCTS,
    unit="km/s",
    snr="SNR",
):
    """
    Write the ``products`` of one observation, and return their paths.

    The outskirts have velocities that mean nothing: those of the stars large errors in the West
    and a low S/N in the East, those of the gas a faint H-alpha. ``snr`` is the name of its
    extension, "SN" in DR2.
    """
    factor = {"km/s": 1.0, "m/s": 1000.0}[unit]
    east, _ = scene.offsets
    velocity, error = scene.velocity, scene.errors
    poor = outskirts(scene)
    if binning != "default":
        poor = _binned(poor) > 0
    velocity[poor] = np.random.default_rng(scene.seed).normal(0, 500, np.count_nonzero(poor))
    noise = np.where(poor & (east < 0), 200.0, error)
    continuum = np.where(poor & (east > 0), 2.0, np.where(scene.inside, 25.0, np.nan))
    flux = np.where(poor, 0.002, scene.light)
    dispersion, light = scene.dispersion, scene.light
    if binning != "default":
        maps = velocity, error, noise, continuum, flux, dispersion, light
        velocity, error, noise, continuum, flux, dispersion, light = (_binned(one) for one in maps)
    catid = observation.partition("_")[0]
    paths = []
    for product in products:
        kind = moments if product.startswith("stellar") else components
        if product == "stellar-velocity":
            header = scene.header
            header.update(INSTRUME="AAOMEGA-SAMI", CATID=catid, N_MOM=2 if "two" in kind else 4)
            header.update(Z_IN=scene.redshift, Z_PPXF=scene.redshift, UNIT=unit)
            header["DESCRIPT"] = f"Velocity map {DESCRIPTIONS[binning]}"
            others = {"VEL_ERR": noise * factor, "FLUX": light, "FLUX_ERR": light / 25}
            hdus = [fits.PrimaryHDU(velocity * factor, header)]
            hdus += [fits.ImageHDU(map_, name=n) for n, map_ in (others | {snr: continuum}).items()]
            hdus[1].header["UNIT"] = unit
        elif product == "gas-velocity":
            planes = _components(velocity, components, scene)
            hdus = _two(scene, planes * factor, 0 * planes * factor + error * factor, unit, "V_ERR")
        elif product == "Halpha":
            one = _components(flux, components, scene, other=0.0)
            planes = np.concatenate([flux[None], one])
            hdus = _two(scene, planes, 0 * planes + 0.001, FLUX_UNIT, "HALPHA_ERR")
        else:
            name = "SIG_ERR" if product.startswith("stellar") else "VDISP_ERR"
            of_gas = name == "VDISP_ERR"
            planes = _components(dispersion, components if of_gas else "1-comp", scene, other=900.0)
            errors = 0 * planes + DISPERSION_ERROR
            hdus = _two(scene, planes * factor, errors * factor, unit, name)
        if components == "recom-comp" and product in PRODUCTS[1:]:
            for hdu in hdus:
                hdu.header["NCOMP"] = "recom"
        paths.append(folder / f"{observation}_{product}_{binning}_{kind}.fits")
        fits.HDUList(hdus).writeto(paths[-1], overwrite=True)
    return paths


def outskirts(scene):
    """Where the velocities mean nothing."""
    return scene.inside & (np.hypot(*scene.offsets) > 0.4 * scene.pixel * min(scene.shape))


def _two(scene, planes, errors, unit, name):
    """Planes and their errors in single precision, each with the coordinates of the sky."""
    hdus = [fits.PrimaryHDU(planes.astype("f4")), fits.ImageHDU(errors.astype("f4"), name=name)]
    for hdu in hdus:
        hdu.header.update(scene.header)
        hdu.header["BUNIT"] = unit
    return hdus


def _components(values, components, scene, other=300.0):
    """One plane; or three, of which the broad ones are seen in the middle only."""
    if components == "1-comp":
        return values[None]
    middle = np.hypot(*scene.offsets) < 0.15 * scene.pixel * min(scene.shape)
    broad = np.where(middle, other - values, np.nan)
    return np.stack([values, broad, np.where(middle, -broad, np.nan)])


def _binned(values):
    """The mean over squares of 2 x 2 spaxels, repeated in each of them."""
    ny, nx = values.shape
    padded = np.pad(values, ((0, ny % 2), (0, nx % 2)), constant_values=np.nan)
    bins = padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2)
    mean = bins.mean(axis=(1, 3), keepdims=True)
    return np.broadcast_to(mean, bins.shape).reshape(padded.shape)[:ny, :nx]
