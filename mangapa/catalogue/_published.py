"""The catalogue of Duckworth et al. 2020, as it was published."""

import numpy as np
from astropy import units as u
from astropy.table import Column, MaskedColumn, QTable

from mangapa._utils.types import PathLike
from mangapa.angles import wrap
from mangapa.catalogue._cells import SENTINEL
from mangapa.catalogue._flag_table import COLUMNS, MEANINGS, read_flag_table
from mangapa.catalogue._provenance import CITATION

#: ASCII names, since FITS headers hold nothing else.
TITLES = {"stellar": "Stars", "halpha": "H-alpha"}
ANGLES = {
    "stellar_pa": "Kinematic position angle of the stars, North through East to the receding side",
    "halpha_pa": "Kinematic position angle of H-alpha, North through East to the receding side",
    "pa_offset": "Misalignment of the stars and H-alpha",
}


def read_published(path: PathLike) -> QTable:
    """
    Read the published catalogue of position angles and flags by eye.

    Angles that are empty, not finite, or -999 or less are NaN, and 360 deg is 0. Missing flags are
    masked, as are numbers that are not a code, such as the ``stel_qual`` of 3 that was published
    for one galaxy; a `~mangapa.MangapaWarning` counts the latter.

    Parameters
    ----------
    path : path-like
        The CSV file.

    Returns
    -------
    `~astropy.table.QTable`
        ``plateifu``, ``stellar_pa``, ``halpha_pa`` and ``pa_offset`` (deg), and where the file has
        them ``mangaid``, ``stel_qual``, ``stel_feature``, ``halpha_qual``, ``halpha_feature`` and
        ``halpha_notes``.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file does not exist, or is not that catalogue.
    """
    names, rows = read_flag_table(path, *((name,) for name in ANGLES))
    table = QTable(meta={"citation": CITATION})
    table["plateifu"] = Column([row["plateifu"] for row in rows], description="MaNGA plate-IFU")
    if "mangaid" in names:
        ids = np.array([row["mangaid"] for row in rows], str)
        table["mangaid"] = MaskedColumn(ids, mask=ids == "", description="MaNGA-ID of the galaxy")
    for name, description in ANGLES.items():
        values = np.array([_angle(path, name, row[name]) for row in rows])
        table[name] = (values if name == "pa_offset" else wrap(values)) * u.deg
        table[name].info.description = description
    for kind, columns in COLUMNS.items():
        meanings = ", ".join(f"{code} {meaning}" for code, meaning in enumerate(MEANINGS[kind]))
        for tracer, name in columns.items():
            if name in names:
                codes, text = [row[name] for row in rows], f"{TITLES[tracer]}: {meanings}"
                mask = [code is None for code in codes]
                codes = [code or 0 for code in codes]
                table[name] = MaskedColumn(codes, mask=mask, dtype=int, description=text)
    return table


def _angle(path, name, cell):
    """An angle in deg, or NaN if the cell is blank, not finite or a sentinel such as -999."""
    try:
        number = float(cell or "nan")
    except ValueError:
        msg = f"{path} has {name}={cell!r}, which is not an angle; correct it, or leave it empty"
        raise ValueError(msg) from None
    return number if np.isfinite(number) and number > SENTINEL else np.nan
