"""Read the 9,545 real velocity fields with published angles from the folder of shared data."""

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
    """Yield all fields, or those whose number is in ``only``, oriented like DAP maps."""
    return unpack(SHARED_DATA / "velocity_fields.npz", only)


def n_velocity_fields():
    """Return the number of fields."""
    with np.load(SHARED_DATA / "velocity_fields.npz") as archive:
        return len(archive["meta"])


def published_catalogue():
    """Return the rows of the catalogue by plate-IFU, with all cells as text."""
    with open(SHARED_DATA / "catalogue.csv", newline="") as file:
        return {row["plateifu"]: row for row in csv.DictReader(file)}


def number(cell):
    """Convert a cell of the catalogue to a number, NaN if it is empty."""
    return float(cell) if cell else np.nan


def radon_example():
    """
    Read the field of 8082-6102 and its PA(R), the only one published (Stark et al. 2018).

    The rows of the trace are the signed offset from the centre (arcsec), the axis (degrees, modulo
    180) and its error.
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
    reliable = (status > 0) & (bias == 0)
    # THETA is the direction of the line along which the Radon transform sums, perpendicular to the
    # kinematic axis.
    axis = (np.degrees(theta) + 90) % 180
    return field, np.array([spaxel * rho, axis, np.degrees(error_theta)])[:, reliable]
