"""The photometric axis of a galaxy: stated by its file or a table, or measured from its light."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u

from mangapa._directions import unwrapped, wrapped
from mangapa._utils.html import as_html, as_text
from mangapa._utils.quantities import scalar
from mangapa._utils.types import ArrayLike
from mangapa.angles import UNCONSTRAINED
from mangapa.archive._tables import galaxy_row
from mangapa.fields import OFFSET, TRACERS, Galaxy, VelocityField, check_tracer
from mangapa.flags import PhotometryFlags
from mangapa.kinematics._isophotes import outer_isophotes
from mangapa.kinematics._sources import beam_of, galaxy_in

__all__ = ["Photometry", "photometry"]

#: Where photometry can come from.
SOURCES = ("header", "table", "flux")
#: Standard deviation of both components of the elongation (1 - q^2) / (1 + q^2) that discs of stars
#: have when seen face-on, from arms, bars and intrinsic ellipticity; fitted to the angles between
#: rotation and light of MaNGA galaxies by benchmarks/psi.py.
DISC_SHAPE = 0.105


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Photometry:
    """
    Position angle and ellipticity of the light of a galaxy.

    Attributes
    ----------
    pa : `~astropy.units.Quantity`
        Position angle of the major axis, 0-180 deg, North through East; NaN where it is unknown.
    pa_err : `~astropy.units.Quantity`
        1-sigma error of the axis of the galaxy, deg: isophotes do not quite follow it.
    ellipticity : `float`
        Ellipticity 1 - b/a; NaN where it is unknown.
    ellipticity_err : `float`
        Its 1-sigma error, of the same origin.
    source : `str` or `None`
        Where it comes from: "header", "table", "flux" or, if you gave it, "given".
    radius : `~astropy.units.Quantity`
        Semi-major axis of the largest isophote, arcsec; NaN unless the source is the flux.
    flags : `~mangapa.PhotometryFlags`
        What is wrong; 0 if nothing is.
    """

    pa: u.Quantity = np.nan * u.deg
    pa_err: u.Quantity = np.nan * u.deg
    ellipticity: float = np.nan
    ellipticity_err: float = np.nan
    source: str | None = None
    radius: u.Quantity = np.nan * OFFSET
    flags: PhotometryFlags = PhotometryFlags.NONE

    @classmethod
    def from_values(
        cls,
        pa: float | u.Quantity,
        ellipticity: float,
        *,
        pa_err: float | u.Quantity | None = None,
        ellipticity_err: float | None = None,
    ) -> "Photometry":
        """
        Make the photometry of a galaxy from numbers of your own.

        Parameters
        ----------
        pa : `float` or `~astropy.units.Quantity`
            Position angle of the major axis, deg if unitless.
        ellipticity : `float`
            Ellipticity, from 0 to less than 1.
        pa_err : `float` or `~astropy.units.Quantity`, optional
            1-sigma error of ``pa``, deg if unitless; by default that of the shapes of discs.
        ellipticity_err : `float`, optional
            1-sigma error of ``ellipticity``; by default that of the shapes of discs.

        Returns
        -------
        `Photometry`

        Raises
        ------
        ValueError
            If an argument is not one finite number in its range.

        Examples
        --------
        >>> from mangapa import Photometry
        >>> Photometry.from_values(159.3, 0.73)
        <Photometry PA 159.3 +- 1.8 deg, ellipticity 0.73 +- 0.03, given>
        """
        angle, flatness = scalar("pa", pa, u.deg), scalar("ellipticity", ellipticity, u.one)
        if not 0 <= flatness < 1:
            msg = f"ellipticity={ellipticity!r} must be at least 0 and less than 1; it is 1 - b/a"
            raise ValueError(msg)
        errors = {}
        if pa_err is not None:
            errors["pa_err"] = scalar("pa_err", pa_err, u.deg, positive=True)
        if ellipticity_err is not None:
            errors["ratio_err"] = scalar("ellipticity_err", ellipticity_err, u.one, positive=True)
        return _photometry(angle, 1 - flatness, "given", **errors)

    def __repr__(self):
        angle = f"PA {self.pa.value:.1f} +- {self.pa_err.value:.1f} deg"
        flatness = f"ellipticity {self.ellipticity:.2f} +- {self.ellipticity_err:.2f}"
        trouble = [self.flags.description] if self.flags else []
        return f"<Photometry {', '.join([angle, flatness, self.source or 'unknown', *trouble])}>"

    def _repr_html_(self):
        rows = [
            ("PA", as_text(self.pa, self.pa_err)),
            ("Ellipticity", as_text(self.ellipticity, self.ellipticity_err, decimals=2)),
            ("Source", self.source),
            ("Largest isophote", None if np.isnan(self.radius) else as_text(self.radius)),
            ("Flags", self.flags.description or None),
        ]
        return as_html("Photometry", rows)


def photometry(
    galaxy: Galaxy | VelocityField | Any,
    *,
    source: str | None = None,
    tracer: str = "stellar",
    beam: float | u.Quantity | None = None,
    download: bool | None = None,
) -> Photometry:
    r"""
    Position angle and ellipticity of the light of a galaxy, with errors.

    The errors say how well isophotes show the axis and flattening of the disc, which arms, bars and
    discs that are not round disturb. To a disc of axis ratio :math:`q = 1 - \epsilon`, an
    elongation :math:`\chi` across the line of nodes gives an angle of :math:`\chi q / (1 - q^2)`
    (Franx & de Zeeuw 1992), so that round galaxies have large errors; :math:`\chi = 0.105` is what
    the angles between the rotation and the light of MaNGA galaxies tell. The scatter among
    isophotes is added where they are measured.

    Parameters
    ----------
    galaxy : `~mangapa.Galaxy`, `~mangapa.Measurement` or `~mangapa.VelocityField`
        The galaxy, what was measured on one, or one of its fields with ``flux``.
    source : {"header", "table", "flux"}, optional
        The cards ECOOPA and ECOOELL of the header; the elliptical Petrosian photometry of the
        NASA-Sloan Atlas in the table drpall of the galaxy's release; or the outer isophotes of the
        light in its field, from their second moments, which needs photutils. By default the header
        if it has both, or else the light.
    tracer : {"stellar", "halpha"}, optional
        Whose light is measured.
    beam : `float` or `~astropy.units.Quantity`, optional
        Full width at half maximum of the beam, arcsec if unitless, which makes the light rounder;
        by default that of the card RFWHM, which MAPS files have, or else 0, for which the
        ellipticity is that of the light as observed.
    download : `bool`, optional
        Download the table if it is missing; by default the configuration decides, which says no
        unless it was changed.

    Returns
    -------
    `Photometry`
        NaN with a flag if the source has no photometry.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type, or not one of those above.
    OSError
        If there is no table.
    ImportError
        If the light is to be measured, and photutils is not installed.

    References
    ----------
    The moments of the area within isophotes: Krajnovic et al. 2011, MNRAS 414, 2923.
    The shapes of discs: Franx & de Zeeuw 1992, ApJ 392, L47; Ryden 2006, ApJ 641, 773.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=37, pa_stellar=30, inclination=60)
    >>> mangapa.photometry(galaxy)
    <Photometry PA 30.0 +- 4.4 deg, ellipticity 0.47 +- 0.06, header>
    """
    check_tracer(tracer)
    if source is not None and source not in SOURCES:
        msg = f"source={source!r} is not known; choose one of {', '.join(SOURCES)}, or None"
        raise ValueError(msg)
    width = 0.0 if beam is None else scalar("beam", beam, OFFSET)
    if width < 0:
        msg = f"beam={beam!r} must not be negative; give the full width at half maximum, or 0"
        raise ValueError(msg)
    if isinstance(galaxy, VelocityField):
        if source not in (None, "flux"):
            msg = f"source={source!r} needs a Galaxy; a VelocityField has no more than its flux"
            raise ValueError(msg)
        return _from_flux(galaxy, width)
    kind, galaxy = type(galaxy).__name__, galaxy_in(galaxy)
    if galaxy is None:
        way_out = "read one with mangapa.read_maps or Galaxy.read"
        msg = f"galaxy must be a Galaxy, Measurement or VelocityField, not {kind}; {way_out}"
        raise TypeError(msg)
    if source == "table":
        return _from_table(galaxy, download)
    stated = _stated(galaxy.photometric_pa.value, 1 - galaxy.ellipticity, "header")
    if source == "header" or (source is None and not stated.flags & PhotometryFlags.NOT_STATED):
        return stated
    if beam is None:
        width = beam_of(galaxy) or 0.0
    return _from_flux(galaxy.tracer(tracer), width)


def light_of(galaxy):
    """The `Photometry` of a galaxy, from the light of the stars if its file states none."""
    has_light = (one for one in TRACERS if getattr(galaxy.tracer(one), "flux", None) is not None)
    return photometry(galaxy, tracer=next(has_light, TRACERS[0]))


def _from_table(galaxy, download):
    if galaxy.plateifu is None:
        msg = f"source='table' needs a galaxy with a plateifu, which {galaxy!r} lacks; use 'flux'"
        raise ValueError(msg)
    row = galaxy_row(galaxy.plateifu, galaxy.release, download=download)
    if row is None:
        return Photometry(source="table", flags=PhotometryFlags.NOT_STATED)
    return _stated(row["photometric_pa"].to_value(u.deg), float(row["axis_ratio"]), "table")


def _stated(pa, ratio, source):
    """Photometry of a header or a table, which need not have both numbers."""
    if np.isfinite(pa) and 0 < ratio <= 1:
        return _photometry(pa, ratio, source)
    return Photometry(source=source, flags=PhotometryFlags.NOT_STATED)


def _from_flux(field, beam):
    if field is None or field.flux is None:
        return Photometry(source="flux", flags=PhotometryFlags.NO_FLUX)
    flags = PhotometryFlags.LINE_EMISSION if field.tracer == "halpha" else PhotometryFlags.NONE
    found = outer_isophotes(field, beam)
    if found is None:
        return Photometry(source="flux", flags=flags | PhotometryFlags.NO_ISOPHOTE)
    return _photometry(
        found.pa,
        found.axis_ratio,
        "flux",
        scatter=(found.pa_scatter, found.axis_ratio_scatter),
        radius=found.radius * OFFSET,
        flags=flags,
    )


def _photometry(
    pa,
    ratio,
    source,
    *,
    pa_err=None,
    ratio_err=None,
    scatter=(0.0, 0.0),
    radius=np.nan * OFFSET,
    flags=PhotometryFlags.NONE,
):
    """Photometry with the errors of disc shapes and of the scatter, unless errors are given."""
    if pa_err is None:
        pa_err = float(wrapped(np.hypot(disc_shape_error(ratio), unwrapped(scatter[0]))))
    if ratio_err is None:
        ratio_err = float(np.hypot(DISC_SHAPE * ratio, scatter[1]))
    if pa_err > UNCONSTRAINED:
        flags |= PhotometryFlags.UNCONSTRAINED
    return Photometry(
        # Just below zero, `numpy.mod` alone gives 180.
        pa=pa % 180.0 % 180.0 * u.deg,
        pa_err=pa_err * u.deg,
        ellipticity=1.0 - ratio,
        ellipticity_err=ratio_err,
        source=source,
        radius=radius,
        flags=flags,
    )


def disc_shape_error(ratio: ArrayLike) -> np.ndarray:
    """Error (deg, on the line) of the axis of a disc of this axis ratio, as its light shows it."""
    ratio = np.asarray(ratio, float)
    with np.errstate(divide="ignore"):
        return np.degrees(DISC_SHAPE * ratio / (1 - ratio**2))
