"""
What other programs take: regions for DS9, CARTA and Aladin, images with coordinates on the sky.

Catalogues are written as VOTables by `~mangapa.write_catalogue`; their columns ``ra`` and ``dec``
let TOPCAT and Aladin plot them.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from mangapa._utils.grid import grid_of
from mangapa._utils.imports import import_extra
from mangapa.fields import TRACER_TITLES, Galaxy, check_tracer
from mangapa.formats._choices import check_name
from mangapa.measurement import Measurement

if TYPE_CHECKING:
    from astropy.nddata import CCDData
    from astropy.wcs import WCS

__all__ = ["axis_regions", "velocity_ccd"]
#: Maps of a field, and the attributes with their inverse variances, if there are such attributes.
IVARS = {"velocity": "ivar", "dispersion": "dispersion_ivar", "flux": "flux_ivar"}
__doctest_requires__ = {"axis_regions": ["regions"]}


def axis_regions(measurement: Measurement, tracer: str, *, wcs: "WCS | None" = None) -> Any:
    """
    The kinematic axis on the sky, and where it would be with an error more or less.

    The axis is as long as the field. It goes through the centre that the angle is measured about,
    from the approaching side to the receding side.

    Parameters
    ----------
    measurement : `~mangapa.Measurement`
        Of a galaxy that knows its position, ``measurement.galaxy.centre``.
    tracer : {"stellar", "halpha"}
        Whose axis.
    wcs : `~astropy.wcs.WCS`, optional
        Of an image in whose pixels the lines are wanted.

    Returns
    -------
    `regions.Regions`
        A `regions.LineSkyRegion`, or a `regions.LinePixelRegion` if there is a ``wcs``: first the
        axis, whose label has the angle, then two lines turned by the 1-sigma error, if it is known.
        ``write`` saves them for DS9.

    Raises
    ------
    ValueError
        If there is no angle or no position.
    ImportError
        If the package regions is not installed.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from astropy.coordinates import SkyCoord
    >>> import mangapa
    >>> from mangapa.export import axis_regions
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=19, pa_stellar=45)
    >>> measurement = mangapa.measure(replace(galaxy, centre=SkyCoord("12h30m +12d")))
    >>> axis, *errors = axis_regions(measurement, "stellar")
    >>> print(f"{axis.start.position_angle(axis.end).deg:.0f}")
    45
    """
    check_tracer(tracer)
    regions = import_extra("regions", "vo", "A region")
    found, field = measurement[tracer].pa, measurement[tracer].field
    centre = _centre(measurement.galaxy)
    if field is None or np.isnan(found.pa):
        msg = f"there is no position angle of the {TRACER_TITLES[tracer]}: {found.flags!r}"
        raise ValueError(msg)
    centre = centre.spherical_offsets_by(found.x, found.y)
    half = np.hypot(field.x - found.x, field.y - found.y)[field.good].max()
    error = found.pa_err_total
    turns = [0 * u.deg] if np.isnan(error) else [0 * u.deg, -error, error]
    label = f"{TRACER_TITLES[tracer]}: {found.pa.value:.1f}"
    label += "" if np.isnan(error) else f" +- {error.value:.1f}"
    lines = []
    for turn in turns:
        ends = [
            centre.directional_offset_by(found.pa + turn + side, half)
            for side in (180 * u.deg, 0 * u.deg)
        ]
        dashed = {"linestyle": "--"} if lines else {}
        line = regions.LineSkyRegion(
            *ends, meta={} if lines else {"label": f"{label} deg"}, visual=dashed
        )
        lines.append(line if wcs is None else line.to_pixel(wcs))
    return regions.Regions(lines)


def velocity_ccd(galaxy: Galaxy, tracer: str, *, moment: str = "velocity") -> "CCDData":
    """
    A map of a field as an image with mask, errors and coordinates on the sky.

    Parameters
    ----------
    galaxy : `~mangapa.Galaxy`
        A galaxy whose field is a map in any orientation, not a list of positions.
    tracer : {"stellar", "halpha"}
        Whose field.
    moment : {"velocity", "dispersion", "flux"}, optional
        Which of its maps; dispersions are those of the file, which may contain the instrument's
        part.

    Returns
    -------
    `~astropy.nddata.CCDData`
        Velocities or dispersions, km/s, or light, shape (ny, nx), with the coordinates of
        ``galaxy.centre``. ``write`` saves it as a FITS file.

    Raises
    ------
    ValueError
        If there is no such field or map, its positions are not a regular map, or the galaxy has no
        position.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from astropy.coordinates import SkyCoord
    >>> import mangapa
    >>> from mangapa.export import velocity_ccd
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=19)
    >>> image = velocity_ccd(replace(galaxy, centre=SkyCoord("12h30m +12d")), "halpha")
    >>> image.unit, image.wcs.wcs.ctype[0]
    (Unit("km / s"), 'RA---TAN')
    """
    from astropy.nddata import CCDData, InverseVariance

    check_name("moment", moment, IVARS)
    field = galaxy.tracer(tracer)
    if field is None:
        msg = f"{galaxy!r} has no field of the tracer {tracer!r}"
        raise ValueError(msg)
    values = getattr(field, moment)
    if values is None:
        msg = f"{field!r} has no {moment}; its file has none, or was not given with the others"
        raise ValueError(msg)
    ivar = getattr(field, IVARS[moment], None)
    placed = np.isfinite(field.x.value) & np.isfinite(field.y.value)
    grid = grid_of(field.x.value, field.y.value, placed)
    if grid is None or 1 in field.velocity.shape:
        msg = (
            f"the positions of {field!r} are not those of a map; use the arrays field.x, field.y "
            "and field.velocity"
        )
        raise ValueError(msg)
    return CCDData(
        values.value,
        unit=values.unit,
        mask=field.mask | np.isnan(values.value),
        uncertainty=None if ivar is None else InverseVariance(ivar.value),
        wcs=_wcs(grid, _centre(galaxy)),
        meta={"OBJECT": galaxy.name or "", "TRACER": tracer, "MOMENT": moment},
    )


def _centre(galaxy):
    if galaxy.centre is None:
        msg = (
            f"{galaxy!r} does not know its position; set it with dataclasses.replace(galaxy, "
            "centre=SkyCoord(...))"
        )
        raise ValueError(msg)
    return galaxy.centre.icrs


def _wcs(grid, centre):
    """Tangential coordinates of a grid of offsets from the centre."""
    from astropy.wcs import WCS

    wcs = WCS(naxis=2)
    wcs.wcs.ctype = "RA---TAN", "DEC--TAN"
    wcs.wcs.crval = centre.ra.deg, centre.dec.deg
    wcs.wcs.crpix = np.add(grid.index(0.0, 0.0), 1)
    wcs.wcs.cd = (grid.steps * u.arcsec).to_value(u.deg)
    wcs.wcs.radesys = "ICRS"
    wcs.wcs.set()
    return wcs
