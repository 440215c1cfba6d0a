"""A survey that keeps stars and gas in two files, and observes some galaxies twice."""

import re

import numpy as np
from astropy.io import fits

from mangapa import Galaxy, VelocityField
from mangapa.exceptions import GalaxyFileError
from mangapa.formats import Format

#: Files are named GALAXY_OBSERVATION_TRACER_BINNING.fits.
NAMES = re.compile(r"(?P<observation>[^_]+_[^_]+)_(stellar|halpha)_[^_]+\.fits")
PIXEL = 0.5


def write_toy(folder, galaxy, observation, tracer, *, pa, binning="default"):
    """Write a file in which a disc recedes to ``pa``, deg; return its path."""
    y, x = PIXEL * (np.mgrid[:24, :26] - np.array([11.5, 12.5])[:, None, None])
    angle = np.radians(pa)
    along = -x * np.sin(angle) + y * np.cos(angle)  # x to the West, as in most images
    velocity = 200 * np.tanh(along / 2) + np.random.default_rng(1).normal(0, 3, x.shape)
    cards = {"TOY": tracer, "GALAXY": galaxy, "OBS": observation, "BINNING": binning}
    path = folder / f"{galaxy}_{observation}_{tracer}_{binning}.fits"
    fits.PrimaryHDU(velocity, fits.Header(cards)).writeto(path)
    return path


def read_toy(paths, *, binning="default"):
    """Read the files of one observation."""
    fields, cards = {}, {}
    for path in paths if isinstance(paths, list) else [paths]:
        with fits.open(path) as hdus:
            cards, velocity = hdus[0].header, hdus[0].data.astype(float)
        if cards["BINNING"] != binning:
            continue
        y, x = PIXEL * (np.indices(velocity.shape) - np.array([11.5, 12.5])[:, None, None])
        fields[cards["TOY"]] = VelocityField.from_arrays(
            velocity, -x, y, tracer=cards["TOY"], galaxy=cards["GALAXY"]
        )
    if not fields:
        msg = f"{path} has no binning {binning!r}"
        raise GalaxyFileError(msg)
    names = {"name": cards["GALAXY"], "observation": cards["OBS"], "daptype": binning}
    return Galaxy(**fields, **names, survey="Toy")


TOY = Format(
    name="toy",
    title="velocity maps, one file for each tracer",
    survey="Toy",
    files="NGC1_A_stellar_default.fits",
    names=NAMES,
    recognise=lambda found: "TOY" in found.primary,
    read=read_toy,
    options=("binning",),
    offset_sign=-1,
)
