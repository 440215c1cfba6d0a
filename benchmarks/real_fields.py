"""The 9,545 real velocity fields with published angles that lie beside the repository."""

import csv
import os
from pathlib import Path

import numpy as np

from mangapa.classification.labels import unpack

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
