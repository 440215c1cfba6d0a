"""Values of all surveys: missing ones, errors, units, frames and bins, and fields of them."""

from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from mangapa._utils.cards import text_of
from mangapa._utils.files import printable
from mangapa.exceptions import GalaxyFileError
from mangapa.fields import LIGHT, VelocityField

if TYPE_CHECKING:
    from astropy.io.fits import Header

__all__ = [
    "bins_of_equal_values",
    "field_of",
    "in_km_s",
    "inverse_variance",
    "refuse_empty",
    "relative",
    "without",
]

#: Least and largest dispersions, km/s, that are measurements: the fits of pPXF stop at a hundredth
#: of a pixel, 0.2 to 0.7 km/s, and at 1000 km/s, and there say nothing.
FITTED_DISPERSIONS = (1.0, 999.0)


def inverse_variance(error: np.ndarray) -> np.ndarray:
    """
    Inverse variance of values with 1-sigma errors.

    Parameters
    ----------
    error : `~numpy.ndarray`
        Errors, of any shape and unit.

    Returns
    -------
    `~numpy.ndarray`
        0 where an error is not a positive number.
    """
    error = np.asarray(error, dtype=float)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return np.where((error > 0) & np.isfinite(error), error**-2.0, 0.0)


def _known_variance(error):
    """Inverse variance; `None` if no error is known."""
    ivar = None if error is None else inverse_variance(error)
    return None if ivar is None or not ivar.any() else ivar


def without(array: np.ndarray, *fills: float) -> np.ndarray:
    """
    Replace the values that mark missing ones by NaN.

    Parameters
    ----------
    array : `~numpy.ndarray`
        Values, of any shape.
    *fills : `float`
        What marks a missing value, such as 0 or -999.9, in the precision of the array.

    Returns
    -------
    `~numpy.ndarray`
        Of double precision in the byte order of the machine; infinite values are missing, too.
    """
    array = np.asarray(array)
    missing = ~np.isfinite(array)
    for fill in fills:
        # In single precision -999.9 is another number.
        missing |= array == array.dtype.type(fill)
    with np.errstate(invalid="ignore"):  # some NaN warn where they are converted
        return np.where(missing, np.nan, array.astype(float))


def in_km_s(velocity: np.ndarray, header: "Header", path: object) -> np.ndarray:
    """
    Convert velocities from the unit that a header states.

    Parameters
    ----------
    velocity : `~numpy.ndarray`
        Velocities, or their errors.
    header : `~astropy.io.fits.Header`
        With the unit in the card BUNIT or UNIT, in any case; km/s if there is neither.
    path : path-like
        Its file, for messages.

    Returns
    -------
    `~numpy.ndarray`
        Velocities, km/s.

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If the unit is not one of velocities.
    """
    text = text_of(header, "BUNIT") or text_of(header, "UNIT") or "km/s"
    try:
        unit = u.Unit(text, parse_strict="silent")
        factor = (unit if unit.is_equivalent("km/s") else u.Unit(text.lower())).to("km/s")
    except (ValueError, u.UnitConversionError):
        msg = (
            f"{printable(path)} has values in {text!r}, which are not velocities; name the map of "
            "the velocities"
        )
        raise GalaxyFileError(msg) from None
    return velocity * factor


def relative(
    velocity: np.ndarray, redshift: float | None = None
) -> tuple[np.ndarray, float | None]:
    """
    Make absolute velocities relative to that of the galaxy.

    Parameters
    ----------
    velocity : `~numpy.ndarray`
        Velocities c z, km/s; NaN where missing.
    redshift : `float`, optional
        Redshift of the galaxy that the file states; that of the median velocity if not given.

    Returns
    -------
    velocity : `~numpy.ndarray`
        Relative velocities, km/s.
    redshift : `float` or `None`
        The redshift z whose c z was subtracted; `None` if no velocity is finite.
    """
    if redshift is None:
        if not np.isfinite(velocity).any():
            return velocity, None
        # Rounded to what a card of FITS has room for.
        redshift = float(f"{np.nanmedian(velocity) / LIGHT:.14g}")
    return velocity - redshift * LIGHT, redshift


def bins_of_equal_values(*maps: np.ndarray) -> np.ndarray:
    """
    Number the bins of maps in which the value of a bin is repeated in all its spaxels.

    Parameters
    ----------
    *maps : `~numpy.ndarray`
        Maps of one shape, such as the velocities and their errors; NaN outside all bins.

    Returns
    -------
    `~numpy.ndarray` of `int`
        Number of the bin, from 0; -1 where a map is missing.
    """
    values = np.stack([np.asarray(one, dtype=float).ravel() for one in maps], axis=1)
    inside = np.isfinite(values).all(axis=1)
    bin_id = np.full(len(values), -1)
    bin_id[inside] = np.unique(values[inside], axis=0, return_inverse=True)[1].ravel()
    return bin_id.reshape(np.shape(maps[0]))


def field_of(
    path: object,
    velocity: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    *,
    error: np.ndarray | None = None,
    bin_id: np.ndarray | None = None,
    dispersion: np.ndarray | None = None,
    dispersion_error: np.ndarray | None = None,
    instrumental_dispersion: "np.ndarray | float | None" = None,
    flux: np.ndarray | None = None,
    **options: Any,
) -> VelocityField:
    """
    Make a field of the maps of a file, or of the rows of a table.

    Parameters
    ----------
    path : path-like
        Their file, for messages.
    velocity : `~numpy.ndarray`
        Velocities relative to that of the galaxy, km/s, shape (ny, nx) or (n,); NaN where missing.
    x, y : `~numpy.ndarray`
        Offsets to the East and North, arcsec, same shape.
    error : `~numpy.ndarray`, optional
        1-sigma errors, km/s; not used if none is positive.
    bin_id : `~numpy.ndarray`, optional
        Numbers of the bins; NaN or negative outside all bins.
    dispersion : `~numpy.ndarray`, optional
        Velocity dispersions, km/s, same shape; NaN where missing. Those at the limits of a fit, 1
        and 999 km/s, are unknown. Not used if all are.
    dispersion_error : `~numpy.ndarray`, optional
        Their 1-sigma errors, km/s; not used if none is positive.
    instrumental_dispersion : `~numpy.ndarray` or `float`, optional
        The instrument's part of the dispersions, km/s; NaN if they have one that is not known.
    flux : `~numpy.ndarray`, optional
        Light per spaxel, in any unit; NaN where missing. Not used if all is.
    **options
        Other arguments of `~mangapa.VelocityField.from_arrays`.

    Returns
    -------
    `~mangapa.VelocityField`

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If the offsets are those of another place on the sky.
    """
    if bin_id is not None:
        bin_id = np.where(np.isfinite(bin_id) & (bin_id >= 0), bin_id, -1).astype(int)
    if dispersion is not None:
        lowest, highest = FITTED_DISPERSIONS
        with np.errstate(invalid="ignore"):
            fitted = (dispersion >= lowest) & (dispersion <= highest)
        dispersion = np.where(fitted, dispersion, np.nan)
    if dispersion is not None and np.isfinite(dispersion).any():
        options["dispersion"] = dispersion
        options["dispersion_ivar"] = _known_variance(dispersion_error)
        if instrumental_dispersion is not None:
            part = np.broadcast_to(instrumental_dispersion, np.shape(dispersion))
            options["instrumental_dispersion"] = part
    if flux is not None and np.isfinite(flux).any():
        options["flux"] = flux
    options |= {"ivar": _known_variance(error), "bin_id": bin_id}
    try:
        return VelocityField.from_arrays(velocity, x, y, **options)
    except ValueError as error:
        msg = f"{printable(path)} has values that cannot be used ({error}); fetch the file again"
        raise GalaxyFileError(msg) from error


def refuse_empty(path: object, *fields: VelocityField) -> None:
    """
    Raise an error if no field has a velocity, whether it passes the cuts or not.

    Parameters
    ----------
    path : path-like
        Their file, for messages.
    *fields : `~mangapa.VelocityField`
        The fields of a galaxy.

    Raises
    ------
    mangapa.exceptions.GalaxyFileError
        If all velocities are missing.
    """
    if not any(np.isfinite(field.velocity.value).any() for field in fields):
        msg = f"{printable(path)} has no velocities (all are missing); name another file"
        raise GalaxyFileError(msg)
