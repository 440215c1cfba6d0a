"""Read the tables of stellar kinematics of ATLAS3D and SAURON, one row for each bin."""

import re
from collections.abc import Sequence

from mangapa._utils.cards import clean_text
from mangapa._utils.files import stem
from mangapa._utils.types import PathLike
from mangapa.fields import Galaxy
from mangapa.formats._choices import one_path
from mangapa.formats._files import Outline, first_lines, open_hdus
from mangapa.formats._format import Format, register_format
from mangapa.formats._tables import column, optional_column, table_with, text_table
from mangapa.formats._values import field_of, refuse_empty, relative

__all__ = ["read_atlas3d"]

FILES = "PXF_bin_MS_NGC4570_r2_idl.fits.gz"
#: Columns of the places and velocities of the bins, and of the errors.
COLUMNS = ("XS", "YS", "VPXF", "EVPXF")
#: Those that are read if they are there, by the arguments of `field_of`.
OTHERS = {"dispersion": "SPXF", "dispersion_error": "ESPXF", "flux": "FLUX"}
#: The same in text files.
TEXT_COLUMNS = ("XBIN", "YBIN", "VEL", "ER_VEL")
TEXT_OTHERS = {"dispersion": "SIG", "dispersion_error": "ER_SIG", "flux": "FLUX"}
#: Names of galaxies in these surveys.
GALAXY = re.compile(r"(NGC|IC|UGC|PGC)[ _]?\d+", re.IGNORECASE)


def read_atlas3d(path: PathLike | Sequence[PathLike]) -> Galaxy:
    """
    Read the stellar velocity field from a table of bins of ATLAS3D or SAURON.

    The velocities are c z, and become relative to their median. The bins of which the column
    KINFLAG is 0 are bad. The light of a bin is the mean of its spaxels.

    Parameters
    ----------
    path : path-like
        A FITS file such as ``PXF_bin_MS_NGC4570_r2_idl.fits.gz`` (Cappellari et al. 2011), or a
        text file whose first line names the columns XBIN, YBIN, VEL and ER_VEL.

    Returns
    -------
    `~mangapa.Galaxy`
        With a field ``stellar`` of shape (1, n), for n bins.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        If the file does not exist, is a folder, or may not be read.
    mangapa.exceptions.GalaxyFileError
        If the file is damaged or has no velocities, or there are several.

    Examples
    --------
    See :ref:`atlas3d`.
    """
    path = one_path(path)
    if _is_text_table(first_lines(path)):
        table = text_table(path)
        maps = {key: table.get(name) for key, name in TEXT_OTHERS.items()}
        return _galaxy(path, [table[name] for name in TEXT_COLUMNS], **maps)
    with open_hdus(path) as hdus:
        table = table_with(hdus, COLUMNS, path, FILES)
        mask = table["KINFLAG"] == 0 if "KINFLAG" in table.names else None
        maps = {key: optional_column(table, name) for key, name in OTHERS.items()}
        return _galaxy(path, [column(table, name) for name in COLUMNS], mask=mask, **maps)


def _galaxy(path, columns, **maps):
    x, y, velocity, error = columns
    velocity, redshift = relative(velocity)
    found = GALAXY.search(path.name)
    name = found[0] if found else clean_text(stem(path))
    # The first coordinate grows to the West.
    field = field_of(path, velocity, -x, y, error=error, galaxy=name, **maps)
    refuse_empty(path, field)
    return Galaxy(stellar=field, name=name, survey="ATLAS3D", redshift=redshift)


def _is_atlas3d(found: Outline) -> bool:
    # The spectra have a table of their places, A and D.
    return found.columns >= {"XS", "YS"} or found.columns == {"A", "D"}


def _is_text_table(lines: str) -> bool:
    first = lines.lstrip().partition("\n")[0].upper().split()
    return set(TEXT_COLUMNS) <= {word.strip("#") for word in first}


register_format(
    Format(
        name="atlas3d",
        survey="ATLAS3D",
        title="tables of the stellar kinematics of bins, and those of SAURON",
        files=FILES,
        names=re.compile(r"(?P<observation>PXF_bin_MS_.+)"),
        recognise=_is_atlas3d,
        recognise_text=_is_text_table,
        read=read_atlas3d,
        offset_sign=-1,
        frame="absolute, c z",
        dispersion="stars, free of the instrument's part (they reach below its 100 km/s)",
    )
)
