"""Bins of two by two pixels of a scene, as a pipeline makes them."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u


@dataclass(frozen=True)
class Bins:
    """
    The bin of each pixel, and the values of each bin.

    ``of_pixel`` has the shape of the scene, and is -1 outside all bins; the others are of shape
    (n,), with offsets to the East and North.
    """

    of_pixel: np.ndarray
    east: np.ndarray
    north: np.ndarray
    velocity: np.ndarray
    error: np.ndarray
    size: np.ndarray
    dispersion: np.ndarray
    light: np.ndarray


def bins(scene):
    """Bin a scene; the pixels outside the circle are in no bin."""
    inside = scene.inside
    row, column = np.indices(scene.shape) // 2
    of_pixel = np.full(scene.shape, -1)
    block = row * scene.shape[1] + column
    of_pixel[inside] = np.unique(block[inside], return_inverse=True)[1].ravel()
    number = of_pixel[inside]
    size = np.bincount(number)

    def mean(image):
        return np.bincount(number, image[inside]) / size

    east, north = scene.offsets
    error = scene.error / np.sqrt(size)
    maps = (mean(one) for one in (scene.dispersion, scene.light))
    return Bins(of_pixel, mean(east), mean(north), mean(scene.velocity), error, size, *maps)


def over_pixels(binned, values, fill):
    """The values of the bins, repeated over their pixels, and a fill value outside; flat."""
    number = binned.of_pixel.ravel()
    return np.where(number < 0, fill, values[number])


def in_unit(table, names, unit):
    """Convert columns of velocities of a table in place, and state their unit if it is not km/s."""
    if unit != "km/s":
        for name in names:
            table[name] = table[name] * u.Unit("km/s").to(unit)
            table[name].unit = unit
