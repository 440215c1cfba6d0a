"""Tables of the data analysis pipeline of the Local Volume Mapper."""

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.table import Table

from tests.formats.shaped.bins import in_unit

#: Rings of fibres about the middle one.
RINGS = 14


def write_lvm(scene, folder, *, name="M33", rings=RINGS, unit="km/s", absolute=True):
    """Write the fibres of a hexagonal bundle, turned by ``rotation``; of no ring, three of them."""
    column, row = np.mgrid[-rings : rings + 1, -rings : rings + 1].reshape(2, -1)
    across, up = column + row / 2, row * np.sqrt(3) / 2
    bundle = np.abs(column + row) <= rings
    radius = scene.pixel * np.hypot(across, up)[bundle]
    angle = np.radians(scene.rotation) + np.arctan2(across, up)[bundle]
    if not rings:
        radius, angle = np.ones(3), np.arange(3.0)
    sky = scene.centre.directional_offset_by(angle * u.rad, radius * u.arcsec)
    velocity = scene.velocity_at(radius * np.sin(angle), radius * np.cos(angle))
    velocity += np.random.default_rng(scene.seed).normal(0, scene.error, radius.size)
    velocity += scene.cz if absolute else 0
    number = np.arange(1, radius.size + 1)
    fibre = np.array([f"6109.{one}" for one in number])
    places = Table({"id": fibre, "ra": sky.ra.deg, "dec": sky.dec.deg, "fiberid": number})
    places["mask"] = True
    light = scene.light_at(radius * np.sin(angle), radius * np.cos(angle))
    stars = Table({"id": fibre, "z": velocity / 299_792.458, "sys_vel": velocity})
    stars["med_flux"] = light
    lines = Table({"id": fibre, "vel": velocity})
    lines["wl"], lines["flux"], lines["e_vel"] = 6562.85, light, scene.error
    other = lines.copy()
    other["wl"], other["vel"], other["flux"] = 6583.45, 0.0, 1.0
    # A line follows the other of each fibre, and the fibres are not in the order of the places.
    both = Table(np.stack([lines.as_array()[::-1], other.as_array()[::-1]], axis=1).ravel())
    in_unit(stars, ["sys_vel"], unit)
    in_unit(both, ["vel", "e_vel"], unit)
    primary = fits.PrimaryHDU(header=fits.Header({"SURVEY": "LVM", "OBJECT": name}))
    # The pipeline copies the header of the frame, with the sum of data that are not there.
    primary.header["DATASUM"] = "2503531142"
    hdus = [
        fits.BinTableHDU(table, name=extension)
        for extension, table in (("PT", places), ("RSP", stars), ("PM_ELINES", both))
    ]
    path = folder / "dap-rsp108-sn20-00006109.dap.fits"
    fits.HDUList([primary, *hdus]).writeto(path, overwrite=True)
    return path
