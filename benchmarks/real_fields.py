"""The 9,545 real velocity fields with published angles that lie beside the repository."""

import csv
import os
from pathlib import Path

import numpy as np

from mangapa import VelocityField

SHARED_DATA = Path(
    os.environ.get("MANGAPA_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data")
)
SPAXEL = 0.5  # arcsec


def velocity_fields(only=None):
    """Yield each field, or those whose number is in ``only``; its axes are those of a DAP map."""
    with np.load(SHARED_DATA / "velocity_fields.npz") as archive:
        meta, valid, codes = archive["meta"], archive["valid"], archive["code"]
    first_byte = first_code = 0
    for number, m in enumerate(meta):
        shape, n_valid = (int(m["ny"]), int(m["nx"])), int(m["n_valid"])
        n_bytes = (shape[0] * shape[1] + 7) // 8
        if only is None or number in only:
            bits = np.unpackbits(valid[first_byte : first_byte + n_bytes])
            good = bits[: shape[0] * shape[1]].astype(bool).reshape(shape)
            velocity = np.full(shape, np.nan)
            step = (m["vmax"] - m["vmin"]) / 256
            velocity[good] = m["vmin"] + step * (codes[first_code : first_code + n_valid] + 0.5)
            x = m["x_first"] - SPAXEL * np.arange(shape[1])
            y = m["y_first"] + SPAXEL * np.arange(shape[0])
            yield VelocityField.from_arrays(
                velocity, *np.meshgrid(x, y), tracer=str(m["tracer"]), galaxy=str(m["plateifu"])
            )
        first_byte += n_bytes
        first_code += n_valid


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
