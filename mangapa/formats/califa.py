"""Read the tables of stellar kinematics of CALIFA, made from its V1200 cubes."""

import re
from collections.abc import Sequence

from mangapa._utils.cards import clean_text, text_of
from mangapa._utils.files import stem
from mangapa._utils.types import PathLike
from mangapa.fields import Galaxy
from mangapa.formats._choices import one_path
from mangapa.formats._files import Outline, open_hdus
from mangapa.formats._format import Format, register_format
from mangapa.formats._tables import column, optional_column, table_with
from mangapa.formats._values import field_of, refuse_empty, relative

__all__ = ["read_califa"]

FILES = "NGC6278.CALIFA.V1200.stekin.fits"
#: What marks a missing value, in every column.
MISSING = -999.9
#: Columns that are read; the velocities are those of 100 Monte Carlo realisations.
COLUMNS = ("X", "Y", "BIN_ID", "VP", "DVP")
#: Those that are read if they are there, by the arguments of `field_of`. FLUXBIN is not the light
#: of a bin: it is about the S/N that was aimed at.
OTHERS = {"dispersion": "SP", "dispersion_error": "DSP", "flux": "FLUX"}


def read_califa(path: PathLike | Sequence[PathLike]) -> Galaxy:
    """
    Read the stellar velocity field from a table of CALIFA.

    The table has one row for each spaxel of 1 arcsec, with the velocity of its bin. It is the
    velocity c z from 100 Monte Carlo realisations, with their scatter as its error; here it is
    relative to its median. All spaxels in a bin are good. The dispersion of a bin is that of the
    same realisations, and the light is that of each spaxel.

    Parameters
    ----------
    path : path-like
        A file such as ``NGC6278.CALIFA.V1200.stekin.fits`` (Falcon-Barroso et al. 2017).

    Returns
    -------
    `~mangapa.Galaxy`
        With a field ``stellar`` of shape (1, n), for n spaxels.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        If the file does not exist, is a folder, or may not be read.
    mangapa.exceptions.GalaxyFileError
        If the file is damaged or has no velocities, or there are several.

    Examples
    --------
    See :ref:`califa`.
    """
    path = one_path(path)
    with open_hdus(path) as hdus:
        table = table_with(hdus, COLUMNS, path, FILES)
        x, y, bins, velocity, error = (column(table, name, MISSING) for name in COLUMNS)
        velocity, redshift = relative(velocity)
        header = hdus[0].header.copy()
        name = text_of(header, "OBJECT") or clean_text(stem(path).partition(".")[0])
        # X grows to the West.
        maps = {key: optional_column(table, one, MISSING) for key, one in OTHERS.items()}
        field = field_of(path, velocity, -x, y, error=error, bin_id=bins, galaxy=name, **maps)
        refuse_empty(path, field)
    return Galaxy(
        stellar=field,
        name=name,
        survey="CALIFA",
        daptype="V1200 stellar kinematics",
        header=header,
        redshift=redshift,
    )


def _is_califa(found: Outline) -> bool:
    return found.columns >= {"SPEC_ID", "BIN_ID", "NSPAXS"}


register_format(
    Format(
        name="califa",
        survey="CALIFA",
        title="tables of the stellar kinematics of spaxels, from the V1200 cubes",
        files=FILES,
        names=re.compile(r"(?P<observation>.+\.V1200\..*(stekin|stellar_kin)\.fits.*)"),
        recognise=_is_califa,
        read=read_califa,
        offset_sign=-1,
        missing="-999.9, in every column",
        frame="absolute, c z",
        error="1 sigma, from Monte Carlo realisations",
        dispersion="stars, free of the instrument's part (they reach below its 65 km/s)",
    )
)
