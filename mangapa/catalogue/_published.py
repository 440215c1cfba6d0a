"""The catalogue of Duckworth et al. 2020, as it was published."""

from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.table import Column, MaskedColumn, QTable, Table

from mangapa.catalogue._citation import CITATION

__all__ = ["read_published"]

#: Meanings of its columns; of flags, with the largest number that is one.
ANGLES = {
    "stellar_pa": "Kinematic position angle of the stars, North through East to the receding side",
    "halpha_pa": "Kinematic position angle of H-alpha, North through East to the receding side",
    "pa_offset": "Misalignment of stars and H-alpha",
}
FLAGS = {
    "stel_qual": (2, "Stars: 0 do not use, 1 messy, 2 clean"),
    "halpha_qual": (2, "H-alpha: 0 do not use, 1 messy, 2 clean"),
    "stel_feature": (3, "Stars: 0 none, 1 decoupled core, 2 warp, 3 merger"),
    "halpha_feature": (3, "H-alpha: 0 none, 1 decoupled core, 2 warp, 3 merger"),
    "halpha_notes": (3, "H-alpha: 0 none, 1 depleted, 2 no clear rotation, 3 biased rotation"),
}


def read_published(path):
    """
    Read the published catalogue of position angles and flags by eye.

    Its slips are handled: numbers that are no flag (a stray ``stel_qual`` of 3) and galaxies
    without flags are masked, missing angles are NaN, and 360 deg is 0.

    Parameters
    ----------
    path : path-like
        The CSV file.

    Returns
    -------
    `~astropy.table.QTable`
        ``plateifu``, ``stellar_pa``, ``halpha_pa``, ``pa_offset`` (deg), and of ``mangaid``,
        ``stel_qual``, ``halpha_qual``, ``stel_feature``, ``halpha_feature`` and ``halpha_notes``
        those that are there.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not that catalogue.
    """
    path = Path(path)
    if not path.is_file():
        msg = f"there is no catalogue {path}; check the name"
        raise FileNotFoundError(msg)
    text = Table.read(path, format="ascii.csv", guess=False, converters={"*": str})
    missing = {"plateifu", *ANGLES} - set(text.colnames)
    if missing:
        msg = f"{path} is not the published catalogue: it lacks {', '.join(sorted(missing))}"
        raise ValueError(msg)
    table = QTable()
    table["plateifu"] = Column(_filled(text["plateifu"]), description="MaNGA plate-IFU")
    if "mangaid" in text.colnames:
        names = _filled(text["mangaid"])
        table["mangaid"] = MaskedColumn(
            names, mask=names == "", description="MaNGA identifier of the galaxy"
        )
    for name, description in ANGLES.items():
        values = _numbers(text[name])
        if name != "pa_offset":
            values = values % 360
        table[name] = values * u.deg
        table[name].info.description = description
    for name, (largest, description) in FLAGS.items():
        if name in text.colnames:
            values = _numbers(text[name])
            good = np.isin(values, np.arange(largest + 1))
            table[name] = MaskedColumn(
                np.where(good, values, 0).astype(int), mask=~good, description=description
            )
    table.meta["citation"] = CITATION
    return table


def _filled(column):
    return np.asarray(np.ma.filled(np.ma.asarray(column), "")).astype(str)


def _numbers(column):
    return np.array([float(cell) if cell else np.nan for cell in _filled(column)])
