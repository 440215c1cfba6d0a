"""A rotating disc at a known place on the sky, seen through an image of any orientation."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

LIGHT = 299_792.458
#: Errors of the dispersions in all files, km/s.
DISPERSION_ERROR = 7.0
#: The instrument's part of dispersions that contain it, km/s.
INSTRUMENT = 49.0


@dataclass(frozen=True, kw_only=True)
class Scene:
    """
    A disc with its receding side at ``pa`` (deg), and the image in which it is observed.

    The disc is known on the sky; the image has square pixels (arcsec), is turned by ``rotation``
    (deg), may be flipped in either axis, and its header has a CD matrix or CDELT and CROTA2.
    ``shift`` moves the galaxy from the middle of the frame, pixels; CRPIX moves with it.
    """

    pa: float = 130.0
    ra: float = 150.0
    dec: float = 20.0
    pixel: float = 0.5
    shape: tuple = (40, 42)
    rotation: float = 0.0
    flip_x: bool = False
    flip_y: bool = False
    cd_matrix: bool = True
    shift: tuple = (0.0, 0.0)
    axis_ratio: float = 0.6
    amplitude: float = 180.0
    redshift: float = 0.02
    error: float = 4.0
    seed: int = 1

    @property
    def centre(self):
        """Where the galaxy is."""
        return SkyCoord(self.ra * u.deg, self.dec * u.deg)

    @property
    def header(self):
        """A header with the celestial coordinates of the image."""
        ny, nx = self.shape
        header = fits.Header()
        header["CTYPE1"], header["CTYPE2"] = "RA---TAN", "DEC--TAN"
        header["CUNIT1"], header["CUNIT2"] = "deg", "deg"
        header["CRVAL1"], header["CRVAL2"] = self.ra % 360, self.dec
        header["CRPIX1"] = (nx + 1) / 2 + self.shift[0]
        header["CRPIX2"] = (ny + 1) / 2 + self.shift[1]
        step = self.pixel / 3600
        steps = [step if self.flip_x else -step, -step if self.flip_y else step]
        turn = np.radians(self.rotation)
        cosine, sine = np.cos(turn), np.sin(turn)
        if self.cd_matrix:
            cd = np.array([[cosine, -sine], [sine, cosine]]) @ np.diag(steps)
            for (i, j), value in np.ndenumerate(cd):
                header[f"CD{i + 1}_{j + 1}"] = value
        else:
            header["CDELT1"], header["CDELT2"] = steps
            header["CROTA2"] = self.rotation
        return header

    @cached_property
    def offsets(self):
        """Offsets of the pixels to the East and North, arcsec, from the sky and not the header."""
        row, column = np.indices(self.shape)
        sky = WCS(self.header).pixel_to_world(column, row)
        seen = sky.transform_to(self.centre.skyoffset_frame())
        east = seen.lon.wrap_at(180 * u.deg).to_value(u.arcsec) * np.cos(seen.lat.radian)
        return east, seen.lat.to_value(u.arcsec)

    def velocity_at(self, east, north):
        """Velocities relative to that of the galaxy, km/s, at offsets in arcsec, without noise."""
        turn = np.radians(self.pa)
        along = east * np.sin(turn) + north * np.cos(turn)
        across = (east * np.cos(turn) - north * np.sin(turn)) / self.axis_ratio
        return self.amplitude * along / np.hypot(np.hypot(along, across), 2.0)

    @staticmethod
    def dispersion_at(east, north):
        """Velocity dispersions without the instrument's part, km/s, at offsets in arcsec."""
        return 40 + 100 * np.exp(-(east**2 + north**2) / (2 * 5.0**2))

    @staticmethod
    def light_at(east, north):
        """Light per area, at offsets in arcsec."""
        return np.exp(-np.hypot(np.hypot(east, north), 1.0) / 5)

    @property
    def dispersion(self):
        """Map of the velocity dispersions, km/s; NaN outside the circle."""
        return np.where(self.inside, self.dispersion_at(*self.offsets), np.nan)

    @property
    def light(self):
        """Map of the light per spaxel; NaN outside the circle."""
        return np.where(self.inside, self.light_at(*self.offsets), np.nan)

    @property
    def velocity(self):
        """Map of the velocities, km/s, with noise; NaN outside a circle."""
        east, north = self.offsets
        velocity = self.velocity_at(east, north)
        velocity += np.random.default_rng(self.seed).normal(0, self.error, self.shape)
        return np.where(self.inside, velocity, np.nan)

    @property
    def inside(self):
        """Where there is signal: in a circle that fits in the frame."""
        return np.hypot(*self.offsets) < 0.45 * self.pixel * min(self.shape)

    @property
    def errors(self):
        """Map of the 1-sigma errors, km/s; NaN outside the circle."""
        return np.where(self.inside, self.error, np.nan)

    @property
    def cz(self):
        """Velocity of the galaxy, km/s."""
        return LIGHT * self.redshift
