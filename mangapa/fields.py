"""Velocity fields, and the galaxies that they belong to."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u
from astropy.io import registry

from mangapa._border import OFFSET, VELOCITY, checked_maps
from mangapa._read_write import GalaxyRead, GalaxyWrite
from mangapa._utils.cards import bits_of, number_of
from mangapa._utils.html import PAIR_SIZE, as_html, as_text
from mangapa._utils.positions import LazyPosition
from mangapa._utils.types import ArrayLike
from mangapa.flags import Rejection

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["TRACERS", "TRACER_TITLES", "Galaxy", "VelocityField"]

#: What moves: the stars, or the gas that emits H-alpha.
TRACERS = ("stellar", "halpha")
#: Title of each tracer in figures and tables.
TRACER_TITLES = {"stellar": "Stars", "halpha": "H\N{GREEK SMALL LETTER ALPHA}"}
#: Speed of light, km/s.
LIGHT = 299_792.458


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
        return cls(**maps, tracer=tracer, galaxy=None if galaxy is None else str(galaxy))

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


def _card(card, unit, description, *allowed):
    """Property: number of a card; NaN, or None without a unit, if missing or not ``allowed``."""

    def read(galaxy: "Galaxy") -> u.Quantity | float | int | None:
        if unit is None:
            return bits_of(galaxy.header, card)
        value = number_of(galaxy.header, card, *allowed)
        return (np.nan if value is None else value) * unit

    return property(read, doc=f"{description}: the card {card}.")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Galaxy:
    """
    Velocity fields of a galaxy, and the properties that its file states.

    Properties with a number are NaN where the header lacks them; identifiers and flags are `None`.

    Attributes
    ----------
    stellar, halpha : `VelocityField` or `None`
        Fields; `None` where there is no map.
    name : `str` or `None`
        Name: the plate-IFU if there is one, or else the name in the file, or else of the file.
    survey : `str` or `None`
        Name of the survey; "MaNGA" by default if there is a plate-IFU.
    observation : `str` or `None`
        Which observation of the galaxy, such as "A" of SAMI, in surveys that repeat some.
    plateifu, mangaid : `str` or `None`
        Identifiers in MaNGA.
    release, daptype : `str` or `None`
        Data release, such as DR17, and analysis, such as HYB10-MILESHC-MASTARSSP.
    header : `~astropy.io.fits.Header` or `dict`
        Primary header of the file.
    centre : `~astropy.coordinates.SkyCoord` or `None`
        Position from which the offsets are counted; `None` where the file does not state it.
    centre_is_nominal : `bool`
        Whether that is no more than the reference position or the middle of an image.
    redshift : `float` or `None`
        Redshift z whose velocity c z was subtracted from the velocities.
    """

    stellar: VelocityField | None = None
    halpha: VelocityField | None = None
    name: str | None = None
    survey: str | None = None
    observation: str | None = None
    plateifu: str | None = None
    mangaid: str | None = None
    release: str | None = None
    daptype: str | None = None
    header: dict = field(default_factory=dict)
    centre: "SkyCoord | None" = LazyPosition()  # noqa: RUF009 - it holds no value
    centre_is_nominal: bool = False
    redshift: float | None = None

    read = registry.UnifiedReadWriteMethod(GalaxyRead)
    write = registry.UnifiedReadWriteMethod(GalaxyWrite)

    effective_radius = _card("REFF", OFFSET, "Effective radius, arcsec", 1e-3, 1e5)
    photometric_pa = _card("ECOOPA", u.deg, "Photometric position angle, North to East", -360, 360)
    ellipticity = _card("ECOOELL", 1, "Photometric ellipticity 1 - b/a", 0, 0.999)
    dap_quality = _card("DAPQUAL", None, "Bits of MANGA_DAPQUAL")
    drp_quality = _card("DRP3QUAL", None, "Bits of MANGA_DRP3QUAL")

    def __post_init__(self):
        names = [self.plateifu, self.name, *(f.galaxy for f in (self.stellar, self.halpha) if f)]
        object.__setattr__(self, "name", next(filter(None, names), None))
        if self.survey is None and self.plateifu is not None:
            object.__setattr__(self, "survey", "MaNGA")
        if self.redshift is None:
            velocity = number_of(self.header, "SCINPVEL", -999, 1e7)
            object.__setattr__(self, "redshift", None if velocity is None else velocity / LIGHT)

    @property
    def full_name(self) -> str | None:
        """Name, and the observation if the survey repeats some."""
        return " ".join(filter(None, (self.name, self.observation))) or None

    @property
    def input_velocity(self) -> u.Quantity:
        """Velocity (cz) subtracted, km/s."""
        return (np.nan if self.redshift is None else self.redshift * LIGHT) * VELOCITY

    def tracer(self, tracer: str) -> VelocityField | None:
        """
        Field of a tracer that is given by name.

        Parameters
        ----------
        tracer : {"stellar", "halpha"}
            Name of the tracer.

        Returns
        -------
        `VelocityField` or `None`
        """
        check_tracer(tracer)
        return getattr(self, tracer)

    def plot(self, figure: "Figure | None" = None) -> "Figure":
        """
        Draw both fields side by side.

        Parameters
        ----------
        figure : `~matplotlib.figure.Figure`, optional
            Figure to draw on; a new one by default.

        Returns
        -------
        `~matplotlib.figure.Figure`
        """
        from mangapa.plotting import plot_pair

        return plot_pair(self, figure)

    def __repr__(self):
        names = filter(None, ("Galaxy", self.full_name, self.release, self.daptype))
        maps = " and ".join(t for t in TRACERS if self.tracer(t) is not None) or "no map"
        return f"<{' '.join(names)}: {maps}>"

    def _repr_html_(self):
        rows = [
            ("Name", self.full_name),
            ("Survey", " ".join(filter(None, (self.survey, self.release))) or None),
            ("MaNGA-ID", self.mangaid),
            ("Analysis", self.daptype),
            ("Effective radius", as_text(self.effective_radius)),
            ("Photometric PA", as_text(self.photometric_pa)),
            ("Ellipticity", as_text(self.ellipticity, decimals=2)),
        ]
        draw = self.plot if self.stellar or self.halpha else None
        return as_html("Galaxy", rows, draw, PAIR_SIZE)
