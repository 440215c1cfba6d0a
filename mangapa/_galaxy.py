"""A galaxy: the velocity fields of its tracers, and the properties that its file states."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u
from astropy.io import registry

from mangapa._border import OFFSET, VELOCITY
from mangapa._read_write import GalaxyRead, GalaxyWrite
from mangapa._utils.cards import bits_of, number_of
from mangapa._utils.html import PAIR_SIZE, as_html, as_text
from mangapa._utils.positions import LazyPosition
from mangapa._velocity_field import TRACERS, VelocityField, check_tracer

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord
    from matplotlib.figure import Figure

__all__ = ["LIGHT", "Galaxy"]

#: Speed of light, km/s.
LIGHT = 299_792.458


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
