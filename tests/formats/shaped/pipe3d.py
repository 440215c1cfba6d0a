"""Cubes of Pipe3D: those of eCALIFA and MaNGA with all maps, and those of CALIFA DR3."""

import gzip
import io

import numpy as np
from astropy.io import fits

from tests.formats.shaped.blocks import binned, bins_of
from tests.formats.shaped.scene import DISPERSION_ERROR

#: The eight quantities of each line in FLUX_ELINES, and some of its lines.
QUANTITIES = ("flux", "vel", "disp", "EW", "e_flux", "e_vel", "e_disp", "e_EW")
LINES = ("[OII]3727", "Hb", "Ha", "[NII]6583")
DESCRIPTIONS = {
    0: ("pseudo V-band map", "flux"),
    1: (" continuum segmentation file", " index  "),
    13: (" velocity of the stellar population", " velocity"),
    14: (" error in the velocity of the stellar population", " velocity"),
    15: (" velocity dispersion of the stellar population", " velocity"),
    16: (" error in velocity dispersion of the stellar population", " velocity"),
}


def write_pipe3d(scene, folder, *, layout="ecalifa", cards=True, name="NGC0001", snr=20):
    """
    Write the cube, or cubes, of a galaxy; those of "califa" have no coordinates.

    The velocity of the stars is 10 km/s below that of the gas.
    """
    if layout == "califa":
        plain = {"OBJECT": name}
        ssp, elines = _ssp(scene, cards), _elines(scene, snr)
        paths = [folder / f"{name}.{product}.cube.fits.gz" for product in ("SSP", "ELINES")]
        for path, (data, header) in zip(paths, (ssp, elines), strict=True):
            _write(path, fits.PrimaryHDU(data, fits.Header({**header, **plain})))
        return paths
    primary = scene.header
    primary["CTYPE3"], primary["CRVAL3"], primary["CDELT3"] = "WAVE", 3749.0, 2.0
    primary["CUNIT3"], primary["CRPIX3"] = "Angstrom", 1
    if layout == "ecalifa":
        primary["OBJECT"] = name
    else:
        primary["PLATEIFU"], primary["MANGAID"] = name, "1-209232"
        primary["OBJRA"], primary["OBJDEC"] = scene.ra % 360, scene.dec
        primary["VERSDRP3"] = "v3_1_1" if layout == "manga" else "v2_4_3"
    hdus = {"SSP": _ssp(scene, cards), "SFH": (np.zeros((2, *scene.shape)), {})}
    hdus["FLUX_ELINES"] = _lines(scene, snr) if cards else _lines_of_manga(scene)
    if layout != "manga-dr15":
        hdus["ELINES"] = _elines(scene, snr)
        hdus["GAIA_MASK"] = (np.zeros(scene.shape), {})
        hdus["SELECT_REG"] = (np.where(scene.inside, 1.0, 0.0), {})
    images = [fits.ImageHDU(data, fits.Header(h), key) for key, (data, h) in hdus.items()]
    prefix = "" if layout == "ecalifa" else "manga-"
    path = folder / f"{prefix}{name}.Pipe3D.cube.fits.gz"
    _write(path, fits.PrimaryHDU(header=primary), *images)
    return path


def _write(path, *hdus):
    content = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(content)
    path.write_bytes(gzip.compress(content.getvalue(), 1))


def _ssp(scene, cards):
    bin_id = bins_of(scene)
    cube = np.zeros((20, *scene.shape))
    cube[0] = scene.light_at(*scene.offsets)
    cube[1] = bin_id + 1
    cube[13] = np.nan_to_num(binned(bin_id, scene.velocity) + scene.cz - 10)
    cube[14] = np.nan_to_num(scene.errors)
    cube[15] = np.nan_to_num(binned(bin_id, scene.dispersion))
    cube[16] = np.where(scene.inside, DISPERSION_ERROR, 0)
    texts = {}
    for n, (description, kind) in DESCRIPTIONS.items() if cards else ():
        texts |= {f"DESC_{n}": description, f"TYPE_{n}": kind, f"FILE_{n}": f"map.{n}.fits.gz"}
    return cube, texts


def _elines(scene, snr):
    cube = np.zeros((20, *scene.shape))
    cube[0], cube[1] = np.nan_to_num(scene.velocity + scene.cz), 6
    cube[6] = np.nan_to_num(scene.light)
    cube[15] = np.nan_to_num(scene.light) / snr
    lines = {6: (" Halpha emission line", " flux   "), 15: (" Halpha emission line", " error flux")}
    lines |= {0: (" Halpha velocity", " velocity"), 1: (" Velocity dispersion", " fwhm")}
    texts = {"UNITS_0": " km     "}
    for n, (description, kind) in lines.items():
        texts |= {f"DESC_{n}": description, f"TYPE_{n}": kind, f"FILE_{n}": f"map.{n}.fits.gz"}
    return cube, texts


def _lines(scene, snr):
    """FLUX_ELINES with other lines in other places than MaNGA has."""
    names = [f"{quantity} {line}" for quantity in QUANTITIES for line in LINES]
    cube = np.zeros((len(names), *scene.shape))
    maps = {"flux Ha": scene.light, "e_flux Ha": scene.light / snr}
    maps |= {"vel Ha": scene.velocity + scene.cz, "e_vel Ha": scene.errors}
    for key, values in maps.items():
        cube[names.index(key)] = np.nan_to_num(values)
    # H-beta rotates the other way, so that nobody takes it for H-alpha.
    cube[names.index("vel Hb")] = np.nan_to_num(scene.cz - scene.velocity)
    return cube, {f"NAME{n}": name for n, name in enumerate(names)}


def _lines_of_manga(scene):
    """FLUX_ELINES of MaNGA, 57 lines without cards."""
    cube = np.zeros((8 * 57, *scene.shape), "f4")
    cube[102], cube[330] = np.nan_to_num(scene.velocity + scene.cz), np.nan_to_num(scene.errors)
    return cube, {}
