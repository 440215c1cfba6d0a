"""Read the tables of the GIST and nGIST pipelines: one run is one galaxy."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from mangapa._utils.files import printable
from mangapa._utils.types import PathLike
from mangapa.exceptions import GalaxyFileError
from mangapa.fields import Galaxy
from mangapa.formats._choices import check_name
from mangapa.formats._files import Outline, open_hdus
from mangapa.formats._format import Format, register_format
from mangapa.formats._gist_lines import flux_in_bins, line_of, maps_of_line
from mangapa.formats._gist_run import NAMES, open_run
from mangapa.formats._tables import column, optional_column, table_with
from mangapa.formats._values import field_of, refuse_empty

__all__ = ["read_gist"]

#: What marks a missing value of GANDALF.
MISSING = -1
#: Tables of the gas, the preferred one first.
LEVELS = {"default": ("spaxel", "bin"), "spaxel": ("spaxel",), "bin": ("bin",)}


def read_gist(path: PathLike | Sequence[PathLike], *, binning: str = "default") -> Galaxy:
    """
    Read the velocity fields of a run of GIST or nGIST from its tables.

    Name any table of a run. The others are found beside it by their names: the spaxels in
    ``<run>_table.fits``, the stars in ``<run>_kin.fits``, the gas in ``<run>_gas_SPAXEL.fits`` or
    ``<run>_gas_BIN.fits``, and the mask in ``<run>_mask.fits``. The field ``halpha`` is that of
    H-alpha or, if it was not fitted, of H-beta. Bad are the spaxels outside all bins or in the
    mask, and lines of GANDALF whose amplitude is less than 4 times the noise.

    Parameters
    ----------
    path : path-like, or sequence of path-like
        A table of a run, or several.
    binning : {"default", "spaxel", "bin"}, optional
        Which table of the gas is read; by default that of the spaxels, if there is one.

    Returns
    -------
    `~mangapa.Galaxy`
        With fields of shape (1, n), for n spaxels.

    Raises
    ------
    ValueError
        If ``binning`` is not known.
    FileNotFoundError
        If a table that is named does not exist.
    mangapa.exceptions.GalaxyFileError
        If a table is damaged or missing, or belongs to another run.

    Examples
    --------
    See :ref:`gist`.
    """
    check_name("binning", binning, LEVELS)
    run = open_run(path)
    stars, (gas, source) = _stars(run), _gas(run, LEVELS[binning])
    fields = [field for field in (stars, gas) if field is not None]
    if not fields:
        msg = (
            f"{printable(run.tables['table'])} has no velocities of stars, H-alpha or H-beta "
            f"beside it; copy {run.name}_kin.fits and {run.name}_gas_BIN.fits to the same folder"
        )
        raise GalaxyFileError(msg)
    refuse_empty(run.tables["table"], *fields)
    return Galaxy(stellar=stars, halpha=gas, name=run.name, daptype=source, header=run.header)


def _stars(run):
    """Field of the stars; `None` if there is no table of them."""
    if "kin" not in run.tables:
        return None
    path = run.tables["kin"]
    with open_hdus(path) as hdus:
        table = table_with(hdus, ("V", "FORM_ERR_V"), path, f"{run.name}_kin.fits")
        run.check_rows("kin", len(table), run.row.max() + 1)
        maps = {"velocity": column(table, "V"), "error": _errors(table, "V")}
        maps["dispersion"] = optional_column(table, "SIGMA")
        maps["dispersion_error"] = _errors(table, "SIGMA")
        maps = {name: one if one is None else one[run.row] for name, one in maps.items()}
        bins = np.where(run.inside, run.row, -1)
        options = {"bin_id": bins, "galaxy": run.name, "flux": run.flux}
        return field_of(path, x=run.x, y=run.y, **maps, **options)


def _errors(table, name):
    """Errors from Monte Carlo realisations, or else formal ones; `None` if there are neither."""
    both = (optional_column(table, f"{kind}_{name}", 0) for kind in ("ERR", "FORM_ERR"))
    known = [one for one in both if one is not None]
    return np.where(np.isfinite(known[0]), known[0], known[-1]) if known else None


def _gas(run, levels):
    """Field of the gas, and where it is from; `None` for both if there is none."""
    for level in levels:
        path = run.tables.get(f"gas_{level}")
        if path is None:
            continue
        with open_hdus(path) as hdus:
            table = table_with(hdus, (), path, f"{run.name}_gas_BIN.fits")
            line, name = line_of(table.names)
            if line is None:
                continue
            row = run.row if level == "bin" else np.arange(run.row.size)
            run.check_rows(f"gas_{level}", len(table), row.max() + 1)
            maps = maps_of_line(name, partial(optional_column, table, fill=MISSING))
            maps = {what: one[row] for what, one in maps.items() if what != "flux_error"}
            bins = np.where(run.inside, row, -1)
            if level == "bin" and "flux" in maps:
                maps["flux"] = flux_in_bins(name, maps["flux"], bins)
            options = {"bin_id": bins, "galaxy": run.name}
            field = field_of(path, x=run.x, y=run.y, **maps, **options, tracer="halpha")
            return field, f"gas: {line}, {level.upper()}"
    return None, None


def _is_gist(found: Outline) -> bool:
    if found.names & {"KIN_DATA", "MASKFILE", "LOGLAM"}:
        return True
    if "LEVEL" in found.primary:
        return any(name.endswith(("_V", "_VEL")) for name in found.columns)
    of_spaxels, of_populations = {"BIN_ID", "XBIN", "SNRBIN"}, {"AGE", "METAL", "ALPHA"}
    return found.columns >= of_spaxels or found.columns >= of_populations


register_format(
    Format(
        name="gist",
        title="tables of the GIST and nGIST pipelines",
        files="NGC0001_kin.fits",
        names=NAMES,
        recognise=_is_gist,
        read=read_gist,
        options=("binning",),
        offset_sign=-1,
        missing="BIN_ID < 0; -1 in the gas of GANDALF",
        frame="relative to the redshift given to the pipeline, which is not in the files",
        error="1 sigma, from Monte Carlo realisations or else formal; none with GANDALF",
        dispersion="stars, and gas of GANDALF, free of the instrument's part; gas of pPXF with it, "
        "as in SIGMA_CORR (all by the code of nGIST)",
    )
)
