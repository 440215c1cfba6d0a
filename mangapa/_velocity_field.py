"""The velocity field of one tracer, with the dispersions and the light where they are known."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from mangapa._border import VELOCITY, checked_light, checked_maps
from mangapa._utils.html import as_html
from mangapa._utils.types import ArrayLike
from mangapa.flags import Rejection

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["TRACERS", "TRACER_TITLES", "VelocityField", "check_field", "check_tracer"]

#: What moves: the stars, or the gas that emits H-alpha.
TRACERS = ("stellar", "halpha")
#: Title of each tracer in figures and tables.
TRACER_TITLES = {"stellar": "Stars", "halpha": "H\N{GREEK SMALL LETTER ALPHA}"}


def check_tracer(tracer):
    """Raise a ValueError unless ``tracer`` is one of `TRACERS`."""
    if tracer not in TRACERS:
        msg = f"tracer={tracer!r} is not known; choose one of {', '.join(TRACERS)}"
        raise ValueError(msg)


def check_field(name, value):
    """Raise a TypeError unless ``value`` is a `VelocityField`; ``name`` is the argument's."""
    if not isinstance(value, VelocityField):
        way_out = "choose a field of a galaxy, or make one with VelocityField.from_arrays"
        msg = f"{name} must be a VelocityField, not {type(value).__name__}; {way_out}"
        raise TypeError(msg)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class VelocityField:
    """
    Line-of-sight velocities of one tracer over the face of a galaxy.

    Make one with `from_arrays`, or read one with `~mangapa.read_maps`. A field is immutable:
    functions such as `~mangapa.clean` return a new one.

    Attributes
    ----------
    velocity : `~astropy.units.Quantity`
        Velocities, shape (ny, nx), km/s, relative to the systemic velocity that the file assumes.
    x, y : `~astropy.units.Quantity`
        Offsets from the centre of the galaxy, shape (ny, nx), arcsec; +x is East, +y is North.
    mask : `~numpy.ndarray` of `bool`
        True where a spaxel is bad, shape (ny, nx).
    ivar : `~astropy.units.Quantity` or `None`
        Inverse variance of the velocities, shape (ny, nx), (km/s)^-2.
    bin_id : `~numpy.ndarray` of `int` or `None`
        Bin of each spaxel, shape (ny, nx); -1 where a spaxel is in no bin.
    tracer : `str`
        Either "stellar" or "halpha".
    galaxy : `str` or `None`
        Name of the galaxy; for MaNGA its plate-IFU.
    rejection : `~numpy.ndarray`
        `~mangapa.flags.Rejection` bits of each spaxel, shape (ny, nx); 0 where none applies.
    dispersion : `~astropy.units.Quantity` or `None`
        Velocity dispersions as the file states them, shape (ny, nx), km/s; NaN where unknown.
    dispersion_ivar : `~astropy.units.Quantity` or `None`
        Their inverse variance, shape (ny, nx), (km/s)^-2; NaN where unknown.
    instrumental_dispersion : `~astropy.units.Quantity` or `None`
        The instrument's part of ``dispersion``, shape (ny, nx), km/s, NaN where unknown; `None` if
        the dispersions are free of it.
    flux : `~astropy.units.Quantity` or `None`
        Light of each spaxel in any unit, shape (ny, nx); NaN where unknown.
    """

    velocity: u.Quantity
    x: u.Quantity
    y: u.Quantity
    mask: np.ndarray
    ivar: u.Quantity | None = None
    bin_id: np.ndarray | None = None
    tracer: str = "stellar"
    galaxy: str | None = None
    rejection: np.ndarray = None  # type: ignore[assignment]  # set by __post_init__
    dispersion: u.Quantity | None = None
    dispersion_ivar: u.Quantity | None = None
    instrumental_dispersion: u.Quantity | None = None
    flux: u.Quantity | None = None

    def __post_init__(self):
        if self.rejection is None:
            object.__setattr__(self, "rejection", np.zeros(self.velocity.shape, np.uint8))
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    @classmethod
    def from_arrays(
        cls,
        velocity: ArrayLike,
        x: ArrayLike,
        y: ArrayLike,
        *,
        mask: ArrayLike | None = None,
        ivar: ArrayLike | None = None,
        bin_id: ArrayLike | None = None,
        tracer: str = "stellar",
        galaxy: str | None = None,
        dispersion: ArrayLike | None = None,
        dispersion_ivar: ArrayLike | None = None,
        instrumental_dispersion: ArrayLike | None = None,
        flux: ArrayLike | None = None,
    ) -> "VelocityField":
        """
        Make a field from copies of the arrays of any survey.

        In addition to ``mask``, spaxels are masked that any array masks, whose velocity or offset
        is not finite, whose inverse variance is not positive, or that are in no bin. So are those
        that no galaxy has: velocities above 1e12 km/s, errors below 1 m/s, offsets above 10 deg or
        30 times those of the field; their ``rejection`` is ``OUT_OF_RANGE``, and so is a flag of
        every result. Mask other fill values, such as 0 or -999; `~mangapa.clean` removes only those
        that are far from all velocities.

        Parameters
        ----------
        velocity : array_like or `~astropy.units.Quantity`
            Velocities, km/s if unitless, shape (ny, nx), or (n,) for bin centres, which become one
            row. Masked arrays, in this and all other arguments, are masked spaxels.
        x, y : array_like or `~astropy.units.Quantity`
            Offsets from the centre, same shape, arcsec if unitless; +x is East, +y is North.
        mask : array_like, optional
            True, "T", NaN or not zero where a spaxel is bad.
        ivar : array_like or `~astropy.units.Quantity`, optional
            Inverse variance of the velocities, (km/s)^-2 if unitless.
        bin_id : array_like of whole numbers, optional
            Bin of each spaxel; -1 or NaN means no bin.
        tracer : {"stellar", "halpha"}, optional
            What moves.
        galaxy : `str`, optional
            Name of the galaxy.
        dispersion : array_like or `~astropy.units.Quantity`, optional
            Velocity dispersions, km/s if unitless. They are unknown where they are masked, negative
            or above 1e12 km/s, and where ``dispersion_ivar`` is given and not positive.
        dispersion_ivar : array_like or `~astropy.units.Quantity`, optional
            Their inverse variance, (km/s)^-2 if unitless.
        instrumental_dispersion : array_like or `~astropy.units.Quantity`, optional
            The instrument's part that is still in them, to be subtracted in quadrature: one value
            or a map, km/s if unitless; unknown where it is not positive.
        flux : array_like or `~astropy.units.Quantity`, optional
            Light of each spaxel in any linear unit, which is dropped.

        Returns
        -------
        `VelocityField`

        Raises
        ------
        TypeError, ValueError
            If an argument is not numeric, or its shape or unit does not fit, if the offsets are
            coordinates on the sky, or if there are more than 4096 x 4096 spaxels.

        Examples
        --------
        >>> import numpy as np
        >>> from mangapa import VelocityField
        >>> y, x = np.mgrid[-5:5.5:0.5, 5:-5.5:-0.5]
        >>> VelocityField.from_arrays(10 * x, x, y, galaxy="toy")
        <VelocityField of toy, stellar: 21 x 21 spaxels, 441 good>
        """
        check_tracer(tracer)
        maps = checked_maps(velocity, x, y, mask=mask, ivar=ivar, bin_id=bin_id)
        light = checked_light(
            np.shape(velocity),
            dispersion=dispersion,
            dispersion_ivar=dispersion_ivar,
            instrumental_dispersion=instrumental_dispersion,
            flux=flux,
        )
        return cls(**maps, **light, tracer=tracer, galaxy=None if galaxy is None else str(galaxy))

    @property
    def good(self) -> np.ndarray:
        """True where a spaxel is good, shape (ny, nx)."""
        return ~self.mask

    @property
    def _cleaned_away(self):
        """True on spaxels that could be drawn, but that `~mangapa.clean` rejected."""
        by_clean = Rejection.SMALL_REGION | Rejection.OUTLYING_VELOCITY
        return self.rejection & by_clean.value != 0

    @property
    def _placed(self):
        """True on spaxels whose offsets can be trusted."""
        trusted = self.rejection & Rejection.OUT_OF_RANGE.value == 0
        return trusted & np.isfinite(self.x.value) & np.isfinite(self.y.value)

    @property
    def n_spaxels(self) -> int:
        """Number of good spaxels."""
        return int(np.count_nonzero(self.good))

    @property
    def intrinsic_dispersion(self) -> u.Quantity | None:
        """Velocity dispersions without the instrument's part, km/s, shape (ny, nx).

        0 where what was measured is below that part; `None` if there are none.
        """
        squares = self._dispersion_squared()
        return None if squares is None else np.sqrt(np.maximum(squares[0], 0)) * VELOCITY

    @property
    def _instrument_is_unknown(self):
        """Whether the dispersions of good spaxels have an instrument's part that none knows."""
        part = self.instrumental_dispersion
        if part is None:
            return False
        known = self.good & np.isfinite(self.dispersion.value)
        return bool(known.any()) and not np.isfinite(part.value[known]).any()

    def _dispersion_squared(self):
        """
        Squares of the dispersions without the instrument's part, and their 1-sigma errors.

        Arrays of shape (ny, nx), (km/s)^2; `None` if there are no dispersions. Noise makes some
        squares negative, so that their means are not biased.
        """
        if self.dispersion is None:
            return None
        measured = self.dispersion.value
        square, error = measured**2, np.full_like(measured, np.nan)
        if self.instrumental_dispersion is not None:
            square = square - self.instrumental_dispersion.value**2
        if self.dispersion_ivar is not None:
            error = 2 * measured / np.sqrt(self.dispersion_ivar.value)
        return square, error

    def plot(self, ax: "Axes | None" = None, **kwargs: Any) -> "Axes":
        """
        Draw the field.

        Parameters
        ----------
        ax : `~matplotlib.axes.Axes`, optional
            Axes to draw on; those of a new figure by default.
        **kwargs
            Options of `mangapa.plotting.plot_field`.

        Returns
        -------
        `~matplotlib.axes.Axes`
        """
        from mangapa.plotting import plot_field

        return plot_field(self, ax=ax, **kwargs)

    def __repr__(self):
        ny, nx = self.velocity.shape
        name = f" of {self.galaxy}" if self.galaxy else ""
        return f"<VelocityField{name}, {self.tracer}: {ny} x {nx} spaxels, {self._counts()}>"

    def _counts(self):
        rejected = ((np.count_nonzero(self.rejection & r), r.name.lower()) for r in Rejection)
        return ", ".join([f"{self.n_spaxels} good", *(f"{n} {name}" for n, name in rejected if n)])

    def _repr_html_(self):
        ny, nx = self.velocity.shape
        rows = [
            ("Galaxy", self.galaxy),
            ("Tracer", TRACER_TITLES[self.tracer]),
            ("Spaxels", f"{ny} × {nx}: {self._counts().replace('_', ' ')}"),
        ]
        return as_html("VelocityField", rows, lambda figure: self.plot(figure.subplots()))
