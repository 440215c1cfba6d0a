"""The 9,545 real velocity fields with published angles that lie beside the repository."""

import csv
import os
from pathlib import Path

import numpy as np
from astropy.io import fits

from mangapa import VelocityField
from mangapa.usability.labels import unpack

SHARED_DATA = Path(
    os.environ.get("MANGAPA_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data")
)


def velocity_fields(only=None):
    """Yield each field, or those whose number is in ``only``; its axes are those of a DAP map."""
    return unpack(SHARED_DATA / "velocity_fields.npz", only)


def n_velocity_fields():
    """How many fields there are."""
    with np.load(SHARED_DATA / "velocity_fields.npz") as archive:
        return len(archive["meta"])


def published_catalogue():
    """The rows of the catalogue by plate-IFU, its cells as they were written."""
    with open(SHARED_DATA / "catalogue.csv", newline="") as file:
        return {row["plateifu"]: row for row in csv.DictReader(file)}


def number(cell):
    """A cell of the catalogue as a number, NaN where it is empty."""
    return float(cell) if cell else np.nan


def radon_example():
    """
    The field of 8082-6102 and its published PA(R) (Stark et al. 2018), the only one that is public.

    The trace has a row each for the offset from the centre, arcsec, of either sign; the axis there,
    degrees modulo 180; and its error.
    """
    spaxel = 0.5
    with fits.open(SHARED_DATA / "stark_radon_8082-6102.fits") as file:
        velocity, error, mask = (
            np.array(file[name].data, float)
            for name in ("velocity", "velocity_error", "velocity_mask")
        )
        trace = file["trace"].data[0]
        rho, theta, error_theta, status, bias = (
            np.array(trace[name]) for name in ("RHO", "THETA", "ETHETA", "STATUS", "BIAS_FLAG")
        )
    row, column = np.mgrid[:49, :49] - 24
    good = (mask == 0) & (error > 0)
    field = VelocityField.from_arrays(
        velocity,
        -spaxel * column,
        spaxel * row,
        mask=~good,
        ivar=np.where(good, error, np.inf) ** -2.0,
        galaxy="8082-6102",
    )
    told = (status > 0) & (bias == 0)
    # Its angle is that of the line along which the Radon transform sums, square to the rotation.
    axis = (np.degrees(theta) + 90) % 180
    return field, np.array([spaxel * rho, axis, np.degrees(error_theta)])[:, told]
