"""Emission lines in the tables and images of GIST and nGIST: their names, and the maps of one."""

import re
from collections.abc import Callable, Iterable

import numpy as np

__all__ = ["LINES", "flux_in_bins", "line_of", "maps_of_line", "names_of_line"]

#: Velocities of the lines of hydrogen, the preferred one first, as GANDALF and pPXF name them.
LINES = {
    "Ha": re.compile(r"H_?A(LPHA)?_?656\d(\.\d+)?_V(EL)?", re.IGNORECASE),
    "Hb": re.compile(r"H_?B(ETA)?_?486\d(\.\d+)?_V(EL)?", re.IGNORECASE),
}
#: What the names of the other maps of a line end in, where its velocities end in "V", as those of
#: GANDALF, or in "VEL", as those of pPXF.
ENDS = {
    "V": {"flux": "F", "dispersion": "S", "amplitude": "AON"},
    "VEL": {
        "error": "VEL_ERR",
        "flux": "FLUX",
        "flux_error": "FLUX_ERR",
        "dispersion": "SIGMA",
        "dispersion_error": "SIGMA_ERR",
        "instrumental_dispersion": "SIGMA_CORR",
    },
}
#: The least amplitude-over-noise in the maps of GIST.
LEAST_AON = 4


def line_of(names: Iterable[str]) -> "tuple[str, str] | tuple[None, None]":
    """
    Find a line of hydrogen.

    Parameters
    ----------
    names : iterable of `str`
        Names of columns or images.

    Returns
    -------
    line, velocity : `str` or `None`
        The line, "Ha" if there is one, and the name of its velocities; `None` if there is none.
    """
    for line, pattern in LINES.items():
        for name in filter(pattern.fullmatch, names):
            return line, name
    return None, None


def names_of_line(velocity: str) -> dict[str, str]:
    """
    Names of the other maps of a line.

    Parameters
    ----------
    velocity : `str`
        Name of its velocities, such as "HA6562_VEL" of pPXF or "Ha_6562.80_V" of GANDALF.

    Returns
    -------
    `dict` of `str` to `str`
        Names by what the maps are; there need not be such maps.

    Examples
    --------
    >>> from mangapa.formats._gist_lines import names_of_line
    >>> names_of_line("Ha_6562.80_V")["dispersion"], names_of_line("HA6562_VEL")["flux"]
    ('Ha_6562.80_S', 'HA6562_FLUX')
    """
    line, _, end = velocity.rpartition("_")
    return {what: f"{line}_{name}" for what, name in ENDS[end.upper()].items()}


def maps_of_line(
    velocity: str, values_of: Callable[[str], np.ndarray | None]
) -> dict[str, np.ndarray]:
    """
    Maps of a line.

    Parameters
    ----------
    velocity : `str`
        Name of its velocities, in a table or an image of GANDALF or pPXF.
    values_of : callable
        Takes a name, and returns the values, or `None` if there are none.

    Returns
    -------
    `dict` of `str` to `~numpy.ndarray`
        By the arguments of ``field_of``, and "flux_error", as far as there are any. Velocities of
        a faint line are missing. The dispersions of pPXF contain the instrument's part, NaN if it
        is not known, and those of GANDALF do not.
    """
    names = {"velocity": velocity} | names_of_line(velocity)
    maps = {what: values for what, name in names.items() if (values := values_of(name)) is not None}
    if "amplitude" in maps:
        is_bright = maps.pop("amplitude") >= LEAST_AON
        maps["velocity"] = np.where(is_bright, maps["velocity"], np.nan)
    if "instrumental_dispersion" in names:
        maps.setdefault("instrumental_dispersion", np.full_like(maps["velocity"], np.nan))
    return maps


def flux_in_bins(velocity: str, flux: np.ndarray, bin_id: np.ndarray) -> np.ndarray:
    """
    Mean flux of a line in the spaxels of each bin.

    GANDALF fits the sum of the spectra of a bin, and states the flux of that. The one of pPXF is
    already the mean.

    Parameters
    ----------
    velocity : `str`
        Name of the velocities of the line, which tells who fitted it.
    flux : `~numpy.ndarray`
        Flux of the bin, for each spaxel.
    bin_id : `~numpy.ndarray`
        Bin of each spaxel, of the same shape; negative or NaN outside all bins.

    Returns
    -------
    `~numpy.ndarray`
        Flux of each spaxel.
    """
    if not velocity.upper().endswith("_V"):
        return flux
    inside = np.isfinite(bin_id) & (bin_id >= 0)
    bins = np.where(inside, bin_id, 0).astype(int)
    number = np.bincount(bins.ravel(), inside.ravel())
    return flux / np.maximum(number, 1)[bins]
