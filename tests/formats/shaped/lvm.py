"""Tables of the data analysis pipeline of the Local Volume Mapper."""

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.table import Table


def write_lvm(scene, folder, *, name="M33", most_fibres=None):
    """Write a file in which each pixel in the circle is a fibre."""
    inside = scene.inside
    east, north = (offset[inside][:most_fibres] for offset in scene.offsets)
    radius, angle = np.hypot(east, north), np.arctan2(east, north)
    sky = scene.centre.directional_offset_by(angle * u.rad, radius * u.arcsec)
    number = np.arange(1, east.size + 1)
    fibre = np.array([f"6109.{one}" for one in number])
    velocity = scene.cz + scene.velocity[inside][:most_fibres]
    places = Table({"id": fibre, "ra": sky.ra.deg, "dec": sky.dec.deg, "fiberid": number})
    places["mask"] = True
    stars = Table({"id": fibre, "z": velocity / 299_792.458, "sys_vel": velocity})
    lines = Table({"id": fibre, "vel": velocity})
    lines["wl"], lines["flux"], lines["e_vel"] = 6562.85, 1.0, scene.error
    other = lines.copy()
    other["wl"], other["vel"] = 6583.45, 0.0
    # A line follows the other of each fibre, and the fibres are not in the order of the places.
    both = np.stack([lines.as_array()[::-1], other.as_array()[::-1]], axis=1).ravel()
    primary = fits.PrimaryHDU(header=fits.Header({"SURVEY": "LVM", "OBJECT": name}))
    # The pipeline copies the header of the frame, with the sum of data that are not there.
    primary.header["DATASUM"] = "2503531142"
    hdus = [
        fits.BinTableHDU(table, name=extension)
        for extension, table in (("PT", places), ("RSP", stars), ("PM_ELINES", Table(both)))
    ]
    path = folder / "dap-rsp108-sn20-00006109.dap.fits"
    fits.HDUList([primary, *hdus]).writeto(path, overwrite=True)
    return path
