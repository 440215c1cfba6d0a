"""Light and its velocities seen through the beam, and through the fibres of a dithered bundle."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mangapa._utils.robust import FWHM
from mangapa.simulate._losvd import Moments, Profiles
from mangapa.simulate._sky import FIELD_OF_VIEW, SPAXEL

#: Width over which the sky is drawn around the field: beams, and a fibre, arcsec.
BEAMS_AROUND, FIBRE_AROUND = 2.0, 2.0
#: Diameter of the core of a fibre and distance between the centres of fibres, arcsec (Drory et
#: al. 2015, AJ 149, 77).
FIBRE_CORE, FIBRE_PITCH = 2.0, 2.5
#: Distance of the three dithers from their centre, arcsec: with a side of 1.44 arcsec the triangle
#: fills the gaps between the fibres (Law et al. 2015, AJ 150, 19).
DITHER = FIBRE_PITCH / 3
#: Standard deviation of the weight of a fibre in a spaxel, and the distance beyond which it has
#: none, arcsec (Law et al. 2016, AJ 152, 83).
SHEPARD_SIGMA, SHEPARD_REACH = 0.7, 1.6
#: Variance along one axis of the core of a fibre, and of the weights, arcsec squared.
FIBRE_VARIANCE = FIBRE_CORE**2 / 16
_CUT = SHEPARD_REACH**2 / (2 * SHEPARD_SIGMA**2)
SHEPARD_VARIANCE = SHEPARD_SIGMA**2 * (1 - _CUT / np.expm1(_CUT))


@dataclass(frozen=True)
class Seen:
    """
    Images of the spaxels, and their light, 1 in the central one.

    The LOSVD makes kinematics of sums of the images, which have the shape (n, ny, nx).
    """

    images: np.ndarray
    flux: np.ndarray
    losvd: Moments | Profiles
    fibres: "Fibres | None" = None

    @property
    def velocity(self):
        """Mean velocity of each spaxel, km/s."""
        return self.losvd.kinematics(self.images.reshape(len(self.images), -1))[0].reshape(
            self.flux.shape
        )

    @property
    def snr(self):
        """Signal-to-noise ratio of the spaxels over that of the central one."""
        if self.fibres is None:
            return np.sqrt(self.flux)
        return self.fibres.snr(self.fibres.weights).reshape(self.flux.shape)


@dataclass(frozen=True)
class Fibres:
    """
    Weight of each fibre in each spaxel, and the light of the fibres.

    The light of a spaxel is the weighted mean of that of the fibres within reach, so neighbours
    share their noise, which is that of the photons.
    """

    weights: Any  # sparse array of shape (number of spaxels, number of fibres)
    light: np.ndarray
    unit: float = 1.0

    def snr(self, weights):
        """Signal-to-noise ratio of weighted sums over that of the central spaxel; 0 of none."""
        signal, noise = weights @ self.light, np.sqrt(weights.power(2) @ self.light)
        return np.divide(signal, noise * self.unit, out=np.zeros(len(signal)), where=noise > 0)

    def noise(self, rng, weights):
        """Noise of the velocities of weighted sums, in units of its standard deviation."""
        white = rng.normal(size=self.light.size) * np.sqrt(self.light)
        return weights @ white / np.sqrt(weights.power(2) @ self.light)


def surroundings(x, y, psf, dithered):
    """Offsets of the spaxels, and of those around them whose light the instrument mixes in."""
    margin = _margin(psf, dithered)
    if margin == 0:
        return x, y
    return tuple(np.pad(one, margin, "reflect", reflect_type="odd") for one in (x, y))


def look(layers, losvd, x, y, psf, n_fibres, dithered):
    """
    See layers, which are maps of the `surroundings`, in spaxels.

    The images that the LOSVD makes of them are smeared, so that it is weighted with the light.
    Through fibres, the seeing is what is left of ``psf`` after the fibres and the cube.
    """
    images, margin = losvd.images(layers), _margin(psf, dithered)
    if margin == 0:
        return _relative(images, losvd)
    if not dithered:
        return _relative(_smear(images, psf / FWHM)[:, margin:-margin, margin:-margin], losvd)

    from scipy.ndimage import map_coordinates

    seeing = np.sqrt(max((psf / FWHM) ** 2 - FIBRE_VARIANCE - SHEPARD_VARIANCE, 0))
    smeared = _smear(images, seeing, FIBRE_CORE)
    at_x, at_y = bundle(n_fibres)
    wide_x, wide_y = surroundings(x, y, psf, dithered)
    places = [(at_y - wide_y[0, 0]) / SPAXEL, (wide_x[0, 0] - at_x) / SPAXEL]
    in_fibres = np.stack([map_coordinates(image, places, order=3) for image in smeared])
    in_fibres *= losvd.light(in_fibres) > 0  # rounding
    weights = cube_weights(x, y, at_x, at_y)
    fibres = Fibres(weights, losvd.light(in_fibres))
    central = fibres.snr(weights).reshape(x.shape)[_centre(x)]
    cube = np.stack([(weights @ one).reshape(x.shape) for one in in_fibres])
    return _relative(cube, losvd, replace(fibres, unit=central))


def _margin(psf, dithered):
    return int(np.ceil((BEAMS_AROUND * psf + FIBRE_AROUND * dithered) / SPAXEL))


def _relative(images, losvd, fibres=None):
    flux = losvd.light(images)
    central = flux[_centre(flux)]
    return Seen(images / central, flux / central, losvd, fibres)


def _centre(spaxels):
    """Index of the spaxel at the centre of the galaxy."""
    return tuple(n // 2 for n in spaxels.shape)


def bundle(n_fibres):
    """Offsets of the fibres of a hexagonal bundle in three dithers, arcsec."""
    rings = round((FIELD_OF_VIEW[n_fibres] / FIBRE_PITCH - 1) / 2)
    row, along = np.mgrid[-rings : rings + 1, -rings : rings + 1]
    inside = np.abs(row + along) <= rings
    x = FIBRE_PITCH * (along + row / 2)[inside]
    y = FIBRE_PITCH * np.sqrt(0.75) * row[inside]
    towards = np.radians([0, 120, 240])[:, np.newaxis]
    return np.ravel(x + DITHER * np.cos(towards)), np.ravel(y + DITHER * np.sin(towards))


def cube_weights(x, y, at_x, at_y):
    """Weights of the fibres in each spaxel, whose sum is 1, or 0 if none is within reach."""
    from scipy.sparse import csr_array
    from scipy.spatial import cKDTree

    spaxels, fibres = (np.column_stack([a.ravel(), b.ravel()]) for a, b in ((x, y), (at_x, at_y)))
    near = cKDTree(spaxels).sparse_distance_matrix(
        cKDTree(fibres), SHEPARD_REACH, output_type="ndarray"
    )
    weights = np.exp(-((near["v"] / SHEPARD_SIGMA) ** 2) / 2)
    weights /= np.bincount(near["i"], weights, len(spaxels))[near["i"]]
    return csr_array((weights, (near["i"], near["j"])), shape=(len(spaxels), len(fibres)))


def _smear(images, sigma, core=0.0):
    """Convolve images with a Gaussian and the round core of a fibre; the edges wrap around."""
    from scipy.fft import fftfreq, irfft2, rfft2, rfftfreq
    from scipy.special import j1

    shape = images.shape[-2:]
    frequency = np.hypot(fftfreq(shape[0], SPAXEL)[:, np.newaxis], rfftfreq(shape[1], SPAXEL))
    transfer = np.exp(-2 * (np.pi * sigma * frequency) ** 2)
    if core:
        argument = np.pi * core * np.maximum(frequency, 1e-12)
        transfer *= 2 * j1(argument) / argument
    return irfft2(rfft2(images) * transfer, shape)
